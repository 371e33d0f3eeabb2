"""Names of containers and name servers: what resolves on the host and in guests, of both universes, while they come and go."""

from __future__ import annotations

import json
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from ..trees import make_tree
from .conftest import Host

PAIR = (
    'privateNetwork = true; hostAddress = "10.213.71.1"; localAddress = "10.213.71.{0}";'
    'hostAddress6 = "fd00:213:71::1"; localAddress6 = "fd00:213:71::{0}";'
)
HOSTS = Path("/etc/hosts")


def definition(*more: str, tree: Path | None = None, extra: str = "") -> str:
    names = {"nctnamea": 2, "nctnameb": 3, **{name: 4 + number for number, name in enumerate(more)}}
    containers = "\n".join(
        f"containers.{name} = {{ autoStart = true; {PAIR.format(number)} config = {{ "
        + ('networking.hosts."192.0.2.7" = [ "printer" ];' if name == "nctnamea" else "")
        + " }; };"
        for name, number in names.items()
    )
    if tree is not None:
        containers += f"containers.nctnamet = {{ autoStart = true; {PAIR.format(9)} nixpkgs = {tree}; config = {{ }}; }};"
    return f"{{ {containers} {extra} }}"


@pytest.fixture(scope="module")
def tree(host: Host) -> Path:
    """A tree whose systems activate as NixOS does, with the packages of an embedded system."""
    host.define("{ containers.nctbase.config = { }; }")
    host.succeed("build", "-c", str(host.definition))
    return make_tree("current", host.directory, json.loads(host.definition.with_suffix(".lock").read_text(encoding="utf-8")))


@pytest.fixture(scope="module")
def named(host: Host, tree: Path) -> Iterator[Host]:
    monkeypatch = pytest.MonkeyPatch()
    monkeypatch.setenv("NIX_CONFIG", "substitute = false")
    before = HOSTS.read_bytes()
    host.define(definition(tree=tree))
    host.switch()
    yield host
    host.remove_everything()
    assert HOSTS.read_bytes() == before, "the host's file is as it was"
    monkeypatch.undo()


def looked_up(host: Host, name: str, wanted: str) -> set[str]:
    return {line.split()[0] for line in host.inside(name, "getent", "ahosts", wanted).splitlines()}


@pytest.mark.parametrize("name", ["nctnameb", "nctnameb.containers"])
def test_the_host_knows_a_container_by_its_name_in_both_families(named: Host, name: str) -> None:
    found = {str(entry[4][0]) for entry in socket.getaddrinfo(name, None)}
    assert found == {"10.213.71.3", "fd00:213:71::3"}
    for family in ("-4", "-6"):
        assert subprocess.run(["ping", family, "-c", "1", "-W", "2", name], capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize("guest", ["nctnamea", "nctnamet"])
@pytest.mark.parametrize("name", ["nctnameb", "nctnameb.containers"])
def test_every_guest_knows_its_peers_in_both_families(named: Host, guest: str, name: str) -> None:
    assert looked_up(named, guest, name) == {"10.213.71.3", "fd00:213:71::3"}
    named.inside(guest, "ping", "-4", "-c", "1", "-W", "2", name)


def test_a_guest_keeps_its_own_names(named: Host) -> None:
    assert looked_up(named, "nctnamea", "printer") == {"192.0.2.7"}
    assert named.inside("nctnamea", "hostname", "-f").strip() == "nctnamea"


@pytest.mark.parametrize("guest", ["nctnamea", "nctnamet"])
def test_who_comes_and_goes_is_followed_by_guests_that_run(named: Host, tree: Path, guest: str) -> None:
    named.define(definition("nctnamec", tree=tree))
    named.switch()
    assert looked_up(named, guest, "nctnamec") == {"10.213.71.4", "fd00:213:71::4"}
    assert "nctnamec.containers" in HOSTS.read_text()
    named.define(definition(tree=tree))
    named.switch()
    assert named.run("run", guest, "--", "getent", "hosts", "nctnamec").returncode != 0
    assert "nctnamec" not in HOSTS.read_text()


@pytest.mark.parametrize("guest", ["nctnamea", "nctnamet"])
def test_a_switch_in_place_keeps_the_peers(named: Host, tree: Path, guest: str) -> None:
    text = definition(tree=tree)
    named.define(text.replace("config = { ", 'config = { networking.extraHosts = "192.0.2.8 scanner"; '))
    named.switch()
    assert looked_up(named, guest, "nctnameb") == {"10.213.71.3", "fd00:213:71::3"}
    assert looked_up(named, guest, "scanner") == {"192.0.2.8"}
    named.define(text)
    named.switch()


def test_a_stopped_container_is_still_named(named: Host) -> None:
    """As upstream declares every container: a name that leads nowhere for a moment is better than one that means something else."""
    named.succeed("stop", "nctnameb")
    assert socket.gethostbyname("nctnameb.containers") == "10.213.71.3"
    named.succeed("start", "nctnameb")


def test_the_hosts_file_is_left_alone_on_request(named: Host, tree: Path) -> None:
    named.define(definition(tree=tree, extra="networking.containers.hosts = false;"))
    said = named.switch().stderr
    assert "start" not in said.replace("autoStart", ""), "no container is touched for that"
    assert "nctname" not in HOSTS.read_text()
    assert looked_up(named, "nctnamea", "nctnameb") == {"10.213.71.3", "fd00:213:71::3"}
    named.define(definition(tree=tree))
    named.switch()
    assert "nctnamea" in HOSTS.read_text()


def test_what_a_killed_command_left_out_the_next_one_writes(named: Host) -> None:
    text = HOSTS.read_text()
    HOSTS.write_text(text.replace("10.213.71.3 nctnameb.containers nctnameb\n", ""))
    named.succeed("start", "nctnamea")
    assert HOSTS.read_text() == text
