"""Forwards and names that lead to a guest whose way back is another one, and packets that are too large for the way: with real packets.

A namespace stands for the host, one for each guest, one for another machine, which knows the host only.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from nixos_containers.declare.container import ForwardPort, Network, VethPair
from nixos_containers.plan.ruleset import BASE_RULES, elements_up

from .namespaces import Namespace, cable, connect, namespaces, need_programs, planned

# Two pairs, of which the main one has the default route; a guest on a bridge whose router is somebody else; and one on a narrow pair.
TWO = Network(
    private=True,
    host_address="10.78.1.1",
    local_address="10.78.1.2",
    host_address6="fd78:1::1",
    local_address6="fd78:1::2",
    extra_veths={
        "side": VethPair(
            host_address="10.78.2.1",
            local_address="10.78.2.2",
            host_address6="fd78:2::1",
            local_address6="fd78:2::2",
            forward_ports=(ForwardPort(8082, container_port=82),),
        )
    },
)
BRIDGED = Network(
    private=True,
    host_bridge="br0",
    local_address="10.78.3.2/24",
    local_address6="fd78:3::2/64",
    local_mac_address="02:00:00:00:00:32",
    forward_ports=(ForwardPort(8083, container_port=83),),
)
NARROW = Network(
    private=True,
    host_address="10.78.4.1",
    local_address="10.78.4.2",
    host_address6="fd78:4::1",
    local_address6="fd78:4::2",
    mtu=1300,
    forward_ports=(ForwardPort(8084, "udp", 84), ForwardPort(8085, "tcp", 85)),
)
NEAR, FAR = ("10.78.9.1", "fd78:9::1"), ("10.78.9.2", "fd78:9::2")
_SERVE = """
import socket, sys
server = socket.create_server(("::", int(sys.argv[1])), family=socket.AF_INET6, dualstack_ipv6=True)
server.settimeout(10); print("ready", flush=True)
connection, peer = server.accept()
connection.sendall(peer[0].removeprefix("::ffff:").encode()); connection.close()
"""
_ASK = """
import socket, sys
with socket.create_connection((sys.argv[1], int(sys.argv[2])), 4) as client:
    print(client.recv(99).decode())
"""
_TOO_LARGE = """
import socket, sys, time
six = ":" in sys.argv[1]
with socket.socket(socket.AF_INET6 if six else socket.AF_INET, socket.SOCK_DGRAM) as client:
    client.setsockopt(socket.IPPROTO_IPV6 if six else socket.IPPROTO_IP, 23 if six else 10, 2)  # the path's MTU: never fragment
    client.connect((sys.argv[1], int(sys.argv[2])))
    client.send(bytes(1400)); time.sleep(0.5)
    try:
        client.send(bytes(1400)); client.send(bytes(1400))
    except OSError as failure:
        print(failure.errno, client.getsockopt(socket.IPPROTO_IPV6 if six else socket.IPPROTO_IP, 24 if six else 14))
