"""Network options that contradict each other, refused with their names. Pure: what the host itself has is not looked at here."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING

from ..base.errors import DefinitionError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..declare.container import Container, Network, VethPair
    from .pairs import Pair

_LONGEST = 15  # IFNAMSIZ - 1
_LEAST_FOR_IPV6 = 1280
# What the kernel, systemd-nspawn, batches of ip and nft all take for the name of an interface, and for nothing else.
_INTERFACE = re.compile(r"(?!\.{1,2}\Z|[0-9]+\Z|-)[A-Za-z0-9_.@+=,-]+")


def check_network(container: Container) -> None:
    """Raises DefinitionError for options of `container` that cannot go together."""
    network, where = container.network, f"containers.{container.name}"
    if network.network_namespace is not None and (network.interfaces or network.macvlans):
        raise DefinitionError(
            f"{where}: interfaces and macvlans cannot be brought into a networkNamespace that exists already",
            hint="whoever makes that namespace gives it its interfaces",
        )
    for option, names in (("interfaces", network.interfaces), ("macvlans", network.macvlans)):
        for name in names:
            _check_interface(name, f"{where}.{option}")
            if names.count(name) > 1:
                raise DefinitionError(f"{where}.{option}: {name} is there twice", hint="take one away")
    if not network.private:
        _check_unused(network, where)
        return
    for name in network.extra_veths:
        _check_interface(name, f"{where}.extraVeths.{name}")
    for pair_where, pair in ((where, network), *((f"{where}.extraVeths.{name}", pair) for name, pair in network.extra_veths.items())):
        _check_pair(pair, pair_where)
        for number in pair.forward_ports:
            if pair is network and network.networks and not network.main_pair:
                continue  # they lead to its address in the first shared network
            if not (pair.local_address or pair.local_address6):
                raise DefinitionError(
                    f"{pair_where}.forwardPorts: port {number.host_port} leads nowhere without localAddress",
                    hint=f"set {pair_where}.localAddress",
                )


def _check_interface(name: str, where: str) -> None:
    if len(name) > _LONGEST:
        raise DefinitionError(
            f"{where}: an interface name has at most 15 characters, ‘{name}’ has {len(name)}", hint="choose a shorter one"
        )
    if not _INTERFACE.fullmatch(name):
        raise DefinitionError(
            f"{where}: ‘{name}’ cannot be the name of an interface", hint="letters, digits, ‘.’, ‘_’ and ‘-’, not digits alone"
        )


def _check_pair(pair: VethPair, where: str) -> None:
    """What is said about one pair, without a look at the others."""
    if pair.host_bridge is not None:
        _check_interface(pair.host_bridge, f"{where}.hostBridge")
        if pair.host_address or pair.host_address6:
            raise DefinitionError(
                f"{where}: hostBridge and hostAddress exclude each other", hint="with a bridge, give the bridge itself the host's address"
            )
    for option, version, text in (
        ("hostAddress", 4, pair.host_address),
        ("localAddress", 4, pair.local_address),
        ("hostAddress6", 6, pair.host_address6),
        ("localAddress6", 6, pair.local_address6),
    ):
        if text:
            _check_address(text, version, option, where)
    for host, local in ((pair.host_address, pair.local_address), (pair.host_address6, pair.local_address6)):
        if host and local and ipaddress.ip_interface(host).ip == ipaddress.ip_interface(local).ip:
            raise DefinitionError(
                f"{where}: {host.partition('/')[0]} is both the host’s and the container’s address",
                hint="give the container another",
            )
    if pair.mtu is not None and pair.mtu < _LEAST_FOR_IPV6 and (pair.local_address6 or pair.host_address6):
        raise DefinitionError(
            f"{where}.mtu: IPv6 needs {_LEAST_FOR_IPV6} at least, not {pair.mtu} (RFC 8200, section 5)",
            hint="choose a larger one, or networking.containers.addressPool6 = null if IPv6 came by itself",
        )
    if pair.local_mac_address is not None:
        first = int(pair.local_mac_address[:2], 16)
        if first & 1 or not int(pair.local_mac_address.replace(":", ""), 16):
            raise DefinitionError(
                f"{where}.localMacAddress: {pair.local_mac_address} is no station’s address: it stands for a group or for nobody",
                hint=f"an even first octet, for example {first & 0xFC | 2:02x}{pair.local_mac_address[2:]}",
            )


def _check_address(text: str, version: int, option: str, where: str) -> None:
    """That `text` is an address that a machine can have, of the option's family."""
    try:
        interface = ipaddress.ip_interface(text)
    except ValueError:
        example = "10.100.0.1" if version == 4 else "fd00::1"
        raise DefinitionError(
            f"{where}.{option}: ‘{text}’ is not an IP address", hint=f"write it as {example}, or with a prefix length behind it"
        ) from None
    address, network = interface.ip, interface.network
    if address.version != version:
        other = option.removesuffix("6") if address.version == 4 else f"{option}6"
        raise DefinitionError(f"{where}.{option}: {text} is an address of IPv{address.version}", hint=f"that is {where}.{other}")
    if "%" in text or address.is_unspecified or address.is_loopback or address.is_multicast:
        raise DefinitionError(f"{where}.{option}: {text} cannot be an address of an interface", hint="choose one of a network of your own")
    if version == 4 and network.prefixlen < 31 and address in (network.network_address, network.broadcast_address):
        raise DefinitionError(
            f"{where}.{option}: {text} stands for the network {network} itself or for all in it", hint="choose an address between those"
        )


def check_together(pairs: Iterable[Pair], elements: Iterable[tuple[str, str]], where: str) -> None:
    """Raises DefinitionError where two pairs of one container want the same name or address, or two forwards the same port of the host."""
    taken: dict[tuple[str, str], Pair] = {}
    for pair in pairs:
        for kind, what in _only_once(pair):
            before = taken.setdefault((kind, what), pair)
            if before is not pair:
                raise DefinitionError(
                    f"{pair.where}: {kind} {what} is already that of {_named(before)}", hint=f"choose another for {_named(pair)}"
                )
    leads: dict[tuple[str, str], str] = {}
    for name, element in elements:
        if not name.startswith(("forwards", "bound")):
            continue
        key, _, target = element.partition(" : ")
        other = leads.setdefault((name, key), target)
        if other != target:
            protocol, port = key.split(" . ")[-2:]
            one, two = (" port ".join(each.split(" . ")) for each in (other, target))
            raise DefinitionError(
                f"{where}.forwardPorts: the host’s {protocol} port {port} would lead to {one} and to {two}", hint="take one of them away"
            )


def _named(pair: Pair) -> str:
    return f"the shared network ‘{pair.shared.name}’" if pair.shared is not None else pair.where


def _only_once(pair: Pair) -> Iterator[tuple[str, str]]:
    yield "the host’s interface", pair.host
    yield "the interface inside", pair.guest
    for _, _, local in pair.addresses:
        if local is not None:
            yield "the address", str(ipaddress.ip_interface(local).ip)


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
