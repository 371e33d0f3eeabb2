"""Shared networks settled: a subnet for each that names none, and an address for each member that names none. Pure.

Both are chosen by a hash of the name, so that they stay the same, here and elsewhere, without being written down anywhere but in
the records; what is taken already, or routed by the host, is passed over.
"""

from __future__ import annotations

import dataclasses
import ipaddress
import re
from typing import TYPE_CHECKING

from ..base.errors import DefinitionError
from .names import interface_name, siphash24
from .pool import IPNetwork, Spans, reached_words, routes_within

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..declare.container import Container, Record, Spec
    from ..declare.shared import Membership, SharedNetwork

_KEY = bytes(range(16))
# A name becomes part of paths, units and scripts, and of an interface's name.
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}")
# How large a subnet of the pool is.
_PREFIX = {4: 24, 6: 64}
# Of a larger network, members get their addresses from its beginning.
_MOST_ADDRESSES = 1 << 16


def settle(spec: Spec, records: dict[str, Record], *, routed: Iterable[tuple[str, str]] = ()) -> Spec:
    """`spec` with every subnet and address of its shared networks chosen.

    `records` are what exists already, whose choices stand; `routed` are networks (CIDR) with the interface by which the host reaches
    them: they are its own affair, and so passed over. Raises
    DefinitionError for a subnet or an address that cannot be.
    """
    if not any(container.network.networks for container in spec.containers.values()):
        return spec
    others = {name: record.container for name, record in records.items() if name not in spec.containers}
    before = {name: record.container for name, record in records.items()}
    settled: dict[str, SharedNetwork] = {}
    for _, container in sorted(spec.containers.items()):
        for membership in container.network.networks:
            network = membership.network
            if network.name not in settled:
                chosen = _settle_network(network, before, settled, routed, where=f"networking.containers.networks.{network.name}")
                _check_same(chosen, others, spec)
                settled[network.name] = chosen
    containers = dict(spec.containers)
    for name in sorted(spec.containers):
        places = _places(containers, before, spec, except_for=name)
        containers[name] = _settle_container(containers[name], before.get(name), settled, places)
    return dataclasses.replace(spec, containers=containers)


def _settle_network(
    network: SharedNetwork,
    before: dict[str, Container],
    settled: dict[str, SharedNetwork],
    routed: Iterable[tuple[str, str]],
    *,
    where: str,
) -> SharedNetwork:
    if not _NAME.fullmatch(network.name):
        raise DefinitionError(f"{where}: that cannot be a network’s name", hint="letters, digits, ‘-’, ‘_’ and ‘.’ (at most 64 characters)")
    same = next((m.network for c in before.values() for m in c.network.networks if m.network.name == network.name), None)
    known = [m.network for c in before.values() for m in c.network.networks if m.network.name != network.name]
    taken = [_network(text, "") for other in (*known, *settled.values()) for text in (other.subnet, other.subnet6) if text]
    changes: dict[str, str] = {}
    for version, field, given, pool in ((4, "subnet", network.subnet, network.pool), (6, "subnet6", network.subnet6, network.pool6)):
        if given is not None:
            subnet = _network(given, f"{where}.{field}", version)
            clash = next((other for other in taken if _overlap(subnet, other)), None)
            if clash is not None:
                raise DefinitionError(f"{where}.{field}: {given} overlaps {clash}, which another shared network has")
            if subnet.num_addresses < 8:
                raise DefinitionError(f"{where}.{field}: {given} has too few addresses", hint="/29 is the smallest that makes sense")
            if same is None or getattr(same, field) != given:  # a route that came later must not stop everything else
                _check_routes(subnet, routed, bridge=interface_name("cb-", network.name), where=f"{where}.{field}")
        else:
            had = getattr(same, field) if same is not None else None
            around = _network(pool, f"networking.containers.networkPool{'' if version == 4 else '6'}", version)
            if had is not None and _overlap(_network(had, ""), around):
                subnet = _network(had, "")
            else:
                away = [ipaddress.ip_network(to, strict=False) for to, link in routed if link != interface_name("cb-", network.name)]
                subnet = _from_pool(network.name, around, taken, routes_within(around, away))
        changes[field] = str(subnet)
    return dataclasses.replace(network, subnet=changes["subnet"], subnet6=changes["subnet6"])


def _check_routes(subnet: IPNetwork, routed: Iterable[tuple[str, str]], *, bridge: str, where: str) -> None:
    """Raises DefinitionError where the host would lose what it reaches now. A route to more than the subnet goes on for the rest."""
    for destination, link in routed:
        other = ipaddress.ip_network(destination, strict=False)
        if link != bridge and _overlap(subnet, other) and other.prefixlen >= subnet.prefixlen:
            raise DefinitionError(f"{where}: the host reaches {destination} in {subnet} by {link}", hint="choose another subnet")


def _from_pool(name: str, pool: IPNetwork, taken: list[IPNetwork], routes: list[IPNetwork]) -> IPNetwork:
    prefix = max(_PREFIX[pool.version], pool.prefixlen)
    count = 1 << (prefix - pool.prefixlen)
    step = 1 << (pool.max_prefixlen - prefix)
    start = int(pool.network_address)
    spans = Spans([*(other for other in taken if other.version == pool.version), *routes])
    first = siphash24(name.encode(), _KEY) % count
    for begin, end in ((first, count), (0, first)):
        number = begin
        while number < end:
            base = start + number * step
            last = spans.last_taken(base, base + step - 1)
            if last is None:
                return ipaddress.ip_network((base, prefix)) if pool.version == 4 else ipaddress.IPv6Network((base, prefix))
            number = (last - start) // step + 1  # behind all that is taken there
    raise DefinitionError(
        f"networking.containers.networks.{name}: no subnet of {pool} is free{reached_words(routes)}",
        hint=f"give it a subnet, or set networking.containers.networkPool{'' if pool.version == 4 else '6'} to another network",
    )


