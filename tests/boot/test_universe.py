"""Systems of nixpkgs-shaped trees and of flakes, really booted and switched by their own init and switch-to-configuration."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from ..trees import make_flake, make_tree
from .conftest import Host, wait_until

_NETWORK = 'privateNetwork = true; hostAddress = "10.213.{0}.1"; localAddress = "10.213.{0}.2";'
_ADDRESSES = ("--host-address", "10.213.199.1", "--local-address", "10.213.199.2")


@pytest.fixture(scope="module")
def place(host: Host) -> Path:
    """The trees and the flake, with the packages that an embedded system has; they are in the store already."""
    host.define("{ containers.nctbase.config = { }; }")
    host.succeed("build", "-c", str(host.definition))
    lock = json.loads(host.definition.with_suffix(".lock").read_text(encoding="utf-8"))
    for era in ("2014", "current"):
        make_tree(era, host.directory, lock)
    make_flake(host.directory, host.directory / "nixpkgs-current")
    return host.directory


@pytest.fixture(autouse=True)
def clean(host: Host, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What a tree has is built with binary caches, which would be waited for where there is no network."""
    monkeypatch.setenv("NIX_CONFIG", "substitute = false")
    yield
    host.remove_everything()


def declare(host: Host, name: str, number: int, options: str) -> None:
    """A definition of one container that starts, with an address of its own."""
    host.define(f"{{ containers.{name} = {{ {_NETWORK.format(number)} autoStart = true; {options} }}; }}")


def leader(host: Host, name: str) -> object:
    return host.json("status", name)["leader"]


@pytest.mark.parametrize(
    ("era", "kind", "release"), [("current", "nspawn", "25.11"), ("2014", "container", "14.12")], ids=["current", "2014"]
)
def test_a_trees_system_boots_and_is_switched_in_place(host: Host, place: Path, era: str, kind: str, release: str) -> None:
    def define(greeting: str) -> None:
        tree = f'nixpkgs = ./nixpkgs-{era}; config.environment.etc."greeting".text = "{greeting}";'
        declare(host, "ncttree", 191, tree)

    define("one")
    said = host.switch().stderr
    assert f"universe: nixpkgs {release} from {place}/nixpkgs-{era}" in said
    assert host.inside("ncttree", "cat", "/etc/container-kind") == kind
    assert host.inside("ncttree", "systemctl", "is-system-running") == "running\n"
    system = host.inside("ncttree", "readlink", "/run/current-system").strip()
    assert system.endswith(f"-nixos-system-ncttree-{release}-fixture")
    assert host.inside("ncttree", "readlink", "/run/booted-system").strip() == system
    assert host.inside("ncttree", "readlink", "-f", "/nix/var/nix/profiles/system").strip() == system, "its own generations"
    assert Path("/etc/resolv.conf").read_text() == host.inside("ncttree", "cat", "/run/resolvconf/interfaces/host")
    assert "10.213.191.2" in host.inside("ncttree", "ip", "-4", "address", "show", "eth0")

    before = leader(host, "ncttree")
    define("two")
    said = host.switch().stderr
    assert "activating the configuration..." in said, "by the tree's own switch-to-configuration"
    assert host.inside("ncttree", "cat", "/etc/greeting") == "two"
    assert leader(host, "ncttree") == before
    assert host.inside("ncttree", "readlink", "-f", "/nix/var/nix/profiles/system").strip() != system
    assert "nothing to do" in host.switch().stderr


def test_the_guest_has_cgroup_v2_and_its_state_stays_its_own(host: Host, place: Path) -> None:
    declare(host, "nctstate", 192, f"nixpkgs = {place}/nixpkgs-current; config = {{ }};")
    host.switch()
    assert host.inside("nctstate", "stat", "-f", "-c", "%T", "/sys/fs/cgroup").strip() == "cgroup2fs"
    host.inside("nctstate", "mkdir", "-p", "/nix/var/log/nix", "/nix/var/nix/profiles/per-user/alice")
    host.fail("run", "nctstate", "--", "touch", "/nix/var/nix/daemon-socket/socket")
    host.fail("run", "nctstate", "--", "touch", "/nix/store/x")
    directory = Path("/nix/var/nix/profiles/per-container")
    assert (directory / "nctstate/per-user/alice").is_dir()
    assert directory.stat().st_mode & 0o077 == 0, "what a guest's root makes there is for no other user of the host"
    host.remove_everything()
    assert not (directory / "nctstate").exists()


def test_an_ephemeral_one_and_a_reboot_from_inside(host: Host, place: Path) -> None:
    declare(host, "nctshort", 196, f"ephemeral = true; nixpkgs = {place}/nixpkgs-current; config = {{ }};")
    host.switch()
    host.inside("nctshort", "mkdir", "-p", "/nix/var/log/nix")
    host.inside("nctshort", "touch", "/root/gone")
    first = leader(host, "nctshort")
    host.run("run", "nctshort", "--", "systemctl", "reboot")
    wait_until(lambda: host.json("status", "nctshort").get("leader") not in (None, first))
    wait_until(lambda: host.run("run", "nctshort", "--", "systemctl", "is-system-running").stdout == "running\n")
    host.fail("run", "nctshort", "--", "test", "-e", "/root/gone")


def test_one_container_may_go_from_one_universe_to_the_other_and_back(host: Host, place: Path) -> None:
    declare(host, "nctmove", 193, "config = { };")
    host.switch()
    host.inside("nctmove", "touch", "/root/kept")
    said = host.switch("--nixos-path", str(place / "nixpkgs-current")).stderr
    assert "restart nctmove" in said, "neither kind of system can be switched into the other"
    assert host.inside("nctmove", "cat", "/etc/container-kind") == "nspawn"
    host.inside("nctmove", "test", "-e", "/root/kept")
    host.switch()
    assert host.inside("nctmove", "systemctl", "is-system-running") == "running\n"
    host.fail("run", "nctmove", "--", "test", "-e", "/etc/container-kind")
    host.inside("nctmove", "test", "-e", "/root/kept")


