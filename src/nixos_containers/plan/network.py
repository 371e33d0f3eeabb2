"""A container's network as finished texts: ip-batch for the host, ip commands for the guest, nft elements.

The host's end is configured by the launcher the moment nspawn has made the pair, before the guest's first
process runs; the guest's end by the guest wrapper. So a guest has its uplink while it boots. Not for
running any of it.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..declare.container import Container, VethPair
from .addresses import bare, with_prefix
from .forwards import pair_elements
from .names import interface_name
from .network_checks import check_network


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
    def borrows(self) -> bool:
        """Whether interfaces of the host move into the container, or are the base of macvlans in it."""
        return any(flag.startswith(("--network-interface=", "--network-macvlan=")) for flag in self.nspawn)

    @property
    def alone(self) -> tuple[str, ...]:
        """The guest's interfaces with an IPv6 address that nobody else can have: nothing is behind them but the host.

        The kernel's search for duplicates would keep their addresses unusable for the first second or two.
        """
        return tuple(pair.guest for pair in self.pairs if pair.config.local_address6 and not pair.config.host_bridge)


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
    if network.configured:
        prefix = "vb-" if network.host_bridge else "ve-"
        pairs.append(Pair(interface_name(prefix, container.name), "eth0", network))
        if pairs[0].host != prefix + container.name:  # nspawn gives a shortened name's interface the whole one besides
            batch.append(f"link property add dev {pairs[0].host} altname {prefix}{container.name}")
    pairs += [Pair(name, name, pair) for name, pair in sorted(network.extra_veths.items())]
    flags += [f"--network-veth-extra={pair.host}:{pair.guest}" for pair in pairs]
    where = f"containers.{container.name}"
    commands: list[tuple[str, ...]] = []
    elements: list[tuple[str, str]] = []
    for pair in pairs:
        batch += _host_batch(pair, where)
        commands += _guest_commands(pair, where)
        elements += pair_elements(pair.config, where)
    return NetworkPlan(
        private=True,
        nspawn=("--private-network", *flags),
        pairs=tuple(pairs),
        host_batch=tuple(batch),
        guest_commands=tuple(commands),
        elements=tuple(elements),
        localnet=tuple(pair.host for pair in pairs if pair.config.forward_ports and pair.config.local_address),
    )


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
            lines.append(f"address add {with_prefix(host, where)} dev {name}{flags}")
    lines.append(f"link set {name} up")
    for _, _, local in _addresses(config):
        if local is not None:  # a batch takes no -6; the address tells
            lines.append(f"route replace {bare(with_prefix(local, where))} dev {name}")
    return lines


def _guest_commands(pair: Pair, where: str) -> list[tuple[str, ...]]:
    """Upstream's container-init: MAC, addresses, up, a route to the host, and the default route through it."""
    name, config = pair.guest, pair.config
    commands: list[tuple[str, ...]] = []
    if config.local_mac_address is not None:
        commands.append(("link", "set", name, "address", config.local_mac_address))
    for _family, _, local in _addresses(config):
        if local is not None:
            commands.append(("addr", "add", with_prefix(local, where), "dev", name))
    commands.append(("link", "set", name, "up"))
    for family, host, local in _addresses(config):
        if host is not None and local is not None:
            gateway = bare(host)
            commands.append((family, "route", "add", gateway, "dev", name))
            if name == "eth0":
                commands.append((family, "route", "add", "default", "via", gateway, "dev", name))
    return commands