"""


@dataclass(frozen=True)
class Net:
    host: Namespace
    two: Namespace
    bridged: Namespace
    narrow: Namespace
    far: Namespace

    def asked(self, asker: Namespace, guest: Namespace, inside: int, address: str, port: int) -> str:
        """From whom a server in the guest hears when `asker` connects to `address`."""
        with subprocess.Popen(guest.command(sys.executable, "-c", _SERVE, str(inside)), stdout=subprocess.PIPE, text=True) as server:
            assert server.stdout is not None and server.stdout.readline() == "ready\n"
            try:
                return asker.python(_ASK, address, str(port)).strip()
            finally:
                server.kill()


@pytest.fixture(scope="module")
def net() -> Iterator[Net]:
    need_programs("ping")
    with namespaces(6) as (host, two, bridged, narrow, far, router):
        host.run("sysctl -q -w net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1")
        host.run("ip link add br0 type bridge stp_state 0 forward_delay 0 && ip address add 10.78.3.1/24 dev br0 && ip link set br0 up")
        host.run("ip address add fd78:3::1/64 dev br0 nodad")
        elements = []
        for name, network, guest in (("two", TWO, two), ("bridged", BRIDGED, bridged), ("narrow", NARROW, narrow)):
            plan = planned(name, network)
            connect(host, guest, plan)
            elements += plan.elements
        cable(host, router, "lan1", "10.78.3.254/24", "fd78:3::fe/64", master="br0")
        bridged.run("ip route add default via 10.78.3.254 && ip -6 route add default via fd78:3::fe")
        cable(
            host,
            far,
            "lan0",
            *(f"{at}/{64 if ':' in at else 24}" for at in FAR),
            near=tuple(f"{at}/{64 if ':' in at else 24}" for at in NEAR),
        )
        host.run("nft -f -", stdin=BASE_RULES + elements_up(tuple(elements)))
        bridged.run(
            "for round in 1 2 3 4 5 6 7 8 9; do ping -q -c 1 -w 1 fd78:3::1 && exit 0; done; exit 1"
        )  # after the search for duplicates
        yield Net(host, two, bridged, narrow, far)


@pytest.mark.parametrize(("address", "seen"), [(NEAR[0], "10.78.2.1"), (NEAR[1], "fd78:2::1")])
def test_a_forward_to_an_extra_pair_answers_other_machines(net: Net, address: str, seen: str) -> None:
    assert net.asked(net.far, net.two, 82, address, 8082) == seen, "the guest's way to others is its main pair"


@pytest.mark.parametrize(("address", "seen"), [(NEAR[0], "10.78.3.1"), (NEAR[1], "fd78:3::1")])
def test_a_forward_to_a_guest_with_another_router_answers_other_machines_and_containers(net: Net, address: str, seen: str) -> None:
    assert net.asked(net.far, net.bridged, 83, address, 8083) == seen
    assert net.asked(net.two, net.bridged, 83, address, 8083) == seen


@pytest.mark.parametrize("address", ["10.78.3.2", "fd78:3::2", "10.78.2.2", "fd78:2::2"])
def test_a_container_reaches_another_one_also_where_that_has_another_way_back(net: Net, address: str) -> None:
    guest = net.bridged if "3" in address else net.two
    assert net.asked(net.narrow, guest, 99, address, 99) in {"10.78.3.1", "fd78:3::1", "10.78.2.1", "fd78:2::1"}


@pytest.mark.parametrize(("address", "seen"), [("10.78.1.2", "10.78.4.2"), ("fd78:1::2", "fd78:4::2")])
def test_otherwise_containers_know_each_other_by_their_addresses(net: Net, address: str, seen: str) -> None:
    assert net.asked(net.narrow, net.two, 99, address, 99) == seen


@pytest.mark.parametrize("address", NEAR)
def test_who_sends_what_is_too_large_for_the_pair_is_told_so(net: Net, address: str) -> None:
    """The path's MTU, through a forwarded port: an error of ICMP comes back from behind the translation."""
    assert net.far.python(_TOO_LARGE, address, "8084").split() == ["90", "1300"], "EMSGSIZE, and the MTU of the pair"


@pytest.mark.parametrize("address", NEAR)
def test_a_forwarded_stream_gets_through_a_narrow_pair(net: Net, address: str) -> None:
    code = (
        "import socket, sys; server = socket.create_server(('::', 85), family=socket.AF_INET6, dualstack_ipv6=True); server.settimeout(10)\n"
        "print('ready', flush=True); connection = server.accept()[0]; total = 0\n"
        "while data := connection.recv(65536): total += len(data)\nprint(total)"
    )
    ask = f"import socket\nwith socket.create_connection(({address!r}, 8085), 5) as client: client.sendall(bytes(1000000))"
    with subprocess.Popen(net.narrow.command(sys.executable, "-c", code), stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None and server.stdout.readline() == "ready\n"
        net.far.python(ask)
        assert server.communicate(timeout=20)[0] == "1000000\n"


@pytest.mark.parametrize("address", NEAR)
def test_every_packet_of_a_guest_carries_the_mark_that_opens_other_firewalls(net: Net, address: str) -> None:
    """The first packet and those of known connections, both ways: none passes a firewall whose last rule drops what is not marked."""
    chain = "type filter hook forward priority filter; meta l4proto 6 meta mark and 0x2000000 != 0x2000000 counter drop"
    net.host.run("nft -f -", stdin=f"table inet other {{ chain forward {{ {chain}; }}; }}")
    try:
        # One with NAT goes out, and a forward leads in.
        assert net.asked(net.two, net.far, 99, FAR[NEAR.index(address)], 99) == address
        assert net.asked(net.far, net.two, 82, address, 8082).endswith(("2.1", "2::1"))
        assert "counter packets 0 " in net.host.run("nft list table inet other").stdout
        # Who asks a guest itself, by no forward, is not ours to let through.
        guest = "fd78:1::2" if ":" in address else "10.78.1.2"
        net.far.run(f"ip route replace {guest} via {address}")
        assert net.far.run(f"timeout 2 bash -c ': > /dev/tcp/{guest}/99'", check=False).returncode != 0
        assert "counter packets 0 " not in net.host.run("nft list table inet other").stdout
    finally:
        net.host.run("nft delete table inet other")
