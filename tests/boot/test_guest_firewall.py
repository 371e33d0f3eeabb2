"""The guest's packet filter with NixOS's options, by packets: one guest, whose definition changes while it runs.

No service listens in it. A port that is let through refuses at once (there is nobody), one that is filtered says nothing. Behind the
guest, on a bridge, is a machine for which it is the router.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from itertools import pairwise

import pytest

from .conftest import Host, wait_until
from .machines import Machine, bridge, machine, sh, works

NAME = "nctfw"
OUTER, OUTER6, INNER, BEHIND = "10.213.60.2", "fd00:213:60::2", "10.213.61.2", "10.213.61.9"
DEFINITION = """{ containers.nctfw = {
  autoStart = true;
  privateNetwork = true;
  hostAddress = "10.213.60.1"; localAddress = "10.213.60.2";
  hostAddress6 = "fd00:213:60::1"; localAddress6 = "fd00:213:60::2";
  allowedSources = [ "10.213.60.1" ]; # it is a router: answers of the host go by it to the bridge
  extraVeths.inner = { hostBridge = "nctbrfw"; localAddress = "10.213.61.2/24"; };
  config = { lib, pkgs, ... }: {
    system.stateVersion = "24.11";
    environment.systemPackages = [ pkgs.iptables pkgs.ulogd2 ];
    networking = { %s };
  };
}; }"""

FIRST = """
  firewall = {
    allowedTCPPorts = [ 80 ];
    allowedTCPPortRanges = [ { from = 9000; to = 9002; } ];
    allowedUDPPorts = [ 53 ];
    allowedUDPPortRanges = [ { from = 6000; to = 6001; } ];
    interfaces.inner.allowedTCPPorts = [ 9100 ];
    extraInputRules = ''tcp dport 81 log group 32 prefix "mine: " accept'';
    logRefusedConnections = true;
    pingLimit = "--limit 1/minute --limit-burst 2";
  };
"""
SECOND = """
  firewall = {
    allowPing = false;
    rejectPackets = true;
    trustedInterfaces = [ "inner" ];
    logRefusedPackets = true;
    logRefusedUnicastsOnly = false;
    checkReversePath = "loose";
    logReversePathDrops = true;
    filterForward = true;
  };
  nat = {
    enable = true; externalInterface = "eth0"; internalInterfaces = [ "inner" ];
    forwardPorts = [ { sourcePort = 8080; destination = "10.213.61.9:80"; } ];
  };
"""
THIRD = """
  firewall = {
    allowedTCPPorts = [ 80 ];
    extraCommands = "iptables -A nixos-fw -p tcp --dport 82 -j nixos-fw-accept";
    logRefusedConnections = true;
  };
"""
FOURTH = """
  nftables = {
    enable = true;
    flushRuleset = false;
    tables.mine = { family = "inet"; content = "chain prerouting { type filter hook prerouting priority 0; tcp dport 84 counter drop comment \\"mine\\"; }"; };
    ruleset = "table inet more { }";
  };
  firewall = { allowedTCPPorts = [ 83 84 ]; checkReversePath = false; filterOutput = { enabled = true; allowedTCPPorts = [ 28460 ]; }; };
