"""Who takes what belongs to another container, or to the host itself, is told so before anything is done."""

from __future__ import annotations

import pytest

from nixos_containers.base.errors import DefinitionError
from nixos_containers.declare.container import Container, ForwardPort, Network, VethPair
from nixos_containers.declare.shared import Membership, SharedNetwork
from nixos_containers.plan.claims import Ledger, check_host, covering_routes, host_ends
from nixos_containers.plan.facts import HostNetwork, Listener

from .samples import container


def web(
    *forwards: ForwardPort, name: str = "web", address: str | None = "10.1.0.2", address6: str | None = None, **more: object
) -> Container:
    fields: dict = {"private": True, "local_address": address, "local_address6": address6, "forward_ports": forwards, **more}
    return container(name, network=Network(**fields))


def both(first: Container, second: Container) -> None:
    ledger = Ledger()
    ledger.enter(first.name, first)
    ledger.enter(second.name, second)


def other(*forwards: ForwardPort, **more: object) -> Container:
    fields: dict = {"name": "other", "address": "10.1.0.3", **more}
    return web(*forwards, **fields)


@pytest.mark.parametrize(
    ("first", "second", "words"),
    [
        (web(), other(address="10.1.0.2/24"), "the address 10.1.0.2"),
        (web(address6="fd00::2"), other(address6="fd00:0::0002/64"), "the address fd00::2"),
        (web(ForwardPort(80)), other(ForwardPort(80)), "the host's tcp port 80"),
        (web(ForwardPort(8000, host_port_end=8010)), other(ForwardPort(8005)), "the host's tcp port 8005"),
        (web(ForwardPort(53, "udp", host_address="192.0.2.1")), other(ForwardPort(53, "udp", host_address="192.0.2.1")), "at 192.0.2.1"),
        (web(ForwardPort(80, host_address="0.0.0.0")), other(ForwardPort(80)), "the host's tcp port 80"),
        (
            web(host_bridge="br0", local_mac_address="02:00:00:00:00:0A"),
            other(host_bridge="br0", local_mac_address="02:00:00:00:00:0a"),
            "the MAC address 02:00:00:00:00:0a on the bridge br0",
        ),
        (web(extra_veths={"x": VethPair()}), other(extra_veths={"x": VethPair()}), "interface name x"),
    ],
)
def test_two_containers_that_take_the_same_are_both_named(first: Container, second: Container, words: str) -> None:
    with pytest.raises(DefinitionError) as failure:
        both(first, second)
    assert words in str(failure.value) and "other" in str(failure.value) and "web" in str(failure.value)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (web(ForwardPort(80)), other(ForwardPort(80, "udp"))),
        (web(ForwardPort(80)), other(ForwardPort(80, host_address="192.0.2.1"))),
        (web(ForwardPort(80, host_address="192.0.2.2")), other(ForwardPort(80, host_address="192.0.2.1"))),
        (web(ForwardPort(80, host_address="0.0.0.0")), other(ForwardPort(80), address=None, address6="fd00::3")),
    ],
)
def test_what_can_be_told_apart_is_no_clash(first: Container, second: Container) -> None:
    both(first, second)


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(("address", "clash"), [("10.9.0.7", True), ("fd09::7", True), ("10.9.1.7", False), ("fd09:0:0:1::7", False)])
def test_an_address_in_the_subnet_of_a_shared_network_is_a_members(address: str, clash: bool, turned: bool) -> None:
    place = Membership(SharedNetwork("back", subnet="10.9.0.0/24", subnet6="fd09::/64"), "10.9.0.2", "fd09::2")
    member = container("member", network=Network(private=True, networks=(place,)))
    alone = web(address=None if ":" in address else address, address6=address if ":" in address else None)
    pair = (member, alone) if turned else (alone, member)
    if clash:
        with pytest.raises(DefinitionError) as failure:
            both(*pair)
        assert all(word in str(failure.value) for word in (address, "‘web’", "‘back’", "containers.web.networks"))
    else:
        both(*pair)


