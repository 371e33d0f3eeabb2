"""A container's network as finished texts: ip-batch for the host, ip commands for the guest, nft elements.

The host's end is configured by the launcher the moment nspawn has made the pair, before the guest's first
process runs; the guest's end by the guest wrapper. So a guest has its uplink while it boots. Not for
running any of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .addresses import bare, with_prefix
from .bridges import member_pairs
from .forwards import bridge_elements, pair_elements
from .names import interface_name
from .network_checks import check_network, check_together
from .pairs import Pair

if TYPE_CHECKING:
    from ..declare.container import Container
    from ..declare.shared import SharedNetwork


# All of a bridge's group addresses but that of pauses (bit 1), which the kernel never forwards.
_ALL_GROUPS = "0xfffd"


@dataclass(frozen=True, slots=True)
class NetworkPlan:
    """Everything that a start needs to know about the container's network.

    `nspawn` are flags; `host_batch` is input for `ip -batch -force`; `guest_commands` are argvs after `ip`;
    `elements` are (set or map, element) pairs of the nft table, `bridge_elements` those of the table of bridges; `link_settings` are
    (file below /proc/sys, value) for the host's ends of the pairs; `pass_firewalls` allows a rule in other firewalls of the host.
    """

    private: bool
    nspawn: tuple[str, ...] = ()
    pairs: tuple[Pair, ...] = ()
    host_batch: tuple[str, ...] = ()
    guest_commands: tuple[tuple[str, ...], ...] = ()
    elements: tuple[tuple[str, str], ...] = ()
    bridge_elements: tuple[tuple[str, str], ...] = ()
    link_settings: tuple[tuple[str, str], ...] = ()
    pass_firewalls: bool = True

    @property
    def borrows(self) -> bool:
        """Whether interfaces of the host move into the container, or are the base of macvlans in it."""
        return any(flag.startswith(("--network-interface=", "--network-macvlan=")) for flag in self.nspawn)

    @property
    def networks(self) -> tuple[SharedNetwork, ...]:
        """The shared networks that the container is a member of."""
        return tuple(pair.shared for pair in self.pairs if pair.shared is not None)

    @property
    def alone(self) -> tuple[str, ...]:
        """The guest's interfaces with an IPv6 address that nobody else can have: behind them is the host, or a network of ours.

        The kernel's search for duplicates would keep their addresses unusable for the first second or two.
        """
        return tuple(pair.guest for pair in self.pairs if pair.config.local_address6 and (pair.shared or not pair.config.host_bridge))


def plan_network(container: Container) -> NetworkPlan:
    """The network of `container`. Raises DefinitionError for options that contradict each other."""
    network = container.network
    check_network(container)
    if network.network_namespace is not None:
        return NetworkPlan(private=False, nspawn=(f"--network-namespace-path={network.network_namespace}",))
    flags = [f"--network-interface={name}" for name in network.interfaces]
    flags += [f"--network-macvlan={name}" for name in network.macvlans]
    if not network.private:
        return NetworkPlan(private=bool(flags), nspawn=tuple(flags))

    pairs = []
    batch: list[str] = []
    where = f"containers.{container.name}"
    if network.main_pair:
        prefix = "vb-" if network.host_bridge else "ve-"
        pairs.append(Pair(interface_name(prefix, container.name), "eth0", network, where))
        if pairs[0].host != prefix + container.name:  # nspawn gives a shortened name's interface the whole one besides
            batch.append(f"link property add dev {pairs[0].host} altname {prefix}{container.name}")
    pairs += [Pair(name, name, pair, f"{where}.extraVeths.{name}") for name, pair in sorted(network.extra_veths.items())]
    pairs += member_pairs(container)
    flags += [f"--network-veth-extra={pair.host}:{pair.guest}" for pair in pairs]
    elements = tuple(element for pair in pairs for element in pair_elements(pair, network))
    check_together(pairs, elements, where)
    return NetworkPlan(
        private=True,
        nspawn=("--private-network", *flags),
        pairs=tuple(pairs),
        host_batch=(*batch, *(line for pair in pairs for line in _host_batch(pair, guarded=network.anti_spoofing))),
        guest_commands=tuple(command for pair in pairs for command in _guest_commands(pair)),
        elements=elements,
        bridge_elements=tuple(element for pair in pairs for element in bridge_elements(pair, network)),
        link_settings=tuple(setting for pair in pairs for setting in _link_settings(pair)),
        pass_firewalls=container.pass_firewalls,
    )


def ipv6_device(line: str) -> str | None:
    """The interface that needs IPv6 for `line` of a batch for ip: one with an address or a route of it; None for all other lines."""
    words = line.split()
    if words[0] not in ("addr", "address", "route") or not any(":" in word for word in words):
        return None
    return words[words.index("dev") + 1]


def _link_settings(pair: Pair) -> list[tuple[str, str]]:
    """Kernel settings of the host's end (Documentation/networking/ip-sysctl): they go with it."""
    if pair.config.host_bridge is not None:
        return []
    # A guest does not tell the host where the world is.
    settings = [(f"net/ipv6/conf/{pair.host}/accept_ra", "0"), (f"net/ipv6/conf/{pair.host}/accept_redirects", "0")]
    if pair.config.forward_ports and pair.config.local_address:
        settings.append((f"net/ipv4/conf/{pair.host}/route_localnet", "1"))
    return settings


