"""The network of running containers: options change it while it runs, connections of others stay, and what others broke is repaired."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from .conftest import Host, wait_until
from .machines import bridge, sh, works

A, B = "nctlivea", "nctliveb"
WEB = """
  networking.firewall.enable = false;
  systemd.services.web = {
    wantedBy = [ "multi-user.target" ];
    serviceConfig.ExecStart = "${pkgs.staticBusybox}/bin/busybox httpd -f -p 80 -h ${pkgs.writeTextDir "index.html" "It works!"}";
  };
  systemd.sockets.echo = { wantedBy = [ "sockets.target" ]; listenStreams = [ "7" ]; socketConfig.Accept = true; };
  systemd.services."echo@".serviceConfig = { StandardInput = "socket"; ExecStart = "${pkgs.staticBusybox}/bin/busybox cat"; };
"""
ADDRESSES = 'hostAddress = "10.213.71.1"; localAddress = "10.213.71.2"; hostAddress6 = "fd00:213:71::1"; localAddress6 = "fd00:213:71::2";'
FORWARD = "forwardPorts = [ {{ hostPort = {}; containerPort = {}; }} ];"
VETH = 'extraVeths.nctlivex = { hostAddress = "10.213.72.1"; localAddress = "10.213.72.2"; MORE };'


def definition(a: str, *, bridged: str = "nctbr71") -> str:
    return f"""
