"""The planned network on real interfaces: two network namespaces stand for the host and the guest, and packets must arrive.

Nothing of the machine's own network is touched. Needs root, iproute2, nftables and busybox.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from nixos_containers.declare.container import Container, ForwardPort, Network, System
from nixos_containers.plan.network import plan_network
from nixos_containers.plan.ruleset import BASE_RULES, elements_down, elements_up

ROUTED = Network(
    private=True,
    host_address="10.222.0.1",
    local_address="10.222.0.2",
    host_address6="fd22::1",
    local_address6="fd22::2",
    local_mac_address="02:00:00:00:00:17",
    forward_ports=(ForwardPort(8080, "tcp", 80), ForwardPort(5353, "udp", 53)),
)
PLAN = plan_network(Container(name="kernel-test", system=System(path=None), network=ROUTED))


@dataclass(frozen=True)
class Namespace:
    """A network namespace, held by a sleeping process."""

    pid: int

    def run(self, command: str, *, stdin: str = "", check: bool = True) -> subprocess.CompletedProcess[str]:
        words = ["nsenter", "--net", f"--target={self.pid}", "--", "sh", "-c", command]
        done = subprocess.run(words, input=stdin, capture_output=True, text=True, timeout=20, check=False)
        if check:
            assert done.returncode == 0, f"{command}: {done.stderr}{done.stdout}"
        return done

    def python(self, code: str) -> str:
        """Run Python in it; its output."""
        return self.run(f"{shlex.quote(sys.executable)} -c {shlex.quote(code)}").stdout


def _namespace() -> subprocess.Popen[bytes]:
    made = subprocess.Popen(["unshare", "--net", "sh", "-c", "echo; exec sleep 60"], stdout=subprocess.PIPE)
    assert made.stdout is not None
    if not made.stdout.readline():
        pytest.skip("no network namespace can be made here")
    return made


@pytest.fixture(scope="module")
def ends() -> Iterator[tuple[Namespace, Namespace]]:
    """Host and guest, connected and configured exactly as the launcher and the guest's first script do it."""
    if os.geteuid() != 0 or not all(map(shutil.which, ("ip", "nft", "busybox", "nsenter", "ping"))):
        pytest.skip("needs root, iproute2, nftables, busybox and ping")
    processes = [_namespace(), _namespace()]
    host, guest = (Namespace(process.pid) for process in processes)
    try:
        (pair,) = PLAN.pairs
        host.run("ip link set lo up")
        host.run(f"ip link add {pair.host} type veth peer name {pair.guest} netns {guest.pid}")
        said = host.run("ip -force -batch -", stdin="".join(f"{line}\n" for line in PLAN.host_batch))
        assert said.stderr == "", "a line that ip refuses would only be found in a log"
        for file, value in PLAN.link_settings:
            host.run(f"echo {value} > /proc/sys/{file}")
        guest.run("busybox ip link set lo up")
        for name in PLAN.alone:
            guest.run(f"echo 0 > /proc/sys/net/ipv6/conf/{name}/accept_dad")
        for command in PLAN.guest_commands:
            assert guest.run(shlex.join(("busybox", "ip", *command))).stderr == ""
        host.run("nft -f -", stdin=BASE_RULES + elements_up(PLAN.elements))
        yield host, guest
    finally:
        for process in processes:
            process.kill()
            process.wait()


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


def test_the_guest_reaches_itself_by_the_hosts_address(ends: tuple[Namespace, Namespace]) -> None:
    ends[0].run("echo 1 > /proc/sys/net/ipv4/ip_forward")  # a packet that comes back is a forwarded one
    assert asked(*ends, "SOCK_STREAM", "10.222.0.1", 8080, 80, asker=ends[1]) == "hello"


def test_the_guest_cannot_reach_the_hosts_own_loopback(ends: tuple[Namespace, Namespace]) -> None:
    host, guest = ends
    guest.run("ip route add 127.0.0.9/32 via 10.222.0.1 dev eth0 table 77; ip rule add to 127.0.0.9 table 77 pref 0", check=False)
    assert guest.run("ping -c 1 -w 1 127.0.0.9 -I eth0", check=False).returncode != 0
    counted = host.run("nft list table inet nixos-containers").stdout
    assert 'iifname != "lo" ip daddr 127.0.0.0/8 drop' in counted


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
