"""Many containers at a glance: what `list` shows of each, from records that are read and not decoded.

Two hundred records cost a fifth of a second to decode, and a tenth of that to read. Whatever is not plain (a damaged record, health
checks) is None here, and looked at thoroughly by the caller. Looks only, and imports next to nothing.
"""

from __future__ import annotations

import os
import time

from ..base.files import read_text
from ..kernel import accounting, cgroups, processes
from .live import nspawn_and_leader

TYPE_CHECKING = False  # importing typing costs more than reading a hundred records
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from ..base.paths import Paths

_WINDOW = 0.025  # seconds at least between the two looks at the CPU's counters; what else there is to read is read between them


class Meter:
    """What the containers with the leaders `running` use at the moment; made before everything else is read, asked at the end."""

    def __init__(self, running: dict[str, int]) -> None:
        self._running = running
        self._v1, self._v2 = cgroups.hierarchies() if running else ({}, None)
        mounts = (*self._v1.values(), *([] if self._v2 is None else [self._v2]))
        self._groups = {name: group_of(name, mounts) for name in running}
        self._before = {name: (time.monotonic(), self._usage(name).cpu) for name in running}

    def _usage(self, name: str) -> accounting.Usage:
        return accounting.usage(self._v1, self._v2, self._groups[name], oom=False)

    def use(self) -> dict[str, dict[str, Any]]:
        """Name -> CPU in percent of one processor, memory in bytes, tasks, and when the container started (seconds since the epoch)."""
        found: dict[str, dict[str, Any]] = {}
        if not self._running:
            return found
        first = next(iter(self._before.values()))[0]
        time.sleep(max(0.0, first + _WINDOW - time.monotonic()))
        boot, ticks = accounting.boot_time(), accounting.ticks()
        for name, leader in self._running.items():
            started = processes.started_at(leader)
            if started is None:
                continue  # ended a moment ago
            at, before = self._before[name]
            usage = self._usage(name)
            seconds = time.monotonic() - at
            cpu = None if usage.cpu is None or before is None else round(max(0.0, usage.cpu - before) / seconds * 100, 2)
            found[name] = {
                "cpuPercent": cpu,
                "memory": usage.memory,
                "memoryMax": usage.memory_max,
                "tasks": usage.tasks,
                "started": round(boot + started / ticks, 2),
            }
        return found


def group_of(name: str, mounts: Iterable[str]) -> str:
    """The cgroup of container `name`, relative to the mount points `mounts`: where our launcher puts it, or where systemd does."""
    known = (f"machine.slice/{name}", f"machine.slice/container@{name}.service")
    return next((place for place in known for mount in mounts if os.path.isdir(f"{mount}/{place}")), known[0])


def leaders(paths: Paths, names: Iterable[str]) -> dict[str, int]:
    """Name -> the guest's first process, of those that run. Raises PermissionError for users who may not know."""
    found = {name: nspawn_and_leader(paths, name) for name in names}
    return {name: pair[1] for name, pair in found.items() if pair is not None}


def row(paths: Paths, name: str, leader: int | None) -> dict[str, Any] | None:
    """One container as `list --json` shows it, without what it uses; None when it takes a closer look."""
    import json  # while the meter runs

    try:
        record = json.loads(read_text(f"{paths.records}/{name}.json") or "")
        container = record["container"]
        network = container["network"]
        if container["name"] != name or container.get("healthChecks"):
            return None
        private = network.get("private", False)
        separate = private or any(network.get(key) for key in ("interfaces", "macvlans", "networkNamespace"))
        places = (network, *network.get("networks", ()))
        addresses = [network.get("localAddress"), network.get("localAddress6"), *(place["address"] for place in places[1:])]
        address = next(filter(None, addresses), None)
        system, generation = _profile(paths, name)
        return {
            "name": name,
            "state": "down" if leader is None else "up",
            "address": address.partition("/")[0] if address and private else None,
            "addresses": _addresses(network, leader) if separate else [],
            "system": (_running_system(paths, name) if leader is not None else None) or system or container["system"]["path"],
            "universe": container["universe"],
            "generation": generation,
            "autoStart": container["autoStart"],
            "ephemeral": container["ephemeral"],
            "declaredBy": record["declaredBy"],
            "leader": leader,
            "health": None,
        }
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def _addresses(network: dict[str, Any], leader: int | None) -> list[str]:
    """The addresses that a network of its own has now; those declared, when it is down."""
    if leader is not None:
        from .addresses import live_addresses

        return live_addresses(leader)
    pairs = (network, *network.get("extraVeths", {}).values())
    own = [pair.get(key) for pair in pairs for key in ("localAddress", "localAddress6")]
    shared = [place.get(key) for place in network.get("networks", ()) for key in ("address", "address6")]
    return [address.partition("/")[0] for address in own if address] + [address for address in shared if address]


def _running_system(paths: Paths, name: str) -> str | None:
    import json

    found: str | None = json.loads(read_text(f"{paths.run_state(name)}/started.json") or "{}").get("system")
    return found


def _profile(paths: Paths, name: str) -> tuple[str | None, int | None]:
    """The system that the container's profile leads to, and the number of its generation (nix-env(1): `system-N-link`)."""
    profile = paths.profile(name)
    try:
        target = os.readlink(profile)
    except OSError:
        return None, None
    number = target.removeprefix("system-").removesuffix("-link")
    generation = int(number) if number.isdigit() and target == f"system-{number}-link" else None
    try:
        system = os.readlink(f"{os.path.dirname(profile)}/{target}")
    except OSError:
        system = ""
    if not system.startswith("/nix/store/") or system.count("/") != 3 or os.path.islink(system):
        system = os.path.realpath(profile)
    return system, generation
