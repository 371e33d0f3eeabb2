"""What members of one shared network reach of the host: each what its own `hostFirewall` says, and nobody what another's says."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from nixos_containers.base import process
from nixos_containers.base.paths import Paths
from nixos_containers.declare.container import HostFirewall, Network
from nixos_containers.declare.shared import Membership, SharedNetwork
from nixos_containers.plan.bridges import network_files
from nixos_containers.plan.facts import Host
from nixos_containers.plan.network import NetworkPlan
from nixos_containers.plan.ruleset import BASE_RULES, BRIDGE_RULES, BRIDGE_TABLE, elements_down, elements_up
from nixos_containers.run import bridges

from .namespaces import Namespace, cable, connect, namespaces, need_programs, planned

SHARED = SharedNetwork("ktguard", subnet="10.78.0.0/24", subnet6="fd78::/64")
BRIDGE = "cb-ktguard"
PORTS = (7001, 7002)
_SERVE = f"""
import selectors, socket
ready = selectors.DefaultSelector()
for port in {PORTS!r}:
    server = socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True)
    ready.register(server, selectors.EVENT_READ)
print("up", flush=True)
while True:
    for key, _ in ready.select():
        key.fileobj.accept()[0].close()
"""
_ASK = """
import socket, sys
for address in ("10.78.0.1", "fd78::1"):
    for port in sys.argv[1:]:
        try:
            socket.create_connection((address, int(port)), timeout=2).close()
        except OSError:
            continue
        print(port)
