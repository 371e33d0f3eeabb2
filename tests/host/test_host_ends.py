"""The host itself reboots, or dies in the middle of a switch: containers come back in their order, each with the old system or the new one.

The containers depend on each other and share a network that dnsmasq serves, so that all of it has to come back.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from nixos_containers.base.paths import Paths

from .conftest import SystemdHost, build, wait_until

FIRST, SECOND, LAST = "nctenddb", "nctendapp", "nctendweb"
NAMES = (FIRST, SECOND, LAST)
SERVER = "nixos-container-network-nctends.service"
DEFINITION = """
{
  networking.containers.networks.nctends = { subnet = "10.213.76.0/24"; subnet6 = "fd00:213:76::/64"; dns = true; dhcp = true; };
  containers.nctenddb = { autoStart = true; networks = [ "nctends" ]; config = @CONFIG@; };
  containers.nctendapp = { autoStart = true; networks = [ "nctends" ]; requires = [ "nctenddb" ]; after = [ "nctenddb" ]; config = @CONFIG@; };
  containers.nctendweb = { autoStart = true; networks = [ "nctends" ]; after = [ "nctendapp" ]; config = @CONFIG@; };
}
"""
CONFIG = '{ system.stateVersion = "25.11"; networking.firewall.enable = false; environment.etc.word.text = "@WORD@"; }'
# DNS by hand (RFC 1035): a question for the address of a name.
ASK = """
import socket, struct, sys
name = b"".join(bytes([len(part)]) + part.encode() for part in sys.argv[1].split(".")) + b"\\0"
asking = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); asking.settimeout(2)
asking.sendto(struct.pack(">6H", 7, 256, 1, 0, 0, 0) + name + struct.pack(">2H", 1, 1), ("10.213.76.1", 53))
print(socket.inet_ntoa(asking.recv(512)[-4:]))
"""


def definition(word: str) -> str:
    return DEFINITION.replace("@CONFIG@", CONFIG.replace("@WORD@", word))


class Ending:
    """The host, and the definition that it switches to, whose systems are built on this machine."""

    def __init__(self, host: SystemdHost, directory: Path) -> None:
        self.host = host
        self.directory = directory

    def define(self, text: str) -> None:
        build(self.directory, text, self.host.root)

    def product(self, *words: str) -> str:
        return self.host.succeed("nixos-container", *words)

    def words(self) -> dict[str, str]:
        return {name: self.product("run", name, "--", "cat", "/etc/word") for name in NAMES}

    def are_up(self) -> bool:
        return [self.host.run("systemctl", "is-active", f"container@{name}").stdout for name in NAMES] == ["active\n"] * 3


@pytest.fixture(scope="module")
def ending(systemd_host: SystemdHost, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ending]:
    made = Ending(systemd_host, tmp_path_factory.mktemp("definition"))
    try:
        made.define(definition("first"))
        shutil.copytree(Paths().cache, systemd_host.file(Paths().cache), symlinks=True, dirs_exist_ok=True)
        made.product("switch")
        yield made
        made.define("{ }")
        made.product("switch", "--purge")
        assert made.host.run("systemctl", "is-active", SERVER).stdout != "active\n"
    finally:
        for name in NAMES:
            for place in (Paths().profiles(name), Paths().gcroots(name)):
                shutil.rmtree(place, ignore_errors=True)


def address(ending: Ending, name: str) -> str:
    return ending.product("show-ip", name).strip()


def answer(ending: Ending, name: str) -> str:
    return ending.host.run("python3", "-c", ASK, f"{name}.containers").stdout.strip()


def check_network(ending: Ending) -> None:
    wait_until(lambda: answer(ending, FIRST) == address(ending, FIRST))
    ending.product("run", LAST, "--", "ping", "-c", "1", "-W", "2", address(ending, FIRST))


def test_a_unit_serves_the_shared_network_and_comes_back_when_it_is_killed(ending: Ending) -> None:
    check_network(ending)
    before = ending.host.succeed("systemctl", "show", "--property=MainPID", "--value", SERVER)
    ending.host.succeed("systemctl", "kill", "--signal=KILL", SERVER)
    wait_until(lambda: ending.host.run("systemctl", "show", "--property=MainPID", "--value", SERVER).stdout not in (before, "0\n", ""))
    check_network(ending)


def test_machinectl_logs_in_and_reboots(ending: Ending) -> None:
    login = ending.host.run("timeout", "5", "script", "-qec", f"machinectl --quiet login {LAST}", "/dev/null").stdout
    assert "login:" in login
    before = json.loads(ending.product("status", LAST, "--json"))["leader"]
    ending.host.succeed("machinectl", "reboot", LAST)
    wait_until(lambda: json.loads(ending.product("status", LAST, "--json")).get("leader") not in (None, before))
    assert wait_until(ending.are_up)


def test_containers_come_back_with_the_host_in_their_order(ending: Ending) -> None:
    ending.host.shut_down()
    ending.host.boot()
    wait_until(ending.are_up)
    assert ending.host.succeed("systemctl", "is-active", "machines.target") == "active\n"
    pulled = ending.host.succeed("systemctl", "list-dependencies", "--plain", "machines.target")
    assert all(f"container@{name}.service" in pulled for name in NAMES)

    def moment(name: str, which: str) -> int:
        return int(ending.host.succeed("systemctl", "show", f"container@{name}", f"--property={which}Monotonic", "--value"))

    for before, after in ((FIRST, SECOND), (SECOND, LAST)):
        assert moment(before, "ActiveEnterTimestamp") <= moment(after, "InactiveExitTimestamp"), (before, after)
    assert ending.product("doctor").endswith("all is well\n")
    check_network(ending)


def recorded(ending: Ending, name: str) -> str:
    """The system in the record of a container of the host."""
    text = ending.host.file(f"/etc/nixos-containers/{name}.json").read_text()
    return str(json.loads(text)["container"]["system"]["path"])


def generation(name: str) -> str:
    """The profile of a container of the host: /nix is this machine's."""
    try:
        return os.readlink(f"{Paths().profiles(name)}/system")
    except OSError:
        return ""


