"""What this host's kernel can do about limits, and which declared ones it does not keep. Looks only."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ..base import process
from ..kernel import disks
from ..plan.cgroup_files import limit_warnings
from ..plan.disk import disk_size
from ..plan.facts import Cgroups, LimitFacts
from .host import host_facts

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..declare.container import Container


def unkept_limits(containers: Iterable[Container]) -> list[str]:
    """One sentence for each limit of `containers` that this host does not keep, or not as systemd means it. Raises DefinitionError."""
    limited = [container for container in containers if has_limits(container)]
    if not limited:
        return []
    host = host_facts()
    disks_wanted = [container for container in limited if disk_size(container) is not None]
    facts = limit_facts(host.cgroups)
    unkept = [warning for container in limited for warning in limit_warnings(container, host, facts)]
    lacking = _lacking_for_disks() if disks_wanted else ""
    return unkept + [
        f"containers.{container.name}.limits.diskMax: it cannot start here: {lacking}" for container in disks_wanted if lacking
    ]


def _lacking_for_disks() -> str:
    """What this host lacks for roots on disks of their own (plan/disk.py), with what helps; "" when it has everything."""
    if process.find("mkfs.ext4") is None:
        return "mkfs.ext4 is not installed (apt-get install e2fsprogs)"
    if not os.path.exists("/dev/loop-control"):
        return "it has no loop devices (modprobe loop)"
    return ""


def has_limits(container: Container) -> bool:
    """Whether anything that could be a limit is said about `container`."""
    return bool(container.slice_limits or container.extra_flags) or container.limits != type(container.limits)()


def limit_facts(layout: Cgroups) -> LimitFacts:
    """The control files that cgroups have here. The root of cgroup v2 has few: one level below it tells."""
    files: set[str] = set()
    for mount in dict.fromkeys(layout.v1.values()):
        files |= _files(mount)
    weighing = disks.weighing()
    if layout.v2 is not None:
        top = _files(layout.v2)
        weighing = weighing or "io.cost.qos" in top
        files |= top
        try:
            below = [entry.path for entry in os.scandir(layout.v2) if entry.is_dir(follow_symlinks=False)]
        except OSError:
            below = []
        lower = set[str]().union(*map(_files, below))
        files |= lower
        if "io" in layout.v2_controllers and "io.stat" not in lower:
            # systemd passes this controller on when the first unit asks for it: until then no cgroup shows what it can do.
            files |= {"io.max", "io.weight"}
    return LimitFacts(files=frozenset(files), weighing=weighing)


def _files(directory: str) -> set[str]:
    try:
        return set(os.listdir(directory))
    except OSError:
        return set()
