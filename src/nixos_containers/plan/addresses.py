"""IP addresses as options write them, and those that containers get which ask for none: a pure choice out of a pool."""

from __future__ import annotations

import dataclasses
import hashlib
import ipaddress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..base.errors import DefinitionError, HostError
from .pool import Spans, reached_words, routes_within

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..declare.container import Container, Spec, VethPair
    from .pool import IPNetwork

_SUBNET6 = 64
_MAIN = "eth0"


def with_prefix(address: str, where: str) -> str:
    """`address` in CIDR form; without a prefix length it stands for one host (upstream's rule)."""
    try:
        interface = ipaddress.ip_interface(address)
    except ValueError:
        raise DefinitionError(f"{where}: ‘{address}’ is not an IP address") from None
    return interface.with_prefixlen


def bare(address: str) -> str:
    """`address` without its prefix length."""
    return address.partition("/")[0]


@dataclass(frozen=True, slots=True)
class Reserved:
    """What belongs to one container as long as its state exists: the two ends' addresses, and MAC addresses by the guest's interface."""

    host_address: str | None = None
    local_address: str | None = None
    host_address6: str | None = None
    local_address6: str | None = None
    macs: dict[str, str] = field(default_factory=dict)

    @property
    def addresses(self) -> tuple[str, ...]:
        """All of them, without prefix lengths (they have none)."""
        every = (self.host_address, self.local_address, self.host_address6, self.local_address6)
        return tuple(address for address in every if address is not None)


def wants_addresses(container: Container) -> bool:
    """Whether the container has a private network about whose connection nothing is said."""
    network = container.network
    said = (network.host_bridge, network.host_address, network.host_address6, network.local_address, network.local_address6)
    more = (network.extra_veths, network.interfaces, network.macvlans, network.networks)
    return network.private and network.automatic_addresses and not any(said) and not any(more)


def wants_macs(container: Container) -> tuple[str, ...]:
    """The guest's interfaces that are on a bridge of the host without a MAC address of their own choice."""
    network = container.network
    if not network.private:
        return ()
    pairs: dict[str, VethPair] = {_MAIN: network, **network.extra_veths}
    return tuple(name for name, pair in sorted(pairs.items()) if pair.host_bridge is not None and pair.local_mac_address is None)


def filled(container: Container, reserved: Reserved | None) -> Container:
    """`container` with what is reserved for it in the places that its definition leaves open."""
    if reserved is None:
        return container
    network = container.network
    if wants_addresses(container):
        network = dataclasses.replace(
            network,
            host_address=reserved.host_address,
            local_address=reserved.local_address,
            host_address6=reserved.host_address6,
            local_address6=reserved.local_address6,
        )
    for name in wants_macs(container):
        mac = reserved.macs.get(name)
        if name == _MAIN:
            network = dataclasses.replace(network, local_mac_address=mac)
        else:
            pair = dataclasses.replace(network.extra_veths[name], local_mac_address=mac)
            network = dataclasses.replace(network, extra_veths={**network.extra_veths, name: pair})
    return container if network == container.network else dataclasses.replace(container, network=network)


def with_reserved(spec: Spec, reserved: dict[str, Reserved]) -> Spec:
    """`spec` with `reserved` filled into its containers."""
    return dataclasses.replace(spec, containers={name: filled(each, reserved.get(name)) for name, each in spec.containers.items()})


