"""Shared networks: subnets and addresses that are chosen are free, in their place and always the same."""

from __future__ import annotations

import dataclasses
import ipaddress
import time

import pytest

from nixos_containers.base.errors import DefinitionError
from nixos_containers.declare.container import Built, Container, Network, Record, Spec, System
from nixos_containers.declare.shared import Membership, SharedNetwork
from nixos_containers.plan.bridges import bridge_name, dhcp_hosts, mac_address, member_pairs
from nixos_containers.plan.claims import covering_routes
from nixos_containers.plan.facts import HostNetwork
from nixos_containers.plan.network import plan_network
from nixos_containers.plan.shared import dynamic_range, settle

BACK = SharedNetwork("back")


def container(name: str, *networks: SharedNetwork | Membership, **fields: object) -> Container:
    places = tuple(each if isinstance(each, Membership) else Membership(each) for each in networks)
    return Container(name, System("/nix/store/x"), network=Network(private=True, networks=places, **fields))  # type: ignore[arg-type]


def spec(*containers: Container) -> Spec:
    return Spec(1, tuple(c.name for c in containers), (), Built("b", "d"), {c.name: c for c in containers})


def records(settled: Spec, *names: str) -> dict[str, Record]:
    return {name: Record(settled.containers[name], busybox="b") for name in names}


def addresses(settled: Spec) -> dict[str, str | None]:
    return {name: each.network.networks[0].address for name, each in settled.containers.items()}


def test_members_get_addresses_of_one_subnet_of_the_pool() -> None:
    settled = settle(spec(*(container(f"c{number}", BACK) for number in range(100))), {})
    subnets = {each.network.networks[0].network.subnet for each in settled.containers.values()}
    assert len(subnets) == 1
    subnet = ipaddress.ip_network(subnets.pop() or "")
    assert subnet.prefixlen == 24 and subnet.subnet_of(ipaddress.ip_network("10.234.0.0/16"))  # type: ignore[type-var]
    found = list(addresses(settled).values())
    assert len(set(found)) == 100
    low, _ = dynamic_range(subnet)
    assert all(subnet[1] < ipaddress.ip_address(address or "") < ipaddress.ip_address(low) for address in found)


def test_what_was_chosen_stays_also_beside_newcomers() -> None:
    first = settle(spec(container("a", BACK)), {})
    for number in range(50):
        later = settle(spec(container("a", BACK), container(f"x{number}", BACK)), records(first, "a"))
        assert addresses(later)["a"] == addresses(first)["a"]
    assert settle(first, records(first, "a")) == first


def test_routes_of_the_host_and_other_networks_are_passed_over() -> None:
    free = settle(spec(container("a", BACK)), {}).containers["a"].network.networks[0].network.subnet or ""
    moved = settle(spec(container("a", BACK)), {}, routed=[(free, "eth0"), ("0.0.0.0/0", "eth0")]).containers["a"]
    assert moved.network.networks[0].network.subnet != free
    own = settle(spec(container("a", BACK)), {}, routed=[(free, bridge_name("back"))]).containers["a"]
    assert own.network.networks[0].network.subnet == free, "its own bridge is no reason to move"
    taken = SharedNetwork("front", subnet=free)
    both = settle(spec(container("a", taken, BACK)), {}).containers["a"].network.networks
    assert both[1].network.subnet != free


@pytest.mark.parametrize(
    ("network", "address", "complaint"),
    [
        (SharedNetwork("n", subnet="10.0.0.0/24"), "10.0.1.5", "is not in the network’s subnet 10.0.0.0/24"),
        (SharedNetwork("n", subnet="10.0.0.0/24"), "10.0.0.1", "is the host’s"),
        (SharedNetwork("n", subnet="10.0.0.0/24"), "x", "is not an IP address"),
        (SharedNetwork("n", subnet="10.0.0.1/24"), None, "networking.containers.networks.n.subnet"),
        (SharedNetwork("n", subnet="fd00::/64"), None, "is not an IPv4 network"),
        (SharedNetwork("n", subnet="10.0.0.0/30"), None, "too few"),
        (SharedNetwork("n", pool="10.0.0.0/33"), None, "networking.containers.networkPool"),
        *(
            (SharedNetwork(name), None, "networks.*a network’s name")
            for name in ("a b", "../x", ".lock", "it's", "", "a/b", "-x", "x" * 65)
        ),
    ],
)
def test_mistakes_are_named_with_their_option(network: SharedNetwork, address: str | None, complaint: str) -> None:
    with pytest.raises(DefinitionError, match=complaint):
        settle(spec(container("a", Membership(network, address=address))), {})


