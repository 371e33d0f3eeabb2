"""The planned network on real interfaces: two network namespaces stand for the host and the guest, and packets must arrive.

Nothing of the machine's own network is touched. Needs root, iproute2, nftables and busybox.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from nixos_containers.declare.container import Container, ForwardPort, Network, System
from nixos_containers.plan import ruleset
from nixos_containers.plan.network import plan_network
from nixos_containers.plan.ruleset import BASE_RULES, elements_down, elements_present, elements_up

from .namespaces import Namespace, connect, namespaces, need_programs
from .test_hostile_neighbour import frame, ip4, udp

ROUTED = Network(
    private=True,
    host_address="10.222.0.1",
    local_address="10.222.0.2",
    host_address6="fd22::1",
    local_address6="fd22::2",
    local_mac_address="02:00:00:00:00:17",
    forward_ports=(ForwardPort(8080, "tcp", 80), ForwardPort(5353, "udp", 53), ForwardPort(9899, "sctp", 9900)),
)
PLAN = plan_network(Container(name="kernel-test", system=System(path=None), network=ROUTED))


@pytest.fixture(scope="module")
def ends() -> Iterator[tuple[Namespace, Namespace]]:
    """Host and guest, connected and configured exactly as the launcher and the guest's first script do it."""
    need_programs("ping")
    with namespaces(2) as (host, guest):
        connect(host, guest, PLAN)
        host.run("nft -f -", stdin=BASE_RULES + elements_up(PLAN.elements))
        yield host, guest


def test_no_address_has_to_wait_until_it_can_be_used(ends: tuple[Namespace, Namespace]) -> None:
    waiting = 'for round in 1 2 3 4 5 6; do [ -n "$(ip -6 addr show scope global tentative)" ] || exit 0; sleep 0.1; done; exit 1'
    for end in ends:
        end.run(waiting)  # for the link at most: the kernel's search for duplicates takes over a second


@pytest.mark.parametrize("address", ["10.222.0.2", "fd22::2"])
def test_the_host_reaches_the_guest(ends: tuple[Namespace, Namespace], address: str) -> None:
    ends[0].run(f"ping -c 1 -w 5 {address} || ping -c 1 -w 5 {address}")


@pytest.mark.parametrize("address", ["10.222.0.1", "fd22::1"])
def test_the_guest_reaches_the_host(ends: tuple[Namespace, Namespace], address: str) -> None:
    ends[1].run(f"ping -c 1 -w 5 {address}")


def test_the_guest_has_its_mac_address_and_default_routes(ends: tuple[Namespace, Namespace]) -> None:
    guest = ends[1]
    assert "02:00:00:00:00:17" in guest.run("ip link show eth0").stdout
    assert "default via 10.222.0.1 dev eth0" in guest.run("ip -4 route").stdout
    assert "default via fd22::1 dev eth0" in guest.run("ip -6 route").stdout


_SERVE = """
import socket, sys
family, kind, port = {family}, socket.{kind}, {port}
server = socket.socket(family, kind)
server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
server.bind(("", port)); server.settimeout(10)
if kind == socket.SOCK_STREAM:
    server.listen(); print("up", flush=True)
    connection, peer = server.accept(); connection.sendall(b"hello"); connection.close()
else:
    print("up", flush=True); _, peer = server.recvfrom(10); server.sendto(b"hello", peer)
print(peer[0], flush=True)
"""
_ASK = """
import socket
client = socket.socket({family}, socket.{kind}); client.settimeout(5)
client.connect(({address!r}, {port}))
if client.type == socket.SOCK_DGRAM: client.send(b"x")
print(client.recv(10).decode())
"""


