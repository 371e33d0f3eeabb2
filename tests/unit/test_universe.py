"""Universes on the Python side: flakes and Nix's options as argv, NixOS's needs of a start, and the line that every run says."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
from pathlib import Path

import pytest

from nixos_containers.base import process
from nixos_containers.base.errors import UsageError
from nixos_containers.base.paths import Paths
from nixos_containers.build import profiles
from nixos_containers.cli.nix import nix_options, nixpkgs_of
from nixos_containers.cli.parse import parse
from nixos_containers.declare.container import Bind, Built, Container, Record, Spec, System
from nixos_containers.evaluate.flake import Flake, absolute, command, evaluate_flake, parse_flake
from nixos_containers.plan.actions import SetProfile
from nixos_containers.plan.facts import Host, Observed, Running
from nixos_containers.plan.imperative import Wish, check, definition_text, replace_config, replace_option
from nixos_containers.plan.launch import params_digest, plan_launch
from nixos_containers.plan.nspawn import Nixos
from nixos_containers.plan.switch import plan_switch
from nixos_containers.plan.universe import universe_line
from nixos_containers.run.start import has_recent_systemd, prepare_directories

from .samples import BUSYBOX, FULL_NETWORK, SYSTEM, container

NIXOS = Nixos("/nix/var/nix/profiles/per-container/web", "/nix/var/nix/gcroots/per-container/web")


@pytest.mark.parametrize(
    ("text", "installable"),
    [
        ("github:example/systems", "github:example/systems#nixosConfigurations.container"),
        ("github:example/systems#web", "github:example/systems#nixosConfigurations.web"),
        ("/root/x#", "/root/x#nixosConfigurations.container"),
        ("/root/x#a.b", '/root/x#nixosConfigurations."a.b"'),
        ('/root/x#"a.b"', '/root/x#nixosConfigurations."a.b"'),
        ("git+file:///x?dir=y#web", "git+file:///x?dir=y#nixosConfigurations.web"),
    ],
)
def test_a_flake_names_a_system(text: str, installable: str) -> None:
    assert parse_flake(text).installable == installable
    with pytest.raises(UsageError, match="names no flake"):
        parse_flake("#web")


@pytest.mark.parametrize(
    ("text", "recorded"),
    [
        (".#web", "/home/me/here#web"),
        ("./sub", "/home/me/here/sub"),
        ("../x?dir=y#a", "/home/me/x?dir=y#a"),
        ("path:sub#a", "path:/home/me/here/sub#a"),
        ("path:/abs", "path:/abs"),
        ("/abs#a", "/abs#a"),
        ("nixpkgs#a", "nixpkgs#a"),
        ("github:o/r#a", "github:o/r#a"),
    ],
)
def test_relative_flakes_are_recorded_absolute(text: str, recorded: str) -> None:
    assert absolute(text, "/home/me/here") == recorded


def test_the_evaluation_of_a_flake_builds_nothing_and_takes_nixs_options() -> None:
    argv = command(Flake("/root/x", "web"), ("--impure", "--override-input", "nixpkgs", "/n"))
    assert argv[:4] == ["nix", "eval", "--json", "/root/x#nixosConfigurations.web"]
    assert argv[4] == "--apply" and "config.system.build.toplevel.drvPath" in argv[5]
    assert argv[6:] == ["--impure", "--override-input", "nixpkgs", "/n"]


def test_an_impure_flake_sees_the_callers_environment_a_pure_one_only_gits_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_PLAN", "x")
    monkeypatch.delenv("NIX_CONFIG", raising=False)
    monkeypatch.setenv("SSH_AUTH_SOCK", "/run/agent")
    asked: list[dict[str, str]] = []

    def run(argv: list[str], *, env: dict[str, str], **_: object) -> subprocess.CompletedProcess[str]:
        asked.append(env)
        return subprocess.CompletedProcess(
            argv, 0, '{"path": "/nix/store/x", "drv": "/nix/store/x.drv", "label": null}', "trace: warning: old\n"
        )

    monkeypatch.setattr(process, "run", run)
    assert evaluate_flake("web", "/f", (), directory="/").warnings == ("old",)
    evaluate_flake("web", "/f", ("--impure",), directory="/")
    assert "SECRET_PLAN" not in asked[0] and asked[0]["SSH_AUTH_SOCK"] == "/run/agent"
    assert asked[1]["SECRET_PLAN"] == "x" and "PATH" not in asked[1] and "flakes" in asked[1]["NIX_CONFIG"]
    assert "substitute = false" not in asked[0]["NIX_CONFIG"], "binary caches are for nixpkgs"


def test_nixs_options_are_recorded_or_for_once() -> None:
    words = (
        "create x --flake f --impure --override-input a b --override-input c d --option cores 2 --refresh --update-input a --log-format raw"
    )
    recorded, once = nix_options(parse(words.split()))
    assert recorded == ("--impure", "--override-input", "a", "b", "--override-input", "c", "d", "--option", "cores", "2")
    assert once == ("--refresh", "--update-input", "a", "--log-format", "raw")


@pytest.mark.parametrize("verb", ["switch", "build", "create x", "update x"])
def test_every_evaluating_verb_takes_them(verb: str) -> None:
    flags = "--no-registries --no-update-lock-file --no-write-lock-file --no-allow-dirty --recreate-lock-file --commit-lock-file"
    recorded, once = nix_options(parse([*verb.split(), *flags.split(), "--nixos-path", "/n"]))
    assert {*recorded, *once} == set(flags.split())


def test_nixos_path_is_absolute_unless_nix_looks_it_up(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert nixpkgs_of(parse(["switch", "--nixos-path", "tree"])) == str(tmp_path / "tree")
    assert nixpkgs_of(parse(["switch", "--nixos-path", "<nixpkgs>"])) == "<nixpkgs>"
    assert nixpkgs_of(parse(["switch"])) is None


def test_the_definition_of_a_flake_container() -> None:
    text = definition_text("web", Wish(flake="/root/x#web", flake_options=("--impure",)), ("10.233.1.1", "10.233.1.2"), None)
    assert 'flake = "/root/x#web";' in text and 'flakeOptions = [ "--impure" ];' in text and "config =" not in text
    assert 'flake = "/root/y#db";' in replace_option(text, "flake", '"/root/y#db"')
    with pytest.raises(UsageError, match="has a ‘flake’, no ‘config’"):
        replace_config(text, "{ }")


def test_an_update_replaces_or_adds_the_tree() -> None:
    text = definition_text("web", Wish(nixpkgs="<nixpkgs>"), ("10.233.1.1", "10.233.1.2"), "{ }")
    assert "    nixpkgs = <nixpkgs>;\n" in text
    assert '    nixpkgs = "/n";\n' in replace_option(text, "nixpkgs", '"/n"') and "<nixpkgs>" not in replace_option(text, "nixpkgs", '"/n"')
    plain = definition_text("web", Wish(), ("10.233.1.1", "10.233.1.2"), "{ }")
    assert '  containers.web = {\n    nixpkgs = "/n";\n' in replace_option(plain, "nixpkgs", '"/n"')
    with pytest.raises(UsageError, match="was edited"):
        replace_option("{ containers = { }; }", "nixpkgs", '"/n"')


@pytest.mark.parametrize(
    "wish",
    [
        Wish(flake="f", config="{ }"),
        Wish(flake="f", config_file="x"),
        Wish(flake="f", system_path="/x"),
        Wish(flake="f", nixpkgs="/n"),
    ],
)
def test_a_flake_stands_alone(wish: Wish) -> None:
    with pytest.raises(UsageError, match=r"--flake and --[a-z-]+ are mutually incompatible"):
        check(wish)


def spec(*containers: Container) -> Spec:
    return Spec(1, tuple(it.name for it in containers), (), Built(BUSYBOX, BUSYBOX + ".drv"), {it.name: it for it in containers})


def test_every_run_says_its_universe_in_one_line() -> None:
    say = {"archive": "Debian bookworm", "lock_file": "/x/configuration.lock"}
    assert universe_line(spec(), **say) is None
    assert (
        universe_line(spec(container("a"), container("b")), **say)
        == "universe: embedded (Debian bookworm, locked in /x/configuration.lock)"
    )
    tree = container("a", universe="nixpkgs", nixpkgs="/root/nixpkgs", nixpkgs_release="25.11")
    assert universe_line(spec(tree), **say) == "universe: nixpkgs 25.11 from /root/nixpkgs"
    mixed = spec(tree, container("b", universe="flake", flake="/f#web"), dataclasses.replace(tree, name="c"))
    assert universe_line(mixed, **say) == "universe: a, c: nixpkgs 25.11 from /root/nixpkgs; b: flake /f#web"


def argv(made: Container, nixos: Nixos | None = NIXOS) -> list[str]:
    """nspawn's command line as the launcher will run it, in lines."""
    record = Record(container=made, busybox=BUSYBOX, user_base=0x90000)
    launch = plan_launch(record, Host(), state="/run/s", root="/r", busybox=BUSYBOX, system=SYSTEM, nixos=nixos)
    return launch.files["launch"].replace("\\\n", "\n").splitlines()