@pytest.mark.parametrize(
    ("route", "refused"), [("10.0.0.0/24", True), ("10.0.0.128/25", True), ("10.0.0.7/32", True), ("10.0.0.0/16", False)]
)
def test_a_subnet_that_the_host_reaches_already_is_refused(route: str, refused: bool) -> None:
    """Its bridge would take the route away from what is there; one to more than the subnet goes on for the rest."""
    network = SharedNetwork("n", subnet="10.0.0.0/24")
    if refused:
        with pytest.raises(DefinitionError, match=rf"networks\.n\.subnet: the host reaches {route} in 10\.0\.0\.0/24 by eth0"):
            settle(spec(container("a", network)), {}, routed=[(route, "eth0")])
    first = settle(spec(container("a", network)), {}, routed=[(route, bridge_name("n"))])
    assert settle(first, records(first, "a"), routed=[(route, "eth0")]) == first, "what came later stops nothing"
    said = covering_routes(first.containers["a"], HostNetwork(routes=((route, "eth0"),)))
    assert bool(said) == (route in ("10.0.0.0/24", "10.0.0.0/16"))
    assert all("‘n’" in sentence and route in sentence for sentence in said)


def test_a_route_to_more_than_the_pool_leaves_all_of_it_one_to_a_part_the_rest() -> None:
    pool = SharedNetwork("n", pool="10.234.0.0/16", pool6="fd00::/32")

    def subnets(*routes: str) -> tuple[str | None, str | None]:
        network = settle(spec(container("a", pool)), {}, routed=[(to, "tun0") for to in routes]).containers["a"].network.networks[0].network
        return network.subnet, network.subnet6

    free = subnets()
    assert subnets("10.0.0.0/8", "0.0.0.0/1", "128.0.0.0/1", "fc00::/7", "::/1", "8000::/1") == free
    begun = time.monotonic()
    half = subnets("10.234.0.0/17", "fd00::/33")
    other = subnets("10.234.128.0/17", "fd00:0:8000::/33")
    assert set(free) <= {*half, *other}, "in one of the halves, and the same as without routes"
    assert subnets("10.234.0.0/17", "10.234.128.0/18", "10.234.192.0/19", "10.234.224.0/20", "10.234.241.0/24", "10.234.242.0/23",
                   "10.234.244.0/22", "10.234.248.0/21")[0] == "10.234.240.0/24"  # fmt: skip
    with pytest.raises(DefinitionError, match=r"networks\.n: no subnet of fd00::/32 is free: the host reaches fd00::/32") as failure:
        subnets("fd00::/32")
    assert "networkPool6" in str(failure.value.hint)
    assert time.monotonic() - begun < 1


def test_two_members_cannot_ask_for_one_address() -> None:
    place = Membership(SharedNetwork("n", subnet="10.0.0.0/24"), address="10.0.0.5")
    with pytest.raises(DefinitionError, match=r"10\.0\.0\.5 is container ‘b’’s"):
        settle(spec(container("a", place), container("b", place)), {})
    with pytest.raises(DefinitionError, match="member of ‘back’ already"):
        settle(spec(container("a", BACK, BACK)), {})


def test_overlapping_networks_and_networks_that_others_know_otherwise_are_refused() -> None:
    one, other = SharedNetwork("n", subnet="10.0.0.0/24"), SharedNetwork("m", subnet="10.0.0.128/25")
    with pytest.raises(DefinitionError, match="overlaps"):
        settle(spec(container("a", one), container("b", other)), {})
    before = settle(spec(container("a", one)), {})
    with pytest.raises(DefinitionError, match="container ‘a’ of another definition knows this network otherwise"):
        settle(spec(container("b", dataclasses.replace(one, isolated=True))), records(before, "a"))


def test_the_first_network_is_the_main_interface_unless_there_is_a_pair() -> None:
    settled = settle(spec(container("a", BACK, SharedNetwork("front")), container("b", BACK, local_address="10.9.9.9")), {})
    pairs = {name: [(pair.host, pair.guest) for pair in member_pairs(each)] for name, each in settled.containers.items()}
    assert pairs == {"a": [("vb-a", "eth0"), ("vb-a.front", "eth1")], "b": [("vb-b.back", "eth1")]}
    defaults = [command for command in plan_network(settled.containers["a"]).guest_commands if "default" in command]
    assert len(defaults) == 2, "one for each family, by the first network"


def test_interface_names_are_never_too_long() -> None:
    network = SharedNetwork("a-network-with-a-long-name")
    settled = settle(spec(container("a-container-with-a-long-name", BACK, network)), {})
    names = [pair.host for pair in member_pairs(settled.containers["a-container-with-a-long-name"])]
    assert len(set(names)) == 2 and all(len(name) <= 15 for name in (*names, bridge_name(network.name)))


def test_mac_addresses_are_local_and_dhcp_knows_them() -> None:
    settled = settle(spec(container("a", BACK)), {})
    membership = settled.containers["a"].network.networks[0]
    mac = mac_address("a", "back")
    assert int(mac[:2], 16) & 3 == 2
    assert dhcp_hosts("back", settled.containers) == f"{mac},{membership.address},[{membership.address6}],a,infinite\n"