def asked(host: Namespace, guest: Namespace, kind: str, address: str, port: int, inside: int, *, asker: Namespace | None = None) -> str:
    """What a server in the guest answers to `address`:`port` of the host; asserts that it was asked at all."""
    family = "socket.AF_INET6" if ":" in address else "socket.AF_INET"
    code = _SERVE.format(family=family, kind=kind, port=inside)
    words = ["nsenter", "--net", f"--target={guest.pid}", "--", sys.executable, "-c", code]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None and server.stdout.readline() == "up\n"
        try:
            return (asker or host).python(_ASK.format(family=family, kind=kind, address=address, port=port)).strip()
        finally:
            server.kill()


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "10.222.0.1", "fd22::1"])
def test_a_forwarded_port_answers_on_every_address_of_the_host(ends: tuple[Namespace, Namespace], address: str) -> None:
    assert asked(*ends, "SOCK_STREAM", address, 8080, 80) == "hello"


def test_a_forwarded_datagram_finds_its_way_back(ends: tuple[Namespace, Namespace]) -> None:
    assert asked(*ends, "SOCK_DGRAM", "127.0.0.1", 5353, 53) == "hello"


_SCTP_SEND = """
import socket, struct
def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF
chunk = struct.pack("!BBHIIHHI", 1, 0, 20, 7, 65536, 1, 1, 7)  # INIT (RFC 9260, 3.3.2)
header = struct.pack("!HHI", 40000, {port}, 0)
packet = header + struct.pack("<I", crc32c(header + bytes(4) + chunk)) + chunk
socket.socket({family}, socket.SOCK_RAW, 132).sendto(packet, ({address!r}, 0))
"""
_SCTP_HEAR = """
import socket, struct
server = socket.socket({family}, socket.SOCK_RAW, 132); server.settimeout(5); print("up", flush=True)
data = server.recv(999)
print(struct.unpack("!H", data[{skip}:][2:4])[0], flush=True)
"""


