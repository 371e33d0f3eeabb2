"""What a container takes for itself alone: addresses, ports of the host, interface names. Who takes what is taken is told whose it is.

Pure. Not for options of one container that contradict each other (network_checks.py).
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from ..base.errors import DefinitionError
from .actions import Action, Create, Update
from .addresses import bare
from .bridges import member_pairs
from .names import interface_name
from .pool import is_everything

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..declare.container import Container, ForwardPort, VethPair
    from .facts import HostNetwork, Listener
    from .pool import IPNetwork


def host_ends(container: Container) -> tuple[str, ...]:
    """The interfaces of the host that are the container's while it runs."""
    network = container.network
    if not network.private:
        return ()
    main = (interface_name("vb-" if network.host_bridge else "ve-", container.name),) if network.main_pair else ()
    return (*main, *(pair.host for pair in member_pairs(container)), *sorted(network.extra_veths))


def claims(container: Container) -> Iterator[tuple[tuple[str, ...], str]]:
    """(key, in words) for everything that no other container may have."""
    network = container.network
    for pair in _pairs(container):
        for address in (pair.local_address, pair.local_address6):
            if address:
                yield ("address", _canonical(address)), f"the address {_canonical(address)}"
        if pair.host_bridge and pair.local_mac_address:
            mac = pair.local_mac_address.lower()
            yield ("mac", pair.host_bridge, mac), f"the MAC address {mac} on the bridge {pair.host_bridge}"
        for forward in pair.forward_ports:
            at = "" if forward.host_address is None else f" at {forward.host_address}"
            for family in _families(pair, forward):
                for port in forward.ports:
                    key = ("port", family, _place(forward), forward.protocol, str(port))
                    yield key, f"the host's {forward.protocol} port {port}{at}"
    for name in host_ends(container):
        words = "the host's interface name" if name in network.extra_veths else "the name of the host's interface"
        yield ("link", name), f"{words} {name}"


def _pairs(container: Container) -> tuple[VethPair, ...]:
    network = container.network
    if not network.private:
        return ()
    members = tuple(pair.config for pair in member_pairs(container))
    return (*((network,) if network.main_pair or not members else ()), *members, *network.extra_veths.values())


def _host_addresses(container: Container) -> frozenset[str]:
    """The host's own addresses towards the container: several containers may see the same."""
    found = (address for pair in _pairs(container) for address in (pair.host_address, pair.host_address6))
    return frozenset(_canonical(address) for address in found if address)


def _families(pair: VethPair, forward: ForwardPort) -> tuple[str, ...]:
    families = [name for name, address in (("4", pair.local_address), ("6", pair.local_address6)) if address]
    if forward.host_address is not None:
        families = [family for family in families if (":" in forward.host_address) == (family == "6")]
    return tuple(families or ("4",))


def _place(forward: ForwardPort) -> str:
    """The one address that a forward is taken from, or nothing for all."""
    at = forward.host_address
    return "" if at is None or at in ("0.0.0.0", "::") else _canonical(at)


def _canonical(address: str) -> str:
    try:
        return str(ipaddress.ip_address(bare(address)))
    except ValueError:
        return address  # refused elsewhere, with the option's name


class Ledger:
    """Who claims what, among all containers at once."""

    def __init__(self) -> None:
        self._owners: dict[tuple[str, ...], str] = {}
        self._hosts: dict[str, str] = {}
        self._alone: dict[str, str] = {}
        self._subnets: dict[str, str] = {}

    def enter(self, name: str, container: Container) -> None:
        """Enter what `container` takes. Raises DefinitionError when another one has it."""
        for key, _ in claims(container):
            self._owners.setdefault(key, name)
        for address in _host_addresses(container):
            self._hosts.setdefault(address, name)
        self._alone |= dict.fromkeys(_alone(container), name)
        self._subnets |= _subnets(container)
        self.check(name, container)

    def check(self, name: str, container: Container) -> None:
        """Raises DefinitionError when `container` takes what somebody entered; clashes among those that only ask are not looked for."""
        for key, words in claims(container):
            owner = self._owners.get(key, name)
            if owner != name:
                first, second = sorted((owner, name))
                raise DefinitionError(f"containers ‘{first}’ and ‘{second}’ both use {words}", hint="give one of them another")
            if key[0] == "address" and self._hosts.get(key[1], name) != name:
                raise _the_hosts(key[1], of=name, towards=self._hosts[key[1]])
        for address in sorted(_host_addresses(container)):
            owner = self._owners.get(("address", address), name)
            if owner != name:
                raise _the_hosts(address, of=owner, towards=name)
        # What is in a network's subnet, and not a member, is looked for on its bridge in vain.
        own, subnets = _alone(container), _subnets(container)
        for address in own:
            for subnet, network in (self._subnets | subnets).items():
                _check_outside(address, name, subnet, network)
        for subnet, network in subnets.items():
            for address, owner in self._alone.items():
                _check_outside(address, owner, subnet, network)