"""


@pytest.fixture(scope="module")
def behind(host: Host) -> Iterator[Machine]:
    """The guest runs, with a machine behind it."""
    with bridge("nctbrfw"), machine() as made:
        made.cable("nctbehind", "eth0", f"{BEHIND}/24", master="nctbrfw")
        made.run(f"ip route add default via {INNER}")
        host.define(DEFINITION % FIRST)
        host.switch()
        yield made
        host.remove_everything()


def switch(host: Host, networking: str) -> None:
    host.define(DEFINITION % networking)
    said = host.switch().stderr
    assert "restart nctfw" not in said, said


def tcp(port: int, address: str = OUTER) -> str:
    """open, closed (let through, nobody listens) or filtered."""
    try:
        socket.create_connection((address, port), timeout=0.4).close()
    except TimeoutError:
        return "filtered"
    except ConnectionRefusedError:
        return "closed"
    return "open"


def said_by(port: int) -> bytes:
    try:
        with socket.create_connection((OUTER, port), timeout=3) as connection:
            return connection.recv(16)
    except OSError:
        return b""


def udp(port: int) -> str:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.settimeout(0.4)
        asking.connect((OUTER, port))
        asking.send(b"?")
        try:
            asking.recv(16)
        except TimeoutError:
            return "filtered"
        except ConnectionRefusedError:
            return "closed"
    return "open"


def counted(host: Host, meaning: str) -> int:
    found = host.json("network", "show", NAME)["counters"]
    return sum(counter["packets"] for counter in found if counter["meaning"] == meaning)


def journal(host: Host) -> str:
    return host.inside(NAME, "journalctl", "-u", "firewall-log", "-o", "cat", "--no-pager")


def test_ports_and_ranges(host: Host, behind: Machine) -> None:
    assert [tcp(port) for port in (80, 79, 9000, 9002, 9003)] == ["closed", "filtered", "closed", "closed", "filtered"]
    assert tcp(80, OUTER6) == "closed" and tcp(79, OUTER6) == "filtered"
    assert [udp(port) for port in (53, 54, 6001, 6002)] == ["closed", "filtered", "closed", "filtered"]


def test_a_port_of_one_interface_and_a_rule_of_ones_own(host: Host, behind: Machine) -> None:
    assert tcp(9100) == "filtered" and tcp(81) == "closed"
    probe = f"timeout 1 bash -c 'echo > /dev/tcp/{INNER}/%d' 2>&1"
    assert "refused" in behind.run(f"{probe % 9100} || true")
    assert "refused" not in behind.run(f"{probe % 9101} || true")


def test_pings_up_to_a_limit(host: Host, behind: Machine) -> None:
    # Each a flow of its own: what belongs to an accepted one is let through.
    answered = [works(f"ping -n -c 1 -W 0.3 {OUTER}") for _ in range(4)]
    assert 1 <= answered.count(True) <= 2 and not answered[-1]
    assert sh(f"ping -n -c 4 -i 0.2 -W 1 {OUTER6} | grep -c 'bytes from'").strip() == "4"


def test_what_is_refused_is_counted_and_logged(host: Host, behind: Machine) -> None:
    before = counted(host, "refused packets")
    assert tcp(7777) == "filtered"
    assert counted(host, "refused packets") > before
    assert "refused packets" in host.succeed("network", "show", NAME)
    line = wait_until(lambda: [line for line in journal(host).splitlines() if "DPT=7777" in line])[0]
    assert "refused connection: " in line and "IN=eth0" in line and "SRC=10.213.60.1" in line and "PROTO=TCP" in line
    assert "mine: " in journal(host), "rules of the person's own may log there, too"


def test_reject_trust_reverse_paths_and_forwarding(host: Host, behind: Machine) -> None:
    switch(host, SECOND)
    assert tcp(80) == "closed" and tcp(4000) == "closed", "refused with an answer"
    assert not sh(f"ping -n -c 1 -W 0.4 {OUTER} | grep 'bytes from'", check=False)
    assert sh(f"ping -n -c 1 -W 1 {OUTER6} | grep 'bytes from'")
    assert behind.works(f"ping -n -c 1 -W 1 {INNER}"), "a trusted interface"
    assert wait_until(lambda: "refused packet: " in journal(host))
    # The guest is the machine's router, translates its address, and forwards a port to it.
    assert behind.works("ping -n -c 1 -W 1 10.213.60.1")
    behind.run("timeout 20 busybox nc -l -p 80 -e echo hello > /dev/null 2>&1 &")
    assert wait_until(lambda: said_by(8080) == b"hello\n")
    # From an address that the guest has no route for, even loosely: it has a default route, so nothing is lost.
    assert counted(host, "refused by the reverse path filter") == 0


def test_iptables_commands(host: Host, behind: Machine) -> None:
    """extraCommands are iptables commands: then all of the filter is."""
    switch(host, THIRD)
    assert [tcp(port) for port in (80, 81, 82)] == ["closed", "filtered", "closed"]
    assert "nixos-fw" in host.inside(NAME, "iptables", "-S") and "inet nixos-fw" not in host.inside(NAME, "nft", "list", "tables")
    assert tcp(7779) == "filtered"
    assert wait_until(lambda: "DPT=7779" in journal(host))


def test_nftables_and_a_mistake_in_it(host: Host, behind: Machine) -> None:
    switch(host, FOURTH)
    assert [tcp(port) for port in (83, 84, 85)] == ["closed", "filtered", "filtered"]
    assert counted(host, "mine") >= 1
    with socket.create_server(("10.213.60.1", 28460)), socket.create_server(("10.213.60.1", 28461)):
        ask = "timeout 1 bash -c 'echo > /dev/tcp/10.213.60.1/%d' 2>&1; echo"
        seen = [counted(host, "refused outgoing packets")]
        for port in (28460, 28461):
            host.inside(NAME, "bash", "-c", ask % port)
            seen.append(counted(host, "refused outgoing packets"))
    assert [after > before for before, after in pairwise(seen)] == [False, True]
    tables = host.inside(NAME, "nft", "list", "tables")
    assert "table inet more" in tables
    assert "nixos-fw" not in host.inside(NAME, "iptables", "-S"), "what iptables made is gone"
    host.define(DEFINITION % FOURTH.replace("table inet more { }", "table inet more { nonsense }"))
    assert host.run("switch", "-c", str(host.definition)).returncode != 0
    assert [tcp(port) for port in (83, 85)] == ["closed", "filtered"], "the old rules are in force"


def test_off(host: Host, behind: Machine) -> None:
    switch(host, "firewall.enable = false;")
    assert wait_until(lambda: tcp(85) == "closed")
    assert host.json("network", "show", NAME)["counters"] == []
