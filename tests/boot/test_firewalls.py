"""Other firewalls of the host that drop what goes through it: containers get through, the owner's rules stay, and ours go again.

Each firewall is real, of the kind that a program sets up; a network namespace stands for another machine of the host's LAN.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from .conftest import Host, wait_until
from .machines import Machine, machine, sh
from .test_network_core import SERVE, ask, ask_inside

HOST, HOST6, FAR, FAR6 = "10.213.210.1", "fd00:213:210::1", "10.213.210.2", "fd00:213:210::2"
DEFINITION = (
    """
{ PASS
  networking.containers.networks.nctfwnet = { subnet = "10.213.212.0/24"; subnet6 = "fd00:213:212::/64"; };
  containers.nctfw = {
    privateNetwork = true;
    hostAddress = "10.213.211.1"; localAddress = "10.213.211.2"; hostAddress6 = "fd00:213:211::1"; localAddress6 = "fd00:213:211::2";
    forwardPorts = [ { hostPort = 28600; containerPort = 80; } ];
    config = { pkgs, ... }: {"""
    + SERVE
    + """    };
  };
  containers.nctfwmember = {
    networks = [ "nctfwnet" ];
    config = { };
  };
}
"""
)
# What answers at the other machine's port 80.
FAR_SERVER = (
    'exec python3 -c \'import socket; s = socket.create_server(("::", 80), family=socket.AF_INET6, dualstack_ipv6=True)\n'
    "while True:\n c, p = s.accept(); c.sendall(p[0].encode()); c.close()'"
)


@dataclass(frozen=True)
class Firewall:
    """How it is set up, what shows all its rules, how it is reloaded by its owner, and how it goes."""

    needs: str
    up: str
    show: str
    reload: str
    down: str


NFT_TABLE = """nft -f - <<'END'
table inet nctwall {
  chain forward { type filter hook forward priority filter; policy POLICY
    ct state invalid drop
    ip daddr 10.213.210.66 drop
    LAST
  }
}
END"""
# As Docker and libvirt, ufw, and the iptables service of some distributions leave them.
DOCKER = """for t in TOOLS; do
  $t -N DOCKER-USER; $t -A DOCKER-USER -j RETURN; $t -A FORWARD -j DOCKER-USER; $t -A FORWARD -o docker0 -j ACCEPT; $t -P FORWARD DROP
done"""
UFW = """for t in TOOLS; do
  for c in before after after-logging reject; do $t -N ufw-$c-forward; $t -A FORWARD -j ufw-$c-forward; done
  $t -A ufw-before-forward -d $($t -V | grep -q ^ip6 && echo fd00:213:210::66 || echo 10.213.210.66) -j DROP
  $t -A ufw-after-logging-forward -j LOG --log-prefix nctufw; $t -A ufw-reject-forward -j REJECT; $t -P FORWARD DROP
