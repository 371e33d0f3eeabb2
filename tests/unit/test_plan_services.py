"""What containers are to reach of the host, and whether another firewall's rules are about it."""

from __future__ import annotations

import pytest

from nixos_containers.declare.container import Container, HostFirewall, Network, System
from nixos_containers.declare.shared import Membership, SharedNetwork
from nixos_containers.plan.network import plan_network
from nixos_containers.plan.services import iptables_commands, iptables_refuses, nft_refuses, nft_texts, unheard, wanted_ports

NET = SharedNetwork("net", subnet="10.0.0.0/24", subnet6="fd00::/64")
DNS = {"cb-net": frozenset({53})}
UFW = """-P INPUT DROP
-N ufw-user-input
-A INPUT -j ufw-before-input
-A ufw-before-input -j ufw-user-input"""


def wanted(network: SharedNetwork | None, firewall: HostFirewall) -> dict[str, frozenset[int]]:
    places = () if network is None else (Membership(network, address="10.0.0.2", address6="fd00::2"),)
    address = "10.1.0.2" if network is None else None
    made = Container("a", System("/nix/store/x"), network=Network(private=True, local_address=address, networks=places))
    return wanted_ports(plan_network(made), firewall)


def test_what_is_served_and_what_is_opened_is_wanted_port_53_alone_is_not() -> None:
    opened = HostFirewall(tcp_ports=(53, 5432), udp_ports=(53,))
    assert wanted(None, HostFirewall(tcp_ports=(53,), udp_ports=(53,))) == {}
    assert wanted(None, opened) == {"ve-a": {5432}}
    assert wanted(None, HostFirewall(enable=False, tcp_ports=(5432,))) == {}, "the host's own firewall decides"
    assert wanted(NET, HostFirewall()) == {}
    assert wanted(SharedNetwork("net", subnet=NET.subnet, subnet6=NET.subnet6, dns=True, dhcp=True), opened) == {"cb-net": {53, 67, 5432}}


@pytest.mark.parametrize(
    ("rule", "heard"),
    [
        ("-A ufw-user-input -i cb-net -j ACCEPT", True),
        ("-A INPUT -i cb-+ -j ACCEPT", True),
        ("-A INPUT -p udp -m udp --dport 53 -j ACCEPT", True),
        ("-A INPUT -p udp -m udp --dport 53 -j DROP", False),
        ("-A INPUT -p tcp -m tcp --dport 5353 -j ACCEPT", False),
        ("-A INPUT -i cb-network -j ACCEPT", False),
        ("-A INPUT -i ve-+ -j ACCEPT", False),
        ("-A LIBVIRT_INP -i virbr0 -p udp -m udp --dport 53 -j ACCEPT", False),
        ("-A INPUT -s 192.0.2.0/24 -p udp -m udp --dport 53 -j ACCEPT", False),
    ],
)
def test_a_rule_about_the_interface_or_the_port_is_the_owners_decision(rule: str, heard: bool) -> None:
    assert (unheard([rule], DNS) == []) == heard


def test_a_chain_that_refuses_the_rest_is_found_and_the_command_is_its_owners() -> None:
    assert iptables_refuses(UFW) and iptables_commands("iptables-nft", UFW, ["cb-net"]) == "ufw allow in on cb-net"
    last = "-P INPUT ACCEPT\n-A INPUT -p tcp --dport 22 -j ACCEPT\n-A INPUT -j REJECT --reject-with icmp-port-unreachable"
    assert iptables_refuses(last) and iptables_commands("iptables", last, ["cb-net"]) == "iptables -I INPUT -i cb-net -j ACCEPT"
    assert not iptables_refuses("-P INPUT ACCEPT\n-P FORWARD DROP\n-A INPUT -s 192.0.2.1 -j DROP")
    rules = [
        {"expr": [{"match": {"left": {"payload": {"protocol": "udp", "field": "dport"}}, "right": {"set": [53, 67]}}}, {"accept": None}]}
    ]
    assert nft_refuses(rules, "drop") and not nft_refuses(rules, "accept") and nft_refuses([{"expr": [{"reject": None}]}], "accept")
    assert unheard(nft_texts(rules), DNS, zones=True) == ["cb-net"], "some zone's"
    assert unheard(nft_texts(rules), DNS) == [] and unheard(nft_texts(rules), {"cb-net": frozenset({54})}) == ["cb-net"]