def stripped(lines: list[str]) -> list[str]:
    return [line.strip().strip("'") for line in lines]


def test_nixos_gets_its_own_generations_and_no_daemon() -> None:
    found = stripped(argv(container(universe="nixpkgs", network=FULL_NETWORK)))
    assert "--bind=/nix/var/nix/profiles/per-container/web:/nix/var/nix/profiles:idmap" in found
    assert "--bind=/nix/var/nix/gcroots/per-container/web:/nix/var/nix/gcroots:idmap" in found
    assert "--tmpfs=/nix/var/nix/daemon-socket:ro,mode=755" in found
    shared = stripped(argv(container(universe="flake")))
    assert "--bind=/nix/var/nix/profiles/per-container/web:/nix/var/nix/profiles" in shared, "nothing to map without private users"


def test_a_32_bit_guest_thinks_so() -> None:
    old = dataclasses.replace(NIXOS, platform="i686-linux")
    assert "--personality=x86" in stripped(argv(container(universe="nixpkgs"), old))
    assert not [line for line in argv(container(universe="nixpkgs")) if "--personality" in line]


def test_the_embedded_universe_gets_none_of_it() -> None:
    assert not [line for line in argv(container(network=FULL_NETWORK), None) if "/nix/var" in line]


def test_a_daemon_socket_of_the_persons_own_is_left_alone() -> None:
    bind = Bind("/nix/var/nix/daemon-socket")
    found = stripped(argv(container(universe="nixpkgs", binds=(bind,))))
    assert not [line for line in found if line.startswith("--tmpfs=/nix/var")]
    assert "--bind-ro=/nix/var/nix/daemon-socket:/nix/var/nix/daemon-socket" in found


