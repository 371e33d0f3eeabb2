"""`nixos-container list`: a table for people; for scripts, whose stdout is no terminal, names, one a line as upstream.

Scripts call it all the time: imports are few.
"""

from __future__ import annotations

import sys
import time

from ..base import log
from ..base.errors import ContainerError
from ..base.paths import Paths
from ..base.quantities import percent, size, span
from ..observe import rows
from ..observe.live import names as existing

TYPE_CHECKING = False  # importing typing costs more than reading a hundred records
if TYPE_CHECKING:
    from typing import Any

    from ..declare.container import Container
    from .parse import Arguments

_COLUMNS = ("NAME", "STATE", "UNIVERSE", "GEN", "ADDRESSES", "CPU", "MEMORY", "UP", "HEALTH")


def run(arguments: Arguments) -> int:
    """Carry the verb out."""
    show(Paths(), json=arguments.json, long=arguments.flag("long"), names_only=arguments.flag("names"))
    return 0


def show(paths: Paths, *, json: bool, long: bool, names_only: bool = False) -> None:
    """Print the containers: names, or a table, or JSON. Who does not ask for one gets the table on a terminal."""
    names = existing(paths)
    if not json and not long and (names_only or not sys.stdout.isatty()):
        _print_names(names)
        return
    from .output import emit_json, table

    try:
        found = describe_all(paths, names)
    except PermissionError:
        if json or long:
            raise
        _print_names(names)  # what everybody may know
        log.say("more than names is for root: sudo nixos-container list")
        return
    if json:
        emit_json(found)
    elif found:
        print(table(_COLUMNS, [_cells(row) for row in found]))
    else:
        log.say("there are no containers: nixos-container create NAME, or a definition file and nixos-container switch")


def _print_names(names: list[str]) -> None:
    sys.stdout.write("".join(f"{name}\n" for name in names))


def describe_all(paths: Paths, names: list[str]) -> list[dict[str, Any]]:
    """Every container of `names` as `--json` shows it, with what those that run use at the moment."""
    leaders = rows.leaders(paths, names)
    meter = rows.Meter(leaders)
    found = [rows.row(paths, name, leaders.get(name)) or describe(paths, name) for name in names]
    use = meter.use()
    # A damaged record has nothing but its error.
    return [row if row["state"] == "damaged" else row | use.get(row["name"], {}) for row in found]


def describe(paths: Paths, name: str) -> dict[str, Any]:
    """One container as `--json` shows it, from its whole record; what it uses is for `describe_all` to add."""
    from ..build import profiles
    from ..declare.codec import encode
    from ..observe import containers as observe
    from ..observe import healthchecks

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
