"""Network options that contradict each other, refused with their names. Pure: what the host itself has is not looked at here."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from ..base.errors import DefinitionError

if TYPE_CHECKING:
    from ..declare.container import Container, Network, VethPair

_LONGEST = 15  # IFNAMSIZ - 1
_LEAST_FOR_IPV6 = 1280


def check_network(container: Container) -> None:
    """Raises DefinitionError for options of `container` that cannot go together."""
    network, where = container.network, f"containers.{container.name}"
    if network.network_namespace is not None and (network.interfaces or network.macvlans):
        raise DefinitionError(
            f"{where}: interfaces and macvlans cannot be brought into a networkNamespace that exists already",
            hint="whoever makes that namespace gives it its interfaces",
        )
    if not network.private:
        _check_unused(network, where)
        return
    for name in network.extra_veths:
        if len(name) > _LONGEST:
            raise DefinitionError(f"{where}.extraVeths.{name}: an interface name has at most 15 characters", hint="choose a shorter one")
    if network.host_bridge and (network.host_address or network.host_address6):
        raise DefinitionError(
            f"{where}: hostBridge and hostAddress exclude each other", hint="with a bridge, give the bridge itself the host's address"
        )
    for pair_where, pair in ((where, network), *((f"{where}.extraVeths.{name}", pair) for name, pair in network.extra_veths.items())):
        _check_addresses(pair_where, pair)
        for host, local in ((pair.host_address, pair.local_address), (pair.host_address6, pair.local_address6)):
            if host and local and host.partition("/")[0] == local.partition("/")[0]:
                raise DefinitionError(
                    f"{pair_where}: {host.partition('/')[0]} is both the host’s and the container’s address",
                    hint="give the container another",
                )
        for number in pair.forward_ports:
            if pair is network and network.networks and not network.main_pair:
                continue  # they lead to its address in the first shared network
            if not (pair.local_address or pair.local_address6):
                raise DefinitionError(
                    f"{pair_where}.forwardPorts: port {number.host_port} leads nowhere without localAddress",
                    hint=f"set {pair_where}.localAddress",
                )
        if pair.mtu is not None and pair.mtu < _LEAST_FOR_IPV6 and (pair.local_address6 or pair.host_address6):
            raise DefinitionError(f"{pair_where}.mtu: IPv6 needs {_LEAST_FOR_IPV6} at least, not {pair.mtu}", hint="RFC 8200, section 5")


def _check_addresses(where: str, pair: VethPair) -> None:
    """Each option holds an address of its own family, with or without a prefix length."""
    for option, text, version in (
        ("hostAddress", pair.host_address, 4),
        ("localAddress", pair.local_address, 4),
        ("hostAddress6", pair.host_address6, 6),
        ("localAddress6", pair.local_address6, 6),
    ):
        if text is None:
            continue
        try:
            found = ipaddress.ip_interface(text).version
        except ValueError:
            found = None
        if found != version:
            other = option.removesuffix("6") + ("6" if found == 6 else "")
            raise DefinitionError(
                f"{where}.{option}: ‘{text}’ is not an IPv{version} address",
                hint=f"write it as {'10.100.0.1' if version == 4 else 'fd00::1'}, or with a prefix length behind it"
                if found is None
                else f"an IPv{found} address is given as {other}",
            )


def _check_unused(network: Network, where: str) -> None:
    """Options that mean nothing without a private network: upstream ignores them without a word."""
    given = {
        "hostBridge": network.host_bridge,
        "hostAddress": network.host_address,
        "hostAddress6": network.host_address6,
        "localAddress": network.local_address,
        "localAddress6": network.local_address6,
        "localMacAddress": network.local_mac_address,
        "forwardPorts": network.forward_ports,
        "extraVeths": network.extra_veths,
        "mtu": network.mtu,
        "nat": network.nat,
        "allowedSources": network.allowed_sources,
        "networks": network.networks,
        # Its ports are also those that are open for all containers.
        "hostFirewall.enable": network.host_firewall.enable or None,
        "antiSpoofing": None if network.anti_spoofing else False,
    }
    names = [name for name, value in given.items() if value not in (None, (), {})]
    if names:
        raise DefinitionError(
            f"{where}: addresses, bridges, forwarded ports and the like need a private network ({', '.join(names)})",
            hint=f"set {where}.privateNetwork = true, or take those options away",
        )