def test_nixpkgs_of_nix_path(host: Host, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NIX_PATH", f"nixpkgs={place}/nixpkgs-2014")
    host.define("{ containers.nctpath = { nixpkgs = <nixpkgs>; config = { }; }; }")
    assert host.succeed("build", "-c", str(host.definition)).endswith("-nixos-system-nctpath-14.12-fixture\n")
    host.define("{ containers.nctpath = { config = { }; }; }")
    built = host.succeed("build", "-c", str(host.definition), "--nixos-path", "<nixpkgs>")
    assert built.endswith("-nixos-system-nctpath-14.12-fixture\n")


def test_imperative_containers_of_a_tree(host: Host, place: Path) -> None:
    tree = str(place / "nixpkgs-current")
    host.succeed("create", "nctimp", "--nixos-path", tree, "--config", 'environment.etc."greeting".text = "one";', *_ADDRESSES)
    try:
        host.succeed("start", "nctimp")
        assert host.inside("nctimp", "cat", "/etc/greeting") == "one"
        host.succeed("update", "nctimp", "--config", 'environment.etc."greeting".text = "two";')
        assert host.inside("nctimp", "cat", "/etc/greeting") == "two"
        said = host.run("update", "nctimp", "--nixos-path", str(place / "nixpkgs-2014")).stderr
        assert "universe: nixpkgs 14.12" in said
        assert host.inside("nctimp", "cat", "/etc/container-kind") == "container"
        assert "universe: nixpkgs 14.12" in host.run("update", "nctimp").stderr, "it was recorded"
    finally:
        host.succeed("destroy", "nctimp")


def test_create_and_update_from_a_flake(host: Host, place: Path) -> None:
    host.succeed("create", "nctflake", "--flake", "./flake#other", *_ADDRESSES)
    try:
        assert f"FLAKE={place}/flake#other\n" in Path("/etc/nixos-containers/nctflake.conf").read_text(encoding="utf-8")
        host.succeed("start", "nctflake")
        assert host.inside("nctflake", "cat", "/etc/greeting") == "other: hello\n"
        first = leader(host, "nctflake")
        (place / "flake/greeting.txt").write_text("changed\n", encoding="utf-8")
        said = host.run("update", "nctflake").stderr
        assert f"universe: flake {place}/flake#other" in said
        assert host.inside("nctflake", "cat", "/etc/greeting") == "other: changed\n", "the recorded attribute, not the default"
        assert leader(host, "nctflake") == first
        host.succeed("update", "nctflake", "--flake", "./flake")
        assert host.inside("nctflake", "cat", "/etc/greeting") == "default: changed\n"
        said = host.fail("update", "nctflake", "--flake", "./flake#nosuch")
        assert "does not provide attribute" in said and "nixosConfigurations.nosuch" in said
        assert "flake#nosuch" not in Path("/etc/nixos-containers/nctflake.nix").read_text(encoding="utf-8"), (
            "a failed update records nothing"
        )
    finally:
        host.succeed("destroy", "nctflake")


def test_a_flakes_options_are_recorded(host: Host, place: Path) -> None:
    host.succeed("create", "nctpure", "--flake", "./flake#impure", *_ADDRESSES)
    try:
        assert host.succeed("build", "-c", "/etc/nixos-containers/nctpure.nix").endswith("-nixos-system-home--25.11-fixture\n")
    finally:
        host.succeed("destroy", "nctpure")
    host.succeed("create", "nctpure", "--flake", "./flake#impure", "--impure", *_ADDRESSES)
    try:
        home = Path.home().name
        assert host.succeed("build", "-c", "/etc/nixos-containers/nctpure.nix").endswith(f"-nixos-system-home-{home}-25.11-fixture\n")
    finally:
        host.succeed("destroy", "nctpure")


def test_a_declared_flake_relative_to_its_definition(host: Host, place: Path) -> None:
    (place / "flake/greeting.txt").write_text("declared\n", encoding="utf-8")
    declare(host, "nctdecl", 194, 'flake = "./flake";')
    host.switch()
    assert host.inside("nctdecl", "cat", "/etc/greeting") == "default: declared\n"


def test_paths(host: Host, place: Path) -> None:
    """A derivation is built; a profile of somebody else's is followed, also by a switch."""
    tree = f"(import {place}/nixpkgs-current/nixos"
    system = tree + ' { configuration.environment.etc."greeting".text = "path"; system = "x86_64-linux"; }).system'
    declare(host, "nctpath", 195, f"path = {system};")
    host.switch()
    assert host.inside("nctpath", "cat", "/etc/greeting") == "path"
    built = host.inside("nctpath", "readlink", "/run/current-system").strip()
    host.remove_everything()

    profile = place / "profile"
    profile.symlink_to(built)
    declare(host, "nctpath", 195, "path = ./profile;")
    assert f"universe: the finished system {profile}" in host.switch().stderr
    assert host.inside("nctpath", "cat", "/etc/greeting") == "path"
    assert "nothing to do" in host.switch().stderr
    declare(host, "nctpath", 195, "path = " + system.replace('"path"', '"moved"') + ";")
    moved = host.succeed("build", "-c", str(host.definition)).strip()
    profile.unlink()
    profile.symlink_to(moved)
    declare(host, "nctpath", 195, "path = ./profile;")
    host.switch()
    assert host.inside("nctpath", "cat", "/etc/greeting") == "moved"
