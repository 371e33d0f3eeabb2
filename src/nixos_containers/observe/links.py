"""What a container's network needs of the host's: interfaces, bridges and namespaces that must be there. Looks only."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ..base.errors import HostError

if TYPE_CHECKING:
    from ..base.paths import Paths
    from ..declare.container import Container

_NET = "/sys/class/net"
_CONNTRACK, _SCTP = "/proc/sys/net/netfilter", "nf_conntrack_sctp_timeout_established"


def check_links(container: Container, paths: Paths | None = None) -> None:
    """Raises HostError that names the option whose interface, bridge or namespace the host does not have.

    With `paths` it also tells which running container has taken an interface.
    """
    network, where = container.network, f"containers.{container.name}"
    if network.network_namespace is not None and not os.path.exists(network.network_namespace):
        name = os.path.basename(network.network_namespace)
        raise HostError(f"{where}.networkNamespace: there is no {network.network_namespace}", hint=f"ip netns add {name}")
    for option, names in (("interfaces", network.interfaces), ("macvlans", network.macvlans)):
        for name in names:
            if not os.path.exists(f"{_NET}/{name}"):
                owner = _taken_by(name, paths) if paths is not None else None
                if owner is not None:
                    raise HostError(
                        f"{where}.{option}: container ‘{owner}’ has the interface {name} as long as it runs",
                        hint=f"nixos-container stop {owner}",
                    )
                raise HostError(f"{where}.{option}: the host has no interface {name}", hint="ip -brief link lists what there is")
    if not network.private:
        return
    forwards = [port for pair in (network, *network.extra_veths.values()) for port in pair.forward_ports]
    # Without the whole directory, connection tracking is a module that is not loaded yet: nobody knows.
    if any(port.protocol == "sctp" for port in forwards) and os.path.isdir(_CONNTRACK) and not os.path.exists(f"{_CONNTRACK}/{_SCTP}"):
        raise HostError(
            f"{where}.forwardPorts: this kernel does not track SCTP connections, so that it cannot forward them",
            hint="a kernel with CONFIG_NF_CT_PROTO_SCTP, or take that port away",
        )
    pairs = {f"{where}.hostBridge": network.host_bridge}
    pairs |= {f"{where}.extraVeths.{name}.hostBridge": pair.host_bridge for name, pair in network.extra_veths.items()}
    for option, bridge in pairs.items():
        if bridge is not None and not os.path.exists(f"{_NET}/{bridge}/bridge"):
            what = "is not a bridge" if os.path.exists(f"{_NET}/{bridge}") else "does not exist"
            raise HostError(f"{option}: {bridge} {what}", hint=f"ip link add {bridge} type bridge && ip link set {bridge} up")


def _taken_by(interface: str, paths: Paths) -> str | None:
    """The running container into which the interface has moved."""
    from . import containers

    for name in containers.run_states(paths):
        started = containers.started(paths, name)
        if started is not None and started.container is not None and interface in started.container.network.interfaces:
            return name if containers.running(paths, name) is not None else None
    return None
