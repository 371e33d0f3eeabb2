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


# A whole definition -> what is said about it: what is wrong, where, and what to do.
DEFINITIONS = {
    "an argument that was not asked for": (
        "{ containers.c.config = { environment.systemPackages = [ pkgs.vim ]; }; }",
        ["undefined variable 'pkgs'", "configuration.nix:1:", "{ pkgs, ... }:"],
    ),
    "an argument that nothing provides": (
        "{ containers.c.config = { inputs, ... }: { environment.systemPackages = [ inputs.x ]; }; }",
        ["wants the argument ‘inputs’", "containers.c.config.environment.systemPackages", "containers.c.specialArgs = { inputs"],
    ),
    "a function without the three dots": (
        "{ pkgs }: { containers.c.config = { }; }",
        ["unexpected argument", "configuration.nix:1:1", "{ pkgs, ... }:"],
    ),
    "a misspelt function of lib": (
        "{ lib, ... }: { containers = lib.mapAtrs (_: x: x) { }; }",
        ["'mapAtrs' missing", "configuration.nix:1:", "Did you mean one of mapAttrs"],
    ),
    "a misspelt package of a set": (
        "{ containers.c.config = { pkgs, ... }: { environment.systemPackages = [ pkgs.python3Packages.requets ]; }; }",
        ["'requets' missing", "Did you mean requests?"],
    ),
    "a name twice in one set": (
        "{ containers.c = { autoStart = true; autoStart = false; config = { }; }; }",
        ["‘autoStart’ away", "configuration.nix:1:", "already defined"],
    ),
    "a missing semicolon": ("{ containers.c = {\n autoStart = true\n config = { };\n}; }", ["configuration.nix:3:", "a ; is missing"]),
    "a brace that is not closed": ("{ containers.c = { config = { }; };", ["configuration.nix:1:", "not closed"]),
    "commas in a list": (
        "{ containers.c.config = { networking.firewall.allowedTCPPorts = [ 80, 443 ]; }; }",
        ["configuration.nix:1:", "separated by spaces"],
    ),
    "an option that decides about itself": (
        "{ config, ... }: { containers.c = { autoStart = config.containers.c.autoStart; config = { }; }; }",
        ["infinite recursion", "`containers.c.autoStart', defined in", "configuration.nix", "‘config’"],
    ),
    "a condition on what it sets": (
        "{ containers.c.config = { config, lib, ... }: lib.mkIf config.services.openssh.enable { services.openssh.enable = true; }; }",
        ["infinite recursion", "`containers.c.config.services.openssh.enable', defined in"],
    ),
    "an error of the person's own": (
        '{ containers.c.config = { environment.etc.x.text = throw "my own words"; }; }',
        ["my own words", "`containers.c.config.environment.etc.x.text', defined in", "configuration.nix"],
    ),
    "text for a module": ('{ containers.c.config = "hello"; }', ["absolute path", "in containers.c", "where a module is expected"]),
    "a number for a list": (
        "{ containers.c.config = { networking.firewall.allowedTCPPorts = 22; }; }",
        ["allowedTCPPorts' is not of type `list of", "configuration.nix", "[ 22 ]"],
    ),
    "text for a number": (
        '{ containers.c.config = { networking.firewall.allowedTCPPorts = [ "22" ]; }; }',
        ["allowedTCPPorts", "configuration.nix", "without quotes: 22"],
    ),
    "a number for text": (
        "{ containers.c.config = { users.users.joe = { isNormalUser = true; password = 1234; }; }; }",
        ["users.users.joe.password", "configuration.nix", 'in quotes: "1234"'],
    ),
    "text for a Boolean": (
        '{ containers.c = { autoStart = "yes"; config = { }; }; }',
        ["containers.c.autoStart' is not of type `boolean'", "configuration.nix", "without quotes"],
    ),
    "a number for the release": (
        "{ containers.c.config = { system.stateVersion = 23.11; }; }",
        ["containers.c", 'system.stateVersion = "23.11"'],
    ),
    "ports as docker writes them": (
        '{ containers.c = { privateNetwork = true; forwardPorts = [ "8080:80" ]; config = { }; }; }',
        ["containers.c.forwardPorts", "configuration.nix", "{ hostPort = 8080; containerPort = 80; }"],
    ),
    "a list of containers": ('{ containers = [ { name = "c"; } ]; }', ["`containers' is not of type", "a set is expected"]),
    "a name with a blank": ('{ containers."c d".config = { }; }', ['containers."c d": invalid container name', "letters, digits"]),
    "an address that is none": (
        '{ containers.c = { privateNetwork = true; hostAddress = "10.1.1.400"; localAddress = "10.1.1.2"; config = { }; }; }',
        ["containers.c.hostAddress: ‘10.1.1.400’ is not an IP address", "10.100.0.1"],
    ),
    "one port of the host twice": (
        "{ containers.c = { privateNetwork = true; forwardPorts = [ { hostPort = 8099; } { hostPort = 8099; containerPort = 81; } ];"
        " config = { }; }; }",
        ["containers.c.forwardPorts: the host’s tcp port 8099 would lead to", "port 81", "take one of them away"],
    ),
    "private users on the host's network": (
        '{ containers.c = { privateUsers = "pick"; config = { }; }; }',
        ["containers.c: privateUsers on the host's network", "below 1024", "privateNetwork = true"],
    ),
    "a flake that is not there": (
        '{ containers.c.flake = "./nothing#web"; }',
        ["containers.c.flake = ./nothing#web", "there is no directory", "/nothing"],
    ),
    "a file that is not there": (
        "{ imports = [ ./nothing.nix ]; }",
        ["nothing.nix", "No such file", "is it spelt right"],
    ),
}


