"""What this host's kernel can do about limits, and which declared ones it does not keep. Looks only."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ..kernel import disks
from ..plan.cgroup_files import limit_warnings
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
    facts = limit_facts(host.cgroups)
    return [warning for container in limited for warning in limit_warnings(container, host, facts)]


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
        for path in below:
            files |= _files(path)
    return LimitFacts(files=frozenset(files), weighing=weighing)


def _files(directory: str) -> set[str]:
    try:
        return set(os.listdir(directory))
    except OSError:
        return set()
