"""What a guest sees of its limits in /proc: lxcfs's files over the kernel's, where lxcfs runs on the host (lxcfs(1)).

The kernel's /proc/meminfo and /proc/cpuinfo are the host's in every container. lxcfs, a file system in user space of the
Linux Containers project, answers for the cgroup of whoever reads. `nproc` needs none of it: it counts `allowedCpus`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .facts import Host
    from .limits import CgroupLimits

# Where lxcfs is mounted, by the archive's and everybody's units.
LXCFS = "/var/lib/lxcfs/proc"
_IN_GUEST = "/run/nixos-container-limits"
_FILES = ("cpuinfo", "diskstats", "loadavg", "meminfo", "stat", "swaps", "uptime")


def _shown(limits: CgroupLimits, host: Host) -> bool:
    limited = (limits.memory_max, limits.memory_swap_max, limits.cpu_quota_us, limits.allowed_cpus)
    return host.lxcfs and any(limit is not None for limit in limited)


def view_flags(limits: CgroupLimits, host: Host) -> tuple[str, ...]:
    """nspawn's flag that brings lxcfs's files in. Owners are not mapped, which FUSE cannot: everybody may read them."""
    return (f"--bind-ro={LXCFS}:{_IN_GUEST}:norbind",) if _shown(limits, host) else ()


def view_lines(limits: CgroupLimits, host: Host) -> list[str]:
    """The guest's first process's part: nspawn mounts /proc too late to mount anything in it."""
    if not _shown(limits, host):
        return []
    return [
        f"for file in {' '.join(_FILES)}; do",
        f'  [ ! -e "{_IN_GUEST}/$file" ] || "$busybox" mount --bind "{_IN_GUEST}/$file" "/proc/$file"',
        "done",
    ]
