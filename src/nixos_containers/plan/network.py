"""A container's network as finished texts: ip-batch for the host, ip commands for the guest, nft elements.

The host's end is configured by the launcher the moment nspawn has made the pair, before the guest's first
process runs; the guest's end by the guest wrapper. So a guest has its uplink while it boots. Not for
running any of it.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from ..base.errors import DefinitionError
from ..declare.container import Container, ForwardPort, VethPair
from .names import interface_name

TABLE = "inet nixos-containers"


@dataclass(frozen=True, slots=True)
class Pair:
    """One veth pair: `host` and `guest` are the interface names on the two ends."""

    host: str
    guest: str
    config: VethPair


@dataclass(frozen=True, slots=True)
class NetworkPlan:
    """Everything that a start needs to know about the container's network.

    `nspawn` are flags; `host_batch` is input for `ip -batch -force`; `guest_commands` are argvs after `ip`;
    `elements` are (set or map, element) pairs of the nft table; `localnet` are interfaces that must
    accept what comes from the host's own loopback.
    """

    private: bool
    nspawn: tuple[str, ...] = ()
    pairs: tuple[Pair, ...] = ()
    host_batch: tuple[str, ...] = ()
    guest_commands: tuple[tuple[str, ...], ...] = ()
    elements: tuple[tuple[str, str], ...] = ()
    localnet: tuple[str, ...] = ()

    @property
    def alone(self) -> tuple[str, ...]:
        """The guest's interfaces with an IPv6 address that nobody else can have: nothing is behind them but the host.

        The kernel's search for duplicates would keep their addresses unusable for the first second or two.
        """
        return tuple(pair.guest for pair in self.pairs if pair.config.local_address6 and not pair.config.host_bridge)


def plan_network(container: Container) -> NetworkPlan:
    """The network of `container`. Raises DefinitionError for options that contradict each other."""
    network = container.network
    _check(container)
    if network.network_namespace is not None:
        return NetworkPlan(private=False, nspawn=(f"--network-namespace-path={network.network_namespace}",))
    flags = [f"--network-interface={name}" for name in network.interfaces]
    flags += [f"--network-macvlan={name}" for name in network.macvlans]
    if not network.private:
        return NetworkPlan(private=bool(flags), nspawn=tuple(flags))

    pairs = []
    if network.configured:
        prefix = "vb-" if network.host_bridge else "ve-"
        pairs.append(Pair(interface_name(prefix, container.name), "eth0", network))
    pairs += [Pair(name, name, pair) for name, pair in sorted(network.extra_veths.items())]
    flags += [f"--network-veth-extra={pair.host}:{pair.guest}" for pair in pairs]
    where = f"containers.{container.name}"
    batch: list[str] = []
    commands: list[tuple[str, ...]] = []
    elements: list[tuple[str, str]] = []
    for pair in pairs:
        batch += _host_batch(pair, where)
        commands += _guest_commands(pair, where)
        elements += _elements(pair, where)
    return NetworkPlan(
        private=True,
        nspawn=("--private-network", *flags),
        pairs=tuple(pairs),
        host_batch=tuple(batch),
        guest_commands=tuple(commands),
        elements=tuple(elements),
        localnet=tuple(pair.host for pair in pairs if pair.config.forward_ports and pair.config.local_address),
    )


def _check(container: Container) -> None:
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


def _with_prefix(address: str, where: str) -> str:
    """`address` in CIDR form; without a prefix length it stands for one host (upstream's rule)."""
    try:
        interface = ipaddress.ip_interface(address)
    except ValueError:
        raise DefinitionError(f"{where}: ‘{address}’ is not an IP address") from None
    return interface.with_prefixlen


def bare(address: str) -> str:
    """`address` without its prefix length."""
    return address.partition("/")[0]


def _addresses(pair: VethPair) -> list[tuple[str, str | None, str | None]]:
    return [("-4", pair.host_address, pair.local_address), ("-6", pair.host_address6, pair.local_address6)]


def _host_batch(pair: Pair, where: str) -> list[str]:
    """Upstream's postStart: addresses, up, a route to the container; or membership in the bridge."""
    name, config = pair.host, pair.config
    if config.host_bridge is not None:
        return [f"link set {name} master {config.host_bridge}", f"link set {name} up"]
    # Neighbours' addresses are never proxied or guessed: a duplicate check would delay IPv6 by a second.
    lines = []
    for family, host, _ in _addresses(config):
        if host is not None:
            flags = " nodad" if family == "-6" else ""
            lines.append(f"address add {_with_prefix(host, where)} dev {name}{flags}")
    lines.append(f"link set {name} up")
    for _, _, local in _addresses(config):
        if local is not None:  # a batch takes no -6; the address tells
            lines.append(f"route replace {bare(_with_prefix(local, where))} dev {name}")
    return lines


def _guest_commands(pair: Pair, where: str) -> list[tuple[str, ...]]:
    """Upstream's container-init: MAC, addresses, up, a route to the host, and the default route through it."""
    name, config = pair.guest, pair.config
    commands: list[tuple[str, ...]] = []
    if config.local_mac_address is not None:
        commands.append(("link", "set", name, "address", config.local_mac_address))
    for _family, _, local in _addresses(config):
        if local is not None:
            commands.append(("addr", "add", _with_prefix(local, where), "dev", name))
    commands.append(("link", "set", name, "up"))
    for family, host, local in _addresses(config):
        if host is not None and local is not None:
            gateway = bare(host)
            commands.append((family, "route", "add", gateway, "dev", name))
            if name == "eth0":
                commands.append((family, "route", "add", "default", "via", gateway, "dev", name))
    return commands


def _elements(pair: Pair, where: str) -> list[tuple[str, str]]:
    config = pair.config
    elements = []
    for address, family in ((config.local_address, "4"), (config.local_address6, "6")):
        if address is None:
            continue
        bare_address = bare(_with_prefix(address, where))
        elements.append((f"guests{family}", bare_address))
        elements += [(f"forwards{family}", _forward(port, bare_address, where)) for port in config.forward_ports]
    return elements


def _forward(port: ForwardPort, address: str, where: str) -> str:
    if port.protocol not in ("tcp", "udp", "sctp"):
        raise DefinitionError(f"{where}.forwardPorts: ‘{port.protocol}’ is not a protocol", hint="tcp, udp or sctp")
    return f"{port.protocol} . {port.host_port} : {address} . {port.target}"


# Made once, shared by all containers; look-ups are maps, so their cost does not grow with the containers.
# `fib daddr type local` catches every address of the host, loopback included. The guard keeps guests from
# reaching the host's loopback through the route_localnet that loopback forwards need.
# Loaded with every change: the flush takes out the rules of the time before, never the elements, in the same transaction.
BASE_RULES = f"""\
table {TABLE} {{ }}
flush table {TABLE}
table {TABLE} {{
  map forwards4 {{ type inet_proto . inet_service : ipv4_addr . inet_service; }}
  map forwards6 {{ type inet_proto . inet_service : ipv6_addr . inet_service; }}
  set guests4 {{ type ipv4_addr; }}
  set guests6 {{ type ipv6_addr; }}
  chain prerouting-nat {{
    type nat hook prerouting priority dstnat; policy accept;
    fib daddr type local dnat ip to meta l4proto . th dport map @forwards4
    fib daddr type local dnat ip6 to meta l4proto . th dport map @forwards6
  }}
  chain output-nat {{
    type nat hook output priority -100; policy accept;
    fib daddr type local dnat ip to meta l4proto . th dport map @forwards4
    fib daddr type local dnat ip6 to meta l4proto . th dport map @forwards6
  }}
  chain postrouting-nat {{
    type nat hook postrouting priority srcnat; policy accept;
    ip saddr 127.0.0.0/8 ip daddr @guests4 masquerade
    ip6 saddr ::1 ip6 daddr @guests6 masquerade
    ip saddr @guests4 ip daddr @guests4 ct status dnat masquerade
    ip6 saddr @guests6 ip6 daddr @guests6 ct status dnat masquerade
    ip saddr @guests4 ip daddr != @guests4 fib daddr type != local masquerade
    ip6 saddr @guests6 ip6 daddr != @guests6 fib daddr type != local masquerade
  }}
  chain loopback-guard {{
    type filter hook prerouting priority raw; policy accept;
    iifname != "lo" ip daddr 127.0.0.0/8 drop
    iifname != "lo" ip saddr 127.0.0.0/8 drop
  }}
}}
"""


def _key(element: str) -> str:
    return element.partition(" : ")[0]


def elements_up(elements: tuple[tuple[str, str], ...]) -> str:
    """nft input that makes the table if needed and puts in `elements`; those that are there already stay.

    It fails as a whole when a forward of the same port leads elsewhere: `stale_keys` are then to be deleted first.
    """
    return BASE_RULES + "".join(f"add element {TABLE} {name} {{ {element} }}\n" for name, element in elements)


def stale_keys(elements: tuple[tuple[str, str], ...]) -> str:
    """One nft command a line, each of which may fail: takes out what others left under the keys of `elements`.

    nft has no "delete if present" before 1.0.8, and its "add" refuses a key of the map that has another value.
    """
    return "".join(f"delete element {TABLE} {name} {{ {_key(element)} }}\n" for name, element in elements if name.startswith("forwards"))


def elements_down(elements: tuple[tuple[str, str], ...]) -> str:
    """nft input that takes `elements` out; it succeeds also when some are gone already."""
    # Deleting what is absent is an error in nft, adding what is there is not: so add, then delete.
    return BASE_RULES + "".join(
        f"add element {TABLE} {name} {{ {element} }}\ndelete element {TABLE} {name} {{ {_key(element)} }}\n" for name, element in elements
    )
