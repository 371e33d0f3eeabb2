"""`create --template`: a ready-made configuration, copied into the container's own definition."""

from __future__ import annotations

from pathlib import Path

from .conftest import Host

NAME = "nctmade"


def test_a_template_and_any_option_with_set(host: Host) -> None:
    own = host.directory / "own.nix"
    own.write_text('{ pkgs, ... }: { system.stateVersion = "23.11"; environment.etc.made.text = "from a template"; }', encoding="utf-8")
    try:
        host.succeed(
            "create", NAME, "--template", str(own), "--use-host-network",
            "--set", 'tmpfs=[ "/scratch" ]', "--set", "limits.tasksMax=444", "--set", "activation=\"none\"",
        )  # fmt: skip
        assert "from a template" in Path(f"/etc/nixos-containers/{NAME}.nix").read_text(encoding="utf-8")
        host.succeed("start", NAME)
        assert host.inside(NAME, "cat", "/etc/made") == "from a template"
        assert host.inside(NAME, "findmnt", "-no", "FSTYPE", "/scratch") == "tmpfs\n"
        assert host.json("inspect", NAME)["record"]["container"]["activation"] == "none"
    finally:
        host.succeed("destroy", NAME)


def test_a_template_that_is_not_there_leaves_nothing(host: Host) -> None:
    assert "there are: " in host.fail("create", NAME, "--template", "no-such")
    assert NAME not in host.succeed("list").split()