@pytest.mark.parametrize("mistake", sorted(DEFINITIONS))
def test_a_mistake_is_told_with_its_place_and_a_way_on(host: Host, mistake: str) -> None:
    text, fragments = DEFINITIONS[mistake]
    host.define(text)
    host.definition.with_suffix(".lock").unlink(missing_ok=True)
    before = host.succeed("list")
    said = host.fail("switch", "-c", str(host.definition))
    for fragment in fragments:
        assert fragment in said, said
    assert "nix/lib/modules" not in said, "a place in our own files helps nobody"
    assert host.succeed("list") == before


def test_a_definition_that_does_not_evaluate_leaves_its_lock_file_alone(host: Host) -> None:
    lock = host.definition.with_suffix(".lock")
    lock.unlink(missing_ok=True)
    host.define(GUEST.format(inside="nothing.like = this;", outside=""))
    host.fail("switch", "-c", str(host.definition))
    assert not lock.exists(), "there was none"
    host.define(GUEST.format(inside="", outside=""))
    host.succeed("build", "-c", str(host.definition))
    before = lock.read_text(encoding="utf-8")
    host.define(GUEST.format(inside="environment.systemPackages = [ pkgs.hello ]; nothing.like = 1;", outside=""))
    host.fail("switch", "-c", str(host.definition))
    assert lock.read_text(encoding="utf-8") == before


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


def test_a_unit_that_fails_while_the_guest_boots_is_said(host: Host) -> None:
    host.define(
        '{ containers.nctunit = { privateNetwork = true; autoStart = true; config = { system.stateVersion = "23.11";'
        ' systemd.services.broken = { wantedBy = [ "multi-user.target" ]; before = [ "multi-user.target" ];'
        ' serviceConfig = { Type = "oneshot"; ExecStart = "/usr/bin/false"; }; }; }; }; }'
    )
    told = host.switch().stderr
    assert "warning: nctunit is up, but failed to start broken.service" in told and "run nctunit -- systemctl --failed" in told
    assert host.succeed("status", "nctunit") == "up\n"
    host.succeed("stop", "nctunit")
    done = host.run("start", "nctunit")
    assert done.returncode == 0 and "failed to start broken.service" in done.stderr, "a start that repeats an earlier one says so, too"
    host.define("{ }")
    host.switch("--purge")