def test_an_old_systemd_is_not_asked_for_what_it_does_not_know(tmp_path: Path) -> None:
    unified, ready = "export SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1", "--notify-ready=yes"
    found = stripped(argv(container(universe="nixpkgs")))
    assert unified in found and ready in found
    old = stripped(argv(container(universe="nixpkgs"), dataclasses.replace(NIXOS, recent_systemd=False)))
    assert unified not in old and ready not in old and "--notify-ready=no" in old
    assert unified not in stripped(argv(container(), None)), "the embedded universe takes what the host has"

    library = tmp_path / "systemd/lib/systemd"
    library.mkdir(parents=True)
    (library / "libsystemd-shared.so").touch()
    assert not has_recent_systemd(str(tmp_path)), "systemd 217, as in 2014's trees"
    (library / "libsystemd-shared-258.so").touch()
    assert has_recent_systemd(str(tmp_path))


def test_another_tree_is_switched_in_place_another_kind_of_system_is_not() -> None:
    def digest(**fields: object) -> str:
        return params_digest(container(**fields), Host())  # type: ignore[arg-type]

    nixpkgs = digest(universe="nixpkgs", nixpkgs="/a", nixpkgs_release="24.05")
    assert nixpkgs == digest(universe="nixpkgs", nixpkgs="/b", nixpkgs_release="25.11")
    assert nixpkgs == digest(universe="flake", flake="/f", flake_options=("--impure",))
    assert nixpkgs != digest(), "the embedded universe lays out its root in another way"


def finished(path: str) -> Container:
    return Container(name="web", system=System(path=path), universe="path")


def test_a_profile_that_is_given_is_followed_and_a_store_path_is_rooted() -> None:
    profile = "/nix/var/nix/profiles/per-container/x/system"
    running = Running(leader=2, nspawn=1, supervisor=3, system=SYSTEM, params=params_digest(finished(profile), Host()))
    observed = Observed(
        records={"web": Record(container=finished(profile), busybox=BUSYBOX, declared_by="/d")},
        running={"web": running},
        finished={profile: SYSTEM},
    )
    assert plan_switch(spec(finished(profile)), observed, Host(), source="/d") == [], "it runs what the profile has"
    moved = dataclasses.replace(observed, finished={profile: SYSTEM + "-2"})
    (reload,) = plan_switch(spec(finished(profile)), moved, Host(), source="/d")
    assert reload.describe().startswith("reload web") and getattr(reload, "system", None) == SYSTEM + "-2"
    actions = plan_switch(spec(finished(SYSTEM)), Observed(), Host(), source="/d")
    assert [action.system for action in actions if isinstance(action, SetProfile)] == [SYSTEM]


def test_what_a_guest_left_among_its_generations_does_no_harm(tmp_path: Path) -> None:
    paths = Paths(str(tmp_path))
    directory = Path(paths.profiles("web"))
    (directory / "per-user/root").mkdir(parents=True)
    (directory / "system-7-link").write_text("not a link", encoding="utf-8")
    (directory / "elsewhere").symlink_to(tmp_path / "kept")
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept/file").touch()
    assert profiles.generations(paths, "web") == {}
    profiles.remove_profile(paths, "web")
    assert not directory.exists() and (tmp_path / "kept/file").exists()


def test_directories_below_nix_are_made_and_links_there_not_followed(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    prepare_directories(str(root), "/nix/var/nix")
    assert (root / "nix/var/nix").is_dir() and os.stat(root / "nix/var").st_mode & 0o777 == 0o755
    trap = tmp_path / "trap"
    (trap / "nix").parent.mkdir()
    (trap / "nix").symlink_to(tmp_path / "kept")
    (tmp_path / "kept").mkdir()
    prepare_directories(str(trap), "/nix/var/nix")
    assert list((tmp_path / "kept").iterdir()) == []


def test_records_of_older_versions_are_read(tmp_path: Path) -> None:
    from nixos_containers.declare.codec import decode, encode

    old = encode(container())
    for key in ("nixpkgsRelease", "flakeOptions"):
        del old[key]
    assert decode(Container, json.loads(json.dumps(old))) == container()
