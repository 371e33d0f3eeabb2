"""The command line against upstream's `nixos-container`, row by row: verbs, flags, outputs, files, messages, exit statuses.

Upstream promises no particular status besides 0 (its messages end with whatever errno was): here it is 1 for every failure, and
a command's own with `run`.
"""

from __future__ import annotations

import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from .conftest import Host

NAME = "nctparity"
DECLARED = "nctparityd"
RECORDS = Path("/etc/nixos-containers")
STATE = Path("/var/lib/nixos-containers") / NAME
CONFIG = 'system.stateVersion = "24.11"; services.openssh.enable = true;'
# What upstream hands through to Nix.
PASSED_ON = (
    ("--log-format", "raw"),
    ("--option", "cores", "1"),
    ("--impure",),
    ("--update-input", "nixpkgs"),
    ("--override-input", "nixpkgs", "/nowhere"),
    ("--commit-lock-file",),
    ("--no-registries",),
    ("--no-update-lock-file",),
    ("--no-write-lock-file",),
    ("--no-allow-dirty",),
    ("--recreate-lock-file",),
)
VERBS = (
    "list", "create", "destroy", "restart", "start", "stop", "terminate", "status", "update", "login", "root-login", "run",
    "show-ip", "show-host-key",
)  # fmt: skip


@pytest.fixture(scope="module")
def parity(host: Host) -> Iterator[Host]:
    host.define(f'{{ containers.{DECLARED} = {{ privateNetwork = true; config.system.stateVersion = "24.11"; }}; }}')
    host.switch()
    host.succeed("create", NAME, "--config", CONFIG)
    yield host
    host.run("destroy", NAME)


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_of_upstream_is_there_and_explains_itself(parity: Host, verb: str) -> None:
    assert f"nixos-container {verb}" in parity.succeed(verb, "--help")
    if verb != "list":
        assert "no container name specified" in parity.fail(verb)
    assert parity.run(verb, "--no-such-option").returncode == 1


NO_NAMES = (
    ((), "no action specified"),
    (("fly",), "unknown action ‘fly’"),
    (("create", "a b"), "invalid container name"),
    (("create", "a.b"), "invalid container name"),
    (("create", NAME), f"container ‘{NAME}’ already exists"),
    (("create", "x", "--host-address", "10.213.1.1"), "With --host-address set, --local-address is required as well!"),
    (
        ("create", "x", "--config", "{}", "--config-file", "/f"),
        "--config and --config-file are mutually incompatible. Please define one or",
    ),
    (("create", "x", "--config-file", "/nowhere"), "/nowhere"),
    (("create", "x", "--nixos-path", "/nowhere"), "/nowhere"),
    (("create", "x", "--system-path", "/nowhere"), "/nowhere"),
    (("create", "x", "--flake", "/nowhere"), "/nowhere"),
    (("create", "x", "--port", "tcp:0:80"), "is not a port"),
    (("destroy", DECLARED), "cannot destroy declarative container"),
    (("destroy", DECLARED), "remove it from your configuration.nix instead"),
    *(
        ((verb, "nctnowhere"), "container ‘nctnowhere’ does not exist")
        for verb in ("start", "stop", "restart", "terminate", "status", "update", "login", "root-login", "show-ip", "show-host-key")
    ),
    (("run", "nctnowhere", "--", "true"), "container ‘nctnowhere’ does not exist"),
    (("run", NAME, "--", "true"), "is not running"),
    (("root-login", NAME), "is not running"),
    (("login", NAME), "is not running"),
)


@pytest.mark.parametrize(("words", "message"), NO_NAMES, ids=[" ".join(words) or "nothing" for words, _ in NO_NAMES])
def test_failures_say_what_upstream_says(parity: Host, words: tuple[str, ...], message: str) -> None:
    done = parity.run(*words)
    assert done.returncode == 1
    assert message in done.stderr, done.stderr
    assert done.stderr.startswith("nixos-container: ") or "nixos-container: " in done.stderr
    assert done.stdout in ("", "gone\n")
    assert not list(RECORDS.glob("x.*"))


