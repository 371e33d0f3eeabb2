"""What a cgroup has used, read from the files of both versions (cgroups(7)), and the counters of interfaces.

v1: the kernel's Documentation/admin-guide/cgroup-v1/{cpuacct,memory,blkio-controller,pids}.rst; v2: cgroup-v2.rst.
A controller that the kernel has not, or that is not passed on to the cgroup, gives None. Knows no containers.
"""

from __future__ import annotations

import os

from .cgroups import subtree
from .proc import read

TYPE_CHECKING = False  # importing typing costs more than what `list` reads here
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# What v1 writes for "no limit": the largest number of pages, in bytes.
_UNLIMITED = 1 << 60


class Usage:
    """Totals of one cgroup and everything below it: seconds of CPU, bytes, processes and threads, killed processes."""

    __slots__ = ("cpu", "io_read", "io_written", "memory", "memory_max", "oom_kills", "tasks", "tasks_max")

    def __init__(
        self,
        *,
        cpu: float | None = None,
        memory: int | None = None,
        memory_max: int | None = None,
        tasks: int | None = None,
        tasks_max: int | None = None,
        io_read: int | None = None,
        io_written: int | None = None,
        oom_kills: int | None = None,
    ) -> None:
        self.cpu, self.memory, self.memory_max, self.tasks, self.tasks_max = cpu, memory, memory_max, tasks, tasks_max
        self.io_read, self.io_written, self.oom_kills = io_read, io_written, oom_kills

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Usage) and all(getattr(self, field) == getattr(other, field) for field in self.__slots__)

    __hash__ = None  # type: ignore[assignment]


def usage(v1: Mapping[str, str], v2: str | None, relative: str, *, oom: bool = True) -> Usage:
    """The usage of the cgroup `relative` below the mount points `v1` (by controller) and `v2`.

    Memory is without the cache of files that were not used lately (inactive_file), as `podman stats` and `docker stats` count.
    `oom` asks for killed processes too, which v1 counts in every cgroup by itself.
    """

    def old(controller: str, file: str) -> str:
        return read(f"{v1[controller]}/{relative}/{file}") if controller in v1 else ""

    def new(file: str) -> str:
        return read(f"{v2}/{relative}/{file}") if v2 is not None else ""

    cpu = _number(old("cpuacct", "cpuacct.usage"))
    read_bytes, written = _io(old("blkio", "blkio.throttle.io_service_bytes_recursive"), new("io.stat"))
    return Usage(
        cpu=cpu / 1e9 if cpu is not None else _scaled(_keys(new("cpu.stat")).get("usage_usec")),
        memory=_memory(
            _number(old("memory", "memory.usage_in_bytes") or new("memory.current")),
            _keys(old("memory", "memory.stat") or new("memory.stat")),
        ),
        memory_max=_limit(old("memory", "memory.limit_in_bytes") or new("memory.max")),
        tasks=_number(old("pids", "pids.current") or new("pids.current")),
        tasks_max=_limit(old("pids", "pids.max") or new("pids.max")),
        io_read=read_bytes,
        io_written=written,
        oom_kills=_oom_kills(f"{v1['memory']}/{relative}" if "memory" in v1 else None, new("memory.events")) if oom else None,
    )


def _number(text: str) -> int | None:
    text = text.strip()
    return int(text) if text.isdigit() else None


def _scaled(microseconds: int | None) -> float | None:
    return None if microseconds is None else microseconds / 1e6


def _limit(text: str) -> int | None:
    number = _number(text)  # v2 writes "max"
    return None if number is None or number >= _UNLIMITED else number


def _keys(text: str) -> dict[str, int]:
    """Lines of `key number`."""
    found = {}
    for line in text.splitlines():
        key, _, value = line.partition(" ")
        if value.isdigit():
            found[key] = int(value)
    return found


def _memory(total: int | None, stat: Mapping[str, int]) -> int | None:
    if total is None:
        return None
    return max(0, total - stat.get("total_inactive_file", stat.get("inactive_file", 0)))


def _io(old: str, new: str) -> tuple[int | None, int | None]:
    """Bytes read and written on all block devices. v1: `8:0 Read 4096`, v2: `8:0 rbytes=4096 wbytes=0 ...`."""
    if not old and not new:
        return None, None
    got = {"Read": 0, "Write": 0}
    for line in old.splitlines():
        words = line.split()
        if len(words) == 3 and words[1] in got and words[2].isdigit():
            got[words[1]] += int(words[2])
    for line in new.splitlines():
        for word in line.split()[1:]:
            key, _, value = word.partition("=")
            if key in ("rbytes", "wbytes") and value.isdigit():
                got["Read" if key == "rbytes" else "Write"] += int(value)
    return got["Read"], got["Write"]


def _oom_kills(old: str | None, new: str) -> int | None:
    if new:
        return _keys(new).get("oom_kill")
    if old is None:
        return None
    total = None
    # v1 counts at the cgroup of the victim only; kernels before 4.13 do not count.
    for directory in subtree(old):
        count = _keys(read(f"{directory}/memory.oom_control")).get("oom_kill")
        if count is not None:
            total = (total or 0) + count
    return total


def interface_counters(name: str) -> tuple[int, int] | None:
    """Bytes that the host's interface `name` has received and sent (/sys/class/net), or None when it is not there."""
    received = _number(read(f"/sys/class/net/{name}/statistics/rx_bytes"))
    sent = _number(read(f"/sys/class/net/{name}/statistics/tx_bytes"))
    return None if received is None or sent is None else (received, sent)


def namespace_counters(pid: int, names: Iterable[str]) -> dict[str, tuple[int, int]]:
    """The same for interfaces of the network namespace of process `pid` (/proc/PID/net/dev, proc(5))."""
    wanted, found = set(names), {}
    for line in read(f"/proc/{pid}/net/dev").splitlines()[2:]:
        name, _, rest = line.partition(":")
        fields = rest.split()
        if name.strip() in wanted and len(fields) > 8:
            found[name.strip()] = (int(fields[0]), int(fields[8]))
    return found


def boot_time() -> float:
    """When the host started, in seconds since the epoch (/proc/stat)."""
    for line in read("/proc/stat").splitlines():
        if line.startswith("btime "):
            return float(line.split()[1])
    return 0.0


def ticks() -> int:
    """Clock ticks in a second, the unit of times in /proc/PID/stat."""
    return os.sysconf("SC_CLK_TCK")