def _alone(container: Container) -> list[str]:
    """The addresses of pairs that no bridge connects with others."""
    pairs = (pair for pair in _pairs(container) if pair.host_bridge is None)
    return [_canonical(address) for pair in pairs for address in (pair.local_address, pair.local_address6) if address]


def _subnets(container: Container) -> dict[str, str]:
    """Subnet -> the shared network that has it, of which the container is a member."""
    networks = (membership.network for membership in container.network.networks)
    return {subnet: network.name for network in networks for subnet in (network.subnet, network.subnet6) if subnet}


def _check_outside(address: str, owner: str, subnet: str, network: str) -> None:
    if _holds(ipaddress.ip_network(subnet), ipaddress.ip_network(address)):
        raise DefinitionError(
            f"the address {address} of container ‘{owner}’ is in {subnet}, the subnet of the shared network ‘{network}’",
            hint=f"choose another, or make it a member: containers.{owner}.networks",
        )


def _the_hosts(address: str, *, of: str, towards: str) -> DefinitionError:
    return DefinitionError(
        f"the address {address} of container ‘{of}’ is the host’s towards container ‘{towards}’", hint="give one of them another"
    )


def check_host(container: Container, host: HostNetwork, *, before: Container | None = None) -> None:
    """Raises DefinitionError when `container` takes an address, a port or an interface name that the host itself has.

    What it had `before` is not asked about again: a service that the host has started since must not stop everything else.
    """
    where = f"containers.{container.name}"
    old = {key for key, _ in claims(before)} if before is not None else set()
    own = set(host_ends(container)) | set(host_ends(before) if before is not None else ())
    new = [(key, words) for key, words in claims(container) if key not in old]
    addresses = {_canonical(address): link for address, link in host.addresses.items() if link not in own}
    for key, words in new:
        if key[0] == "address" and key[1] in addresses:
            raise DefinitionError(
                f"{where}: {words} is the host’s own, on {addresses[key[1]]}", hint="localAddress is the container’s: choose another"
            )
        if key[0] == "link" and before is None and key[1] in host.interfaces:
            raise DefinitionError(f"{where}: the host has an interface {key[1]} already", hint="choose another name, or remove it")
        if key[0] == "port":
            listener = _listener(key, host)
            if listener is not None:
                raise DefinitionError(
                    f"{where}.forwardPorts: {words} is in use: something on the host listens at {listener.address} port {listener.port}",
                    hint=f"‘ss -lnp’ tells what it is; choose another hostPort, or a hostAddress besides {listener.address}",
                )


def _listener(key: tuple[str, ...], host: HostNetwork) -> Listener | None:
    _, family, place, protocol, port = key
    for listener in host.listeners:
        if listener.protocol != protocol or str(listener.port) != port:
            continue
        everywhere = listener.address == "::" or (listener.address == "0.0.0.0" and family == "4")
        same_family = (":" in listener.address) == (family == "6")
        if everywhere or (same_family and place in ("", listener.address)):
            return listener
    return None


def route_warnings(plan: Iterable[Action], host: HostNetwork) -> list[str]:
    """`covering_routes` of the containers that `plan` makes or changes."""
    changed = [action.record.container for action in plan if isinstance(action, Create | Update)]
    return list(dict.fromkeys(sentence for container in changed for sentence in covering_routes(container, host)))


def covering_routes(container: Container, host: HostNetwork) -> list[str]:
    """Sentences about addresses of `container` that the host reaches by a route of another interface: a warning, as it may be meant."""
    own = set(host_ends(container))
    found = []
    for pair in _pairs(container):
        if pair.host_bridge is not None:
            continue  # it is the bridge's network that it is in
        for text in filter(None, (pair.local_address, pair.local_address6)):
            address = ipaddress.ip_address(_canonical(text))
            for destination, link in host.routes:
                network = ipaddress.ip_network(destination, strict=False)
                if link not in own and network.version == address.version and address in network and not is_everything(network):
                    found.append(
                        f"{container.name}: {address} is in {destination}, which the host reaches by {link}: "
                        "other machines there will not find the container, and one that has this address is cut off"
                    )
                    break
    return found + _covered_networks(container, host)


def _covered_networks(container: Container, host: HostNetwork) -> list[str]:
    """The same for the shared networks that it is a member of."""
    found = []
    for network in (membership.network for membership in container.network.networks):
        for text in filter(None, (network.subnet, network.subnet6)):
            subnet = ipaddress.ip_network(text)
            around = [
                to
                for to, link in host.routes
                if link != interface_name("cb-", network.name) and _holds(ipaddress.ip_network(to, strict=False), subnet)
            ]
            if around:
                found.append(
                    f"the shared network ‘{network.name}’: {subnet} is in {around[0]}, which the host reaches otherwise: "
                    "other machines there that have its addresses are cut off"
                )
    return found


def _holds(around: IPNetwork, inner: IPNetwork) -> bool:
    return (
        around.version == inner.version
        and not is_everything(around)
        and around.prefixlen <= inner.prefixlen
        and int(around.network_address) <= int(inner.network_address) <= int(around.broadcast_address)
    )
