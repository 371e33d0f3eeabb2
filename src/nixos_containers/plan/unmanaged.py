"""Files that tell the host's network services to leave a container's interfaces alone. Pure text; run/unmanaged.py places them.

systemd's own 80-container-ve.network would run a DHCP server on every `ve-*` (systemd.network(5)), and NetworkManager takes what it
sees for a cable (NetworkManager.conf(5), section device). Only interfaces of this container and the bridges of its shared networks are
named: others' are theirs. networkd takes the first file that matches, by file name (systemd.network(5)): ours goes before one of the
host's owner that takes whatever there is (`Name=*`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .bridges import bridge_name
from .network import plan_network

if TYPE_CHECKING:
    from ..declare.container import Container

NETWORKD, NETWORK_MANAGER = "systemd/network", "NetworkManager/conf.d"
PREFIX = "00-0-nixos-container-"
MARK = "# Made by nixos-container: this container's interfaces are configured by it.\n"


def unmanaged_files(container: Container) -> dict[str, str]:
    """Directory below /run -> (the one file in it for `container`) its text; empty when it has no interface on the host."""
    network = plan_network(container)
    names = [*(pair.host for pair in network.pairs), *(bridge_name(shared.name) for shared in network.networks)]
    if not names:
        return {}
    matched = ",".join(f"interface-name:={name}" for name in names)
    return {
        NETWORKD: f"{MARK}[Match]\nName={' '.join(names)}\n\n[Link]\nUnmanaged=yes\n",
        NETWORK_MANAGER: f"{MARK}[device-nixos-container-{container.name}]\nmatch-device={matched}\nmanaged=0\n",
    }


def file_name(directory: str, name: str) -> str:
    """The file of container `name` in one of the directories; it sorts before systemd's own and the host's owner's."""
    return f"{PREFIX}{name}.{'network' if directory == NETWORKD else 'conf'}"
