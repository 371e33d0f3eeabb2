"""The facts about the host that starting a container depends on."""

from __future__ import annotations

import os
import sys

from ..base import process
from ..base.errors import HostError
from ..kernel import cgroups
from ..plan.facts import Cgroups, Host, Tools
from ..plan.limit_view import LXCFS

_PACKAGES = {"systemd-nspawn": "systemd-container", "ip": "iproute2", "nft": "nftables"}


def host_facts() -> Host:
    """Look at cgroups, tools and kernel. Raises HostError when a tool is missing."""
    found: dict[str, str] = {}
    missing = []
    for program in _PACKAGES:
        path = process.find(program)
        if path is None:
            missing.append(program)
        else:
            found[program] = path
    if missing:
        packages = " ".join(_PACKAGES[program] for program in missing)
        raise HostError(f"not installed: {', '.join(missing)}", hint=f"apt-get install {packages}")
    v1, v2 = cgroups.hierarchies()
    if not v1 and v2 is None:
        raise HostError(
            "no cgroup file system is mounted", hint="mount -t cgroup2 cgroup2 /sys/fs/cgroup, or boot with an init that does it"
        )
    return Host(
        cgroups=Cgroups(v1=v1, v2=v2, v2_controllers=cgroups.offered_controllers(v2)),
        tools=Tools(
            nspawn=found["systemd-nspawn"],
            ip=found["ip"],
            nft=found["nft"],
            device_filter=(sys.executable, "-ISB", f"{os.path.dirname(cgroups.__file__)}/device_filter.py"),
        ),
        udev=os.path.exists("/run/udev/control"),
        cpus=os.cpu_count() or 1,
        # Units know one root only: under a moved one our own launcher runs containers on every host.
        lxcfs=os.path.exists(f"{LXCFS}/meminfo"),
        systemd=init_is_systemd() and not os.environ.get("NIXOS_CONTAINERS_ROOT"),
    )


def init_is_systemd() -> bool:
    """Whether systemd runs the host (sd_booted(3))."""
    return os.path.isdir("/run/systemd/system")