@pytest.mark.parametrize("point", ["first record", "first generation", "last generation", "first reload"])
def test_a_host_that_dies_in_a_switch_has_old_systems_or_new_ones(ending: Ending, point: str) -> None:
    wait_until(ending.are_up)
    old = ending.words()[FIRST]
    new = f"{point} {time.monotonic_ns()}"
    assert ending.words() == dict.fromkeys(NAMES, old)
    ending.define(definition(new))
    before = {name: generation(name) for name in NAMES}
    records = {name: recorded(ending, name) for name in NAMES}
    log = ending.host.file("/var/log/nixos-containers/events.jsonl")
    size = log.stat().st_size if log.exists() else 0
    reached: dict[str, Callable[[], bool]] = {
        "first record": lambda: any(recorded(ending, name) != records[name] for name in NAMES),
        "first generation": lambda: any(generation(name) != before[name] for name in NAMES),
        "last generation": lambda: all(generation(name) != before[name] for name in NAMES),
        "first reload": lambda: log.exists() and log.stat().st_size > size,
    }
    ending.host.succeed("systemd-run", "--quiet", "--unit=switching", "nixos-container", "switch")
    deadline = time.monotonic() + 30
    while not reached[point]() and time.monotonic() < deadline:
        time.sleep(0.002)
    ending.host.die()
    ending.host.boot()
    wait_until(ending.are_up)
    found = ending.words()
    assert set(found.values()) <= {old, new}, found
    for name in NAMES:
        assert ending.product("run", name, "--", "systemctl", "is-system-running", "--wait") == "running\n"
        system = ending.product("run", name, "--", "readlink", "-f", "/run/current-system").strip()
        assert system == os.path.realpath(f"{Paths().profiles(name)}/system"), "what runs is the generation that is chosen"
        assert system == recorded(ending, name), "and the one that the record is for"
    ending.product("doctor")
    assert ending.product("doctor").endswith("all is well\n")
    check_network(ending)
    ending.product("switch")
    assert ending.words() == dict.fromkeys(NAMES, new), "the next switch ends what was begun"
