"""What happens when people make mistakes: a clear error, a status that is not 0, nothing changed on the host."""

from __future__ import annotations

import pytest

from .conftest import Host

GUEST = '{{ containers.c = {{ config = {{ pkgs, ... }}: {{ system.stateVersion = "23.11"; {inside} }}; {outside} }}; }}'

MISTAKES = {
    "a misspelt option of the host": (
        {"outside": "privateNetwrok = true;", "inside": ""},
        ["containers.c.privateNetwrok", "does not exist", "configuration.nix", "privateNetwork"],
    ),
    "a misspelt option of the guest": (
        {"outside": "", "inside": "services.opensh.enable = true;"},
        ["services.opensh", "does not exist", "configuration.nix", "openssh"],
    ),
    "a value of the wrong type": (
        {"outside": "autoStart = 3;", "inside": ""},
        ["containers.c.autoStart", "is not of type", "boolean", "configuration.nix"],
    ),
    "a package that does not exist": (
        {"outside": "", "inside": "environment.systemPackages = [ pkgs.htoop ];"},
        ["htoop", "did you mean", "htop"],
    ),
    "definitions that contradict each other": (
        {"outside": "", "inside": 'imports = [ { time.timeZone = "UTC"; } { time.timeZone = "Europe/Paris"; } ];'},
        ["time.timeZone", "conflicting definition values", "UTC", "Europe/Paris"],
    ),
    "a failed assertion": (
        {"outside": "", "inside": 'assertions = [ { assertion = false; message = "this must hold"; } ];'},
        ["this must hold"],
    ),
    "a name that upstream forbids": ({"outside": "", "inside": "", "name": "a_b"}, ["underscores", "a_b"]),
}


@pytest.mark.parametrize("mistake", sorted(MISTAKES))
def test_mistake(host: Host, mistake: str) -> None:
    words, fragments = MISTAKES[mistake]
    text = GUEST.format(inside=words["inside"], outside=words["outside"])
    host.define(text.replace("containers.c", f"containers.{words['name']}") if "name" in words else text)
    before = host.succeed("list")
    said = host.fail("switch", "-c", str(host.definition))
    for fragment in fragments:
        assert fragment in said, said
    assert host.succeed("list") == before


def test_a_syntax_error_names_file_and_line(host: Host) -> None:
    host.define("{ containers.c = {\n  autoStart = true\n}; }\n")
    said = host.fail("switch", "-c", str(host.definition))
    assert "syntax error" in said and "configuration.nix:3" in said


def test_no_definition_file(host: Host) -> None:
    assert "no definition file /no/such/file.nix" in host.fail("switch", "-c", "/no/such/file.nix")


def test_an_unknown_container(host: Host) -> None:
    for verb in ("start", "stop", "run", "show-ip"):
        assert "container ‘nosuch’ does not exist" in host.fail(verb, "nosuch", *(("--", "true") if verb == "run" else ()))
    done = host.run("status", "nosuch")
    assert done.stdout == "gone\n" and done.returncode != 0


def test_a_container_whose_definition_file_is_gone_can_be_destroyed(host: Host) -> None:
    host.define('{ containers.nctorphan = { privateNetwork = true; config.system.stateVersion = "23.11"; }; }')
    host.switch()
    assert "cannot destroy declarative container" in host.fail("destroy", "nctorphan")
    host.definition.unlink()
    host.succeed("destroy", "nctorphan")
    assert "nctorphan" not in host.succeed("list").split()
