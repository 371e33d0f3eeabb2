"""What an option of a definition is set to, and who set it: `nixos-container option` without its printing.

No package is asked for, so no index is needed.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from nixos_containers.base.errors import DefinitionError, UsageError
from nixos_containers.declare.option import OptionValue
from nixos_containers.evaluate.evaluate import Request
from nixos_containers.evaluate.options import join_path, option_value, split_path

pytestmark = [pytest.mark.nix, pytest.mark.skipif(shutil.which("nix-instantiate") is None, reason="needs nix-instantiate")]

DEFINITION = """
{ lib, ... }:

{
  imports = [ ./more.nix ];
  containers.web = {
    autoStart = lib.mkDefault true;
    privateNetwork = true;
    bindMounts."/srv/a.b" = { hostPath = "/data"; };
    config = { lib, ... }: {
      services.nginx.enable = true;
      services.nginx.virtualHosts.localhost.root = "/srv";
      users.users.alice.isNormalUser = true;
      networking.hostName = throw "nobody asked for this";
      networking.firewall.allowedTCPPorts = [ 80 ];
    };
  };
}
"""
MORE = """
{
  containers.web.forwardPorts = [ { hostPort = 8080; } ];
  containers.web.config.networking.firewall.allowedTCPPorts = [ 443 ];
}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("definition")
    (made / "configuration.nix").write_text(DEFINITION, encoding="utf-8")
    (made / "more.nix").write_text(MORE, encoding="utf-8")
    return made


def ask(folder: Path, name: str) -> OptionValue:
    request = Request(modules=(str(folder / "configuration.nix"),), index=None, lock=None)
    return option_value(request, name, suggest=lambda _: [])


def refusal(folder: Path, name: str) -> str:
    with pytest.raises(UsageError) as failure:
        ask(folder, name)
    return str(failure.value)


def test_an_option_of_the_host(folder: Path) -> None:
    found = ask(folder, "containers.web.autoStart")
    assert (found.value, found.default, found.type, found.is_default) == ("true", "false", "boolean", False)
    assert [Path(definition.file).name for definition in found.definitions] == ["configuration.nix"]
    assert [Path(path).name for path in found.declarations] == ["life.nix"]
    assert found.description is not None and found.description.startswith("Whether the container starts")


def test_an_option_of_the_guest(folder: Path) -> None:
    found = ask(folder, "containers.web.config.services.nginx.enable")
    assert (found.value, found.default) == ("true", "false")
    assert [Path(definition.file).name for definition in found.definitions] == ["configuration.nix"]


def test_a_default_is_nobodys_definition(folder: Path) -> None:
    found = ask(folder, "containers.web.restartIfChanged")
    assert found.value == "true"
    assert found.is_default


def test_several_definitions_are_told_apart(folder: Path) -> None:
    found = ask(folder, "containers.web.config.networking.firewall.allowedTCPPorts")
    said = {Path(definition.file).name: definition.value for definition in found.definitions}
    assert said["configuration.nix"] == "[\n  80\n]"
    assert said["more.nix"] == "[\n  443\n]"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ('containers.web.bindMounts."/srv/a.b".hostPath', '"/data"'),
        ("containers.web.forwardPorts.0.hostPort", "8080"),
        ("containers.web.config.services.nginx.virtualHosts.localhost.root", '"/srv"'),
        ("containers.web.config.users.users.alice.home", '"/home/alice"'),
    ],
)
def test_options_inside_submodules_have_types_and_files(folder: Path, name: str, value: str) -> None:
    found = ask(folder, name)
    assert found.value == value
    assert found.type
    assert found.declarations


def test_an_option_that_nobody_set_has_no_value(folder: Path) -> None:
    assert ask(folder, "containers.web.config.services.nginx.virtualHosts.localhost.sslCertificate").value is None


def test_a_part_without_a_value_does_not_hide_its_neighbours(folder: Path) -> None:
    value = ask(folder, "containers.web.config.services.nginx.virtualHosts").value
    assert value is not None
    assert "sslCertificate = «no value»;" in value
    assert 'root = "/srv";' in value


@pytest.mark.parametrize(
    ("name", "some"),
    [
        ("containers", {"web"}),
        ("containers.web", {"autoStart", "config", "limits"}),
        ("containers.web.limits", {"cpuQuota", "memoryMax", "tasksMax"}),
        ("containers.web.config", {"services", "users", "systemd"}),
        ("containers.web.config.services.nginx", {"enable", "virtualHosts"}),
        ("containers.web.config.users.users.alice", {"home", "shell"}),
    ],
)
def test_families_list_their_members(folder: Path, name: str, some: set[str]) -> None:
    found = ask(folder, name)
    assert some <= set(found.children)
    assert "evaluate" not in found.children, "an internal option"


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("containers.web.autostart", "did you mean containers.web.autoStart?"),
        ("containers.wbe.autoStart", "did you mean containers.web.autoStart?"),
        ("containers.web.config.services.ngnix.enable", "did you mean containers.web.config.services.nginx"),
        ("services.nginx.enable", "containers.web.config.services.nginx.enable"),
        ("containers.web.zzzzzz", "nixos-container option containers.web lists what there is"),
    ],
)
def test_a_name_that_does_not_exist_leads_to_one_that_does(folder: Path, name: str, hint: str) -> None:
    said = refusal(folder, name)
    assert f"The option `{name}' does not exist" in said
    assert hint in said


def test_a_value_that_fails_says_why(folder: Path) -> None:
    with pytest.raises(DefinitionError, match="nobody asked for this"):
        ask(folder, "containers.web.config.networking.hostName")


def test_no_definition_file(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match="there is no definition file"):
        ask(tmp_path, "containers.web.autoStart")


@pytest.mark.parametrize("name", ["a.b.c", 'a."b.c".d', 'containers.web.bindMounts."/srv/x y".hostPath'])
def test_names_are_taken_apart_and_joined(name: str) -> None:
    assert join_path(split_path(name)) == name


@pytest.mark.parametrize("name", ['a."b', "a..b", ".a", ""])
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="is not the name of an option"):
        split_path(name)
