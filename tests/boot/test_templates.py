"""`create --template`: a ready-made configuration, copied into the container's own definition."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import Host

NAME = "nctmade"


def test_a_template_and_any_option_with_set(host: Host) -> None:
    own = host.directory / "own.nix"
    own.write_text('{ pkgs, ... }: { system.stateVersion = "23.11"; environment.etc.made.text = "from a template"; }', encoding="utf-8")
    try:
        host.succeed(
            "create", NAME, "--template", str(own), "--use-host-network",
            "--set", 'tmpfs=[ "/scratch" ]', "--set", "limits.tasksMax=444", "--set", "activation=none",
            "--set", f'bindMounts."/seen here".hostPath={host.directory}', "--set", "config.environment.etc.word.text=by-name",
        )  # fmt: skip
        assert "from a template" in Path(f"/etc/nixos-containers/{NAME}.nix").read_text(encoding="utf-8")
        host.succeed("start", NAME)
        assert host.inside(NAME, "cat", "/etc/made") == "from a template"
        assert host.inside(NAME, "findmnt", "-no", "FSTYPE", "/scratch") == "tmpfs\n"
        assert host.inside(NAME, "cat", "/etc/word") == "by-name"
        assert "own.nix" in host.inside(NAME, "ls", "/seen here")
        assert host.json("inspect", NAME)["record"]["container"]["activation"] == "none"
    finally:
        host.succeed("destroy", NAME)


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("autoStart=perhaps", f"`containers.{NAME}.autoStart' is not of type `boolean'"),
        ("healthChecks.x.action=explode", f"`containers.{NAME}.healthChecks.x.action' is not of type `one of "),
        ("config.services.nginx.enable=maybe", f"`containers.{NAME}.config.services.nginx.enable' is not of type `boolean'"),
        ("limits.memory=1G", "Did you mean `containers.nctmade.limits.memoryMax'"),
        ("limits.memoryMax=(1 +", "syntax error"),
        ("limits.memoryMax", "expected OPTION=VALUE"),
    ],
)
def test_what_cannot_be_set_is_named_and_leaves_nothing(host: Host, setting: str, words: str) -> None:
    assert words in host.fail("create", NAME, "--set", setting)
    assert NAME not in host.succeed("list").split() and not Path(f"/etc/nixos-containers/{NAME}.nix").exists()


def test_a_template_that_is_not_there_leaves_nothing(host: Host) -> None:
    assert "there are: " in host.fail("create", NAME, "--template", "no-such")
    assert NAME not in host.succeed("list").split()
