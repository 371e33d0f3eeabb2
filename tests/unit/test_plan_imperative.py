"""Imperative containers: the definition file that `create` writes, and `update --config` in it."""

from __future__ import annotations

import json
import shutil
import subprocess

import pytest

from nixos_containers.base.errors import UsageError
from nixos_containers.declare.container import Network, VethPair
from nixos_containers.declare.shared import SharedNetwork
from nixos_containers.plan.imperative import (
    Wish,
    addresses_of,
    check,
    definition_text,
    looks_like_module,
    nix_string,
    nix_value,
    parse_ports,
    replace_config,
    wants_addresses,
)
from nixos_containers.plan.rename import renamed_definition

from .samples import container

ADDRESSES = ("10.233.1.1", "10.233.1.2")


def evaluate(expression: str) -> object:
    """What Nix makes of an expression."""
    if shutil.which("nix-instantiate") is None:
        pytest.skip("Nix is not installed")
    command = ["nix-instantiate", "--store", "dummy://", "--eval", "--strict", "--json", "-E", expression]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{done.stderr}\n{expression}"
    return json.loads(done.stdout)


def options_of_all(*texts: str) -> list[dict]:
    """The options of the one container that each definition file declares, its `config` called with empty arguments."""
    call = "c: c // { config = if builtins.isFunction c.config then c.config { config = { }; lib = { }; pkgs = { }; } else c.config; }"
    files = " ".join(f"({text})" for text in texts)
    found = evaluate(
        f"map (file: builtins.mapAttrs (_: {call}) (file {{ config = {{ }}; pkgs = {{ }}; lib = {{ }}; }}).containers) [ {files} ]"
    )
    assert isinstance(found, list) and all(len(containers) == 1 for containers in found)
    return [next(iter(containers.values())) for containers in found]


def options_of(text: str) -> dict:
    """The same of one definition file."""
    return options_of_all(text)[0]


@pytest.mark.parametrize(
    "text", ["plain", 'a "quote"', "back\\slash", "${not.code}", "$${x}", "two\nlines\n", "tab\tand ü", "''", "\\${x}", ""]
)
def test_strings_are_those_that_nix_reads_back(text: str) -> None:
    assert evaluate(nix_string(text)) == text


def test_a_plain_create_has_a_private_network_and_addresses() -> None:
    assert options_of(definition_text("scratch", Wish(), ADDRESSES, None)) == {
        "privateNetwork": True,
        "hostAddress": "10.233.1.1",
        "localAddress": "10.233.1.2",
        "config": {},
    }


def test_both_families() -> None:
    made = options_of(definition_text("scratch", Wish(), (*ADDRESSES, "fd00::1", "fd00::2"), None))
    assert (made["hostAddress6"], made["localAddress6"]) == ("fd00::1", "fd00::2")


def test_a_member_of_a_shared_network_declares_it_as_the_others_do() -> None:
    network = SharedNetwork("backend", subnet="10.1.0.0/24", subnet6="fd01::/64", isolated=True, nat=False, mtu=1400)
    text = definition_text("x", Wish(ports="8080:80"), None, None, networks=(network,))
    assert 'networks = [ "backend" ];' in text and "hostAddress" not in text
    said = 'subnet = "10.1.0.0/24"; subnet6 = "fd01::/64"; isolated = true; nat = false; mtu = 1400;'
    assert f'  networking.containers.networks."backend" = {{ {said} }};\n' in text
    assert "containers.y = {" in renamed_definition(text, "x", "y")