def test_outputs_are_upstreams_to_the_letter(parity: Host) -> None:
    assert {NAME, DECLARED} <= set(parity.succeed("list").splitlines())
    assert parity.succeed("list").splitlines() == sorted(parity.succeed("list").splitlines())
    assert parity.succeed("status", NAME) == "down\n"
    assert parity.run("status", "nctnowhere").stdout == "gone\n"
    assert parity.run("terminate", NAME, "--signal", "KILL").returncode == 0, "upstream takes it, and makes nothing of it"
    assert parity.run("destroy", "nctnowhere").returncode == 0
    assert parity.run("show-host-key", NAME).returncode == 1
    for verb in ("start", "stop", "terminate", "restart"):
        assert parity.succeed(verb, NAME) == "", "what is done is no answer"
        assert parity.succeed("status", NAME) == ("up\n" if verb in ("start", "restart") else "down\n")
    conf = dict(line.split("=", 1) for line in (RECORDS / f"{NAME}.conf").read_text().splitlines())
    assert parity.succeed("show-ip", NAME) == conf["LOCAL_ADDRESS"] + "\n"
    assert parity.succeed("show-host-key", NAME).startswith("ssh-ed25519 ")


def test_run_and_root_login(parity: Host) -> None:
    parity.succeed("start", NAME)
    for status in (0, 1, 3, 127):
        assert parity.run("run", NAME, "--", "sh", "-c", f"exit {status}").returncode == status
    words = ["a b", "$HOME", "it's", '"', "*", "", "\\", "--help"]
    assert parity.succeed("run", NAME, "--", "printf", "%s|", *words) == "".join(f"{word}|" for word in words)
    assert parity.succeed("run", NAME, "cat", stdin="typed\n") == "typed\n"
    assert parity.run("root-login", NAME, stdin="pwd; exit 7\n").returncode == 7
    assert parity.run("root-login", NAME, stdin="pwd\n").stdout == "/root\n"


def test_files_and_modes_of_a_created_container(parity: Host) -> None:
    """What upstream's create leaves: its keys, its directories, its modes."""
    conf = dict(line.split("=", 1) for line in (RECORDS / f"{NAME}.conf").read_text().splitlines())
    assert conf["PRIVATE_NETWORK"] == "1" and conf["AUTO_START"] == "0"
    assert conf["HOST_ADDRESS"] and conf["LOCAL_ADDRESS"] and "HOST_BRIDGE" not in conf, "upstream writes empty ones"
    assert Path(f"/nix/var/nix/profiles/per-container/{NAME}/system").is_symlink()
    assert Path(f"/nix/var/nix/gcroots/per-container/{NAME}").is_dir()
    parity.succeed("start", NAME)
    for directory, mode in (("", 0o755), ("etc", 0o755), ("var/lib", 0o755), ("var/lib/private", 0o700), ("root", 0o700)):
        assert stat.S_IMODE((STATE / directory).stat().st_mode) == mode, directory


FLAGS = (
    (("--bridge", "nctbrparity", "--local-address", "10.213.40.2/24"), {"HOST_BRIDGE": "nctbrparity", "LOCAL_ADDRESS": "10.213.40.2/24"}),
    (
        ("--port", "tcp:28440:80,udp:28441,28442", "--host-address", "10.213.41.1", "--local-address", "10.213.41.2"),
        {"HOST_PORT": "tcp:28440:80,udp:28441:28441,tcp:28442:28442", "HOST_ADDRESS": "10.213.41.1", "LOCAL_ADDRESS": "10.213.41.2"},
    ),
    (("--use-host-network", "--auto-start"), {"PRIVATE_NETWORK": "0", "AUTO_START": "1"}),
)


