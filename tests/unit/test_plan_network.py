"""Networks: the words for ip, the host's and the guest's, and the elements of the nft table."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest

from nixos_containers.base.errors import DefinitionError
from nixos_containers.declare.container import ForwardPort, HostFirewall, Network, VethPair
from nixos_containers.declare.shared import Membership, SharedNetwork
from nixos_containers.plan.bridges import network_files
from nixos_containers.plan.facts import Host
from nixos_containers.plan.network import NetworkPlan, plan_network
from nixos_containers.plan.ruleset import BASE_RULES, TABLE, elements_down, elements_present, elements_up, stale_keys

from .samples import FULL_NETWORK, container


def plan(name: str = "web", **fields: object) -> NetworkPlan:
    return plan_network(container(name, network=Network(**fields)))  # type: ignore[arg-type]


def test_the_hosts_network_needs_nothing() -> None:
    assert plan() == NetworkPlan(private=False)


def test_a_private_network_without_addresses_has_loopback_only() -> None:
    made = plan(private=True)
    assert made.private
    assert made.nspawn == ("--private-network",)
    assert made.pairs == () and made.host_batch == () and made.guest_commands == ()


def test_a_routed_pair_has_single_host_addresses_and_routes_both_ways() -> None:
    made = plan(private=True, host_address="10.100.0.1", local_address="10.100.0.2")
    assert made.nspawn == ("--private-network", "--network-veth-extra=ve-web:eth0")
    assert made.host_batch == (
        "address add 10.100.0.1/32 dev ve-web",
        "link set ve-web up",
        "route replace 10.100.0.2 dev ve-web",
    )
    assert made.guest_commands == (
        ("addr", "add", "10.100.0.2/32", "dev", "eth0"),
        ("link", "set", "eth0", "up"),
        ("-4", "route", "add", "10.100.0.1", "dev", "eth0"),
        ("-4", "route", "add", "default", "via", "10.100.0.1", "dev", "eth0"),
    )


def test_a_prefix_length_is_kept_on_addresses_and_left_out_of_routes() -> None:
    made = plan(private=True, host_address="10.0.0.1/24", local_address="10.0.0.2/24")
    assert "address add 10.0.0.1/24 dev ve-web" in made.host_batch
    assert "route replace 10.0.0.2 dev ve-web" in made.host_batch
    assert ("addr", "add", "10.0.0.2/24", "dev", "eth0") in made.guest_commands
    assert ("-4", "route", "add", "default", "via", "10.0.0.1", "dev", "eth0") in made.guest_commands
    assert ("guests4", "10.0.0.2") in made.elements


def test_ipv6_waits_for_no_duplicate_check_on_the_hosts_end() -> None:
    made = plan(private=True, host_address6="fd00::1", local_address6="fd00::2/64")
    assert made.host_batch == (
        "address add fd00::1/128 dev ve-web nodad",
        "link set ve-web up",
        "route replace fd00::2 dev ve-web",
    )
    assert ("addr", "add", "fd00::2/64", "dev", "eth0") in made.guest_commands
    assert ("-6", "route", "add", "default", "via", "fd00::1", "dev", "eth0") in made.guest_commands
    assert ("guests6", "fd00::2") in made.elements


def test_only_where_nobody_else_is_the_guest_looks_for_no_duplicates() -> None:
    assert plan(private=True, host_address6="fd00::1", local_address6="fd00::2").alone == ("eth0",)
    assert plan(private=True, host_bridge="br0", local_address6="fd00::2/64").alone == ()
    assert plan(private=True, host_address="10.0.0.1", local_address="10.0.0.2").alone == ()


def test_without_a_host_address_the_guest_gets_no_default_route() -> None:
    made = plan(private=True, local_address="10.0.0.2")
    assert not [command for command in made.guest_commands if "default" in command]


def test_a_bridge_makes_a_vb_interface_that_joins_it() -> None:
    made = plan(private=True, host_bridge="br0", local_address="192.168.1.5/24")
    assert made.nspawn == ("--private-network", "--network-veth-extra=vb-web:eth0")
    assert made.host_batch == ("link set vb-web master br0", "link set vb-web up")
    assert ("addr", "add", "192.168.1.5/24", "dev", "eth0") in made.guest_commands
    assert not [command for command in made.guest_commands if "default" in command]


def test_extra_pairs_keep_their_names_and_get_no_default_route() -> None:
    made = plan_network(container(network=FULL_NETWORK))
    assert [(pair.host, pair.guest) for pair in made.pairs] == [("ve-web", "eth0"), ("storage", "storage")]
    assert "--network-veth-extra=storage:storage" in made.nspawn
    assert ("-4", "route", "add", "192.168.9.1", "dev", "storage") in made.guest_commands
    assert [command[-1] for command in made.guest_commands if "default" in command] == ["eth0", "eth0"]


def test_the_mac_address_is_set_before_the_interface_is_up() -> None:
    commands = list(plan_network(container(network=FULL_NETWORK)).guest_commands)
    assert commands.index(("link", "set", "eth0", "address", "02:00:00:00:00:01")) < commands.index(("link", "set", "eth0", "up"))


def test_the_guest_configures_nothing_before_its_interface_is_up_but_routes_after() -> None:
    commands = list(plan_network(container(network=FULL_NETWORK)).guest_commands)
    up = commands.index(("link", "set", "eth0", "up"))
    routes = [position for position, command in enumerate(commands) if "route" in command]
    assert all(position > up for position in routes)


def test_forwards_lead_to_both_families_and_default_to_the_same_port() -> None:
    made = plan_network(container(network=FULL_NETWORK))
    assert ("forwards4", "tcp . 8080 : 10.100.0.2 . 80") in made.elements
    assert ("forwards6", "tcp . 8080 : fd00::2 . 80") in made.elements
    assert ("forwards4", "udp . 53 : 10.100.0.2 . 53") in made.elements
    assert ("net/ipv4/conf/ve-web/route_localnet", "1") in made.link_settings


def test_interfaces_and_macvlans_are_given_to_nspawn() -> None:
    made = plan(private=True, interfaces=("eth1",), macvlans=("eth2",))
    assert made.nspawn == ("--private-network", "--network-interface=eth1", "--network-macvlan=eth2")
    assert plan(interfaces=("eth1",)).private, "an interface of its own means a namespace of its own"


def test_a_network_namespace_is_joined() -> None:
    made = plan(network_namespace="/run/netns/vpn")
    assert made.nspawn == ("--network-namespace-path=/run/netns/vpn",)
    assert not made.private


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"private": True, "host_bridge": "br0", "host_address": "10.0.0.1"}, ("hostBridge", "hostAddress")),
        ({"private": True, "host_bridge": "br0", "host_address6": "fd00::1"}, ("hostBridge",)),
        ({"private": True, "host_address": "10.0.0.1", "forward_ports": (ForwardPort(80),)}, ("port 80", "localAddress")),
        ({"local_address": "10.0.0.2"}, ("privateNetwork = true",)),
        ({"forward_ports": (ForwardPort(80),)}, ("privateNetwork = true",)),
        ({"extra_veths": {"x": VethPair()}}, ("privateNetwork = true",)),
        ({"private": True, "extra_veths": {"x": VethPair(host_bridge="br0", host_address="10.0.0.1")}}, ("extraVeths.x", "hostBridge")),
        ({"private": True, "local_address": "10.0.0"}, ("10.0.0", "not an IP address")),
        ({"private": True, "local_address": "fd00::2"}, ("localAddress: fd00::2", "localAddress6")),
        (
            {"private": True, "host_address6": "10.0.0.1", "local_address6": "fd00::2"},
            ("hostAddress6: 10.0.0.1", "containers.web.hostAddress"),
        ),
        ({"private": True, "local_address": "127.0.0.2"}, ("localAddress: 127.0.0.2",)),
        ({"private": True, "local_address6": "ff02::1"}, ("localAddress6: ff02::1",)),
        ({"private": True, "local_address6": "fd00::1%eth0"}, ("localAddress6: fd00::1%eth0",)),
        ({"private": True, "local_address": "0.0.0.0"}, ("localAddress: 0.0.0.0",)),
        ({"private": True, "local_address": "10.0.0.0/24"}, ("10.0.0.0/24", "network")),
        ({"private": True, "local_address": "10.0.0.255/24"}, ("10.0.0.255/24", "network")),
        ({"private": True, "local_mac_address": "01:00:5E:00:00:01"}, ("localMacAddress: 01:00:5E:00:00:01", "02:00:5E:00:00:01")),
        ({"private": True, "local_mac_address": "00:00:00:00:00:00"}, ("localMacAddress: 00:00:00:00:00:00",)),
        ({"private": True, "mtu": 1200, "local_address6": "fd00::2"}, ("mtu", "1280", "addressPool6")),
        ({"private": True, "local_address": "10.0.0.2/33"}, ("10.0.0.2/33",)),
        ({"private": True, "host_address": "host.example"}, ("host.example",)),
        ({"private": True, "extra_veths": {"a-name-of-16-char": VethPair()}}, ("a-name-of-16-char", "15")),
        ({"private": True, "local_address": "10.0.0.2", "forward_ports": (ForwardPort(80, "icmp"),)}, ("icmp", "tcp, udp or sctp")),
    ],
)
def test_contradictions_are_refused_with_container_and_option(fields: dict, words: tuple[str, ...]) -> None:
    with pytest.raises(DefinitionError) as failure:
        plan(**fields)
    assert "containers.web" in str(failure.value)
    for word in words:
        assert word in str(failure.value)


@pytest.mark.parametrize("name", ["a b", "a/b", "a:b", "", ".", "..", "12", "a%d", 'a"', "-a", "a#b", "a*", "$x", "ä"])
def test_what_cannot_be_an_interfaces_name_is_refused_with_its_option(name: str) -> None:
    for option, fields in (
        ("extraVeths", {"extra_veths": {name: VethPair()}}),
        ("interfaces", {"interfaces": (name,)}),
        ("macvlans", {"macvlans": (name,)}),
        ("hostBridge", {"host_bridge": name}),
    ):
        with pytest.raises(DefinitionError, match=option):
            plan(private=True, **fields)


def test_the_names_that_interfaces_have_are_taken() -> None:
    for name in ("br0", "eth0.100", "br-3f2a", "enp0s31f6", "wg_a", "veth1@x"):
        plan(private=True, extra_veths={name: VethPair(host_bridge=name)})


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"forward_ports": (ForwardPort(80), ForwardPort(80, container_port=81))}, ("tcp port 80", "port 80 and", "port 81")),
        ({"forward_ports": (ForwardPort(80, host_port_end=90), ForwardPort(85, container_port=1))}, ("tcp port 85",)),
        ({"forward_ports": (ForwardPort(80), ForwardPort(80, container_port=81, host_address="0.0.0.0"))}, ("tcp port 80",)),
        (
            {
                "forward_ports": (ForwardPort(80),),
                "extra_veths": {"x": VethPair(local_address="10.9.0.2", forward_ports=(ForwardPort(80),))},
            },
            ("tcp port 80", "10.0.0.2", "10.9.0.2"),
        ),
        ({"extra_veths": {"x": VethPair(local_address="10.0.0.2/24")}}, ("extraVeths.x", "10.0.0.2")),
        ({"extra_veths": {"eth0": VethPair()}}, ("extraVeths.eth0", "inside")),
        ({"extra_veths": {"ve-web": VethPair()}}, ("extraVeths.ve-web", "host’s interface")),
        ({"interfaces": ("eth1", "eth1")}, ("interfaces: eth1", "twice")),
    ],
)
def test_one_container_does_not_claim_the_same_twice(fields: dict, words: tuple[str, ...]) -> None:
    with pytest.raises(DefinitionError) as failure:
        plan(private=True, local_address="10.0.0.2", **fields)
    for word in ("containers.web", *words):
        assert word in str(failure.value)


def test_a_port_may_lead_elsewhere_from_one_address_and_may_be_said_twice_alike() -> None:
    ports = (ForwardPort(80), ForwardPort(80), ForwardPort(80, container_port=81, host_address="192.0.2.1"), ForwardPort(80, "udp"))
    plan(private=True, local_address="10.0.0.2", forward_ports=ports)


def test_only_forwards_over_bridges_that_answer_at_loopback_are_marked_as_such() -> None:
    addresses: dict = {"local_address": "10.0.0.2", "local_address6": "fd00::2"}
    for fields, forward, marked in (
        ({"host_bridge": "br0"}, ForwardPort(8080, "tcp", 80), True),
        ({"host_bridge": "br0"}, ForwardPort(8080, "tcp", 80, host_address="::"), True),
        ({"host_bridge": "br0"}, ForwardPort(8080, "tcp", 80, host_address="fd99::1"), False),
        ({"host_address": "10.0.0.1", "host_address6": "fd00::1"}, ForwardPort(8080, "tcp", 80), False),
    ):
        made = plan(private=True, forward_ports=(forward,), **addresses, **fields)
        assert (("over-bridges", "tcp . 8080") in made.elements) is marked, fields


def test_extra_pairs_have_forwards_and_mac_addresses_of_their_own() -> None:
    pair = VethPair(local_address="10.9.0.2", local_mac_address="02:00:00:00:00:09", forward_ports=(ForwardPort(99),), mtu=1400)
    made = plan(private=True, extra_veths={"side": pair})
    assert ("forwards4", "tcp . 99 : 10.9.0.2 . 99") in made.elements
    assert ("link", "set", "side", "address", "02:00:00:00:00:09") in made.guest_commands
    assert ("link", "set", "side", "mtu", "1400") in made.guest_commands and "link set side mtu 1400" in made.host_batch
    assert ("net/ipv4/conf/side/route_localnet", "1") in made.link_settings


def test_what_comes_to_an_extra_pair_comes_from_the_hosts_address() -> None:
    """The guest answers by its main pair, where it may not speak with that address."""
    side = VethPair(local_address="10.9.0.2", local_address6="fd09::2")
    made = plan(private=True, host_address="10.0.0.1", local_address="10.0.0.2", extra_veths={"side": side})
    assert [element for element in made.elements if element[0].startswith("far")] == [("far4", "10.9.0.2"), ("far6", "fd09::2")]


def test_a_range_is_one_element_a_port_and_a_bound_one_stands_in_its_own_map() -> None:
    ports = (
        ForwardPort(8000, "tcp", 80, host_port_end=8002),
        ForwardPort(53, "udp", host_address="192.0.2.1"),
        ForwardPort(9, host_address="::"),
    )
    elements = plan(private=True, local_address="10.0.0.2", local_address6="fd00::2", forward_ports=ports).elements
    assert [element for name, element in elements if name == "forwards4"] == [f"tcp . {8000 + n} : 10.0.0.2 . {80 + n}" for n in range(3)]
    assert ("bound4", "192.0.2.1 . udp . 53 : 10.0.0.2 . 53") in elements
    assert not [element for name, element in elements if name == "bound6"]
    assert ("forwards6", "tcp . 9 : fd00::2 . 9") in elements and ("forwards4", "tcp . 9 : 10.0.0.2 . 9") not in elements


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"forward_ports": (ForwardPort(90, host_port_end=80),)}, ("90", "80", "empty")),
        ({"forward_ports": (ForwardPort(1, container_port=65535, host_port_end=2),)}, ("last port",)),
        ({"forward_ports": (ForwardPort(80, host_address="eth0"),)}, ("eth0",)),
        ({"forward_ports": (ForwardPort(80, host_address="::1"),)}, ("::1", "localAddress6")),
        ({"forward_ports": (ForwardPort(0, container_port=80),)}, ("port 0",)),
        ({"forward_ports": (ForwardPort(80, container_port=0),)}, ("port 0",)),
        ({"allowed_sources": ("10.0.0.0/33",)}, ("allowedSources", "10.0.0.0/33")),
    ],
)
def test_forwards_and_sources_that_cannot_be_are_refused(fields: dict, words: tuple[str, ...]) -> None:
    with pytest.raises(DefinitionError) as failure:
        plan(private=True, local_address="10.0.0.2", **fields)
    for word in ("containers.web", *words):
        assert word in str(failure.value)


def test_networks_that_overlap_become_one() -> None:
    """The kernel refuses them otherwise, and with them all elements of the container."""
    sources = ("10.1.0.0/16", "10.0.0.0/8", "10.0.0.0/8", "192.168.7.1", "fd07::/64", "fd07::9")
    for where, elements in (("ve", "elements"), ("vb", "bridge_elements")):
        made = plan(private=True, host_bridge="br0" if where == "vb" else None, local_address="10.0.0.2", allowed_sources=sources)
        assert [element for element in getattr(made, elements) if element[0].startswith("wide")] == [
            ("wide4", f'"{where}-web" . 10.0.0.0/8'),
            ("wide4", f'"{where}-web" . 192.168.7.1/32'),
            ("wide6", f'"{where}-web" . fd07::/64'),
        ]


def test_what_a_guest_may_be_and_reach() -> None:
    firewall = HostFirewall(tcp_ports=(53,), udp_ports=(53,))
    made = plan(private=True, local_address="10.0.0.2", allowed_sources=("192.168.7.0/24",), host_firewall=firewall)
    assert ("pinned", '"ve-web"') in made.elements and ("guarded", '"ve-web"') in made.elements
    assert ("sources4", '"ve-web" . 10.0.0.2') in made.elements and ("wide4", '"ve-web" . 192.168.7.0/24') in made.elements
    assert ("allowed", '"ve-web" . tcp . 53') in made.elements
    free = plan(private=True, local_address="10.0.0.2", anti_spoofing=False, host_firewall=HostFirewall(enable=False))
    assert not {name for name, _ in free.elements} & {"pinned", "guarded", "sources4"}


def test_on_a_bridge_its_port_is_held_to_mac_address_and_addresses() -> None:
    made = plan(private=True, host_bridge="br0", local_address6="fd00::2/64", local_mac_address="02:00:00:00:00:0A")
    assert made.bridge_elements == (
        ("ports", '"vb-web"'),
        ("macs", '"vb-web" . 02:00:00:00:00:0a'),
        ("clients", '"vb-web" . 0x2000000000a'),
        ("selves", '"vb-web" . 0xfffe00000a'),
        ("pinned", '"vb-web"'),
        ("taken-sources6", "fd00::2"),
        ("taken6", "0xfd000000000000000000000000000002"),
        ("taken-sources6", "fe80::ff:fe00:a"),
        ("taken6", "0xfe80000000000000000000fffe00000a"),
        ("known6", '"vb-web" . 02:00:00:00:00:0a . fd00::2'),
        ("sources6", '"vb-web" . fd00::2'),
        ("sources6", '"vb-web" . fe80::ff:fe00:a'),
        ("told", '"vb-web"'),
        ("claims6", '"vb-web" . 0xfd000000000000000000000000000002'),
        ("claims6", '"vb-web" . 0xfe80000000000000000000fffe00000a'),
    )
    assert not {name for name, _ in made.elements} & {"pinned", "guarded", "nat6"}
    assert made.host_batch == (
        "link set vb-web master br0",
        "link set vb-web type bridge_slave group_fwd_mask 0xfffd",
        "link set vb-web up",
    )
    whole = plan(private=True, host_bridge="br0", local_address6="fd00::2/64", allowed_sources=("fd07::/64",))
    assert not {name for name, _ in whole.bridge_elements} & {"told", "claims6"}


def test_a_station_that_the_host_guards_itself_from_keeps_its_mac_address_in_any_case() -> None:
    router = {"private": True, "host_bridge": "br0", "local_mac_address": "02:00:00:00:00:0A", "anti_spoofing": False}
    made = plan(**router, host_firewall=HostFirewall(enable=True))
    assert ("stations", "02:00:00:00:00:0a") in made.elements
    assert made.bridge_elements == (("held", '"vb-web"'), ("macs", '"vb-web" . 02:00:00:00:00:0a'))
    assert plan(**router).bridge_elements == ()


SHARED = SharedNetwork("back", subnet="10.9.0.0/24", subnet6="fd09::/64", dhcp=True)


def test_a_member_of_a_shared_network_brings_its_own_ports() -> None:
    member = {"private": True, "networks": (Membership(SHARED, "10.9.0.2", "fd09::2"),), "local_mac_address": "02:00:00:00:00:0A"}
    mac = "02:00:00:00:00:0a"
    some = plan(**member, host_firewall=HostFirewall(tcp_ports=(53,), udp_ports=(514,)))
    assert [element for element in some.elements if element[0] in ("members", "trusted", "guarded", "allowed", "services")] == [
        ("members", f'"cb-back" . {mac} . tcp . 53'),
        ("members", f'"cb-back" . {mac} . udp . 514'),
    ]
    assert {("owned", mac), ("macs", f'"vb-web" . {mac}'), ("ports", '"vb-web"')} <= set(some.bridge_elements)
    every = plan(**member, host_firewall=HostFirewall(enable=False, tcp_ports=(53,)), anti_spoofing=False)
    assert ("trusted", f'"cb-back" . {mac}') in every.elements and not [name for name, _ in every.elements if name == "members"]
    assert every.bridge_elements == (("owned", mac), ("macs", f'"vb-web" . {mac}')), "another's MAC address is not its own"


def test_a_shared_network_opens_only_what_it_serves_itself() -> None:
    lines = network_files(SHARED, Host(), directory="/run/x", dnsmasq="/dnsmasq")["filter.up"].splitlines()
    assert 'add element inet nixos-containers guarded { "cb-back" }' in lines
    assert 'add element inet nixos-containers allowed { "cb-back" . udp . 67, "cb-back" . udp . 547 }' in lines


# What nft itself says. Each call is in a network namespace of its own, so that nothing of the host is looked at.
ELEMENTS = plan_network(container(network=FULL_NETWORK)).elements


def nft(text: str, *more: str) -> str:
    """Give the texts to nft, one call after the other in one new network namespace; return the table that they leave."""
    script = "".join(f"nft -f - <<'END' || exit 1\n{part}END\n" for part in (BASE_RULES, text, *more)) + f"nft list table {TABLE}"
    command = ["unshare", *([] if os.geteuid() == 0 else ["--map-root-user"]), "--net", "sh", "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def namespaces() -> None:
    if shutil.which("nft") is None:
        pytest.skip("nft is not installed")
    words = ["unshare", *([] if os.geteuid() == 0 else ["--map-root-user"]), "--net", "nft", "list", "ruleset"]
    if subprocess.run(words, capture_output=True, check=False).returncode != 0:
        pytest.skip("no network namespace with nft can be made here")


@pytest.mark.usefixtures("namespaces")
def test_nft_takes_everything_twice_and_has_it_once() -> None:
    once, twice = nft(elements_up(ELEMENTS)), nft(elements_up(ELEMENTS), elements_up(ELEMENTS))
    assert "10.100.0.2 . 80" in once
    assert twice == once


@pytest.mark.usefixtures("namespaces")
def test_nft_takes_networks_that_overlap_and_a_change_between_them() -> None:
    one, other = (
        plan(private=True, local_address="10.0.0.2", allowed_sources=sources).elements
        for sources in (("10.0.0.0/8", "10.1.0.0/16"), ("10.1.0.0/16", "10.1.2.0/24", "10.1.0.0/24"))
    )
    assert '"ve-web" . 10.0.0.0/8 }' in nft(elements_up(one), elements_present(one))
    assert '"ve-web" . 10.1.0.0/16 }' in nft(elements_up(one), elements_down(one) + elements_up(other))


@pytest.mark.usefixtures("namespaces")
def test_nft_answers_whether_a_thousand_elements_are_there() -> None:
    """Else every command would take the rules of a container with a long range for lost, or those of some hundred containers."""
    ports = (ForwardPort(20000, "udp", host_port_end=20499),)
    many = plan("turn", private=True, local_address="10.100.0.4", local_address6="fd00::4", forward_ports=ports).elements
    nft(elements_up(many), elements_present(many))
    missing = (*many, ("guests4", "10.100.0.5"))
    with pytest.raises(AssertionError, match="No such file or directory"):
        nft(elements_up(many), elements_present(missing))


@pytest.mark.usefixtures("namespaces")
def test_a_second_container_does_not_repeat_the_shared_rules() -> None:
    other = plan("db", private=True, local_address="10.100.0.3", forward_ports=(ForwardPort(5432),)).elements
    table = nft(elements_up(ELEMENTS), elements_up(other))
    assert table.count("ip saddr 127.0.0.0/8 ip daddr @guests4 masquerade") == 1
    assert "10.100.0.3" in table and "10.100.0.2" in table


@pytest.mark.usefixtures("namespaces")
def test_a_stale_forward_of_the_same_port_can_be_replaced() -> None:
    stale, new = (("forwards4", "tcp . 80 : 10.0.0.2 . 80"),), (("forwards4", "tcp . 80 : 10.0.0.3 . 8080"), ("guests4", "10.0.0.3"))
    table = nft(elements_up(stale), stale_keys(new), elements_up(new))
    assert "tcp . 80 : 10.0.0.3 . 8080" in table
    assert "10.0.0.2" not in table
    assert "guests" not in stale_keys(new), "an address is nobody else's: taking it out would cut the guest off for a moment"


@pytest.mark.usefixtures("namespaces")
def test_taking_elements_out_leaves_those_of_others_and_succeeds_twice() -> None:
    other = plan("db", private=True, local_address="10.100.0.3", forward_ports=(ForwardPort(5432),)).elements
    table = nft(elements_up(ELEMENTS), elements_up(other), elements_down(ELEMENTS), elements_down(ELEMENTS))
    assert "10.100.0.2" not in table and "fd00::2" not in table
    assert "5432 : 10.100.0.3 . 5432" in table


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"forward_ports": (ForwardPort(80),)}, "forwardPorts"),
        ({"host_firewall": HostFirewall(enable=True)}, "hostFirewall.enable"),
        ({"anti_spoofing": False}, "antiSpoofing"),
        ({"allowed_sources": ("10.0.0.0/8",)}, "allowedSources"),
        ({"extra_veths": {"x": VethPair()}, "mtu": 1400, "nat": False}, "extraVeths, mtu, nat"),
        ({"network_namespace": "/run/netns/x", "macvlans": ("eth1",)}, "networkNamespace"),
        ({"private": True, "host_address": "10.0.0.1", "local_address": "10.0.0.1/24"}, "both the host’s and the container’s"),
    ],
)
def test_options_that_would_have_no_effect_are_refused_by_name(fields: dict, words: str) -> None:
    with pytest.raises(DefinitionError, match=words):
        plan(**fields)


def test_what_is_open_for_all_containers_means_nothing_on_the_hosts_network() -> None:
    assert not plan(host_firewall=HostFirewall(tcp_ports=(53,), udp_ports=(53,))).private