@pytest.mark.parametrize(("address", "family", "skip"), [("10.222.0.1", "socket.AF_INET", 20), ("fd22::1", "socket.AF_INET6", 0)])
def test_sctp_is_forwarded_where_the_kernel_tracks_it(ends: tuple[Namespace, Namespace], address: str, family: str, skip: int) -> None:
    host, guest = ends
    if not os.path.exists("/proc/sys/net/netfilter/nf_conntrack_sctp_timeout_established"):
        pytest.skip("this kernel does not track SCTP connections (CONFIG_NF_CT_PROTO_SCTP)")
    words = ["nsenter", "--net", f"--target={guest.pid}", "--", sys.executable, "-c", _SCTP_HEAR.format(family=family, skip=skip)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None and server.stdout.readline() == "up\n"
        host.python(_SCTP_SEND.format(family=family, address=address, port=9899))
        assert server.communicate(timeout=20)[0] == "9900\n"


def test_a_start_changes_the_rules_in_a_moment_however_many_containers_there_are(ends: tuple[Namespace, Namespace]) -> None:
    host, _ = ends

    def elements(number: int) -> tuple[tuple[str, str], ...]:
        ports = tuple(ForwardPort(10000 + number * 5 + more) for more in range(5))
        network = Network(private=True, local_address=f"10.3.{number}.2", local_address6=f"fd03::{number:x}", forward_ports=ports)
        return plan_network(Container(name=f"many{number}", system=System(path=None), network=network)).elements

    def seconds(text: str) -> float:
        begun = time.monotonic()
        host.run("nft -f -", stdin=text)
        return time.monotonic() - begun

    many = [elements(number) for number in range(200)]
    ups = [seconds(elements_up(each)) for each in many]
    downs = [seconds(elements_down(each)) for each in many]
    # The machine may be busy: what the change itself costs is the quickest of some.
    assert min(ups[-20:]) < 0.05 and min(downs[:20]) < 0.05
    assert "10.3." not in host.run("nft list table inet nixos-containers").stdout


def test_the_guest_reaches_itself_by_the_hosts_address(ends: tuple[Namespace, Namespace]) -> None:
    ends[0].run("echo 1 > /proc/sys/net/ipv4/ip_forward")  # a packet that comes back is a forwarded one
    assert asked(*ends, "SOCK_STREAM", "10.222.0.1", 8080, 80, asker=ends[1]) == "hello"


_HEAR_LOOPBACK = """
import socket, sys
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
    server.bind(("127.0.0.1", 5999)); server.settimeout(10)
    print("ready", flush=True)
    word = ""
    while word != "end":
        word = server.recv(99).decode()
        print(word, end=" ", flush=True)
"""
_SEND_FRAME = """
import socket, sys
with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as link:
    link.bind(("eth0", 0)); link.send(bytes.fromhex(sys.argv[1]))
"""


def _loopback_hears(host: Namespace, guest: Namespace) -> str:
    """What of the host listens on 127.0.0.1 hears when the guest sends to that address from its own and from 127.0.0.2."""
    near = host.run(f"ip -brief link show {PLAN.pairs[0].host}").stdout.split()[2]
    with subprocess.Popen(host.command(sys.executable, "-c", _HEAR_LOOPBACK), stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None and server.stdout.readline() == "ready\n"
        try:
            for source, word in (("10.222.0.2", b"own"), ("127.0.0.2", b"loopback")):
                sent = frame("02:00:00:00:00:17", near, 0x0800, ip4(source, "127.0.0.1", 17, udp(5998, 5999, word)))
                guest.python(_SEND_FRAME, sent.hex())
            end = 'import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"end", ("127.0.0.1", 5999))'
            host.python(end)
            return server.communicate(timeout=20)[0].strip()
        finally:
            server.kill()


def test_the_guest_cannot_reach_the_hosts_own_loopback(ends: tuple[Namespace, Namespace]) -> None:
    host, guest = ends
    host.run("nft flush chain inet nixos-containers guests-to-host")  # what keeps guests from all of the host's services
    try:
        assert _loopback_hears(host, guest) == "end"
        host.run("nft 'flush chain inet nixos-containers host-guard; flush chain inet nixos-containers prerouting-nat'")
        assert _loopback_hears(host, guest) == "own loopback end", "the way of the packet is not the one that the rule closes"
    finally:
        host.run("nft -f -", stdin=BASE_RULES)


def test_when_the_elements_are_gone_the_port_is_closed(ends: tuple[Namespace, Namespace]) -> None:
    host, guest = ends
    host.run("nft -f -", stdin=elements_down(PLAN.elements))
    try:
        ask = _ASK.format(family="socket.AF_INET", kind="SOCK_STREAM", address="127.0.0.1", port=8080)
        begun = time.monotonic()
        done = host.run(f"{shlex.quote(sys.executable)} -c {shlex.quote(ask)}", check=False)
        assert "ConnectionRefusedError" in done.stderr
        assert time.monotonic() - begun < 3, "refused, not dropped"
    finally:
        host.run("nft -f -", stdin=BASE_RULES + elements_up(PLAN.elements))
    assert asked(host, guest, "SOCK_STREAM", "127.0.0.1", 8080, 80) == "hello"


def test_rules_of_another_version_are_told_from_these_also_after_both_were_there(ends: tuple[Namespace, Namespace]) -> None:
    host, _ = ends
    up = elements_up(PLAN.elements)
    other, other_version = ruleset._table(ruleset.TABLE, ruleset._RULES.replace("counter drop", "drop"))
    for rules, version, fits in ((other, other_version, False), (BASE_RULES, ruleset._VERSION, True), (other, other_version, False)):
        host.run("nft -f -", stdin=rules)
        assert (host.run("nft -f -", stdin=up, check=False).returncode == 0) is fits
        assert (host.run("nft -f -", stdin=elements_present(PLAN.elements), check=False).returncode == 0) is fits
        shown = host.run(f"nft list set {ruleset.TABLE} version").stdout
        assert shown.count("0x") == 1 and version in shown
        assert "10.222.0.2" in host.run(f"nft list set {ruleset.TABLE} guests4").stdout, "a load leaves the containers' elements"
    host.run("nft -f -", stdin=BASE_RULES + up)
