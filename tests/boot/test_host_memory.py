"""What a host is told for containers only is as it was when the last has gone: after every kind of death, and beside its owner's own wishes."""

from __future__ import annotations

import fcntl
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from nixos_containers.base.paths import Paths

from .conftest import Host, wait_until
from .machines import sh, works
from .test_network_core import setting, settings, unneeded

NAT, MEMBER = "nctmemory", "nctmemmember"
DEFINITION = """
{
  networking.containers.networks.nctmemnet = { subnet = "10.213.221.0/24"; subnet6 = "fd00:213:221::/64"; };
  containers.nctmemory = {
    privateNetwork = true;
    hostAddress = "10.213.220.1"; localAddress = "10.213.220.2"; hostAddress6 = "fd00:213:220::1"; localAddress6 = "fd00:213:220::2";
    forwardPorts = [ { hostPort = 28700; containerPort = 80; } ];
    config = { };
  };
  containers.nctmemmember = { networks = [ "nctmemnet" ]; config = { }; };
}
"""
FORWARDING = ("net/ipv4/ip_forward", "net/ipv6/conf/all/forwarding")


@pytest.fixture(scope="module")
def remembering(host: Host) -> Iterator[Host]:
    if unneeded() == "1":
        pytest.skip("containers of this machine's owner need forwarding")
    with settings(net__ipv4__ip_forward="0", net__ipv6__conf__all__forwarding="0"):
        host.define(DEFINITION)
        host.switch()
        yield host
        host.remove_everything()


def forwards() -> str:
    return "".join(setting(file) for file in FORWARDING)


def kill_all(*names: str) -> None:
    """SIGKILL to the supervisor and to systemd-nspawn of each, in this order."""
    pids = [int(Path(f"/run/nixos-containers/.{name}/{kind}.pid").read_text()) for name in names for kind in ("launcher", "nspawn")]
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids))


def test_two_that_were_killed_leave_nothing_behind_the_next_command(remembering: Host) -> None:
    remembering.succeed("start", NAT, MEMBER)
    assert forwards() == "11"
    kill_all(NAT)
    remembering.run("doctor")
    assert forwards() == "11", "one is left"
    assert "10.213.220.2" not in sh("nft list table inet nixos-containers")
    kill_all(MEMBER)
    remembering.run("doctor")
    assert forwards() == "00"
    assert not works("ip link show cb-nctmemnet") and "10.213.221" not in sh("nft list ruleset")


def test_of_two_the_last_one_puts_it_back_whoever_ends_it(remembering: Host) -> None:
    remembering.succeed("start", NAT, MEMBER)
    remembering.succeed("terminate", MEMBER)
    assert forwards() == "11"
    remembering.run("run", NAT, "--", "systemctl", "poweroff")
    wait_until(lambda: forwards() == "00")


def test_what_the_owner_wants_for_good_meanwhile_stays(remembering: Host) -> None:
    wish = Path("/run/sysctl.d/nct-forwarding.conf")
    made = not wish.parent.exists()
    for stop in ("stop", "poweroff"):  # by a command, and by the launcher's shell
        remembering.succeed("start", NAT)
        wish.parent.mkdir(exist_ok=True)
        wish.write_text("# of a test\nnet.ipv4.ip_forward = 1\n", encoding="ascii")
        try:
            if stop == "stop":
                remembering.succeed("stop", NAT)
            else:
                remembering.run("run", NAT, "--", "systemctl", "poweroff")
            wait_until(lambda: setting(FORWARDING[1]) == "0")
            assert forwards() == "10"
        finally:
            wish.unlink()
            if made:
                wish.parent.rmdir()
            Path("/proc/sys/" + FORWARDING[0]).write_text("0", encoding="ascii")


def test_a_flushed_ruleset_is_whole_again_after_the_next_command(remembering: Host) -> None:
    """As `systemctl reload nftables` leaves it: forwards, NAT, the rules between networks and those against false addresses."""
    remembering.succeed("start", NAT, MEMBER)

    before = sh("nft -s list table inet nixos-containers")  # the bridge's table has sets of the same names
    assert "28700" in before and "cb-nctmemnet" in before and "10.213.221" in before
    sh("nft delete table inet nixos-containers; nft delete table bridge nixos-containers")
    remembering.succeed("start", NAT)  # it runs: only what others did is put right
    for set_name in ("forwards4", "nat4", "nat6", "home4", "sources4", "shared", "guarded", "allowed"):
        was = _elements(before, set_name)
        assert was and _elements(sh("nft -s list table inet nixos-containers"), set_name) == was, set_name
    assert "vb-nctmemmember" in sh("nft list table bridge nixos-containers")
    remembering.succeed("stop", NAT, MEMBER)


def test_rules_that_another_command_is_changing_are_left_to_it(remembering: Host) -> None:
    """Or a forward that a `switch` has just taken out would come back for good."""
    remembering.succeed("start", NAT)
    before = _elements(sh("nft -s list table inet nixos-containers"), "forwards4")
    assert "tcp . 28700 : 10.213.220.2 . 80" in before
    with open(Paths().lock(NAT), "a", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        sh("nft delete element inet nixos-containers forwards4 '{ tcp . 28700 }'")
        remembering.run("doctor")
        assert not _elements(sh("nft -s list table inet nixos-containers"), "forwards4")
    remembering.run("doctor")
    assert _elements(sh("nft -s list table inet nixos-containers"), "forwards4") == before
    remembering.succeed("stop", NAT)


def _elements(ruleset: str, name: str) -> set[str]:
    block = ruleset.partition(f" {name} {{")[2].partition("\n\t}")[0]
    return {word.strip() for word in block.partition("elements = {")[2].rpartition("}")[0].replace("\n", " ").split(",") if word.strip()}
