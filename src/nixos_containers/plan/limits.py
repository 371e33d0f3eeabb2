"""Resource limits: from what people write to what the kernel's cgroup files hold.

Syntax and meaning are systemd's (systemd.resource-control(5)). Not for writing anything.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..base.errors import DefinitionError

if TYPE_CHECKING:
    from ..declare.container import Container
    from .facts import Cgroups

_PERIOD_US = 100_000  # the kernel's default period of the CPU bandwidth controller
_NUMBER = re.compile(r"\d{1,18}(\.\d{1,9})?", re.ASCII)  # float() also takes nan, 1e999 and 1_0
_SIZE = re.compile(rf"({_NUMBER.pattern})\s*([KMGTP]?)(I?B)?", re.ASCII)
_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40, "P": 1 << 50}


@dataclass(frozen=True, slots=True)
class CgroupLimits:
    """Numbers for the kernel: microseconds of CPU per 100 ms, bytes, processes, a weight of 1 to 10000."""

    cpu_quota_us: int | None = None
    memory_max: int | None = None
    memory_high: int | None = None
    tasks_max: int | None = None
    cpu_weight: int | None = None


def parse_size(text: str | int, where: str) -> int:
    """Bytes in `1G`, `512M`, `1.5G` or a plain number (base 1024, as systemd's MemoryMax=).

    Raises DefinitionError naming `where`.
    """
    if isinstance(text, int):
        return text
    found = _SIZE.fullmatch(text.strip().upper())
    if found is None:
        raise DefinitionError(f"{where}: ‘{text}’ is not a size", hint="write bytes, or a number with K, M, G or T")
    value = float(found[1]) * _UNITS[found[3]]
    if value <= 0:
        raise DefinitionError(f"{where}: a size must be more than 0, not ‘{text}’")
    return int(value)


def parse_quota(text: str, where: str) -> int:
    """Microseconds per 100 ms in `50%` (half a core) or `200%` (two cores), as systemd's CPUQuota=."""
    number = text.strip().removesuffix("%").rstrip()
    percent = float(number) if _NUMBER.fullmatch(number) else 0.0
    if not text.strip().endswith("%") or percent <= 0:
        raise DefinitionError(f"{where}: ‘{text}’ is not a CPU quota", hint="write a percentage of one core, such as 50%")
    return max(1000, int(percent * _PERIOD_US / 100))


def _parse_count(text: str, where: str) -> int:
    try:
        count = int(text)
    except ValueError:
        count = 0
    if count <= 0:
        raise DefinitionError(f"{where}: ‘{text}’ is not a number above 0")
    return count


# systemd's property names that have a meaning for the container's own cgroup.
_PROPERTIES = {
    "CPUQuota": ("cpu_quota_us", parse_quota),
    "MemoryMax": ("memory_max", parse_size),
    "MemoryLimit": ("memory_max", parse_size),
    "MemoryHigh": ("memory_high", parse_size),
    "TasksMax": ("tasks_max", _parse_count),
    "CPUWeight": ("cpu_weight", _parse_count),
}
# Flags that people write but systemd-nspawn does not have.
_FLAGS = {"--memory-limit": "MemoryMax", "--cpu-limit": "CPUQuota", "--cpu-quota": "CPUQuota", "--tasks-limit": "TasksMax"}


def container_limits(container: Container) -> tuple[CgroupLimits, tuple[str, ...]]:
    """The limits of `container`, and its `extraFlags` without those that were limits.

    Sources, the later one wins: the guest's slice named `container`, limits among the extra flags
    (`--memory-limit=1G`, `--property=MemoryMax=1G`), the `limits` option. Raises DefinitionError.
    """
    found: dict[str, int] = {}
    for name, value in container.slice_limits.items():
        if name in _PROPERTIES:
            _take(found, name, str(value), f"containers.{container.name}.config.systemd.slices.container.sliceConfig.{name}")
    flags = []
    for flag in container.extra_flags:
        key, _, value = flag.partition("=")
        if key == "--property":
            key, _, value = value.partition("=")
            if key in _PROPERTIES:
                _take(found, key, value, f"containers.{container.name}.extraFlags")
                continue
        elif key in _FLAGS and value:
            _take(found, _FLAGS[key], value, f"containers.{container.name}.extraFlags")
            continue
        flags.append(flag)
    limits, where = container.limits, f"containers.{container.name}.limits"
    if limits.cpu_quota is not None:
        found["cpu_quota_us"] = parse_quota(limits.cpu_quota, f"{where}.cpuQuota")
    if limits.memory_max is not None:
        found["memory_max"] = parse_size(limits.memory_max, f"{where}.memoryMax")
    if limits.tasks_max is not None:
        found["tasks_max"] = limits.tasks_max
    return CgroupLimits(**found), tuple(flags)


def _take(found: dict[str, int], name: str, value: str, where: str) -> None:
    if value and value != "infinity":
        field, parse = _PROPERTIES[name]
        found[field] = parse(value, where)


def cgroup_writes(limits: CgroupLimits, cgroups: Cgroups, cgroup: str) -> tuple[tuple[str, str], ...]:
    """(file, value) pairs that put `limits` on `cgroup` in whichever hierarchy has the controller.

    cgroup v1 names: Documentation/admin-guide/cgroup-v1; v2 names: admin-guide/cgroup-v2. Raises
    DefinitionError when no hierarchy offers a controller that is needed.
    """
    writes: list[tuple[str, str]] = []

    def put(controller: str, v1: tuple[tuple[str, int], ...], v2: tuple[tuple[str, str], ...]) -> None:
        if controller in cgroups.v2_controllers and cgroups.v2 is not None:
            writes.extend((f"{cgroups.v2}/{cgroup}/{file}", value) for file, value in v2)
        elif controller in cgroups.v1:
            writes.extend((f"{cgroups.v1[controller]}/{cgroup}/{file}", str(value)) for file, value in v1)
        else:
            raise DefinitionError(f"this kernel offers no ‘{controller}’ cgroup controller, so the limit cannot be kept")

    if limits.cpu_quota_us is not None:
        quota = limits.cpu_quota_us
        put("cpu", (("cpu.cfs_period_us", _PERIOD_US), ("cpu.cfs_quota_us", quota)), (("cpu.max", f"{quota} {_PERIOD_US}"),))
    if limits.cpu_weight is not None:
        weight = limits.cpu_weight  # v1 shares: 1024 is what v2 calls 100 (systemd's own conversion)
        put("cpu", (("cpu.shares", max(2, weight * 1024 // 100)),), (("cpu.weight", str(weight)),))
    if limits.memory_high is not None:
        put("memory", (("memory.soft_limit_in_bytes", limits.memory_high),), (("memory.high", str(limits.memory_high)),))
    if limits.memory_max is not None:
        put("memory", (("memory.limit_in_bytes", limits.memory_max),), (("memory.max", str(limits.memory_max)),))
    if limits.tasks_max is not None:
        put("pids", (("pids.max", limits.tasks_max),), (("pids.max", str(limits.tasks_max)),))
    return tuple(writes)
