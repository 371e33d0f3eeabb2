"""Files that tell the host's network services to leave a container's interfaces alone. Pure text; run/unmanaged.py places them.

systemd's own 80-container-ve.network would run a DHCP server on every `ve-*` (systemd.network(5)), and NetworkManager takes what it
sees for a cable (NetworkManager.conf(5), section device). Only interfaces of this container are named: others' are theirs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .network import plan_network

if TYPE_CHECKING:
    from ..declare.container import Container

NETWORKD, NETWORK_MANAGER = "systemd/network", "NetworkManager/conf.d"
PREFIX = "10-nixos-container-"
MARK = "# Made by nixos-container: this container's interfaces are configured by it.\n"


def unmanaged_files(container: Container) -> dict[str, str]:
    """Directory below /run -> (the one file in it for `container`) its text; empty when it has no interface on the host."""
    names = [pair.host for pair in plan_network(container).pairs]
    if not names:
        return {}
    matched = ",".join(f"interface-name:={name}" for name in names)
    return {
        NETWORKD: f"{MARK}[Match]\nName={' '.join(names)}\n\n[Link]\nUnmanaged=yes\n",
        NETWORK_MANAGER: f"{MARK}[device-nixos-container-{container.name}]\nmatch-device={matched}\nmanaged=0\n",
    }


def file_name(directory: str, name: str) -> str:
    """The file of container `name` in one of the directories; it sorts before systemd's own."""
    return f"{PREFIX}{name}.{'network' if directory == NETWORKD else 'conf'}"