"""
FIREWALLS = {
    "one": HostFirewall(tcp_ports=(7001,)),
    "two": HostFirewall(tcp_ports=(7002,)),
    "free": HostFirewall(enable=False),
    "loose": HostFirewall(),
}


@dataclass(frozen=True)
class Members:
    host: Namespace
    guests: dict[str, Namespace]
    plans: dict[str, NetworkPlan]
    stranger: Namespace

    def reached(self, who: Namespace) -> list[str]:
        """Ports of the host, twice where by IPv4 and by IPv6."""
        return sorted(who.python(_ASK, *map(str, PORTS)).split())

    def mac(self, name: str) -> str:
        mac = self.plans[name].pairs[0].config.local_mac_address
        assert mac is not None
        return mac


def files() -> dict[str, str]:
    return network_files(SHARED, Host(), directory="/nowhere", dnsmasq=None)


@pytest.fixture(scope="module")
def members() -> Iterator[Members]:
    need_programs("bridge")
    with namespaces(6) as (host, stranger, *others):
        guests = dict(zip(FIREWALLS, others, strict=True))
        batch = files()["links"]
        assert host.run("ip -force -batch -", stdin=batch).stderr == ""
        plans = {}
        for number, (name, firewall) in enumerate(FIREWALLS.items()):
            membership = Membership(SHARED, f"10.78.0.{10 + number}", f"fd78::{10 + number}")
            plans[name] = planned(
                name, Network(private=True, networks=(membership,), host_firewall=firewall, anti_spoofing=name != "loose")
            )
            connect(host, guests[name], plans[name])
        cable(host, stranger, "lan0", "10.78.0.9/24", "fd78::9/64", master=BRIDGE)
        host.run("nft -f -", stdin=BASE_RULES)
        host.run("nft -f -", stdin=files()["filter.up"])
        for plan in plans.values():
            host.run("nft -f -", stdin=elements_up(plan.elements))
        everything = tuple(element for plan in plans.values() for element in plan.bridge_elements)
        if host.run("nft -f -", stdin=BRIDGE_RULES, check=False).returncode != 0:
            pytest.skip("this kernel's packet filter does not look at bridges (CONFIG_NF_TABLES_BRIDGE)")
        host.run("nft -f -", stdin=elements_up(everything, BRIDGE_TABLE))
        with subprocess.Popen(host.command(sys.executable, "-c", _SERVE), stdout=subprocess.PIPE, text=True) as server:
            assert server.stdout is not None and server.stdout.readline() == "up\n"
            try:
                yield Members(host, guests, plans, stranger)
            finally:
                server.kill()
        for plan in plans.values():
            host.run("nft -f -", stdin=elements_down(plan.elements))
        host.run("nft -f -", stdin=elements_down(everything, BRIDGE_TABLE))
        assert "elements" not in host.run("nft list table bridge nixos-containers | sed '/set version/,/}/d'").stdout


@pytest.mark.parametrize(
    ("name", "ports"), [("one", ["7001", "7001"]), ("two", ["7002", "7002"]), ("free", ["7001", "7001", "7002", "7002"]), ("loose", [])]
)
def test_each_member_reaches_what_its_own_definition_opens(members: Members, name: str, ports: list[str]) -> None:
    assert members.reached(members.guests[name]) == ports


def test_who_is_no_member_reaches_nothing(members: Members) -> None:
    assert members.reached(members.stranger) == []
    members.stranger.run("ping -c 1 -w 5 10.78.0.1")


@pytest.mark.parametrize("name", ["loose", None])
def test_nobody_takes_the_mac_address_of_a_member_that_may_more(members: Members, name: str | None) -> None:
    """Also not who may send from any address (`antiSpoofing = false`), nor another machine on the bridge."""
    who = members.stranger if name is None else members.guests[name]
    own = who.run("cat /sys/class/net/eth0/address").stdout.strip()
    try:
        who.run(f"ip link set eth0 address {members.mac('free')}")
        assert members.reached(who) == []
        who.run("ip link set eth0 address 02:00:00:00:77:01")
        if name is not None:
            who.run("ping -c 1 -w 5 10.78.0.1")  # without anti-spoofing any other
        assert members.reached(who) == []
    finally:
        who.run(f"ip link set eth0 address {own}")
    assert members.reached(members.guests["free"]) == ["7001", "7001", "7002", "7002"]


def test_behind_a_pair_of_its_own_a_members_mac_address_opens_nothing(members: Members) -> None:
    """There nothing holds a guest to its own."""
    routed = planned(
        "kt", Network(private=True, host_address="10.79.0.1", local_address="10.79.0.2", local_mac_address=members.mac("free"))
    )
    with namespaces(1) as (guest,):
        connect(members.host, guest, routed)
        members.host.run("nft -f -", stdin=elements_up(routed.elements))
        guest.run("ping -c 1 -w 5 10.79.0.1")
        assert members.reached(guest) == []
        members.host.run("nft -f -", stdin=elements_down(routed.elements))


@pytest.mark.parametrize("flushed", [False, True])
def test_the_guard_stands_while_the_network_changes(
    members: Members, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *, flushed: bool
) -> None:
    """What another definition, or another version of ours, put in is replaced at once, without waiting for the start of a member."""
    paths = Paths(str(tmp_path))
    directory = Path(paths.network(SHARED.name))
    directory.mkdir(parents=True)
    before = (("shared", f'"{BRIDGE}"'), ("guarded", f'"{BRIDGE}"'), ("allowed", f'"{BRIDGE}" . tcp . 7001'))
    (directory / "filter.down").write_text(elements_down(before))
    members.host.run("nft -f -", stdin=elements_up(before))
    assert members.reached(members.guests["two"]) == ["7001", "7001", "7002", "7002"]
    if flushed:
        members.host.run("nft flush table inet nixos-containers")
    seen = []

    def run(words: list[str], *, stdin: str = "", check: bool = True) -> CompletedProcess[str]:
        done = members.host.run(" ".join(words), stdin=stdin, check=check)
        seen.append((BRIDGE in members.host.run("nft list set inet nixos-containers guarded").stdout, done.returncode))
        return done

    exists = os.path.exists
    monkeypatch.setattr(os.path, "exists", lambda path: path == f"/sys/class/net/{BRIDGE}" or exists(path))
    monkeypatch.setattr(process, "run", run)
    bridges._write(paths, SHARED, Host(), None)
    assert seen == [(True, 0)]
    if flushed:
        members.host.run("nft -f -", stdin=BASE_RULES)
    assert members.reached(members.guests["two"]) == ["7002", "7002"]


def test_what_somebody_takes_from_a_networks_elements_comes_back(members: Members, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    paths = Paths(str(tmp_path))
    directory = Path(paths.network(SHARED.name))
    directory.mkdir(parents=True)
    for name, text in {**files(), "running": ""}.items():
        (directory / name).write_text(text)
    monkeypatch.setattr(process, "run", lambda words, *, stdin="", check=True: members.host.run(" ".join(words), stdin=stdin, check=check))
    assert not bridges._guard_again(paths, SHARED.name)
    members.host.run(f"nft delete element inet nixos-containers guarded '{{ \"{BRIDGE}\" }}'")
    assert members.reached(members.guests["one"]) == ["7001", "7001", "7002", "7002"]
    assert bridges._guard_again(paths, SHARED.name)
    assert members.reached(members.guests["one"]) == ["7001", "7001"]