@pytest.mark.parametrize(("flags", "keys"), FLAGS, ids=[flags[0] for flags, _ in FLAGS])
def test_flags_of_create_are_recorded(parity: Host, flags: tuple[str, ...], keys: dict[str, str]) -> None:
    done = parity.run("create", "nctparityf", "--config", 'system.stateVersion = "24.11";', *flags)
    try:
        assert done.returncode == 0 and done.stdout == "", done.stderr
        conf = dict(line.split("=", 1) for line in (RECORDS / "nctparityf.conf").read_text().splitlines())
        assert {key: conf.get(key) for key in keys} == keys
        if keys.get("PRIVATE_NETWORK") != "0" and "--bridge" not in flags:
            assert f"host IP is {conf['HOST_ADDRESS']}, container IP is {conf['LOCAL_ADDRESS']}\n" in done.stderr
    finally:
        parity.succeed("destroy", "nctparityf")


def test_config_file_system_path_and_unique_names(parity: Host, tmp_path: Path) -> None:
    (tmp_path / "guest.nix").write_text('{ system.stateVersion = "24.11"; }')
    system = str(Path(f"/nix/var/nix/profiles/per-container/{NAME}/system").resolve())
    made = []
    try:
        for options in (["--config-file", str(tmp_path / "guest.nix")], ["--system-path", system], []):
            made.append(parity.succeed("create", "nctparityu", "--ensure-unique-name", *options))
        assert made == ["nctparityu", "nctparityu-0", "nctparityu-1"]
        assert f"SYSTEM_PATH={system}" in (RECORDS / "nctparityu-0.conf").read_text()
    finally:
        parity.succeed("destroy", *made)


@pytest.mark.parametrize("words", PASSED_ON, ids=[words[0] for words in PASSED_ON])
def test_options_of_nix_are_taken_by_create(parity: Host, words: tuple[str, ...]) -> None:
    """They mean something to flakes only, and are no mistake elsewhere, as upstream. One that fails leaves nothing."""
    done = parity.run("create", "nctparityn", "--flake", "/nowhere", *words)
    assert done.returncode == 1 and "unknown option" not in done.stderr and "unrecognized" not in done.stderr, done.stderr
    assert not list(RECORDS.glob("nctparityn*"))


def test_update_takes_all_of_them(parity: Host) -> None:
    done = parity.run("update", NAME, *(word for words in PASSED_ON for word in words))
    assert done.returncode == 0, done.stderr


def test_update(parity: Host, tmp_path: Path) -> None:
    parity.succeed("start", NAME)
    leader = parity.json("status", NAME)["leader"]
    done = parity.run("update", NAME, "--config", CONFIG + ' environment.etc.word.text = "updated";')
    assert done.returncode == 0 and done.stdout == ""
    assert "reload" in done.stderr and parity.inside(NAME, "cat", "/etc/word") == "updated"
    (tmp_path / "guest.nix").write_text(f'{{ {CONFIG} environment.etc.word.text = "from a file"; }}')
    parity.succeed("update", NAME, "--config-file", str(tmp_path / "guest.nix"))
    assert parity.inside(NAME, "cat", "/etc/word") == "from a file"
    assert parity.json("status", NAME)["leader"] == leader
    assert parity.run("update", NAME, "--refresh").returncode == 0
    assert "mutually incompatible" in parity.fail("update", NAME, "--config", "{}", "--config-file", "f")
    before = (RECORDS / f"{NAME}.nix").read_text()
    parity.fail("update", NAME, "--config", "services.nosuch.enable = true;")
    assert (RECORDS / f"{NAME}.nix").read_text() == before, "upstream keeps what does not build"


def test_the_name_may_be_long_and_underscores_are_told(parity: Host) -> None:
    """Upstream refuses more than 11 characters; an underscore is taken by its create and refused in definitions."""
    name = "nctparity-with-a-long-name-" + "x" * 20
    parity.succeed("create", name, "--config", 'system.stateVersion = "24.11";')
    try:
        parity.succeed("start", name)
        assert parity.inside(name, "uname") == "Linux\n"
    finally:
        parity.succeed("destroy", name)


def test_version_and_help_succeed() -> None:
    host = Host(Path("/"))
    for flag in ("--help", "--version", "help"):
        done = subprocess.run(host.command(flag), capture_output=True, text=True, check=False)
        assert done.returncode == 0 and done.stdout
