"""Limits as the kernel's cgroup files hold them, on cgroup v1, hybrid and v2, and what a host cannot keep. Pure.

Files and values: the kernel's admin-guide/cgroup-v1 and cgroup-v2. Where systemd is the host's init, it does this
(plan/units.py has the properties). Not for reading or writing anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .limits import PERIOD_US, CgroupLimits, read_limits

if TYPE_CHECKING:
    from ..declare.container import Container
    from .facts import Cgroups, Host, LimitFacts

# The value of a cpuset that is lifted: what the cgroup above has.
PARENT = "parent"
# The device of a limit that is lifted: every one that the file names.
EVERY_DEVICE = "*"


@dataclass(frozen=True, slots=True)
class Write:
    """A value for a cgroup file. `{}` in it stands for the number of the disk that the path `device` is or lies on.

    A write that is not `needed` may fail: what the kernel lacks is said when a definition is planned.
    """

    file: str
    value: str
    device: str = ""
    needed: bool = True


# Field -> controller of cgroup v1 and v2.
_CONTROLLERS = {
    "cpu_quota_us": ("cpu", "cpu"),
    "cpu_weight": ("cpu", "cpu"),
    "allowed_cpus": ("cpuset", "cpuset"),
    "allowed_memory_nodes": ("cpuset", "cpuset"),
    "memory_max": ("memory", "memory"),
    "memory_high": ("memory", "memory"),
    "memory_swap_max": ("memory", "memory"),
    "tasks_max": ("pids", "pids"),
    "io_weight": ("blkio", "io"),
    "io_read_bandwidth_max": ("blkio", "io"),
    "io_write_bandwidth_max": ("blkio", "io"),
    "io_read_iops_max": ("blkio", "io"),
    "io_write_iops_max": ("blkio", "io"),
    "oom_policy": ("memory", "memory"),
}
# What lifts each limit, as (file, value) of v1 and of v2.
_LIFT_V1 = {
    "cpu_quota_us": ("cpu.cfs_quota_us", "-1"),
    "cpu_weight": ("cpu.shares", "1024"),
    "allowed_cpus": ("cpuset.cpus", PARENT),
    "allowed_memory_nodes": ("cpuset.mems", PARENT),
    "memory_swap_max": ("memory.memsw.limit_in_bytes", "-1"),
    "memory_max": ("memory.limit_in_bytes", "-1"),
    "memory_high": ("memory.soft_limit_in_bytes", "-1"),
    "tasks_max": ("pids.max", "max"),
    "io_weight": ("blkio.bfq.weight", "100"),
}
_LIFT_V2 = {
    "cpu_quota_us": ("cpu.max", "max"),
    "cpu_weight": ("cpu.weight", "100"),
    "allowed_cpus": ("cpuset.cpus", ""),
    "allowed_memory_nodes": ("cpuset.mems", ""),
    "memory_swap_max": ("memory.swap.max", "max"),
    "memory_max": ("memory.max", "max"),
    "memory_high": ("memory.high", "max"),
    "tasks_max": ("pids.max", "max"),
    "io_weight": ("io.weight", "default 100"),
}
_IO_V1 = {
    "io_read_bandwidth_max": "blkio.throttle.read_bps_device",
    "io_write_bandwidth_max": "blkio.throttle.write_bps_device",
    "io_read_iops_max": "blkio.throttle.read_iops_device",
    "io_write_iops_max": "blkio.throttle.write_iops_device",
}
_IO_V2 = {"io_read_bandwidth_max": "rbps", "io_write_bandwidth_max": "wbps", "io_read_iops_max": "riops", "io_write_iops_max": "wiops"}


def _place(field: str, cgroups: Cgroups) -> tuple[str, bool] | None:
    """The mount point of the hierarchy that has `field`'s controller, and whether it is v2; None when there is none."""
    v1, v2 = _CONTROLLERS[field]
    if v2 in cgroups.v2_controllers and cgroups.v2 is not None:
        return cgroups.v2, True
    return (cgroups.v1[v1], False) if v1 in cgroups.v1 else None


def cgroup_writes(limits: CgroupLimits, cgroups: Cgroups, cgroup: str) -> tuple[Write, ...]:
    """What puts `limits` on a fresh `cgroup`, in whichever hierarchy has the controller; what none has is left out."""
    writes: list[Write] = []
    for field in _CONTROLLERS:
        place = _place(field, cgroups)
        value = getattr(limits, field)
        if value not in (None, {}) and place is not None:
            make = _v2 if place[1] else _v1
            writes += make(field, limits, f"{place[0]}/{cgroup}")
    return tuple(writes)


def live_writes(limits: CgroupLimits, cgroups: Cgroups, cgroup: str) -> tuple[Write, ...]:
    """What makes a running `cgroup` have `limits` and none besides.

    Lifted ones go first: memory and swap together may not be less than memory alone (cgroup v1).
    """
    lifts: list[Write] = []
    for field in (*_LIFT_V1, *_IO_V1):
        place = _place(field, cgroups)
        if place is None or (getattr(limits, field) not in (None, {}) and field != "memory_swap_max" and field not in _IO_V1):
            continue
        mount, unified = place
        if field in _IO_V1:
            file = "io.max" if unified else _IO_V1[field]
            value = f"{{}} {_IO_V2[field]}=max" if unified else "{} 0"
            lifts.append(Write(f"{mount}/{cgroup}/{file}", value, EVERY_DEVICE, needed=False))
            continue
        file, value = (_LIFT_V2 if unified else _LIFT_V1)[field]
        lifts.append(Write(f"{mount}/{cgroup}/{file}", value, needed=False))
    return (*lifts, *cgroup_writes(limits, cgroups, cgroup))