def reserve(
    spec: Spec,
    known: dict[str, Reserved],
    *,
    taken: Iterable[str],
    routed: Iterable[str],
    machine: str,
    recorded: dict[str, Container] | None = None,
) -> dict[str, Reserved]:
    """`known` with what the containers of `spec` need besides. Raises HostError when the pool has nothing left.

    `taken` are addresses that somebody else has, `routed` networks that the host reaches already; `machine` makes the MAC
    addresses those of this host. What is `recorded` of a container that nothing is known of is kept, if it is free.
    """
    found = dict(known)
    used = {bare(address) for address in taken} | {address for each in known.values() for address in each.addresses}
    networks = [ipaddress.ip_network(network, strict=False) for network in routed]
    for name, container in sorted(spec.containers.items()):
        mine = found.get(name, Reserved())
        if wants_addresses(container):
            if name not in found and recorded is not None and name in recorded:
                mine = _kept(recorded[name], used)
            if spec.address_pool is not None and mine.local_address is None:
                host, local = free_pair(spec.address_pool, used, networks, option="addressPool")
                mine = dataclasses.replace(mine, host_address=host, local_address=local)
            if spec.address_pool6 is not None and mine.local_address6 is None:
                host, local = free_pair(spec.address_pool6, used, networks, option="addressPool6")
                mine = dataclasses.replace(mine, host_address6=host, local_address6=local)
            used.update(mine.addresses)
        macs = {interface: mac_address(machine, name, interface) for interface in wants_macs(container)}
        if not macs.keys() <= mine.macs.keys():
            mine = dataclasses.replace(mine, macs={**macs, **mine.macs})
        if mine != Reserved():
            found[name] = mine
    return found


def _kept(container: Container, used: set[str]) -> Reserved:
    """The addresses of a recorded container, where they are a pair for both ends and nobody else's."""
    network, mine = container.network, Reserved()
    four, six = (network.host_address, network.local_address), (network.host_address6, network.local_address6)
    if four[0] and four[1] and not used.intersection(map(bare, filter(None, four))):
        mine = dataclasses.replace(mine, host_address=bare(four[0]), local_address=bare(four[1]))
    if six[0] and six[1] and not used.intersection(map(bare, filter(None, six))):
        mine = dataclasses.replace(mine, host_address6=bare(six[0]), local_address6=bare(six[1]))
    return mine


def free_pair(pool: str, used: set[str], networks: list[IPNetwork], *, option: str) -> tuple[str, str]:
    """The first two neighbouring addresses of `pool`, the host's and the guest's, that nobody uses. Raises HostError.

    Those in `networks`, which the host reaches otherwise, are passed over; a network that is larger than the pool rules nothing out.
    """
    where = f"networking.containers.{option}"
    try:
        whole = ipaddress.ip_network(pool)
    except ValueError as failure:
        raise DefinitionError(f"{where}: {failure}") from None
    routes = routes_within(whole, networks)
    for host, guest in _pairs(whole, Spans(routes)):
        if str(host) not in used and str(guest) not in used:
            return str(host), str(guest)
    raise HostError(
        f"{where}: {pool} has no free pair of addresses left{reached_words(routes)}",
        hint=f"set {where} to another network, or give the container addresses",
    )


def _pairs(
    pool: IPNetwork, taken: Spans
) -> Iterator[tuple[ipaddress.IPv4Address | ipaddress.IPv6Address, ipaddress.IPv4Address | ipaddress.IPv6Address]]:
    """First .1 and .2 of every /24 (IPv6: of every /64), as upstream's create; then the other blocks of four; without those `taken`."""
    step = 1 << (pool.max_prefixlen - (24 if pool.version == 4 else _SUBNET6))
    size = min(step, pool.num_addresses, 256)
    first = 1 if pool.num_addresses > step and pool.version == 4 else 0
    start = int(pool.network_address)
    for inner in range(0, size - 3, 4):
        outer = first * step
        while outer < pool.num_addresses:
            host = start + outer + inner + 1
            last = taken.last_taken(host, host + 1)
            if last is None:
                yield pool[outer + inner + 1], pool[outer + inner + 2]
                last = host
            outer += ((last - host) // step + 1) * step  # the first block that begins behind it


def mac_address(machine: str, container: str, interface: str) -> str:
    """A locally administered MAC address (IEEE 802): the same for the same container of the same host."""
    octets = bytearray(hashlib.sha256(f"{machine}/{container}/{interface}".encode()).digest()[:6])
    octets[0] = octets[0] & 0xFE | 0x02
    return ":".join(f"{octet:02x}" for octet in octets)