done"""
SERVICE = "for t in TOOLS; do $t -A FORWARD -i nctabsent -j ACCEPT; $t -A FORWARD -j REJECT; done"


def iptables(kind: str, up: str) -> Firewall:
    tools = f"iptables-{kind} ip6tables-{kind}"
    down = f"for t in {tools}; do $t -P FORWARD ACCEPT; $t -F; $t -X; done"
    return Firewall(
        f"iptables-{kind}", up.replace("TOOLS", tools), f"for t in {tools}; do $t -S; done", f"{down}; {up.replace('TOOLS', tools)}", down
    )


def table(policy: str, last: str) -> Firewall:
    up = NFT_TABLE.replace("POLICY", policy).replace("LAST", last)
    return Firewall("nft", up, "nft list table inet nctwall", f"nft delete table inet nctwall; {up}", "nft delete table inet nctwall")


FIREWALLS = {
    "nftables, policy drop": table("drop;", ""),
    "nftables, a last rule that rejects": table("accept;", "counter log prefix nctwall reject with icmpx admin-prohibited"),
    "iptables-nft, as Docker": iptables("nft", DOCKER),
    "iptables-nft, as ufw": iptables("nft", UFW),
    "iptables-legacy, a last rule that rejects": iptables("legacy", SERVICE),
}


@pytest.fixture(scope="module")
def lan() -> Iterator[Machine]:
    """A machine that knows the host only: no route to any container."""
    with machine() as far:
        far.cable("nctfwlan", "eth0", f"{FAR}/24", f"{FAR6}/64")
        sh(f"ip address add {HOST}/24 dev nctfwlan && ip address add {HOST6}/64 dev nctfwlan nodad")
        server = subprocess.Popen(far.command(FAR_SERVER))
        yield far
        server.kill()
        server.wait()


@pytest.fixture(scope="module")
def walled(host: Host, lan: Machine) -> Host:
    if any(entry["state"] == "up" for entry in host.json("list")):
        pytest.skip("containers of this machine's owner are up: whether other firewalls let them through was looked at when they started")
    host.define(DEFINITION.replace("PASS", ""))
    host.switch()
    return host


def all_come_through(host: Host, lan: Machine) -> None:
    wait_until(lambda: ask("10.213.211.2", 80))
    for here, there in ((HOST, FAR), (HOST6, FAR6)):
        assert ask_inside(host, "nctfw", there, 80) in (here, f"::ffff:{here}"), "out, by the host's address"
        assert ask(here, 28600, at=lan) == f"nctfw 80 {there}", "in, by a forwarded port"
        host.inside("nctfwmember", "ping", "-c", "1", "-W", "2", there)


@pytest.mark.parametrize("kind", FIREWALLS)
def test_containers_get_through_and_the_firewall_is_left_as_it_was(walled: Host, lan: Machine, kind: str) -> None:
    wall = FIREWALLS[kind]
    if shutil.which(wall.needs) is None:
        pytest.skip(f"{wall.needs} is not installed: make test-setup")
    sh(wall.up)
    try:
        before = sh(wall.show)
        said = walled.run("start", "nctfw", "nctfwmember").stderr
        assert said.count("lets those of containers through") >= 1, said
        all_come_through(walled, lan)
        dropped = walled.run("run", "nctfw", "--", "ping", "-c", "1", "-W", "1", "10.213.210.66")
        assert dropped.returncode == 1 and "nreachable" not in dropped.stdout, "what the owner's rules drop is dropped"
        assert sh(wall.show).count("nixos-containers") in (1, 2)
        sh(wall.reload)
        assert "nixos-containers" not in sh(wall.show)
        begun = time.monotonic()
        walled.succeed("start", "nctfwmember")  # any command that changes something
        assert time.monotonic() - begun < 5
        all_come_through(walled, lan)
        walled.succeed("stop", "nctfw")
        assert "nixos-containers" in sh(wall.show), "one is left"
        walled.succeed("stop", "nctfwmember")
        after = sh(wall.show)
        assert "nixos-containers" not in after
        assert [line.split("counter")[0] for line in after.splitlines()] == [line.split("counter")[0] for line in before.splitlines()]
        walled.succeed("start", "nctfw")  # a start that repeats an earlier one
        assert ask_inside(walled, "nctfw", FAR, 80) is not None
    finally:
        walled.run("stop", "nctfw", "nctfwmember")
        sh(wall.down)


def test_a_firewall_that_comes_later_is_opened_by_doctor(walled: Host, lan: Machine) -> None:
    wall = FIREWALLS["nftables, policy drop"]
    walled.succeed("start", "nctfw")
    sh(wall.up)
    try:
        assert ask(HOST, 28600, at=lan) is None and ask(HOST, 28600) is not None
        assert "nctwall" in walled.run("doctor").stdout
        assert ask(HOST, 28600, at=lan) is not None
        assert "nctwall" not in walled.run("doctor").stdout
    finally:
        walled.succeed("terminate", "nctfw")
        left = sh(wall.show)
        sh(wall.down)
    assert "nixos-containers" not in left


def test_who_wants_to_do_it_himself_is_told_the_command(walled: Host, lan: Machine) -> None:
    wall = FIREWALLS["nftables, policy drop"]
    walled.define(DEFINITION.replace("PASS", "networking.containers.passFirewalls = false;"))
    walled.switch()
    sh(wall.up)
    try:
        said = walled.run("start", "nctfw").stderr
        assert "nctwall" in said and "nft add rule inet nctwall forward" in said
        assert "nixos-containers" not in sh(wall.show)
        (found,) = [each for each in json.loads(walled.run("doctor", "--json").stdout)["findings"] if "nctwall" in each["what"]]
        sh(found["remedy"])
        assert ask(HOST, 28600, at=lan) is not None and ask_inside(walled, "nctfw", FAR, 80) is not None
    finally:
        walled.run("stop", "nctfw")
        sh(wall.down)


INPUT_TABLE = """nft -f - <<'END'
table inet nctwall {
  chain input { type filter hook input priority filter; policy drop;
    iif lo accept
    ct state established,related accept
    meta l4proto ipv6-icmp accept
    tcp dport 22 accept
  }
}
END"""
# As ufw leaves it; what `ufw allow in on` adds, it adds to a chain that INPUT comes to by others.
UFW_INPUT = """for t in iptables-nft ip6tables-nft; do
  for c in before after after-logging reject; do $t -N ufw-$c-input; $t -A INPUT -j ufw-$c-input; done
  $t -A ufw-before-input -i lo -j ACCEPT; $t -A ufw-before-input -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
  $t -N ufw-user-input; $t -A ufw-before-input -p tcp --dport 22 -j ACCEPT; $t -A ufw-before-input -j ufw-user-input; $t -P INPUT DROP
