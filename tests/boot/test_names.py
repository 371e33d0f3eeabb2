"""Names of containers and name servers: what resolves on the host and in guests, of both universes, while they come and go."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from ..trees import make_tree
from .conftest import Host, OwnEtc

PAIR = (
    'privateNetwork = true; hostAddress = "10.213.71.1"; localAddress = "10.213.71.{0}";'
    'hostAddress6 = "fd00:213:71::1"; localAddress6 = "fd00:213:71::{0}";'
)
HOSTS = "/etc/hosts"


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
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnEtc]:
    Path("/etc/nixos-containers").mkdir(exist_ok=True)
    made = OwnEtc(tmp_path_factory.mktemp("names"))
    yield made
    made.end()


@pytest.fixture(scope="module")
def tree(own: OwnEtc) -> Path:
    """A tree whose systems activate as NixOS does, with the packages of an embedded system."""
    own.define("{ containers.nctbase.config = { }; }")
    own.succeed("build", "-c", str(own.definition))
    return make_tree("current", own.directory, json.loads(own.definition.with_suffix(".lock").read_text(encoding="utf-8")))


@pytest.fixture(scope="module")
def named(own: OwnEtc, tree: Path) -> Iterator[OwnEtc]:
    monkeypatch = pytest.MonkeyPatch()
    monkeypatch.setenv("NIX_CONFIG", "substitute = false")
    others = text_of(own)
    own.write(HOSTS, "127.0.0.1 localhost\n10.9.9.9 mine # no newline at the end")
    before = text_of(own)
    own.define(definition(tree=tree))
    own.switch()
    yield own
    own.remove_everything()
    if own.succeed("list"):  # containers of the machine's owner keep their names
        assert text_of(own).startswith(before) and "nctname" not in text_of(own)
    else:
        assert text_of(own) == before, "the host's file is as it was"
    own.write(HOSTS, others)
    monkeypatch.undo()


def text_of(host: OwnEtc) -> str:
    return host.outside("cat", HOSTS).stdout


def looked_up(host: Host, name: str, wanted: str) -> set[str]:
    return {line.split()[0] for line in host.inside(name, "getent", "ahosts", wanted).splitlines()}


@pytest.mark.parametrize("name", ["nctnameb", "nctnameb.containers"])
def test_the_host_knows_a_container_by_its_name_in_both_families(named: OwnEtc, name: str) -> None:
    found = {named.outside("getent", family, name).stdout.split()[0] for family in ("ahostsv4", "ahostsv6")}
    assert found == {"10.213.71.3", "fd00:213:71::3"}
    for family in ("-4", "-6"):
        assert named.outside("ping", family, "-c", "1", "-W", "2", name).returncode == 0


@pytest.mark.parametrize("guest", ["nctnamea", "nctnamet"])
@pytest.mark.parametrize("name", ["nctnameb", "nctnameb.containers"])
def test_every_guest_knows_its_peers_in_both_families(named: OwnEtc, guest: str, name: str) -> None:
    assert looked_up(named, guest, name) == {"10.213.71.3", "fd00:213:71::3"}
    for family in ("-4", "-6"):
        named.inside(guest, "ping", family, "-c", "1", "-W", "2", name)


def test_a_guest_keeps_its_own_names(named: OwnEtc) -> None:
    assert looked_up(named, "nctnamea", "printer") == {"192.0.2.7"}
    assert named.inside("nctnamea", "hostname", "-f").strip() == "nctnamea"


@pytest.mark.parametrize("guest", ["nctnamea", "nctnamet"])
def test_who_comes_and_goes_is_followed_by_guests_that_run(named: OwnEtc, tree: Path, guest: str) -> None:
    named.define(definition("nctnamec", tree=tree))
    named.switch()
    assert looked_up(named, guest, "nctnamec") == {"10.213.71.4", "fd00:213:71::4"}
    assert "nctnamec.containers" in text_of(named)
    named.define(definition(tree=tree))
    named.switch("--purge")
    assert named.run("run", guest, "--", "getent", "hosts", "nctnamec").returncode != 0
    assert "nctnamec" not in text_of(named)


@pytest.mark.parametrize("guest", ["nctnamea", "nctnamet"])
def test_a_switch_in_place_keeps_the_peers(named: OwnEtc, tree: Path, guest: str) -> None:
    text = definition(tree=tree)
    named.define(text.replace("config = { ", 'config = { networking.extraHosts = "192.0.2.8 scanner"; '))
    named.switch()
    assert looked_up(named, guest, "nctnameb") == {"10.213.71.3", "fd00:213:71::3"}
    assert looked_up(named, guest, "scanner") == {"192.0.2.8"}
    named.define(text)
    named.switch()


def test_a_stopped_container_is_still_named(named: OwnEtc) -> None:
    """As upstream declares every container: a name that leads nowhere for a moment is better than one that means something else."""
    named.succeed("stop", "nctnameb")
    assert "10.213.71.3" in named.outside("getent", "ahostsv4", "nctnameb.containers").stdout
    named.succeed("start", "nctnameb")


def test_the_hosts_file_is_left_alone_on_request(named: OwnEtc, tree: Path) -> None:
    named.define(definition(tree=tree, extra="networking.containers.hosts = false;"))
    said = named.switch().stderr
    assert "start" not in said.replace("autoStart", ""), "no container is touched for that"
    assert "nctname" not in text_of(named)
    assert looked_up(named, "nctnamea", "nctnameb") == {"10.213.71.3", "fd00:213:71::3"}
    named.define(definition(tree=tree))
    named.switch()
    assert "nctnamea" in text_of(named)


def test_what_a_killed_command_left_out_the_next_one_writes(named: OwnEtc) -> None:
    text = text_of(named)
    named.write(HOSTS, text.replace("10.213.71.3 nctnameb.containers nctnameb\n", ""))
    named.succeed("start", "nctnamea")
    assert text_of(named) == text