let web = {{ pkgs, ... }}: {{ system.stateVersion = "24.11"; {WEB} }}; in
{{
  containers.{A} = {{ privateNetwork = true; config = web; {a} }};
  containers.{B} = {{ privateNetwork = true; hostBridge = "{bridged}"; localAddress = "10.213.73.2/24"; config = web; }};
}}
"""


BASE = f"{ADDRESSES} {FORWARD.format(28471, 7)} {VETH.replace('MORE', '')}"


@pytest.fixture(scope="module")
def live(host: Host) -> Iterator[Host]:
    with bridge("nctbr71", "10.213.73.1/24"), bridge("nctbr72"):
        host.define(definition(BASE))
        host.switch()
        for name in (A, B):
            host.succeed("start", name)
        assert wait_until(lambda: get("10.213.71.2", 80))
        yield host


@pytest.fixture(autouse=True)
def as_before(live: Host) -> Iterator[None]:
    """Every test begins with the same network, and no container is restarted but where a test asserts it."""
    yield
    live.define(definition(BASE))
    live.switch()


def get(address: str, port: int) -> bool:
    place = f"[{address}]" if ":" in address else address
    return works(f"curl --fail --silent --max-time 2 --noproxy '*' 'http://{place}:{port}/' | grep -q 'It works'")


def pid(host: Host, name: str = A) -> int:
    leader: int = host.json("inspect", name)["running"]["leader"]
    return leader


def change(host: Host, a: str, **more: str) -> list[tuple[str, str, str]]:
    """Switch to a definition; the actions that were planned for running containers, with their reasons."""
    host.define(definition(a, **more))
    planned = host.json("plan", "-c", str(host.definition))["actions"]
    host.switch()
    return [(found["action"], found["container"], found["reason"]) for found in planned if found["action"] != "update"]


@contextmanager
def connection(address: str, port: int) -> Iterator[socket.socket]:
    with socket.create_connection((address, port), timeout=10) as made:
        made.sendall(b"before")
        assert made.recv(10) == b"before"
        yield made


def still_there(connected: socket.socket) -> None:
    connected.sendall(b"after")
    assert connected.recv(10) == b"after"


def test_a_forward_comes_and_goes_and_connections_stay(live: Host) -> None:
    before = pid(live)
    with connection("127.0.0.1", 28471) as connected:
        more = BASE.replace("forwardPorts = [", "forwardPorts = [ { hostPort = 28472; containerPort = 80; }")
        assert change(live, more) == [("reconnect", A, "forwardPorts changed")]
        assert get("127.0.0.1", 28472) and get("10.213.71.1", 28472)
        still_there(connected)
        # The same port of the host, another one of the guest: one transaction.
        moved = more.replace("hostPort = 28472; containerPort = 80", "hostPort = 28472; containerPort = 7")
        assert change(live, moved)[0][0] == "reconnect"
        assert not get("127.0.0.1", 28472)
        with connection("127.0.0.1", 28472):
            pass
        assert change(live, BASE)[0][0] == "reconnect"
        assert not works("nft get element inet nixos-containers forwards4 '{ tcp . 28472 }'")
        still_there(connected)
    assert pid(live) == before
    assert live.run("plan", "-c", str(live.definition)).stdout == "", "nothing is left to do"


def test_a_forward_to_an_extra_pair(live: Host) -> None:
    before = pid(live)
    with_forward = BASE.replace('localAddress = "10.213.72.2";', f'localAddress = "10.213.72.2"; {FORWARD.format(28473, 80)}')
    assert with_forward != BASE and change(live, with_forward)[0][0] == "reconnect"
    assert get("127.0.0.1", 28473) and pid(live) == before


def test_addresses_of_both_ends_and_families(live: Host) -> None:
    before = pid(live)
    other = BASE.replace("10.213.71.1", "10.213.74.1").replace("10.213.71.2", "10.213.74.2").replace("fd00:213:71::", "fd00:213:74::")
    ((action, name, reason),) = change(live, other)
    assert (action, name) == ("reconnect", A) and "localAddress" in reason and "hostAddress6" in reason
    assert get("10.213.74.2", 80) and get("fd00:213:74::2", 80)
    assert not works("ping -n -c 1 -W 1 -I ve-nctlivea 10.213.71.2")
    assert live.succeed("show-ip", A).strip() == "10.213.74.2"
    assert "default via 10.213.74.1 dev eth0" in live.inside(A, "ip", "-4", "route")
    assert "default via fd00:213:74::1 dev eth0" in live.inside(A, "ip", "-6", "route")
    addresses = live.inside(A, "ip", "address") + sh("ip address show ve-nctlivea")
    assert "10.213.71." not in addresses and "fd00:213:71:" not in addresses
    with connection("127.0.0.1", 28471):
        pass
    live.inside(A, "ping", "-n", "-c", "1", "-W", "2", "10.213.74.1")
    # And a guest's reboot, which no command of ours sees, finds the new network.
    live.run("run", A, "--", "systemctl", "reboot")
    assert wait_until(lambda: pid_or_none(live) not in (None, before) and get("10.213.74.2", 80))
    assert "default via 10.213.74.1 dev eth0" in live.inside(A, "ip", "-4", "route")
    with connection("127.0.0.1", 28471):
        pass


def pid_or_none(host: Host) -> int | None:
    found = host.json("inspect", A)["running"]
    return None if found is None else found["leader"]


def test_the_mac_address_and_another_bridge(live: Host) -> None:
    before = pid(live), pid(live, B)
    assert change(live, f'{BASE} localMacAddress = "02:00:00:21:37:01";')[0][0] == "reconnect"
    assert "02:00:00:21:37:01" in live.inside(A, "ip", "link", "show", "eth0")
    assert wait_until(lambda: get("10.213.71.2", 80))
    # Back to no MAC address of one's own: which one it was is nspawn's to know.
    ((action, _, reason),) = change(live, BASE)
    assert action == "restart" and "link set eth0 address" in reason
    assert change(live, BASE, bridged="nctbr72") == [("reconnect", B, "hostBridge changed")]
    assert "master nctbr72" in sh(f"ip link show vb-{B}")
    assert pid(live, B) == before[1]


def test_what_only_a_start_can_change_restarts_and_says_why(live: Host) -> None:
    before = pid(live), pid(live, B)
    more = BASE + ' extraVeths.nctlivey = { hostAddress = "10.213.75.1"; localAddress = "10.213.75.2"; };'
    ((action, name, reason),) = change(live, more)
    assert (action, name) == ("restart", A)
    assert "extraVeths" in reason and "veth pairs are made only at a start" in reason
    assert works("ping -n -c 1 -W 2 10.213.75.2")
    assert pid(live) != before[0] and pid(live, B) == before[1]


def test_a_flushed_packet_filter_is_filled_again_by_the_next_command(live: Host) -> None:
    before = pid(live)
    with connection("127.0.0.1", 28471):
        pass
    sh("nft flush ruleset")
    with pytest.raises(OSError):
        socket.create_connection(("10.213.71.1", 28471), timeout=1)
    said = live.run("doctor")
    assert "packet filter" in said.stdout + said.stderr
    with connection("127.0.0.1", 28471):
        pass
    assert "masquerade" in sh("nft list table inet nixos-containers")
    # Rules of a table that somebody else keeps stay as they are.
    sh("nft add table inet nctother && nft flush table inet nixos-containers && nft delete table inet nctother")
    live.run("switch", "-c", str(live.definition))
    with connection("127.0.0.1", 28471):
        pass
    assert pid(live) == before


@pytest.mark.parametrize(
    "damage",
    [
        "ip address flush dev ve-nctlivea",
        "ip address del 10.213.71.1/32 dev ve-nctlivea",
        "ip -6 address del fd00:213:71::1/128 dev ve-nctlivea",
        "ip route del 10.213.71.2 dev ve-nctlivea",
        "ip -6 route del fd00:213:71::2 dev ve-nctlivea",
        "ip link set ve-nctlivea down",
    ],
)
def test_a_lost_address_or_route_of_the_host_comes_back_with_the_next_command(live: Host, damage: str) -> None:
    sh(damage)
    said = live.switch().stderr
    assert f"the host's end of container ‘{A}’ had lost " in said and "repaired" in said
    assert wait_until(lambda: get("10.213.71.2", 80)) and wait_until(lambda: get("fd00:213:71::2", 80))
    live.inside(A, "ping", "-n", "-c", "1", "-W", "2", "10.213.71.1")
    assert "had lost" not in live.switch().stderr


def test_a_bridge_that_was_made_anew_gets_its_ports_back(live: Host) -> None:
    assert wait_until(lambda: get("10.213.73.2", 80))
    sh("ip link del nctbr71 && ip link add nctbr71 type bridge && ip address add 10.213.73.1/24 dev nctbr71 && ip link set nctbr71 up")
    assert not works("ping -n -c 1 -W 1 -I nctbr71 10.213.73.2")
    said = live.switch().stderr
    assert f"the host's end of container ‘{B}’ had lost the bridge nctbr71; repaired" in said
    assert wait_until(lambda: get("10.213.73.2", 80))


def test_a_port_that_joined_its_bridge_anew_is_guarded_again(live: Host) -> None:
    """The kernel gives a port its own settings at every joining: frames to the bridge itself would go past the packet filter."""
    setting = Path(f"/sys/class/net/vb-{B}/brport/group_fwd_mask")
    assert setting.read_text(encoding="ascii").strip() == "0xfffd"
    sh(f"ip link set vb-{B} nomaster && ip link set vb-{B} master nctbr71")
    assert setting.read_text(encoding="ascii").strip() == "0x0"
    assert f"the host's end of container ‘{B}’ had lost the guard against frames to the bridge itself; repaired" in live.switch().stderr
    assert setting.read_text(encoding="ascii").strip() == "0xfffd"


def test_a_reconnect_that_was_killed_half_way_is_finished_by_the_next(live: Host) -> None:
    """Both networks are known until all of the new one is there."""
    state = Path(f"/run/nixos-containers/.{A}/started.json")
    before, started = pid(live), json.loads(state.read_text(encoding="utf-8"))
    half = json.loads(json.dumps(started["container"]))
    half["network"]["forwardPorts"].append({"hostPort": 28479, "protocol": "tcp", "containerPort": 80})
    state.write_text(json.dumps({**started, "also": [half]}), encoding="utf-8")
    sh("nft add element inet nixos-containers forwards4 '{ tcp . 28479 : 10.213.71.2 . 80 }'")
    assert change(live, BASE.replace("28471", "28474"))[0][0] == "reconnect"
    assert not works("nft get element inet nixos-containers forwards4 '{ tcp . 28479 }'")
    assert not works("nft get element inet nixos-containers forwards4 '{ tcp . 28471 }'")
    with connection("127.0.0.1", 28474):
        pass
    assert pid(live) == before
