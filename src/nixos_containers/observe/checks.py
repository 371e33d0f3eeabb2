"""What this host lacks for containers, in words. Looks only."""

from __future__ import annotations

import os

from ..base import process
from ..kernel import sysctls
from .host import init_is_systemd

_TOOLS = ("nix-instantiate", "nix-store", "systemd-nspawn", "ip", "nft", "nsenter", "unshare", "apt-get", "dpkg-deb")
_BUS = "/run/dbus/system_bus_socket"
_NAMESPACES = {
    "user": "CONFIG_USER_NS",
    "net": "CONFIG_NET_NS",
    "pid": "CONFIG_PID_NS",
    "mnt": "",
    "uts": "CONFIG_UTS_NS",
    "ipc": "CONFIG_IPC_NS",
}
# Guests share these limits: below them only a few containers fit.
_ROOM = {"fs.inotify.max_user_instances": 1024, "kernel.keys.maxkeys": 1000}


def host_problems() -> list[str]:
    """One sentence per missing tool, kernel feature or too small a limit; empty when all is well."""
    problems = [str(process.missing(tool)).replace("\n", " ") for tool in _TOOLS if process.find(tool) is None]
    for namespace, option in _NAMESPACES.items():
        if not os.path.exists(f"/proc/self/ns/{namespace}"):
            problems.append(f"the kernel has no {namespace} namespaces ({option})")
    if init_is_systemd() and not os.path.exists(_BUS):
        problems.append("the D-Bus system bus is not there: systemd-nspawn cannot register containers (apt-get install dbus)")
    limit = sysctls.read("user.max_user_namespaces")
    if limit == "0":
        problems.append("user namespaces are turned off (sysctl user.max_user_namespaces=0): private users cannot work")
    for name, wanted in _ROOM.items():
        current = sysctls.read(name)
        if (
            current is not None
            and current.isdigit()
            and int(current) < wanted
            and not os.access("/proc/sys/" + name.replace(".", "/"), os.W_OK)
        ):
            problems.append(f"sysctl {name} is {current}: only a few containers fit, and it cannot be raised from here")
    return problems
