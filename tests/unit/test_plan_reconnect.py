"""From one network to another while the container runs: which lines, in which order, and what only a restart can do."""

from __future__ import annotations

import dataclasses

import pytest

from nixos_containers.declare.container import Container, ForwardPort, Network, System, VethPair
from nixos_containers.plan.actions import Reconnect
from nixos_containers.plan.facts import Host
from nixos_containers.plan.reconnect import obstacle, plan_reconnect
from nixos_containers.plan.switch import network_change

BASE = Network(private=True, host_address="10.0.0.1", local_address="10.0.0.2")
BRIDGED = Network(private=True, host_bridge="br0", local_address="10.0.1.2/24")


def container(network: Network, **more: object) -> Container:
    return dataclasses.replace(Container(name="web", system=System(path=None), network=network), **more)  # type: ignore[arg-type]


def change(before: Network, **more: object) -> tuple[Container, Container]:
    return container(before), container(dataclasses.replace(before, **more))  # type: ignore[arg-type]


def test_a_forward_is_one_transaction_and_the_rest_only_holds_what_holds() -> None:
    old, new = change(BASE, forward_ports=(ForwardPort(80),))
    plan = plan_reconnect((old,), new)
    assert obstacle(old, new) is None and plan.gone == ()
    assert ("forwards4", "tcp . 80 : 10.0.0.2 . 80") in plan.wanted
    assert not [line for line in (*plan.host, *plan.guest) if " del " in line]
    back = plan_reconnect((new,), old)
    assert back.gone == (("forwards4", "tcp . 80 : 10.0.0.2 . 80"),)


def test_a_new_address_is_there_before_the_old_one_goes_and_routes_come_last() -> None:
    old, new = change(BASE, host_address="10.0.2.1", local_address="10.0.2.2")
    plan = plan_reconnect((old,), new)
    guest = list(plan.guest)
    assert guest.index("addr replace 10.0.2.2/32 dev eth0") < guest.index("address del 10.0.0.2/32 dev eth0")
    assert guest[-1] == "route replace default via 10.0.2.1 dev eth0"
    assert "route del 10.0.0.2 dev ve-web" in plan.host
    assert not [line for line in guest if line.startswith("route del default")], "the new one replaces it"


def test_another_bridge_needs_no_way_out_of_the_first() -> None:
    old, new = change(BRIDGED, host_bridge="br1")
    assert plan_reconnect((old,), new).host == ("link set vb-web master br1", "link set vb-web up")


def test_the_guard_of_a_bridges_port_comes_with_every_bridge_and_goes_when_nothing_is_guarded() -> None:
    """A port that joins another bridge has the kernel's settings again."""
    fixed = dataclasses.replace(BRIDGED, local_mac_address="02:00:00:00:00:01")
    old, new = change(fixed, host_bridge="br1")
    made = plan_reconnect((old,), new).host
    guard = "link set vb-web type bridge_slave group_fwd_mask 0xfffd"
    assert made.index("link set vb-web master br1") < made.index(guard)
    assert f"{guard.rpartition(' ')[0]} 0" not in made
    old, new = change(fixed, anti_spoofing=False)
    assert "link set vb-web type bridge_slave group_fwd_mask 0" in plan_reconnect((old,), new).host


def test_networks_that_a_killed_command_left_in_part_are_taken_out_too() -> None:
    old, new = change(BASE, forward_ports=(ForwardPort(80),))
    half = change(BASE, forward_ports=(ForwardPort(81),))[1]
    assert plan_reconnect((old, half), new).gone == (("forwards4", "tcp . 81 : 10.0.0.2 . 81"),)


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        (BASE, dataclasses.replace(BASE, extra_veths={"x": VethPair(host_address="10.0.3.1")}), "veth pairs are made only at a start"),
        (BASE, BRIDGED, "veth pairs are made only at a start"),
        (BASE, dataclasses.replace(BASE, macvlans=("eth1",)), "macvlans are made only at a start"),
        (BASE, dataclasses.replace(BASE, interfaces=("eth1",)), "interfaces of the host move in only at a start"),
        (BASE, Network(), "a network of its own is made"),
        (dataclasses.replace(BASE, local_mac_address="02:00:00:00:00:01"), BASE, "nothing undoes"),
    ],
)
def test_what_only_a_start_can_do(before: Network, after: Network, why: str) -> None:
    said = obstacle(container(before), container(after))
    assert said is not None and why in said


def test_the_planner_reconnects_only_when_nothing_else_differs() -> None:
    old, new = change(BASE, forward_ports=(ForwardPort(80),))
    assert network_change(old, new, Host()) == Reconnect("web", "forwardPorts changed")
    assert network_change(old, dataclasses.replace(new, enable_tun=True), Host()) is None
    assert network_change(None, new, Host()) is None, "an older version started it, and did not say with what"
    restart = network_change(old, change(BASE, macvlans=("eth1",))[1], Host())
    assert restart == "macvlans changed: macvlans are made only at a start"
