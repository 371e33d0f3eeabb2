"""Containers of a host with systemd: units, systemctl, machinectl, the journal, and the next boot.

The tests tell one story, in this order; the systems are built outside, so that the host needs no network.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from nixos_containers.base.paths import Paths

from .conftest import SystemdHost, build, wait_until

NAME = "nctunit"
UNIT = f"container@{NAME}"
DEFINITION = """
{ ... }:
{
  networking.containers.networks.nctunits = { subnet = "10.213.78.0/24"; subnet6 = "fd00:213:78::/64"; };
  containers.nctunit = {
    autoStart = true;
    networks = [ "nctunits" ];
    privateNetwork = true;
    hostAddress = "10.213.77.1";
    localAddress = "10.213.77.2";
    forwardPorts = [ { hostPort = 18080; containerPort = 80; } ];
    limits = { cpuQuota = "50%"; memoryMax = "1G"; tasksMax = 500; };
    timeoutStartSec = "50s";
    healthChecks.word = { command = "test ! -e /run/sick"; interval = "200ms"; retries = 1; action = "restart"; };
    bindMounts."/data" = { hostPath = "/srv/data"; isReadOnly = false; };
    config = {
      system.stateVersion = "25.11";
      networking.firewall.enable = false;
      environment.etc.word.text = "@WORD@";
    };
  };
}
"""


class Story:
    """The host, and the definition that it switches to."""

    def __init__(self, host: SystemdHost, directory: Path) -> None:
        self.host = host
        self.directory = directory

    def define(self, text: str) -> None:
        """Build the systems of the definition on this machine, and give it to the host with its lock."""
        build(self.directory, text, self.host.root)

    def switch(self, *words: str) -> str:
        done = self.host.run("nixos-container", "switch", *words)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stderr

    def status(self) -> Any:
        return json.loads(self.host.succeed("nixos-container", "status", NAME, "--json"))

    def up(self) -> None:
        assert wait_until(lambda: self.host.run("systemctl", "is-active", UNIT).stdout.strip() == "active")
        assert self.host.succeed("nixos-container", "status", NAME) == "up\n"

    def down(self) -> None:
        assert wait_until(lambda: self.host.run("systemctl", "is-active", UNIT).stdout.strip() == "inactive")
        assert self.host.succeed("nixos-container", "status", NAME) == "down\n"


def unplug(name: str) -> None:
    """Remove what this machine's /nix keeps of a container of the test host."""
    for directory in (Paths().profiles(name), Paths().gcroots(name)):
        shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="module")