done"""
UFW_INPUT_DOWN = "for t in iptables-nft ip6tables-nft; do $t -P INPUT ACCEPT; $t -F; $t -X; done"
UFW_STAND_IN = "for t in iptables-nft ip6tables-nft; do $t -A ufw-user-input -i cb-nctfwnet -j ACCEPT; done"


# A question for the address of nctfw.containers (RFC 1035), asked in the member's network.
ASK_DNS = """import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(2); s.connect(("10.213.212.1", 53))
name = bytes([5]) + b"nctfw" + bytes([10]) + b"containers" + bytes(1)
s.send(bytes.fromhex("4e4301000001000000000000") + name + bytes.fromhex("00010001")); s.recv(512)"""


@pytest.mark.parametrize(
    ("up", "down", "words", "instead"),
    [
        (INPUT_TABLE, "nft delete table inet nctwall", "nft insert rule inet nctwall input iifname cb-nctfwnet accept", None),
        (UFW_INPUT, UFW_INPUT_DOWN, "ufw allow in on cb-nctfwnet", UFW_STAND_IN),
    ],
    ids=["nftables", "ufw"],
)
def test_a_network_whose_name_server_another_firewall_hides_is_told_the_command(
    walled: Host, up: str, down: str, words: str, instead: str | None
) -> None:
    if instead is not None and shutil.which("iptables-nft") is None:
        pytest.skip("iptables-nft is not installed: make test-setup")
    # Another one each time: a start that repeats an earlier one does not look.
    more = f"dns = true; isolated = {'true' if instead else 'false'};"
    walled.define(DEFINITION.replace("PASS", "").replace('subnet = "10.213.212.0/24";', f'subnet = "10.213.212.0/24"; {more}'))
    walled.switch()

    def answered() -> bool:
        leader = walled.json("status", "nctfwmember")["leader"]
        command = ["nsenter", f"--net=/proc/{leader}/ns/net", "--", sys.executable, "-c", ASK_DNS]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0

    def findings() -> list[str]:
        every = json.loads(walled.run("doctor", "--json").stdout)["reachability"]
        return [step["remedy"] for reach in every for step in reach["steps"] if step["name"] == "the host's services" and step["problem"]]

    sh(up)
    try:
        said = walled.run("start", "nctfwmember").stderr
        assert words in said and "cb-nctfwnet" in said, said
        remedy = next(remedy for remedy in findings() if words in remedy)
        assert not answered(), "it really does not answer"
        sh(instead or remedy)
        assert answered()
        assert findings() == []
        walled.succeed("stop", "nctfwmember")
        assert words not in walled.run("start", "nctfwmember").stderr
    finally:
        walled.run("stop", "nctfwmember")
        sh(down)
