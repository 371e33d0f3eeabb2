"""`nixos-container inspect NAME`: all that is known about one container, as JSON."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from ..base.paths import Paths, check_name
from ..build import profiles
from ..declare.codec import encode
from ..observe import containers as observe
from ..observe import healthchecks
from ..plan.limits import container_limits
from ..plan.network import plan_network
from ..plan.users import RANGE
from .output import emit_json

if TYPE_CHECKING:
    from ..declare.container import Container, Record
    from .parse import Arguments

# What is known of a running container, but for what it was started as: that is the record.
_RUNNING = ("leader", "nspawn", "supervisor", "system", "params", "limits")


def run(arguments: Arguments) -> int:
    """Carry the verb out."""
    emit_json(everything(Paths(), check_name(arguments.name)))
    return 0


def everything(paths: Paths, name: str) -> dict[str, Any]:
    """The answer. Raises NoSuchContainer."""
    record = observe.record(paths, name)
    running = observe.running(paths, name)
    results = healthchecks.checks(paths, record.container)
    base = record.user_base
    return {
        "name": name,
        "state": "up" if running else "down",
        "running": None if running is None else {key: getattr(running, key) for key in _RUNNING},
        "health": healthchecks.overall(results),
        "healthChecks": encode(results),
        "record": encode(record),
        "generations": _generations(paths, name),
        "paths": {
            "definition": record.declared_by or paths.imperative(name),
            "record": observe.record_path(paths, name),
            "root": paths.ephemeral_root(name) if record.container.ephemeral else paths.state(name),
            "profile": paths.profile(name),
            "gcroots": paths.gcroots(name),
            "runState": paths.run_state(name),
            "console": paths.log(name),
        },
        "users": None if base is None else {"first": base, "last": base + RANGE - 1},
        "network": _network(record.container),
        "limits": _limits(paths, record, running=running is not None),
    }


def _limits(paths: Paths, record: Record, *, running: bool) -> dict[str, Any]:
    """Those that a running container has now, of others those that a start would set."""
    started = observe.started(paths, record.container.name) if running else None
    limits = container_limits(record.container)[0] if started is None or started.limits is None else started.limits
    return {key: value for key, value in encode(limits).items() if value not in (None, {})}


def _generations(paths: Paths, name: str) -> list[dict[str, Any]]:
    current = profiles.current(paths, name)
    return [
        {
            "generation": number,
            "system": system,
            "current": number == current,
            "date": time.strftime("%Y-%m-%dT%H:%M:%S%z", time.localtime(profiles.made_at(paths, name, number))),
        }
        for number, system in profiles.generations(paths, name).items()
    ]


def _network(container: Container) -> dict[str, Any]:
    plan = plan_network(container)
    return {
        "private": plan.private,
        "namespace": container.network.network_namespace,
        "interfaces": [
            {
                "host": pair.host,
                "container": pair.guest,
                "bridge": pair.config.host_bridge,
                "hostAddresses": [address for address in (pair.config.host_address, pair.config.host_address6) if address],
                "addresses": [address for address in (pair.config.local_address, pair.config.local_address6) if address],
                "forwardPorts": [
                    {"protocol": port.protocol, "hostPort": port.host_port, "containerPort": port.target}
                    for port in pair.config.forward_ports
                ],
            }
            for pair in plan.pairs
        ],
        "moved": list(container.network.interfaces),
        "macvlans": list(container.network.macvlans),
    }
