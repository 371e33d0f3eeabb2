"""Containers that no definition file declares: upstream's create, update, destroy."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from .conftest import Host

STATES = Path("/var/lib/nixos-containers")


def test_create_start_run_update_destroy(host: Host) -> None:
    made = host.run("create", "nctimp", "--config", 'environment.etc."greeting".text = "one";\nsystem.stateVersion = "23.11";')
    assert made.returncode == 0, made.stderr
    assert "host IP is 10.233." in made.stderr
    try:
        assert host.succeed("status", "nctimp") == "down\n"
        host.succeed("start", "nctimp")
        assert host.inside("nctimp", "cat", "/etc/greeting") == "one"
        assert host.succeed("show-ip", "nctimp").startswith("10.233.")
        # Both families, as a declared container that says nothing about addresses.
        own6 = re.search(r"inet6 (fd6e:6978:6f73:\S+)/128", host.inside("nctimp", "ip", "-6", "address", "show", "eth0"))
        assert own6 and subprocess.run(["ping", "-c", "1", "-W", "2", own6[1]], stdout=subprocess.DEVNULL, check=False).returncode == 0
        leader = host.json("status", "nctimp")["leader"]
        host.succeed("update", "nctimp", "--config", 'environment.etc."greeting".text = "two";\nsystem.stateVersion = "23.11";')
        assert host.inside("nctimp", "cat", "/etc/greeting") == "two"
        assert host.json("status", "nctimp")["leader"] == leader, "only the system changed: it was switched in place"
    finally:
        host.succeed("destroy", "nctimp")
    assert "nctimp" not in host.succeed("list").splitlines()
    assert not (STATES / "nctimp").exists()
    assert host.run("destroy", "nctimp").returncode == 0, "destroying what is not there is fine, as upstream"


def test_unique_names_and_addresses(host: Host) -> None:
    names = [host.succeed("create", "nctuniq", "--ensure-unique-name").strip() for _ in range(2)]
    try:
        assert names == ["nctuniq", "nctuniq-0"]
        assert len({host.succeed("show-ip", name) for name in names}) == 2
    finally:
        host.succeed("destroy", *names)


def test_a_failed_create_leaves_nothing(host: Host) -> None:
    said = host.fail("create", "nctbroken", "--config", "services.nosuch.enable = true;")
    assert "services.nosuch" in said and "does not exist" in said
    assert "nctbroken" not in host.succeed("list").splitlines()
    assert not [path for path in Path("/etc/nixos-containers").iterdir() if path.name.startswith("nctbroken")]
    assert not (STATES / "nctbroken").exists()
    assert not Path("/nix/var/nix/profiles/per-container/nctbroken").exists()


def test_upstreams_messages(host: Host) -> None:
    assert "no action specified" in host.fail()
    assert "no container name specified" in host.fail("start")
    assert "invalid container name" in host.fail("create", "a/b")
    assert "With --host-address set, --local-address is required as well!" in host.fail("create", "x", "--host-address", "10.0.0.1")
    assert "mutually incompatible" in host.fail("create", "x", "--config", "{}", "--config-file", "f")
    assert "unknown action ‘strat’" in host.fail("strat", "x") and "start?" in host.fail("strat", "x")


def test_a_container_that_never_ran_leaves_nothing_to_repair(host: Host) -> None:
    host.succeed("create", "nctnever")
    host.succeed("destroy", "nctnever")
    assert "nctnever" not in (STATES / ".user-ranges.json").read_text()
    assert "nctnever" not in host.run("doctor").stdout
