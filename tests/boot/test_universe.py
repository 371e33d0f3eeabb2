"""Systems of nixpkgs-shaped trees and of flakes, really booted and switched by their own init and switch-to-configuration."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from ..trees import make_flake, make_tree
from .conftest import Host

_NETWORK = 'privateNetwork = true; hostAddress = "10.88.{0}.1"; localAddress = "10.88.{0}.2";'
_ADDRESSES = ("--host-address", "10.88.9.1", "--local-address", "10.88.9.2")


@pytest.fixture(scope="module")
def place(host: Host) -> Path:
    """The trees and the flake, with the packages that an embedded system has; they are in the store already."""
    host.define("{ containers.unibase.config = { }; }")
    host.succeed("build", "-c", str(host.definition))
    lock = json.loads(host.definition.with_suffix(".lock").read_text(encoding="utf-8"))
    for era in ("2014", "current"):
        make_tree(era, host.directory, lock)
    make_flake(host.directory, host.directory / "nixpkgs-current")
    return host.directory


@pytest.fixture(autouse=True)
def clean(host: Host) -> Iterator[None]:
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
        declare(host, "unitree", 1, tree)

    define("one")
    said = host.switch().stderr
    assert f"universe: nixpkgs {release} from {place}/nixpkgs-{era}" in said
    assert host.inside("unitree", "cat", "/etc/container-kind") == kind
    assert host.inside("unitree", "systemctl", "is-system-running") == "running\n"
    system = host.inside("unitree", "readlink", "/run/current-system").strip()
    assert system.endswith(f"-nixos-system-unitree-{release}-fixture")
    assert host.inside("unitree", "readlink", "/run/booted-system").strip() == system
    assert host.inside("unitree", "readlink", "-f", "/nix/var/nix/profiles/system").strip() == system, "its own generations"
    assert Path("/etc/resolv.conf").read_text() == host.inside("unitree", "cat", "/run/resolvconf/interfaces/host")
    assert "10.88.1.2" in host.inside("unitree", "ip", "-4", "address", "show", "eth0")

    before = leader(host, "unitree")
    define("two")
    said = host.switch().stderr
    assert "activating the configuration..." in said, "by the tree's own switch-to-configuration"
    assert host.inside("unitree", "cat", "/etc/greeting") == "two"
    assert leader(host, "unitree") == before
    assert host.inside("unitree", "readlink", "-f", "/nix/var/nix/profiles/system").strip() != system
    assert "nothing to do" in host.switch().stderr


def test_the_guest_has_cgroup_v2_and_its_state_stays_its_own(host: Host, place: Path) -> None:
    declare(host, "unistate", 2, f"nixpkgs = {place}/nixpkgs-current; config = {{ }};")
    host.switch()
    assert host.inside("unistate", "stat", "-f", "-c", "%T", "/sys/fs/cgroup").strip() == "cgroup2fs"
    host.inside("unistate", "mkdir", "-p", "/nix/var/log/nix", "/nix/var/nix/profiles/per-user/alice")
    host.fail("run", "unistate", "--", "touch", "/nix/var/nix/daemon-socket/socket")
    host.fail("run", "unistate", "--", "touch", "/nix/store/x")
    directory = Path("/nix/var/nix/profiles/per-container")
    assert (directory / "unistate/per-user/alice").is_dir()
    assert directory.stat().st_mode & 0o077 == 0, "what a guest's root makes there is for no other user of the host"
    host.remove_everything()
    assert not (directory / "unistate").exists()


def test_one_container_may_go_from_one_universe_to_the_other_and_back(host: Host, place: Path) -> None:
    declare(host, "unimove", 3, "config = { };")
    host.switch()
    host.inside("unimove", "touch", "/root/kept")
    said = host.switch("--nixos-path", str(place / "nixpkgs-current")).stderr
    assert "restart unimove" in said, "neither kind of system can be switched into the other"
    assert host.inside("unimove", "cat", "/etc/container-kind") == "nspawn"
    host.inside("unimove", "test", "-e", "/root/kept")
    host.switch()
    assert host.inside("unimove", "systemctl", "is-system-running") == "running\n"
    host.fail("run", "unimove", "--", "test", "-e", "/etc/container-kind")
    host.inside("unimove", "test", "-e", "/root/kept")


def test_nixpkgs_of_nix_path(host: Host, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NIX_PATH", f"nixpkgs={place}/nixpkgs-2014")
    host.define("{ containers.unipath = { nixpkgs = <nixpkgs>; config = { }; }; }")
    assert host.succeed("build", "-c", str(host.definition)).endswith("-nixos-system-unipath-14.12-fixture\n")
    host.define("{ containers.unipath = { config = { }; }; }")
    built = host.succeed("build", "-c", str(host.definition), "--nixos-path", "<nixpkgs>")
    assert built.endswith("-nixos-system-unipath-14.12-fixture\n")


def test_imperative_containers_of_a_tree(host: Host, place: Path) -> None:
    tree = str(place / "nixpkgs-current")
    host.succeed("create", "uniimp", "--nixos-path", tree, "--config", 'environment.etc."greeting".text = "one";', *_ADDRESSES)
    try:
        host.succeed("start", "uniimp")
        assert host.inside("uniimp", "cat", "/etc/greeting") == "one"
        host.succeed("update", "uniimp", "--config", 'environment.etc."greeting".text = "two";')
        assert host.inside("uniimp", "cat", "/etc/greeting") == "two"
        said = host.run("update", "uniimp", "--nixos-path", str(place / "nixpkgs-2014")).stderr
        assert "universe: nixpkgs 14.12" in said
        assert host.inside("uniimp", "cat", "/etc/container-kind") == "container"
        assert "universe: nixpkgs 14.12" in host.run("update", "uniimp").stderr, "it was recorded"
    finally:
        host.succeed("destroy", "uniimp")


def test_create_and_update_from_a_flake(host: Host, place: Path) -> None:
    host.succeed("create", "uniflake", "--flake", "./flake#other", *_ADDRESSES)
    try:
        assert f"FLAKE={place}/flake#other\n" in Path("/etc/nixos-containers/uniflake.conf").read_text(encoding="utf-8")
        host.succeed("start", "uniflake")
        assert host.inside("uniflake", "cat", "/etc/greeting") == "other: hello\n"
        first = leader(host, "uniflake")
        (place / "flake/greeting.txt").write_text("changed\n", encoding="utf-8")
        said = host.run("update", "uniflake").stderr
        assert f"universe: flake {place}/flake#other" in said
        assert host.inside("uniflake", "cat", "/etc/greeting") == "other: changed\n", "the recorded attribute, not the default"
        assert leader(host, "uniflake") == first
        host.succeed("update", "uniflake", "--flake", "./flake")
        assert host.inside("uniflake", "cat", "/etc/greeting") == "default: changed\n"
        said = host.fail("update", "uniflake", "--flake", "./flake#nosuch")
        assert "does not provide attribute" in said and "nixosConfigurations.nosuch" in said
        assert "flake#nosuch" not in Path("/etc/nixos-containers/uniflake.nix").read_text(encoding="utf-8"), (
            "a failed update records nothing"
        )
    finally:
        host.succeed("destroy", "uniflake")


def test_a_flakes_options_are_recorded(host: Host, place: Path) -> None:
    host.succeed("create", "unipure", "--flake", "./flake#impure", *_ADDRESSES)
    try:
        assert host.succeed("build", "-c", "/etc/nixos-containers/unipure.nix").endswith("-nixos-system-home--25.11-fixture\n")
    finally:
        host.succeed("destroy", "unipure")
    host.succeed("create", "unipure", "--flake", "./flake#impure", "--impure", *_ADDRESSES)
    try:
        home = Path.home().name
        assert host.succeed("build", "-c", "/etc/nixos-containers/unipure.nix").endswith(f"-nixos-system-home-{home}-25.11-fixture\n")
    finally:
        host.succeed("destroy", "unipure")


def test_a_declared_flake_relative_to_its_definition(host: Host, place: Path) -> None:
    (place / "flake/greeting.txt").write_text("declared\n", encoding="utf-8")
    declare(host, "unidecl", 4, 'flake = "./flake";')
    host.switch()
    assert host.inside("unidecl", "cat", "/etc/greeting") == "default: declared\n"


def test_paths(host: Host, place: Path) -> None:
    """A derivation is built; a profile of somebody else's is followed, also by a switch."""
    tree = f"(import {place}/nixpkgs-current/nixos"
    system = tree + ' { configuration.environment.etc."greeting".text = "path"; system = "x86_64-linux"; }).system'
    declare(host, "unipath", 5, f"path = {system};")
    host.switch()
    assert host.inside("unipath", "cat", "/etc/greeting") == "path"
    built = host.inside("unipath", "readlink", "/run/current-system").strip()
    host.remove_everything()

    profile = place / "profile"
    profile.symlink_to(built)
    declare(host, "unipath", 5, "path = ./profile;")
    assert f"universe: the finished system {profile}" in host.switch().stderr
    assert host.inside("unipath", "cat", "/etc/greeting") == "path"
    assert "nothing to do" in host.switch().stderr
    declare(host, "unipath", 5, "path = " + system.replace('"path"', '"moved"') + ";")
    moved = host.succeed("build", "-c", str(host.definition)).strip()
    profile.unlink()
    profile.symlink_to(moved)
    declare(host, "unipath", 5, "path = ./profile;")
    host.switch()
    assert host.inside("unipath", "cat", "/etc/greeting") == "moved"
