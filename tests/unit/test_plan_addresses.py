"""Addresses for containers that ask for none: a pair out of the pool that nobody has, and the same one as long as it is theirs."""

from __future__ import annotations

import dataclasses
import time

import pytest

from nixos_containers.base.errors import DefinitionError, HostError
from nixos_containers.declare.container import Built, Container, Network, Spec, VethPair
from nixos_containers.plan.addresses import Reserved, filled, mac_address, reserve, wants_addresses, wants_macs, with_reserved

from .samples import container

OPEN = Network(private=True)


def spec(*containers: Container, pool: str | None = "10.233.0.0/16", pool6: str | None = "fd00:1::/48") -> Spec:
    return Spec(
        version=1,
        declared=tuple(each.name for each in containers),
        warnings=(),
        busybox=Built("/nix/store/b", "/nix/store/b.drv"),
        containers={each.name: each for each in containers},
        address_pool=pool,
        address_pool6=pool6,
    )


def chosen(asked: Spec, known: dict[str, Reserved] | None = None, **more: object) -> dict[str, Reserved]:
    given: dict = {"taken": (), "routed": (), "machine": "m", **more}
    return reserve(asked, known or {}, **given)


def test_a_private_network_of_which_nothing_is_said_gets_a_pair_of_each_family() -> None:
    got = chosen(spec(container("a", network=OPEN), container("b", network=OPEN)))
    assert got["a"] == Reserved("10.233.1.1", "10.233.1.2", "fd00:1::1", "fd00:1::2")
    assert got["b"] == Reserved("10.233.2.1", "10.233.2.2", "fd00:1:0:1::1", "fd00:1:0:1::2")


@pytest.mark.parametrize(
    "network",
    [
        Network(),
        Network(private=True, automatic_addresses=False),
        Network(private=True, local_address="10.0.0.2"),
        Network(private=True, host_address6="fd00::1"),
        Network(private=True, host_bridge="br0", local_mac_address="02:00:00:00:00:01"),
        Network(private=True, interfaces=("eth1",)),
        Network(private=True, macvlans=("eth1",)),
        Network(private=True, extra_veths={"x": VethPair()}),
    ],
)
def test_whoever_says_how_it_is_connected_gets_nothing(network: Network) -> None:
    made = container("a", network=network)
    assert not wants_addresses(made)
    assert chosen(spec(made)) == {}


def test_what_a_container_has_it_keeps_whoever_comes_before_it() -> None:
    first = chosen(spec(container("m", network=OPEN)))
    later = chosen(spec(container("a", network=OPEN), container("m", network=OPEN)), first)
    assert later["m"] == first["m"]
    assert later["a"].local_address == "10.233.2.2"


def test_routes_addresses_of_the_host_and_of_other_containers_are_passed_over() -> None:
    got = chosen(
        spec(container("a", network=OPEN), pool="10.233.0.0/16"),
        taken=["10.233.1.2/24", "10.233.2.1"],
        routed=["10.233.3.0/24", "10.233.4.2", "fd00:1::/64", "172.16.0.0/12"],
    )
    assert got["a"].local_address == "10.233.5.2"
    assert got["a"].local_address6 == "fd00:1:0:1::2"


@pytest.mark.parametrize(
    "routed",
    [("10.0.0.0/8", "fd00::/8"), ("0.0.0.0/1", "128.0.0.0/1", "::/1", "8000::/1"), ("8.0.0.0/5", "fc00::/7"), ("0.0.0.0/0", "::/0")],
)
def test_a_route_to_more_than_the_pool_rules_nothing_out(routed: tuple[str, ...]) -> None:
    got = chosen(spec(container("a", network=OPEN)), routed=routed)
    assert got["a"] == Reserved("10.233.1.1", "10.233.1.2", "fd00:1::1", "fd00:1::2")


def test_what_a_route_covers_of_the_pool_is_passed_over_at_once() -> None:
    begun = time.monotonic()
    got = chosen(
        spec(container("a", network=OPEN), pool="10.0.0.0/8", pool6="fd00::/8"),
        routed=["10.0.0.0/9", "10.128.0.0/16", "10.129.0.0/30", "fd00::/9", "fd80::/24", "fd80:100::/64"],
    )
    assert got["a"].local_address == "10.129.1.2" and got["a"].local_address6 == "fd80:100:0:1::2"
    # In a block that is partly covered, what is left of it is found.
    got = chosen(spec(container("a", network=OPEN), pool="10.9.0.0/23", pool6=None), routed=["10.9.0.0/24", "10.9.1.0/25"])
    assert got["a"].local_address == "10.9.1.130"
    assert time.monotonic() - begun < 1


