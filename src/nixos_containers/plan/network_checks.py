"""Network options that contradict each other, refused with their names. Pure: what the host itself has is not looked at here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..base.errors import DefinitionError

if TYPE_CHECKING:
    from ..declare.container import Container


def check_network(container: Container) -> None:
    """Raises DefinitionError for options of `container` that cannot go together."""
    network, where = container.network, f"containers.{container.name}"
    if network.private:
        for name in network.extra_veths:
            if len(name) > 15:
                raise DefinitionError(
                    f"{where}.extraVeths.{name}: an interface name has at most 15 characters", hint="choose a shorter one"
                )
        if network.host_bridge and (network.host_address or network.host_address6):
            raise DefinitionError(
                f"{where}: hostBridge and hostAddress exclude each other",
                hint="with a bridge, give the bridge itself the host's address",
            )
        for number in network.forward_ports:
            if not (network.local_address or network.local_address6):
                raise DefinitionError(
                    f"{where}.forwardPorts: port {number.host_port} leads nowhere without localAddress",
                    hint=f"set {where}.localAddress",
                )
    elif network.configured or network.extra_veths:
        raise DefinitionError(
            f"{where}: addresses, bridges, forwarded ports and extra veth pairs need a private network",
            hint=f"set {where}.privateNetwork = true, or take those options away",
        )