def _v1(field: str, limits: CgroupLimits, group: str) -> list[Write]:
    value = getattr(limits, field)
    if field == "cpu_quota_us":
        return [Write(f"{group}/cpu.cfs_period_us", str(PERIOD_US)), Write(f"{group}/cpu.cfs_quota_us", str(value))]
    if field == "cpu_weight":  # shares: 1024 is what v2 calls 100 (systemd's own conversion)
        return [Write(f"{group}/cpu.shares", str(max(2, value * 1024 // 100)))]
    if field in ("allowed_cpus", "allowed_memory_nodes"):
        file = "cpuset.cpus" if field == "allowed_cpus" else "cpuset.mems"
        # What is below may never have more: it is told first.
        return [Write(f"{group}/launcher/{file}", value), Write(f"{group}/{file}", value)]
    if field == "memory_swap_max":
        if limits.memory_max is None:
            return []
        return [Write(f"{group}/memory.memsw.limit_in_bytes", str(limits.memory_max + value), needed=False)]
    if field in _IO_V1:
        return [Write(f"{group}/{_IO_V1[field]}", f"{{}} {rate}", path, needed=False) for path, rate in value.items()]
    if field == "oom_policy":
        return []
    file = {
        "memory_max": "memory.limit_in_bytes",
        "memory_high": "memory.soft_limit_in_bytes",
        "tasks_max": "pids.max",
        "io_weight": "blkio.bfq.weight",
    }[field]
    if field == "io_weight":  # BFQ's go to 1000
        return [Write(f"{group}/{file}", str(min(1000, value)), needed=False)]
    return [Write(f"{group}/{file}", str(value))]


def _v2(field: str, limits: CgroupLimits, group: str) -> list[Write]:
    value = getattr(limits, field)
    if field == "cpu_quota_us":
        return [Write(f"{group}/cpu.max", f"{value} {PERIOD_US}")]
    if field == "io_weight":  # which of the two the kernel has depends on its schedulers
        weight = min(1000, value)
        return [Write(f"{group}/io.weight", f"default {value}", needed=False), Write(f"{group}/io.bfq.weight", str(weight), needed=False)]
    if field in _IO_V2:
        return [Write(f"{group}/io.max", f"{{}} {_IO_V2[field]}={rate}", path, needed=False) for path, rate in value.items()]
    if field == "oom_policy":  # memory.oom.group would end the launcher as well: it watches instead
        return []
    file, _ = {"cpu_weight": ("cpu.weight", "")}.get(field, _LIFT_V2[field])
    return [Write(f"{group}/{file}", str(value))]


def oom_counter(cgroups: Cgroups, cgroup: str) -> str | None:
    """The file whose line `oom_kill` counts what the kernel killed in `cgroup` for want of memory."""
    place = _place("oom_policy", cgroups)
    if place is None:
        return None
    return f"{place[0]}/{cgroup}/" + ("memory.events" if place[1] else "memory.oom_control")


def limit_warnings(container: Container, host: Host, facts: LimitFacts) -> list[str]:
    """Which limits of `container` this host does not keep, or not as systemd means them: option and reason. Raises DefinitionError."""
    read = read_limits(container)
    limits, warnings = read.limits, []
    for field in _CONTROLLERS:
        if getattr(limits, field) in (None, {}):
            continue
        place = _place(field, host.cgroups)
        reason = _no_controller(field) if place is None else _lacking(field, limits, facts, unified=place[1])
        if reason is not None and field in read.places:  # not for the one that nobody asked for
            warnings.append(f"{read.places[field]}: {reason}")
    return warnings


def _no_controller(field: str) -> str:
    controller = _CONTROLLERS[field][1]
    boot = "; boot with cgroup_enable=memory" if controller == "memory" else ""
    return f"not kept, since this kernel offers no ‘{controller}’ cgroup controller{boot}"


def _lacking(field: str, limits: CgroupLimits, facts: LimitFacts, *, unified: bool) -> str | None:
    """Why the limit `field` is not fully kept although its controller is there; None when it is."""
    files = facts.files
    if field == "memory_swap_max":
        if not unified and limits.memory_max is None:
            return "not kept: cgroup v1 limits swap only together with memory; set limits.memoryMax, too"
        if ("memory.swap.max" if unified else "memory.memsw.limit_in_bytes") not in files:
            return "not kept, since this kernel does not count swap per cgroup; boot with swapaccount=1"
    if field == "memory_high" and not unified:
        return "cgroup v1 only takes memory above it first when the host runs short; it does not slow the container down"
    if field == "io_weight" and not facts.weighing:
        # Roots of hierarchies have no weights themselves: of BFQ they only have the counters.
        if not files & {"io.weight", "io.bfq.weight", "blkio.bfq.weight", "blkio.bfq.io_service_bytes"}:
            return "not kept, since this kernel has no weights for disks (BFQ or iocost)"
        return "no effect, since no disk here uses the BFQ scheduler or iocost"
    if field in _IO_V2:
        if ("io.max" if unified else _IO_V1[field]) not in files:
            return "not kept, since this kernel cannot throttle disks (CONFIG_BLK_DEV_THROTTLING)"
        if not unified and "write" in field:
            return "cgroup v1 throttles only what is written past the page cache (O_DIRECT, sync)"
    return None