@pytest.mark.parametrize("routed", [("fd00:1::/48",), ("fd00:1::/49", "fd00:1:0:8000::/49")])
def test_a_pool_that_the_host_routes_is_named_with_the_route_and_the_option(routed: tuple[str, ...]) -> None:
    begun = time.monotonic()
    with pytest.raises(HostError, match=f"addressPool6: fd00:1::/48 has no free pair.*the host reaches {routed[0]}") as failure:
        chosen(spec(container("a", network=OPEN)), routed=["fd00::/8", *routed])
    assert "set networking.containers.addressPool6 to another" in str(failure.value.hint)
    assert time.monotonic() - begun < 1


def test_after_the_first_pairs_of_all_subnets_come_the_others() -> None:
    pool = "10.9.0.0/23"
    known: dict[str, Reserved] = {}
    for number in range(64):
        known = chosen(spec(container(f"c{number}", network=OPEN), pool=pool, pool6=None), known)
    addresses = [each.local_address for each in known.values()]
    assert len(set(addresses)) == 64
    assert addresses[:3] == ["10.9.1.2", "10.9.1.6", "10.9.1.10"]
    with pytest.raises(HostError, match=r"10\.9\.0\.0/23 has no free pair"):
        chosen(spec(container("more", network=OPEN), pool=pool, pool6=None), known)


def test_a_family_without_a_pool_is_left_out() -> None:
    got = chosen(spec(container("a", network=OPEN), pool6=None))["a"]
    assert got.local_address == "10.233.1.2" and got.local_address6 is None


def test_a_small_pool_serves_both_families() -> None:
    got = chosen(spec(container("a", network=OPEN), pool="192.0.2.8/30", pool6="fd00:9::8/126"))["a"]
    assert got == Reserved("192.0.2.9", "192.0.2.10", "fd00:9::9", "fd00:9::a")


def test_a_pool_that_is_no_network_is_named() -> None:
    with pytest.raises(DefinitionError, match=r"networking\.containers\.addressPool"):
        chosen(spec(container("a", network=OPEN), pool="10.233.0.1/16"))


def test_when_the_file_is_lost_the_record_says_what_a_container_had() -> None:
    before = chosen(spec(container("b", network=OPEN)))["b"]
    recorded = {"a": filled(container("a", network=OPEN), before)}
    assert chosen(spec(container("a", network=OPEN)), recorded=recorded)["a"] == before


def test_what_is_reserved_fills_the_places_that_are_open() -> None:
    made = with_reserved(spec(container("a", network=OPEN)), chosen(spec(container("a", network=OPEN)))).containers["a"].network
    assert (made.host_address, made.local_address) == ("10.233.1.1", "10.233.1.2")
    assert (made.host_address6, made.local_address6) == ("fd00:1::1", "fd00:1::2")
    explicit = container("a", network=Network(private=True, local_address="10.0.0.2"))
    assert filled(explicit, Reserved("10.233.1.1", "10.233.1.2")) == explicit


def test_on_a_bridge_the_mac_address_is_the_hosts_and_the_containers_own() -> None:
    bridged = Network(private=True, host_bridge="br0", extra_veths={"x": VethPair(host_bridge="br1"), "y": VethPair()})
    made = container("a", network=bridged)
    assert wants_macs(made) == ("eth0", "x")
    network = filled(made, chosen(spec(made))["a"]).network
    assert network.local_mac_address == mac_address("m", "a", "eth0")
    assert network.extra_veths["x"].local_mac_address == mac_address("m", "a", "x") != network.local_mac_address
    assert network.extra_veths["y"].local_mac_address is None
    assert mac_address("m", "a", "eth0") != mac_address("other", "a", "eth0")
    assert int(mac_address("m", "a", "eth0")[:2], 16) & 3 == 2, "unicast, locally administered"


def test_a_mac_address_of_ones_own_choice_stays() -> None:
    own = Network(private=True, host_bridge="br0", local_mac_address="02:00:00:00:00:07")
    assert wants_macs(container("a", network=own)) == ()
    assert filled(container("a", network=own), Reserved(macs={"eth0": "02:00:00:00:00:08"})).network == own
    assert dataclasses.replace(own) == own
