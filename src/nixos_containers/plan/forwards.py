"""What the packet filter has to know about one container, as elements of its sets and maps. Pure; the rules are plan/ruleset.py's."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from ..base.errors import DefinitionError
from .addresses import bare, with_prefix

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..declare.container import ForwardPort, Network
    from .pairs import Pair

Element = tuple[str, str]
PROTOCOLS = ("tcp", "udp", "sctp")
_LAST_PORT = 65535
MAIN = "eth0"  # inside, the interface with the default route


def pair_elements(pair: Pair, network: Network) -> list[Element]:
    """(set or map, element) for one pair of a container with `network`. Raises DefinitionError for what cannot be."""
    elements: list[Element] = []
    bridged = pair.config.host_bridge is not None and pair.shared is None  # of our own bridges the host is the way out
    masquerades = pair.shared.nat if pair.shared is not None else not bridged
    # The guest's way back to others may be another one: a router of the bridge's network, or its `eth0`.
    far = pair.shared is None and (bridged or pair.guest != MAIN)
    check_forwards(pair)
    for option, local in (("4", pair.config.local_address), ("6", pair.config.local_address6)):
        if local is None:
            continue
        address = bare(with_prefix(local, pair.where))
        elements.append((f"guests{option}", address))
        elements.append((f"home{option}", f'{address} . "{pair.link}"'))
        if network.nat if network.nat is not None else masquerades:
            elements.append((f"nat{option}", address))
        if far:
            elements.append((f"far{option}", address))
        for forward in pair.config.forward_ports:
            elements += _forward(forward, option, address, bridged=pair.config.host_bridge is not None)
    if pair.config.host_bridge is None:
        elements += _routed(pair, network)
    elif bridged and network.host_firewall.enable and pair.config.local_mac_address is not None:
        mac = pair.config.local_mac_address.lower()
        elements.append(("stations", mac))
        elements += [("services", f"{mac} . {rule}") for rule in _allowed(network)]
    elif pair.shared is not None:
        elements += _member(pair, network)
    return elements


def _member(pair: Pair, network: Network) -> Iterator[Element]:
    """What of the host one member of a shared network may reach. The network itself is guarded in any case (plan/bridges.py).

    With the bridge, for behind another interface everybody may have that MAC address.
    """
    mac = pair.config.local_mac_address
    if mac is None:
        return
    member = f'"{pair.link}" . {mac.lower()}'
    if network.host_firewall.enable is False:
        yield "trusted", member
    else:
        yield from (("members", f"{member} . {rule}") for rule in _allowed(network))


def _routed(pair: Pair, network: Network) -> Iterator[Element]:
    """Who the guest may be, and what of the host it may reach, on a pair of its own."""
    link = f'"{pair.host}"'
    firewall = network.host_firewall
    if firewall.enable is not False:
        yield "guarded", link
        yield from (("allowed", f"{link} . {rule}") for rule in _allowed(network))
    if network.anti_spoofing and (pair.config.local_address or pair.config.local_address6):
        yield "pinned", link
        yield from _sources(pair, network, link)


def bridge_elements(pair: Pair, network: Network) -> list[Element]:
    """The same for the table of bridges: who the guest may be on a bridge of the host, and what of the host it may reach."""
    if pair.config.host_bridge is None:
        return []
    elements: list[Element] = []
    port, mac = f'"{pair.host}"', pair.config.local_mac_address
    if mac is not None:
        mac = mac.lower()
        if pair.shared is not None:
            # The host's firewall for guests knows a member by it; without anti-spoofing it may have others as well, but nobody else's.
            elements.append(("owned", mac))
    if not network.anti_spoofing:
        if mac is not None and pair.shared is not None:
            return [*elements, ("macs", f"{port} . {mac}")]
        # The host's firewall for guests knows it by its MAC address (stations).
        guarded = mac is not None and pair.shared is None and network.host_firewall.enable
        return [("held", port), ("macs", f"{port} . {mac}")] if guarded else []
    if mac is not None:
        elements += [("ports", port), ("macs", f"{port} . {mac}"), ("clients", f"{port} . {int(mac.replace(':', ''), 16):#x}")]
        if pair.shared is None:  # a router of that network may give it a prefix
            elements.append(("selves", f"{port} . {_identifier(mac):#x}"))
    own = [(option, bare(with_prefix(local, pair.where))) for option, local in _locals(pair)]
    if own:
        elements.append(("pinned", port))
        sources = list(_sources(pair, network, port))
        for option, address in own:
            elements += [("taken4", address)] if option == "4" else _taken6(address)
        if mac is not None:
            link_local = str(ipaddress.IPv6Address((0xFE80 << 112) | _identifier(mac)))
            sources.append(("sources6", f"{port} . {link_local}"))
            elements += _taken6(link_local)
            elements += [("known" + option, f"{port} . {mac} . {address}") for option, address in own]
        elements += sources
        elements += _claims(port, sources)
    return elements


def _locals(pair: Pair) -> list[tuple[str, str]]:
    """(`4` or `6`, the guest's address) for those that are declared."""
    return [(option, local) for option, local in (("4", pair.config.local_address), ("6", pair.config.local_address6)) if local is not None]


def _identifier(mac: str) -> int:
    """The interface identifier that a kernel makes of its MAC address (RFC 4291, appendix A)."""
    octets = bytes.fromhex(mac.replace(":", ""))
    return int.from_bytes(bytes([octets[0] ^ 2, *octets[1:3], 0xFF, 0xFE, *octets[3:]]), "big")


def _taken6(address: str) -> list[Element]:
    """As what a packet comes from, and in bits: as what a neighbour may claim."""
    return [("taken-sources6", address), ("taken6", _raw(address))]


def _raw(address: str) -> str:
    return f"{int(ipaddress.IPv6Address(address)):#x}"


def _claims(port: str, sources: list[Element]) -> Iterator[Element]:
    """The addresses that a guest may say are its own, to neighbours on its bridge: nothing if it may send for a whole network."""
    own = [ipaddress.IPv6Network(element.rpartition(" . ")[2]) for name, element in sources if name in ("sources6", "wide6")]
    if all(source.prefixlen == source.max_prefixlen for source in own):
        yield "told", port
        yield from (("claims6", f"{port} . {_raw(str(source.network_address))}") for source in own)


def _sources(pair: Pair, network: Network, link: str) -> Iterator[Element]:
    for option, local in _locals(pair):
        yield f"sources{option}", f"{link} . {bare(with_prefix(local, pair.where))}"
    four: list[ipaddress.IPv4Network] = []
    six: list[ipaddress.IPv6Network] = []
    for text in network.allowed_sources:
        try:
            source = ipaddress.ip_network(text, strict=False)
        except ValueError:
            raise DefinitionError(f"{pair.where}.allowedSources: ‘{text}’ is neither an address nor a network") from None
        if isinstance(source, ipaddress.IPv4Network):
            four.append(source)
        else:
            six.append(source)
    # The kernel refuses elements of such a set that overlap.
    yield from (("wide4", f"{link} . {whole}") for whole in ipaddress.collapse_addresses(four))
    yield from (("wide6", f"{link} . {whole}") for whole in ipaddress.collapse_addresses(six))


def _allowed(network: Network) -> Iterator[str]:
    yield from (f"tcp . {port}" for port in network.host_firewall.tcp_ports)
    yield from (f"udp . {port}" for port in network.host_firewall.udp_ports)


def check_forwards(pair: Pair) -> None:
    """Raises DefinitionError for a forward of `pair` whose protocol, address or range cannot be."""
    where = f"{pair.where}.forwardPorts"
    for forward in pair.config.forward_ports:
        if forward.protocol not in PROTOCOLS:
            raise DefinitionError(f"{where}: ‘{forward.protocol}’ is not a protocol", hint="tcp, udp or sctp")
        if 0 in (forward.host_port, forward.target):
            raise DefinitionError(f"{where}: there is no port 0", hint="1 to 65535")
        if not forward.ports:
            raise DefinitionError(
                f"{where}: the range from port {forward.host_port} to {forward.host_port_end} is empty",
                hint="hostPortEnd is the last port of the range",
            )
        if forward.target + len(forward.ports) - 1 > _LAST_PORT:
            raise DefinitionError(
                f"{where}: the range from {forward.host_port} to {forward.ports[-1]} would lead beyond the container's last port",
                hint="choose a lower containerPort",
            )
        if forward.host_address is None:
            continue
        try:
            version = ipaddress.ip_address(forward.host_address).version
        except ValueError:
            raise DefinitionError(f"{where}: ‘{forward.host_address}’ is not an IP address of the host") from None
        local = pair.config.local_address if version == 4 else pair.config.local_address6
        if local is None:
            family, option = ("IPv4", "localAddress") if version == 4 else ("IPv6", "localAddress6")
            raise DefinitionError(
                f"{where}: port {forward.host_port} is taken from {forward.host_address}, but the container has no {family} address",
                hint=f"set {pair.where}.{option}",
            )


def _forward(forward: ForwardPort, option: str, address: str, *, bridged: bool) -> Iterator[Element]:
    at = None if forward.host_address is None else ipaddress.ip_address(forward.host_address)
    if at is not None and at.version != int(option):
        return
    bound = at is not None and not at.is_unspecified
    name, key = (f"bound{option}", f"{at} . ") if bound else (f"forwards{option}", "")
    for number, port in enumerate(forward.ports):
        yield name, f"{key}{forward.protocol} . {port} : {address} . {forward.target + number}"
        if bridged and option == "6" and not bound:
            yield "over-bridges", f"{forward.protocol} . {port}"
