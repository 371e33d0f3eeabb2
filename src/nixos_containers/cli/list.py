"""`nixos-container list`: names, one a line as upstream; `--long` for the table."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from ..base.errors import ContainerError
from ..base.paths import Paths
from ..base.quantities import percent, size, span
from ..build import profiles
from ..declare.codec import encode
from ..observe import containers as observe
from ..observe import healthchecks
from .output import emit_json, table

if TYPE_CHECKING:
    from ..declare.container import Container
    from ..observe.stats import Sample
    from .parse import Arguments

_WINDOW = 0.1  # seconds between the two samples that give the use of CPU
_COLUMNS = ("NAME", "STATE", "UNIVERSE", "GEN", "ADDRESSES", "CPU", "MEMORY", "UP", "HEALTH")


def run(arguments: Arguments) -> int:
    """Carry the verb out."""
    paths = Paths()
    names = observe.names(paths)
    if not arguments.json and not arguments.flag("long"):
        for name in names:
            print(name)
        return 0
    rows = describe_all(paths, names)
    if arguments.json:
        emit_json(rows)
    elif rows:
        print(table(_COLUMNS, [_cells(row) for row in rows]))
    return 0


def describe_all(paths: Paths, names: list[str]) -> list[dict[str, Any]]:
    """Every container of `names` as `--json` shows it, with what those that run use at the moment."""
    from ..observe.stats import Sampler

    sampler = Sampler(paths)
    before = sampler.sample(names)
    if before:
        time.sleep(_WINDOW)
    after = sampler.sample(before)
    return [describe(paths, name, before.get(name), after.get(name)) for name in names]


def describe(paths: Paths, name: str, before: Sample | None = None, after: Sample | None = None) -> dict[str, Any]:
    """One container as `--json` shows it; what it uses is told when there are two samples."""
    running = observe.running(paths, name)
    try:
        record = observe.record(paths, name)
    except ContainerError as failure:
        return {"name": name, "state": "damaged", "error": str(failure), "address": None, "system": None}
    network = record.container.network
    places = (network.local_address, network.local_address6, *(m.address for m in network.networks))
    address = next(filter(None, places), None)
    found: dict[str, Any] = {
        "name": name,
        "state": "up" if running else "down",
        "address": address.partition("/")[0] if address and network.private else None,
        "addresses": _addresses(record.container, running.leader if running else None),
        "system": (running.system if running else None) or observe.profile_system(paths, name) or record.container.system.path,
        "universe": record.container.universe,
        "generation": profiles.current(paths, name),
        "autoStart": record.container.auto_start,
        "ephemeral": record.container.ephemeral,
        "declaredBy": record.declared_by,
        "leader": running.leader if running else None,
        "health": None,
    }
    if record.container.health_checks:
        results = healthchecks.checks(paths, record.container)
        found |= {"health": healthchecks.overall(results), "healthChecks": encode(results)}
    if after is not None:
        from ..observe.stats import rates

        use = rates(before, after)
        found |= {key: use[key] for key in ("cpuPercent", "memory", "memoryMax", "tasks", "started")}
    return found


def _addresses(container: Container, leader: int | None) -> list[str]:
    """The addresses a private network has now; those declared, when it is down."""
    if not container.network.private:
        return []
    if leader is not None:
        from ..observe.addresses import live_addresses

        return live_addresses(leader)
    pairs = (container.network, *container.network.extra_veths.values())
    own = [address.partition("/")[0] for pair in pairs for address in (pair.local_address, pair.local_address6) if address]
    return own + [address for place in container.network.networks for address in (place.address, place.address6) if address]


def _cells(row: dict[str, Any]) -> list[str]:
    started = row.get("started")
    return [
        row["name"],
        row["state"],
        row.get("universe", "-"),
        str(row.get("generation") or "-"),
        " ".join(row.get("addresses", ())) or "-",
        percent(row.get("cpuPercent")),
        size(row.get("memory")),
        span(None if started is None else time.time() - started),
        row.get("health") or "-",
    ]