def test_every_option_of_the_command_line() -> None:
    wish = Wish(auto_start=True, ports="8080:80,udp:53", settings=("ephemeral=true", 'bindMounts."/a b".isReadOnly = false'))
    assert options_of(definition_text("x", wish, ADDRESSES, "services.openssh.enable = true;")) == {
        "privateNetwork": True,
        "hostAddress": "10.233.1.1",
        "localAddress": "10.233.1.2",
        "forwardPorts": [
            {"protocol": "tcp", "hostPort": 8080, "containerPort": 80},
            {"protocol": "udp", "hostPort": 53, "containerPort": 53},
        ],
        "autoStart": True,
        "ephemeral": True,
        "bindMounts": {"/a b": {"isReadOnly": False}},
        "config": {"services": {"openssh": {"enable": True}}},
    }


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("true", True), ("null", None), ("-3", -3), ("0.5", 0.5), ("[ 1 2 ]", [1, 2]), ('"a b"', "a b"), ("{ a = 1; }", {"a": 1}),
        ("(1 + 1)", 2), ("let a = 1; in a", 1), ("builtins.length [ 1 ]", 1),
        ("1G", "1G"), ("1min 30s", "1min 30s"), ("/data", "/data"), ("10.0.0.1/24", "10.0.0.1/24"), ("fd00::1", "fd00::1"), ("br0", "br0"),
        ("github:x/y#z", "github:x/y#z"), ("50%", "50%"), ("yes", "yes"), ("letters", "letters"), ("$x", "$x"), ("0-3,5", "0-3,5"),
    ],
)  # fmt: skip
def test_a_value_is_nix_or_else_a_plain_word(given: str, found: object) -> None:
    assert evaluate(f"({nix_value(given)})") == found


def test_what_is_set_by_name_replaces_what_create_chooses() -> None:
    wish = Wish(ports="80", settings=("privateNetwork=false", "forwardPorts=[ ]", 'bindMounts."/a=b".hostPath=/c'))
    assert not wants_addresses(wish) and wants_addresses(Wish(settings=("autoStart=true",)))
    made = options_of(definition_text("x", wish, None, None))
    assert made == {"privateNetwork": False, "forwardPorts": [], "bindMounts": {"/a=b": {"hostPath": "/c"}}, "config": {}}


def test_options_of_the_guest_can_be_set_beside_its_configuration() -> None:
    settings = ("config.networking.hostName=there", "config.services.nginx.enable=true")
    plain = options_of(definition_text("x", Wish(settings=settings), ADDRESSES, None))["config"]
    assert plain == {"networking": {"hostName": "there"}, "services": {"nginx": {"enable": True}}}
    both = definition_text("x", Wish(settings=settings[:1]), ADDRESSES, "{ ... }: { services.openssh.enable = true; }")
    found = evaluate(
        f"let c = (({both}) {{ config = {{ }}; pkgs = {{ }}; lib = {{ }}; }}).containers.x.config {{ config = {{ }}; pkgs = {{ }}; lib = {{ }}; }}; in {{ name = c.networking.hostName; rest = (builtins.head c.imports) {{ }}; }}"
    )
    assert found == {"name": "there", "rest": {"services": {"openssh": {"enable": True}}}}


def test_a_system_that_is_set_leaves_no_place_for_a_configuration() -> None:
    assert "config =" not in definition_text("x", Wish(settings=("path=/nix/store/x-system",)), ADDRESSES, None)
    with pytest.raises(UsageError, match="says the same"):
        check(Wish(config="a = 1;", settings=("config={ }",)))


@pytest.mark.parametrize("setting", ["x", "=1", "a b=1", "a=", 'a."b=1', "a;b=1"])
def test_a_setting_that_is_none_is_refused(setting: str) -> None:
    with pytest.raises(UsageError, match="expected OPTION=VALUE"):
        check(Wish(settings=(setting,)))


def test_a_bridge_replaces_addresses() -> None:
    made = options_of(definition_text("x", Wish(bridge="br0", local_address="10.0.0.5/24"), None, None))
    assert made == {"privateNetwork": True, "hostBridge": "br0", "localAddress": "10.0.0.5/24", "config": {}}


def test_the_hosts_network() -> None:
    assert options_of(definition_text("x", Wish(host_network=True), None, None)) == {"privateNetwork": False, "config": {}}


def test_a_finished_system_instead_of_a_configuration() -> None:
    text = definition_text("x", Wish(system_path="/nix/store/x-system"), ADDRESSES, None)
    assert 'path = "/nix/store/x-system";' in text
    assert "config =" not in text


def test_the_file_says_what_it_is_and_what_to_do() -> None:
    assert "nixos-container update scratch" in definition_text("scratch", Wish(), ADDRESSES, None)