def _check_same(network: SharedNetwork, others: dict[str, Container], spec: Spec) -> None:
    """A network is one thing, also when two definition files have members in it."""
    for name, container in sorted(others.items()):
        if name in spec.declared:
            continue  # only some were evaluated: its record may be out of date
        for membership in container.network.networks:
            if membership.network.name == network.name and _essence(membership.network) != _essence(network):
                raise DefinitionError(
                    f"networking.containers.networks.{network.name}: container ‘{name}’ of another definition knows this network otherwise",
                    hint="declare it with the same options in both, or give one of them another name",
                )


def _essence(network: SharedNetwork) -> SharedNetwork:
    return dataclasses.replace(network, pool="", pool6="")


def _places(containers: dict[str, Container], before: dict[str, Container], spec: Spec, *, except_for: str) -> dict[str, str]:
    """Address -> who has it, or asks for it, besides container `except_for`."""
    found: dict[str, str] = {}
    for name, container in sorted(({k: v for k, v in before.items() if k in containers or k not in spec.declared} | containers).items()):
        if name == except_for:
            continue
        kept = before.get(name)
        for membership in (*container.network.networks, *(kept.network.networks if kept is not None else ())):
            for address in (membership.address, membership.address6):
                if address is not None:
                    found.setdefault(address, name)
    return found


def _settle_container(
    container: Container, before: Container | None, settled: dict[str, SharedNetwork], places: dict[str, str]
) -> Container:
    memberships: list[Membership] = []
    for number, membership in enumerate(container.network.networks):
        network = settled[membership.network.name]
        where = f"containers.{container.name}.networks[{number}]"
        if any(other.network.name == network.name for other in memberships):
            raise DefinitionError(f"{where}: the container is a member of ‘{network.name}’ already")
        had = next((m for m in (before.network.networks if before else ()) if m.network.name == network.name), None)
        chosen = {}
        for field, text in (("address", network.subnet), ("address6", network.subnet6)):
            subnet = _network(text or "", where)
            given = getattr(membership, field)
            kept = getattr(had, field) if had is not None else None
            if given is not None:
                chosen[field] = _given(given, subnet, places, f"{where}.{field}")
            elif kept is not None and ipaddress.ip_address(kept) in subnet and kept not in places:
                chosen[field] = kept
            else:
                chosen[field] = _free(container.name, subnet, places, where)
        memberships.append(dataclasses.replace(membership, network=network, **chosen))
    return dataclasses.replace(container, network=dataclasses.replace(container.network, networks=tuple(memberships)))


def _given(text: str, subnet: IPNetwork, places: dict[str, str], where: str) -> str:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        raise DefinitionError(f"{where}: ‘{text}’ is not an IP address", hint="without a prefix length") from None
    if address not in subnet:
        raise DefinitionError(f"{where}: {text} is not in the network’s subnet {subnet}")
    if address in (gateway(subnet), subnet.network_address, subnet.broadcast_address):
        raise DefinitionError(f"{where}: {text} is the host’s, or no machine’s", hint="choose another")
    if str(address) in places:
        raise DefinitionError(f"{where}: {text} is container ‘{places[str(address)]}’’s", hint="choose another")
    return str(address)


def _free(name: str, subnet: IPNetwork, places: dict[str, str], where: str) -> str:
    first, count = _members_range(subnet)
    start = siphash24(name.encode(), _KEY)
    for round in range(count):
        address = str(first + (start + round) % count)
        if address not in places:
            return address
    raise DefinitionError(f"{where}: no address of {subnet} is free", hint="give the network a larger subnet")


def _members_range(subnet: IPNetwork) -> tuple[ipaddress.IPv4Address | ipaddress.IPv6Address, int]:
    """The first address for members and how many follow: without the host's, and without the quarter that DHCP gives to others."""
    size = min(subnet.num_addresses, _MOST_ADDRESSES)
    return subnet.network_address + 2, size * 3 // 4 - 2


def dynamic_range(subnet: IPNetwork) -> tuple[str, str]:
    """The first and the last address that DHCP may give to those that are no members."""
    size = min(subnet.num_addresses, _MOST_ADDRESSES)
    return str(subnet.network_address + size * 3 // 4), str(subnet.network_address + size - 2)


def gateway(subnet: IPNetwork) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """The host's address in a shared network: the first one."""
    return subnet.network_address + 1


def _network(text: str, where: str, version: int | None = None) -> IPNetwork:
    try:
        found = ipaddress.ip_network(text)
    except ValueError as failure:
        raise DefinitionError(f"{where}: {failure}", hint="write a network such as 10.99.0.0/24 or fd99::/64") from None
    if version is not None and found.version != version:
        raise DefinitionError(f"{where}: {text} is not an IPv{version} network")
    return found


def _overlap(one: IPNetwork, other: IPNetwork) -> bool:
    return one.version == other.version and (
        int(one.network_address) <= int(other.broadcast_address) and int(other.network_address) <= int(one.broadcast_address)
    )
