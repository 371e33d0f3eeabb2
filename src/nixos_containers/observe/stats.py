"""What running containers use: a sample of all counters, and what two samples say about the time between them.

Sources: the container's cgroup in every hierarchy (kernel/accounting.py), the counters of its interfaces, and when its first
process started. A guest cannot change any of them, except those of interfaces that it was given as a whole.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..base.errors import ContainerError
from ..kernel import accounting, cgroups, processes
from ..kernel.accounting import Usage
from ..plan.network import plan_network
from .containers import record
from .live import names, nspawn_and_leader
from .rows import group_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..base.paths import Paths


@dataclass(frozen=True, slots=True)
class Sample:
    """The counters of one running container at `at` (monotonic clock, seconds).

    `received` and `sent` are bytes as the guest sees them, by the guest's name of the interface; `started` is in seconds since
    the epoch.
    """

    name: str
    at: float
    leader: int
    started: float
    usage: Usage
    received: dict[str, int]
    sent: dict[str, int]


class Sampler:
    """Takes samples; remembers what does not change while it lives (where cgroups are, which interfaces are whose)."""

    def __init__(self, paths: Paths) -> None:
        self._paths = paths
        self._v1, self._v2 = cgroups.hierarchies()
        self._boot = accounting.boot_time()
        self._interfaces: dict[tuple[str, int], tuple[dict[str, str], tuple[str, ...]]] = {}

    def sample(self, wanted: Iterable[str] | None = None) -> dict[str, Sample]:
        """The samples of the containers `wanted`, by default of all, that run now; by name."""
        found = {}
        for name in names(self._paths) if wanted is None else wanted:
            processes_of = nspawn_and_leader(self._paths, name)
            if processes_of is not None:
                made = self._one(name, processes_of[1])
                if made is not None:
                    found[name] = made
        return found

    def _one(self, name: str, leader: int) -> Sample | None:
        ticks = processes.started_at(leader)
        if ticks is None:
            return None  # ended a moment ago
        received, sent = self._network(name, leader)
        return Sample(
            name=name,
            at=time.monotonic(),
            leader=leader,
            started=self._boot + ticks / accounting.ticks(),
            usage=accounting.usage(self._v1, self._v2, self.group(name)),
            received=received,
            sent=sent,
        )

    def group(self, name: str) -> str:
        """The container's cgroup relative to the mount points: where our launcher puts it, or where systemd does."""
        return group_of(name, (*self._v1.values(), *([] if self._v2 is None else [self._v2])))

    def _network(self, name: str, leader: int) -> tuple[dict[str, int], dict[str, int]]:
        key = (name, leader)
        if key not in self._interfaces:
            self._interfaces[key] = _interfaces(self._paths, name)
        pairs, inside = self._interfaces[key]
        counters = accounting.namespace_counters(leader, inside) if inside else {}
        for guest, host in pairs.items():
            got = accounting.interface_counters(host)
            if got is not None:
                counters[guest] = (got[1], got[0])  # what the host sends is what the guest receives
        return {name: got[0] for name, got in counters.items()}, {name: got[1] for name, got in counters.items()}


def _interfaces(paths: Paths, name: str) -> tuple[dict[str, str], tuple[str, ...]]:
    """The guest's interfaces with a host's end, as guest's name -> host's; and those that it has as a whole."""
    try:
        container = record(paths, name).container
        plan = plan_network(container)
    except ContainerError:
        return {}, ()
    inside = (*container.network.interfaces, *(f"mv-{parent}"[:15] for parent in container.network.macvlans))
    return {pair.guest: pair.host for pair in plan.pairs}, inside


def rates(before: Sample | None, now: Sample) -> dict[str, Any]:
    """One container as `stats --json` shows it: totals, and per second what was used since `before`.

    `cpuPercent` is in percent of one processor. Without a sample of the same run before, the rates are None.
    """
    usage = now.usage
    same = before is not None and before.leader == now.leader and now.at > before.at
    past = before if same else None
    seconds = now.at - past.at if past is not None else 1.0
    received, sent = sum(now.received.values()), sum(now.sent.values())

    def rate(new: float | None, old: float | None) -> float | None:
        return None if past is None or new is None or old is None else max(0.0, new - old) / seconds

    cpu = rate(usage.cpu, past.usage.cpu if past else None)
    return {
        "name": now.name,
        "cpuPercent": None if cpu is None else round(cpu * 100, 2),
        "cpuSeconds": usage.cpu,
        "memory": usage.memory,
        "memoryMax": usage.memory_max,
        "tasks": usage.tasks,
        "tasksMax": usage.tasks_max,
        "ioRead": usage.io_read,
        "ioWritten": usage.io_written,
        "ioReadPerSecond": rate(usage.io_read, past.usage.io_read if past else None),
        "ioWrittenPerSecond": rate(usage.io_written, past.usage.io_written if past else None),
        "networkReceived": received if now.received else None,
        "networkSent": sent if now.sent else None,
        "networkReceivedPerSecond": rate(received, sum(past.received.values()) if past else None) if now.received else None,
        "networkSentPerSecond": rate(sent, sum(past.sent.values()) if past else None) if now.sent else None,
        "interfaces": {name: {"received": now.received[name], "sent": now.sent[name]} for name in sorted(now.received)},
        "oomKills": usage.oom_kills,
        "started": round(now.started, 2),
        "leader": now.leader,
    }


def sort_value(row: dict[str, Any], key: str) -> tuple[float, str]:
    """What to sort a row of `rates` by: the biggest first, then by name."""
    values = {
        "cpu": ("cpuPercent",),
        "memory": ("memory",),
        "io": ("ioReadPerSecond", "ioWrittenPerSecond"),
        "network": ("networkReceivedPerSecond", "networkSentPerSecond"),
        "tasks": ("tasks",),
    }.get(key, ())
    return (-sum(row[value] or 0 for value in values), row["name"])