CONFIGS = [
    ("services.openssh.enable = true;", True),
    ('# a comment\nnetworking.hostName = "a";\nservices.openssh.enable = true;', True),
    ("{ services.openssh.enable = true; }", True),
    ("{ pkgs, ... }: { services.openssh.enable = true; }", True),
    ("# why\n{ pkgs, lib, ... }:\n\n{\n  services.openssh.enable = true;\n}\n", True),
    ("{ pkgs, ... }@args: { services.openssh.enable = true; }", True),
    ("args: { services.openssh.enable = true; }", True),
    ("args@{ pkgs, ... }: { services.openssh.enable = true; }", True),
    ("let on = true; in { services.openssh.enable = on; }", True),
    ("rec { services.openssh.enable = true; }", True),
]


@pytest.mark.parametrize(("config", "enabled"), CONFIGS)
def test_lines_and_whole_modules_are_both_taken(config: str, enabled: bool) -> None:
    made = options_of(definition_text("x", Wish(), ADDRESSES, config))
    assert made["config"]["services"]["openssh"]["enable"] is enabled


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("{ }", True),
        ("(import ./x)", True),
        ("import ./x.nix", True),
        ("./x.nix", True),
        ("/etc/x.nix", True),
        ("services.x.enable = true;", False),
        ("imports = [ ./x.nix ];", False),
        ("letters = 1;", False),
        ("", False),
        ("# only { a comment", False),
    ],
)
def test_what_a_whole_module_looks_like(text: str, whole: bool) -> None:
    assert looks_like_module(text) is whole


@pytest.mark.parametrize("first", [None, *(config for config, _ in CONFIGS)])
@pytest.mark.parametrize("second", ['time.timeZone = "UTC";', '{ ... }:\n{\n  time.timeZone = "UTC";\n}'])
def test_a_configuration_is_replaced_and_nothing_else(first: str | None, second: str) -> None:
    wish = Wish(ports="8080:80", settings=("ephemeral=true",))
    before = definition_text("x", wish, ADDRESSES, first)
    after = replace_config(before, second)
    was, is_now, is_again = options_of_all(before, after, replace_config(after, second))
    assert is_now == {**was, "config": {"time": {"timeZone": "UTC"}}}
    assert is_again == is_now


def test_multi_line_strings_keep_their_text_when_the_configuration_is_replaced() -> None:
    config = "environment.etc.a.text = ''\n  config = 1;\n    deeper\n'';"
    before = definition_text("x", Wish(), ADDRESSES, config)
    assert options_of(before)["config"]["environment"]["etc"]["a"]["text"] == "config = 1;\n  deeper\n"
    assert options_of(replace_config(before, "a = 1;"))["config"] == {"a": 1}


def test_a_file_that_its_owner_rearranged_is_left_alone() -> None:
    with pytest.raises(UsageError, match="edit the file itself"):
        replace_config("{ ... }: { containers.x.config = { }; }", "a = 1;")


# Ports, addresses and contradictions.


@pytest.mark.parametrize("text", ["", "tcp", "tcp:", "0", "65536", "80:", "a:b", "tcp:80:81:82", "80,,81", "-1"])
def test_what_is_no_port_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match=r"tcp:8080:80"):
        parse_ports(text)


def test_addresses_of_others_are_taken_without_their_prefix_lengths() -> None:
    network = Network(private=True, host_address="10.233.1.1/24", extra_veths={"x": VethPair(local_address="10.233.2.2")})
    assert addresses_of([container(network=network)]) == {"10.233.1.1", "10.233.2.2"}


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        (Wish(host_address="10.0.0.1"), "With --host-address set, --local-address is required as well!"),
        (Wish(config="a", config_file="b"), "--config and --config-file are mutually incompatible"),
        (Wish(host_network=True, ports="80"), "--use-host-network"),
        (Wish(host_network=True, bridge="br0"), "--use-host-network"),
        (Wish(settings=("ephemeral",)), "OPTION=VALUE"),
        (Wish(settings=("a b=true",)), "OPTION=VALUE"),
        (Wish(settings=("=true",)), "OPTION=VALUE"),
        (Wish(settings=("}; evil = 1",)), "OPTION=VALUE"),
    ],
)
def test_options_that_do_not_go_together(wish: Wish, words: str) -> None:
    with pytest.raises(UsageError) as failure:
        check(wish)
    assert words in str(failure.value)