def story(systemd_host: SystemdHost, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    made = Story(systemd_host, tmp_path_factory.mktemp("definition"))
    try:
        made.define(DEFINITION.replace("@WORD@", "first"))
        # The package index, so that the host asks no archive.
        shutil.copytree(Paths().cache, systemd_host.file(Paths().cache), symlinks=True, dirs_exist_ok=True)
        systemd_host.disk["/srv"].joinpath("data").mkdir(exist_ok=True)
        made.switch()
        yield made
    finally:
        unplug(NAME)


def test_switch_starts_the_unit(story: Story) -> None:
    story.up()
    assert story.host.succeed("nixos-container", "run", NAME, "--", "systemctl", "is-system-running", "--wait") == "running\n"
    assert "nothing to do" in story.switch()


def test_machinectl_systemctl_and_journalctl_know_it(story: Story) -> None:
    assert NAME in story.host.succeed("machinectl", "list")
    assert f"Unit: {UNIT}.service" in story.host.succeed("machinectl", "status", NAME, "--no-pager")
    assert "hello" in story.host.succeed("machinectl", "--quiet", "shell", NAME, "/bin/sh", "-c", "echo hello")
    assert story.host.succeed("systemctl", "-M", NAME, "is-system-running") == "running\n"
    assert "systemd" in story.host.succeed("journalctl", "-M", NAME, "--no-pager", "-n", "50")
    assert "multi-user.target" in story.host.succeed("journalctl", "--no-pager", "-u", UNIT), "the console is in the journal"
    assert "multi-user.target" in story.host.succeed("nixos-container", "logs", "--console", NAME)


def test_options_are_properties_of_the_unit(story: Story) -> None:
    shown = story.host.succeed("systemctl", "show", UNIT)
    properties = dict(line.partition("=")[::2] for line in shown.splitlines())
    assert properties["CPUQuotaPerSecUSec"] == "500ms"
    assert properties["MemoryMax"] == str(1 << 30)
    assert properties["TasksMax"] == "500"
    assert properties["TimeoutStartUSec"] == "50s"
    assert properties["DevicePolicy"] == "closed"
    assert {"/srv/data", f"/var/lib/nixos-containers/{NAME}"} <= set(properties["RequiresMountsFor"].split())


def test_limits_change_without_a_restart(story: Story) -> None:
    def maximum() -> str:
        return story.host.succeed("systemctl", "show", UNIT, "--property=MemoryMax", "--value").strip()

    before = story.status()
    story.define(DEFINITION.replace("@WORD@", "first").replace('"1G"', '"2G"').replace("tasksMax = 500", 'allowedCpus = "0"'))
    said = story.switch()
    assert f"set the limits of {NAME}" in said
    assert "restart" not in said
    assert story.status()["leader"] == before["leader"]
    assert maximum() == str(2 << 30)
    assert set(story.host.succeed("systemctl", "show", UNIT, "--property=TasksMax,AllowedCPUs").split()) == {
        "TasksMax=16384",
        "AllowedCPUs=0",
    }
    story.host.succeed("nixos-container", "set-limit", NAME, "memoryMax=3G")
    assert maximum() == str(3 << 30)
    lifted = ("cpuQuota", "cpuWeight", "allowedCpus", "allowedMemoryNodes", "ioWeight", "tasksMax", "memoryHigh")
    story.host.succeed("nixos-container", "set-limit", NAME, "cpuQuota=50%", "cpuWeight=10")
    story.host.succeed("nixos-container", "set-limit", NAME, *(f"{name}=infinity" for name in lifted))
    found = story.host.succeed("systemctl", "show", UNIT, "--property=CPUQuotaPerSecUSec,CPUWeight,AllowedCPUs").split()
    assert set(found) == {"CPUQuotaPerSecUSec=infinity", "CPUWeight=[not", "set]", "AllowedCPUs="}
    story.define(DEFINITION.replace("@WORD@", "first"))
    assert f"set the limits of {NAME}" in story.switch()
    assert maximum() == str(1 << 30), "what was said for the moment is gone"


def test_commands_run_in_the_units_cgroup(story: Story) -> None:
    seen = story.host.succeed("nixos-container", "run", NAME, "--", "cat", "/proc/self/cgroup")
    assert "0::/../exec\n" in seen, "beside the payload that the guest takes for its root"


def test_the_network_is_there(story: Story) -> None:
    connect = "import socket\ntry: socket.create_connection(('10.213.77.2', 9), 5)\nexcept ConnectionRefusedError: print('reached')"
    assert story.host.succeed("python3", "-c", connect) == "reached\n"
    assert "18080" in story.host.succeed("nft", "list", "map", "inet", "nixos-containers", "forwards4")


def test_names_and_name_servers_are_kept_right(story: Story) -> None:
    assert "10.213.77.2" in story.host.succeed("getent", "ahostsv4", f"{NAME}.containers").split()
    for server in ("192.0.2.1", "192.0.2.2"):
        story.host.succeed("sh", "-c", f"echo nameserver {server} > /etc/resolv.conf.new && mv /etc/resolv.conf.new /etc/resolv.conf")
        show = ("nixos-container", "run", NAME, "--", "cat", "/etc/resolv.conf")
        wait_until(lambda server=server, show=show: story.host.succeed(*show) == f"nameserver {server}\n")
    # As a host that comes up does it: the last of many counts, whatever is done about one before.
    write = "echo nameserver 192.0.2.1$n > /etc/resolv.conf.new; mv /etc/resolv.conf.new /etc/resolv.conf; sleep 0.1"
    story.host.succeed("sh", "-c", f"for n in 1 2 3 4 5 6 7 8; do {write}; done")
    wait_until(lambda: story.host.succeed(*show) == "nameserver 192.0.2.18\n")
    assert story.host.succeed("systemctl", "is-active", "nixos-container-resolver.path") == "active\n"


def test_a_shared_network_comes_and_goes_with_the_unit(story: Story) -> None:
    for address in ("10.213.78.1", "fd00:213:78::1"):
        story.host.succeed("nixos-container", "run", NAME, "--", "ping", "-c", "1", "-W", "2", address)
    story.host.succeed("systemctl", "stop", UNIT)
    assert "cb-nctunits" not in story.host.succeed("ip", "-brief", "link")
    story.host.succeed("systemctl", "start", UNIT)
    assert "cb-nctunits" in story.host.succeed("ip", "-brief", "link")


@pytest.mark.parametrize("way", ["restart", "reload"])
def test_the_hosts_packet_filter_may_be_loaded_anew(story: Story, way: str) -> None:
    story.host.succeed("systemctl", "start", "nftables")
    assert "flush ruleset" in story.host.succeed("cat", "/etc/nftables.conf")
    story.host.succeed("systemctl", way, "nftables")
    wait_until(lambda: "18080 : 10.213.77.2" in story.host.succeed("nft", "list", "ruleset"))
    wait_until(lambda: "cb-nctunits" in story.host.succeed("nft", "list", "set", "inet", "nixos-containers", "guarded"))


def test_systemctl_stop_and_start_are_ours(story: Story) -> None:
    story.host.succeed("systemctl", "stop", UNIT)
    story.down()
    assert "18080" not in story.host.succeed("nft", "list", "map", "inet", "nixos-containers", "forwards4"), "its forwards went with it"
    story.host.succeed("systemctl", "start", UNIT)
    story.up()
    story.host.succeed("nixos-container", "stop", NAME)
    story.down()
    story.host.succeed("nixos-container", "start", NAME)
    story.up()


def forwards_packets(story: Story) -> str:
    return story.host.succeed("cat", "/proc/sys/net/ipv4/ip_forward").strip()


def test_the_host_forwards_packets_as_long_as_the_unit_runs(story: Story) -> None:
    story.host.succeed("systemctl", "stop", UNIT)
    story.host.succeed("sh", "-c", "echo 0 > /proc/sys/net/ipv4/ip_forward")
    story.host.succeed("systemctl", "start", UNIT)
    assert forwards_packets(story) == "1"
    story.host.succeed("systemctl", "stop", UNIT)
    story.down()
    assert forwards_packets(story) == "0" and "10.213.77.2" not in story.host.succeed("nft", "list", "ruleset")
    story.host.succeed("systemctl", "start", UNIT)
    assert forwards_packets(story) == "1"
    assert "18080 : 10.213.77.2" in story.host.succeed("nft", "list", "ruleset")


def test_reboot_inside_starts_it_again(story: Story) -> None:
    before = story.status()["leader"]
    story.host.run("nixos-container", "run", NAME, "--", "systemctl", "reboot")
    wait_until(lambda: story.status()["leader"] not in (None, before))
    story.up()
    test_the_network_is_there(story)


def test_a_killed_nspawn_is_started_again(story: Story) -> None:
    before = story.status()["leader"]
    story.host.succeed("systemctl", "kill", "--signal=KILL", UNIT)
    wait_until(lambda: story.status()["leader"] not in (None, before))
    story.up()
    test_the_network_is_there(story)


def test_events_of_the_unit_are_written_without_any_python(story: Story) -> None:
    kinds = [json.loads(line)["event"] for line in story.host.succeed("nixos-container", "events", NAME, "--json").splitlines()]
    assert {"create", "switch", "start", "ready", "stop", "reboot", "died", "health"} <= set(kinds)


def test_a_health_check_restarts_the_unit(story: Story) -> None:
    story.host.succeed("nixos-container", "wait", NAME, "--for", "healthy", "--timeout", "20s")
    before = story.status()["leader"]
    story.host.run("nixos-container", "run", NAME, "--", "touch", "/run/sick")
    wait_until(lambda: story.status()["leader"] not in (None, before))
    story.up()
    story.host.succeed("nixos-container", "wait", NAME, "--for", "healthy", "--timeout", "20s")


def test_poweroff_leaves_it_down(story: Story) -> None:
    story.host.succeed("machinectl", "poweroff", NAME)
    story.down()


def test_a_start_that_fails_says_why_and_leaves_it_down(story: Story) -> None:
    story.host.succeed("mv", "/srv/data", "/srv/away")
    try:
        message = story.host.fail("nixos-container", "start", NAME)
    finally:
        story.host.succeed("mv", "/srv/away", "/srv/data")
    assert "/srv/data does not exist" in message
    story.down()
    story.host.succeed("nixos-container", "start", NAME)
    story.up()


def test_terminate_ends_it_for_good(story: Story) -> None:
    story.host.succeed("nixos-container", "terminate", NAME)
    story.down()
    story.host.succeed("nixos-container", "start", NAME)
    story.up()


def test_switch_and_reload_change_a_running_guest_in_place(story: Story) -> None:
    leader = story.status()["leader"]
    story.define(DEFINITION.replace("@WORD@", "second"))
    assert "reload" in story.switch()
    assert story.host.succeed("nixos-container", "run", NAME, "--", "cat", "/etc/word") == "second"
    story.host.succeed("systemctl", "reload", UNIT)
    assert story.status()["leader"] == leader


def test_doctor_puts_units_right(story: Story) -> None:
    drop_in = story.host.file(f"/etc/systemd/system/{UNIT}.service.d/50-nixos-container.conf")
    drop_in.unlink()
    assert "repaired" in story.host.succeed("nixos-container", "doctor")
    assert "MemoryMax=" in drop_in.read_text(encoding="utf-8")
    assert story.host.succeed("nixos-container", "doctor").endswith("all is well\n")


def test_it_comes_back_with_the_host(story: Story) -> None:
    story.host.shut_down()
    story.host.boot()
    story.up()
    test_the_network_is_there(story)


def test_what_is_no_longer_declared_takes_its_units_along(story: Story) -> None:
    story.define("{ }")
    story.switch("--purge")
    units = story.host.file("/etc/systemd/system")
    assert [path for path in units.rglob("*container@*") if path.name != "systemd-nspawn@.service"] == []
    assert story.host.succeed("machinectl", "list") == "No machines.\n"