def _host_batch(pair: Pair, *, guarded: bool) -> list[str]:
    """Upstream's postStart: addresses, up, a route to the container; or membership in the bridge, where it may be `guarded`."""
    name, config = pair.host, pair.config
    lines = [] if config.mtu is None else [f"link set {name} mtu {config.mtu}"]
    if config.host_bridge is not None:
        lines.append(f"link set {name} master {config.host_bridge}")
        if guarded and config.local_mac_address is not None:
            # What is sent to a bridge itself (LLDP, a spanning tree's; IEEE 802.1D, 7.12.6) goes past the packet filter, and the bridge
            # learns the sender's address from it: anybody's traffic could be drawn to the guest. What is to be forwarded is looked at.
            lines.append(f"link set {name} type bridge_slave group_fwd_mask {_ALL_GROUPS}")
        if pair.shared is not None:
            lines.append(f"link set {name} type bridge_slave isolated {'on' if pair.shared.isolated else 'off'}")
        return [*lines, f"link set {name} up"]
    # Neighbours' addresses are never proxied or guessed: a duplicate check would delay IPv6 by a second.
    for family, host, _ in pair.addresses:
        if host is not None:
            flags = " nodad" if family == "-6" else ""
            lines.append(f"address add {with_prefix(host, pair.where)} dev {name}{flags}")
    lines.append(f"link set {name} up")
    for _, _, local in pair.addresses:
        if local is not None:  # a batch takes no -6; the address tells
            lines.append(f"route replace {bare(with_prefix(local, pair.where))} dev {name}")
    if config.forward_ports and config.local_address6:
        # What comes back to ::1 from a forwarded port arrives on this interface, where the kernel knows no ::1 without this: it
        # takes loopback's address for one that is valid on one link only. From outside, packets to ::1 are dropped before.
        lines.append(f"route replace local ::1 dev {name} table local metric 2048")
    return lines


def _guest_commands(pair: Pair) -> list[tuple[str, ...]]:
    """Upstream's container-init: MAC, addresses, up, a route to the host, and the default route through it."""
    name, config = pair.guest, pair.config
    commands: list[tuple[str, ...]] = []
    if config.local_mac_address is not None:
        commands.append(("link", "set", name, "address", config.local_mac_address))
    if config.mtu is not None:
        commands.append(("link", "set", name, "mtu", str(config.mtu)))
    for _, _, local in pair.addresses:
        if local is not None:
            commands.append(("addr", "add", with_prefix(local, pair.where), "dev", name))
    commands.append(("link", "set", name, "up"))
    for family, host, local in pair.addresses:
        if host is not None and local is not None:
            gateway = bare(host)
            commands.append((family, "route", "add", gateway, "dev", name))
            if name == "eth0":
                commands.append((family, "route", "add", "default", "via", gateway, "dev", name))
    return commands