@pytest.mark.parametrize("turned", [False, True])
def test_an_address_that_is_the_hosts_towards_another_container(turned: bool) -> None:
    """That container's start would give it to the host, and so take it away from this one."""
    pair = (web(address="10.1.0.2", host_address="10.1.0.1"), other(host_address="10.1.0.2"))
    with pytest.raises(DefinitionError, match=r"10\.1\.0\.2 of container ‘web’ is the host’s towards container ‘other’"):
        both(*(reversed(pair) if turned else pair))


def test_the_host_may_have_one_address_towards_all() -> None:
    both(web(host_address="10.1.0.1"), other(host_address="10.1.0.1"))
    both(
        web(host_bridge="br0", local_mac_address="02:00:00:00:00:0a"),
        other(host_bridge="br1", local_mac_address="02:00:00:00:00:0a"),
    )


def test_two_names_that_are_shortened_to_one_interface_cannot_both_be() -> None:
    assert host_ends(web()) == ("ve-web",)
    assert host_ends(container("web", network=Network(private=True, host_bridge="br0"))) == ("vb-web",)


HOST = HostNetwork(
    addresses={"192.0.2.1": "eth0", "10.1.0.2": "eth0", "127.0.0.1": "lo", "fd00::2": "eth0"},
    routes=(("10.1.0.0/16", "eth0"), ("10.7.0.2", "ve-web"), ("fd00:5::/64", "wg0")),
    interfaces=frozenset({"lo", "eth0", "ve-taken", "x"}),
    listeners=(
        Listener("tcp", "0.0.0.0", 22),
        Listener("tcp", "127.0.0.1", 5432),
        Listener("udp", "127.0.0.53", 53),
        Listener("tcp", "::", 443),
    ),
)


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (web(), ("10.1.0.2", "eth0")),
        (web(address="10.2.0.2", address6="fd00:0:0::2"), ("fd00::2", "eth0")),
        (web(ForwardPort(22), address="10.2.0.2"), ("tcp port 22", "0.0.0.0")),
        (web(ForwardPort(443), address=None, address6="fd00:2::2"), ("tcp port 443",)),
        (web(ForwardPort(443), address="10.2.0.2"), ("tcp port 443",)),
        (web(ForwardPort(53, "udp"), address="10.2.0.2"), ("udp port 53", "127.0.0.53")),
        (web(ForwardPort(5432, host_address="127.0.0.1"), address="10.2.0.2"), ("127.0.0.1",)),
        (web(name="taken", address="10.2.0.2"), ("ve-taken",)),
        (web(address="10.2.0.2", extra_veths={"x": VethPair()}), ("interface x",)),
    ],
)
def test_what_the_host_has_itself_is_refused(made: Container, words: tuple[str, ...]) -> None:
    with pytest.raises(DefinitionError) as failure:
        check_host(made, HOST)
    for word in words:
        assert word in str(failure.value)


@pytest.mark.parametrize(
    "made",
    [
        web(ForwardPort(5432, host_address="192.0.2.1"), address="10.2.0.2"),
        web(ForwardPort(53), address="10.2.0.2"),
        web(ForwardPort(22, "udp"), address="10.2.0.2"),
        web(ForwardPort(22), address=None, address6="fd00:2::2"),
    ],
)
def test_a_port_that_only_looks_taken_is_not(made: Container) -> None:
    check_host(made, HOST)


def test_what_it_has_already_is_not_asked_about_again() -> None:
    made = web(ForwardPort(22), address="10.2.0.2")
    check_host(made, HOST, before=made)
    taken = web(name="taken", address="10.2.0.2")
    check_host(taken, HOST, before=taken)


def test_a_route_that_covers_an_address_is_told_of() -> None:
    (sentence,) = covering_routes(web(address="10.1.9.2"), HOST)
    assert "10.1.0.0/16" in sentence and "eth0" in sentence
    assert covering_routes(web(address="10.7.0.2"), HOST) == [], "its own"
    assert covering_routes(container("b", network=Network(private=True, host_bridge="br0", local_address="10.1.0.9/16")), HOST) == []
    vpn = HostNetwork(routes=(("0.0.0.0/1", "tun0"), ("128.0.0.0/1", "tun0"), ("::/1", "tun0"), ("8000::/1", "tun0")))
    assert covering_routes(web(address="10.1.9.2", address6="fd00:7::2"), vpn) == [], "the default route in two halves"
