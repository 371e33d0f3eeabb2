"""Which universe a definition's containers come from: the spec, and what trees of two eras are told.

Evaluation only: nothing is written to the store. The trees are tests/fixtures, put together by tests/trees.py.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from nixos_containers.evaluate.evaluate import Request, command
from nixos_containers.evaluate.tree import nix_tree

from ..trees import make_flake, make_tree
from .runner import NIX_CONFIG, nix_instantiate

# A lock whose packages have names and no contents: enough to compute paths of derivations.
_PACKAGE = {"version": "252", "size": 1, "sha256": "0" * 64, "file": "pool/p.deb"}
LOCK: dict[str, object] = {
    "version": 1,
    "bootstrap": {"busybox": {"name": "static-busybox", "version": "1", "sha256": "1" * 64}},
    "packages": dict.fromkeys(("systemd", "bash"), _PACKAGE),
    "closures": {"all": ["bash", "systemd"]},
}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with both trees, and the lock of the embedded universe."""
    if nix_instantiate() is None:
        pytest.skip("Nix is not installed")
    made = tmp_path_factory.mktemp("universe")
    for era in ("2014", "current"):
        make_tree(era, made, LOCK)
    (made / "lock.json").write_text(json.dumps(LOCK), encoding="utf-8")
    return made


class Answer:
    """What Nix said: `spec`, or `error` when it does not evaluate; `trace` is all of its stderr."""

    def __init__(self, done: subprocess.CompletedProcess[str]) -> None:
        self.status, self.output, self.trace = done.returncode, done.stdout, done.stderr

    @property
    def value(self) -> Any:
        assert self.status == 0, self.trace
        return json.loads(self.output)

    @property
    def error(self) -> str:
        assert self.status != 0, f"it was expected to fail: {self.output}"
        return self.trace


def run_nix(words: list[str], nix_path: str | None) -> Answer:
    environment = {key: value for key, value in os.environ.items() if key != "NIX_PATH"} | {"NIX_CONFIG": NIX_CONFIG}
    if nix_path is not None:
        environment["NIX_PATH"] = nix_path
    return Answer(subprocess.run(words, capture_output=True, text=True, env=environment, timeout=120, check=False))


def spec(place: Path, text: str, *, nixpkgs: str | None = None, nix_path: str | None = None) -> Answer:
    """The spec of the definition `text`, by the product's own command line without writing derivations."""
    definition = place / "definition.nix"
    definition.write_text(text, encoding="utf-8")
    request = Request(modules=(str(definition),), index=None, lock=str(place / "lock.json"), nixpkgs=nixpkgs)
    words = [word for word in command(nix_tree(), request.text()) if word != "--read-write-mode"]
    return run_nix(words, nix_path)


def web(place: Path, options: str, **settings: Any) -> dict[str, Any]:
    """The spec of one container `web` with these options."""
    found = spec(place, f"{{ containers.web = {{ {options} }}; }}", **settings).value["containers"]["web"]
    assert isinstance(found, dict)
    return found


def guest(place: Path, options: str, attribute: str) -> Any:
    """`attribute` of the configuration inside a container with these options."""
    expression = f"""
      let
        lib = import {nix_tree()}/lib;
        lock = builtins.fromJSON (builtins.readFile {place}/lock.json);
        host = import {nix_tree()}/host/evaluate.nix {{
          inherit lib;
          pkgs = import {nix_tree()}/pkgs {{ inherit lib lock; }};
          modules = [ {{ _file = "{place}/definition.nix"; containers.web = {{ {options} }}; }} ];
          hostSystem = "x86_64-linux";
        }};
      in (host.config.containers.web.evaluate null).{attribute}
    """
    return run_nix(["nix-instantiate", "--eval", "--strict", "--json", "-E", expression], None).value


GREETING = 'config = { environment.etc."greeting".text = "hello"; };'


def universes(place: Path, text: str, **settings: Any) -> dict[str, list[str | None]]:
    """Container -> universe and release. The systems, for which the embedded universe would need packages, are not looked at."""
    definition = place / "definition.nix"
    definition.write_text(text, encoding="utf-8")
    nix_path = settings.pop("nix_path", None)
    request = Request(modules=(str(definition),), index=None, lock=str(place / "lock.json"), **settings).text()
    expression = f"""
      builtins.mapAttrs (_: it: [ it.universe it.nixpkgsRelease ])
        (import {nix_tree()}/host {{ request = {json.dumps(request).replace("$", chr(92) + "$")}; }}).containers
    """
    found = run_nix(["nix-instantiate", "--eval", "--strict", "--json", "-E", expression], nix_path).value
    assert isinstance(found, dict)
    return found


def test_the_embedded_universe_is_the_default_whatever_nix_path_has(place: Path) -> None:
    text = f"{{ containers.web = {{ {GREETING} }}; }}"
    assert universes(place, text, nix_path=f"nixpkgs={place}/nixpkgs-current") == {"web": ["embedded", None]}


@pytest.mark.parametrize(("era", "release"), [("2014", "14.12"), ("current", "25.11")])
def test_a_tree_evaluates_by_its_own_machinery(place: Path, era: str, release: str) -> None:
    found = web(place, f"nixpkgs = {place}/nixpkgs-{era}; {GREETING}")
    assert found["universe"] == "nixpkgs" and found["nixpkgs"] == f"{place}/nixpkgs-{era}"
    assert found["nixpkgsRelease"] == release
    assert found["system"]["label"] == f"{release}-fixture", "the tree's modules named the system"
    assert found["system"]["drv"].endswith(f"-nixos-system-web-{release}-fixture.drv")
    assert found["system"]["path"].endswith(f"-nixos-system-web-{release}-fixture")


def test_each_era_is_told_in_its_own_words_that_it_is_a_container(place: Path) -> None:
    old = f"nixpkgs = {place}/nixpkgs-2014; {GREETING}"
    assert guest(place, old, "config.boot") == {"isContainer": True}
    assert guest(place, old, "pkgs.stdenv.hostPlatform.system") == "x86_64-linux", "as an argument, a string"
    new = f"nixpkgs = {place}/nixpkgs-current; {GREETING}"
    assert guest(place, new, "config.boot") == {"isContainer": True, "isNspawnContainer": True}
    assert guest(place, new, "config.nixpkgs.hostPlatform.system") == "x86_64-linux", "as an option of the modules"
    assert guest(place, new, "options.nixpkgs.system.isDefined") is True
    assert guest(place, new, "options.nixpkgs.system.highestPrio") == 1500, "nothing but the default: `system` was null"


@pytest.mark.parametrize("era", ["2014", "current"])
def test_name_network_and_the_persons_own_words(place: Path, era: str) -> None:
    tree = f"nixpkgs = {place}/nixpkgs-{era};"
    assert guest(place, f"{tree} {GREETING}", "config.networking.hostName") == "web"
    assert guest(place, f"{tree} {GREETING}", "config.networking.useDHCP") is False
    assert guest(place, f'{tree} config = {{ networking.hostName = "mine"; }};', "config.networking.hostName") == "mine"
    assert guest(place, f"{tree} {GREETING}", 'config.environment.etc."greeting".text') == "hello"


def test_another_platform_may_be_chosen_inside(place: Path) -> None:
    options = f'nixpkgs = {place}/nixpkgs-current; config.nixpkgs.hostPlatform = "aarch64-linux";'
    assert guest(place, options, "pkgs.stdenv.hostPlatform.system") == "aarch64-linux"
    old = f'nixpkgs = {place}/nixpkgs-2014; config.nixpkgs.system = "i686-linux";'
    assert guest(place, old, "pkgs.stdenv.hostPlatform.system") == "i686-linux"


def test_special_args_reach_imports_where_the_tree_has_them(place: Path) -> None:
    options = f"""
      nixpkgs = {place}/nixpkgs-current;
      specialArgs.extra = {{ networking.hostName = "special"; }};
      config = {{ extra, ... }}: {{ imports = [ extra ]; }};
    """
    assert guest(place, options, "config.networking.hostName") == "special"


def test_special_args_are_extra_args_for_an_old_tree(place: Path) -> None:
    options = f"""
      nixpkgs = {place}/nixpkgs-2014;
      specialArgs.word = "special";
      config = {{ word, ... }}: {{ networking.hostName = word; }};
    """
    assert guest(place, options, "config.networking.hostName") == "special"


def test_several_definitions_of_one_system_are_merged(place: Path) -> None:
    text = f"""
      {{
        imports = [
          {{ containers.web.config.environment.etc."one".text = "1"; }}
          {{ containers.web.config = {{ lib, ... }}: {{ environment.etc."two".text = lib.mkForce "2"; }}; }}
        ];
        containers.web.nixpkgs = {place}/nixpkgs-2014;
      }}
    """
    assert spec(place, text).value["containers"]["web"]["system"]["label"] == "14.12-fixture"


def test_nixos_path_is_for_containers_that_name_no_tree(place: Path) -> None:
    text = f"""
      {{
        containers.given = {{ nixpkgs = {place}/nixpkgs-2014; {GREETING} }};
        containers.plain = {{ {GREETING} }};
        containers.embedded = {{ nixpkgs = null; {GREETING} }};
      }}
    """
    assert universes(place, text, nixpkgs=f"{place}/nixpkgs-current") == {
        "given": ["nixpkgs", "14.12"],
        "plain": ["nixpkgs", "25.11"],
        "embedded": ["embedded", None],
    }


def test_search_path_in_the_definition_and_on_the_command_line(place: Path) -> None:
    nix_path = f"nixpkgs={place}/nixpkgs-2014"
    assert web(place, f"nixpkgs = <nixpkgs>; {GREETING}", nix_path=nix_path)["nixpkgsRelease"] == "14.12"
    assert web(place, GREETING, nixpkgs="<nixpkgs>", nix_path=nix_path)["nixpkgsRelease"] == "14.12"
    assert web(place, GREETING, nixpkgs="<nixpkgs/nixos>", nix_path=nix_path)["nixpkgsRelease"] == "14.12", "upstream's default"
    error = spec(place, f"{{ containers.web = {{ {GREETING} }}; }}", nixpkgs="<nixpkgs>").error
    assert "file 'nixpkgs' was not found in the Nix search path" in error


def test_the_nixos_directory_is_taken_for_its_tree(place: Path) -> None:
    assert web(place, GREETING, nixpkgs=f"{place}/nixpkgs-current/nixos")["nixpkgsRelease"] == "25.11"


def test_what_is_no_tree_is_said_with_option_and_path(place: Path) -> None:
    error = spec(place, f'{{ containers.web = {{ nixpkgs = "{place}"; {GREETING} }}; }}').error
    assert f"containers.web.nixpkgs: {place} is not a nixpkgs tree: it has no nixos/lib/eval-config.nix" in error


def test_failed_assertions_and_unknown_options_inside_are_said(place: Path) -> None:
    tree = f"nixpkgs = {place}/nixpkgs-current;"
    failing = 'config.assertions = [ { assertion = false; message = "not like this"; } ];'
    assert "not like this" in spec(place, f"{{ containers.web = {{ {tree} {failing} }}; }}").error
    unknown = spec(place, f"{{ containers.web = {{ {tree} config.services.nosuch.enable = true; }}; }}").error
    assert "containers.web.services" in unknown and "does not exist" in unknown and "definition.nix" in unknown


def test_warnings_inside_come_with_the_spec(place: Path) -> None:
    assert web(place, f'nixpkgs = {place}/nixpkgs-current; config.warnings = [ "old habits" ];')["system"]["warnings"] == ["old habits"]


def test_a_finished_path(place: Path) -> None:
    found = web(place, 'path = "/nix/var/nix/profiles/per-container/x/system";')
    assert found["universe"] == "path"
    assert found["system"] == {"path": "/nix/var/nix/profiles/per-container/x/system", "drv": None, "label": None, "warnings": []}
    assert web(place, "path = ./result;")["system"]["path"] == f"{place}/result", "a path stays where it is"


@pytest.mark.parametrize("path", ["toplevel", '"${toplevel}"'])
def test_a_path_that_must_be_built_brings_its_derivation(place: Path, path: str) -> None:
    text = f"""
      let
        tree = {place}/nixpkgs-current;
        toplevel = (import (tree + "/nixos") {{ system = "x86_64-linux"; configuration = {{ }}; }}).system;
      in
      {{ containers.web.path = {path}; }}
    """
    system = spec(place, text).value["containers"]["web"]["system"]
    assert system["drv"].endswith("-nixos-system-nixos-25.11-fixture.drv")
    assert system["path"].endswith("-nixos-system-nixos-25.11-fixture")


def test_a_flake_is_left_to_its_own_evaluation(place: Path) -> None:
    found = web(place, 'flake = "github:example/systems#web"; flakeOptions = [ "--impure" ];')
    assert found["universe"] == "flake" and found["flake"] == "github:example/systems#web" and found["flakeOptions"] == ["--impure"]
    assert found["system"]["path"] is None and found["system"]["drv"] is None
    error = spec(place, '{ containers.web = { flake = "x"; path = "/y"; }; }').error
    assert "The options 'containers.web.path' and 'containers.web.flake' cannot both be set." in error


@pytest.mark.parametrize("option", ["path", "flake"])
def test_a_finished_system_and_a_config_are_one_too_many(place: Path, option: str) -> None:
    error = spec(place, f'{{ containers.web = {{ {option} = "/y"; config.networking.hostName = "x"; }}; }}').error
    assert f"containers.web has two systems: `{option}` in" in error and "definition.nix" in error
    forced = f'{{ lib, ... }}: {{ containers.web = {{ {option} = lib.mkForce "/y"; config = _: throw "not looked at"; }}; }}'
    assert spec(place, forced).value["containers"]["web"]["name"] == "web"


def test_ports_of_the_host_are_opened_to_containers_with_a_network_of_their_own(place: Path) -> None:
    """On the host's network that would have no effect; what is open for all containers says nothing about this one."""
    error = spec(place, '{ containers.web = { path = "/y"; hostFirewall.allowedTCPPorts = [ 9200 ]; }; }').error
    assert "containers.web.hostFirewall" in error and "containers.web.privateNetwork = true" in error
    shared = "networking.containers.hostFirewall.allowedTCPPorts = [ 53 5432 ];"
    found = spec(place, f'{{ {shared} containers.web.path = "/y"; }}').value["containers"]["web"]
    assert found["network"]["hostFirewall"]["tcpPorts"] == [53, 5432]
    both = "privateNetwork = true; hostFirewall.allowedTCPPorts = [ 9200 ];"
    found = spec(place, f'{{ {shared} containers.web = {{ path = "/y"; {both} }}; }}').value["containers"]["web"]
    assert found["network"]["hostFirewall"]["tcpPorts"] == [53, 5432, 9200]


def test_the_fixtures_have_the_real_trees_front_doors(place: Path) -> None:
    """`nix-build '<nixpkgs/nixos>' -A system` and the strictness of each era's eval-config.nix."""
    expression = '(import <nixpkgs/nixos> { system = "x86_64-linux"; configuration = { }; }).system.name'
    words = ["nix-instantiate", "--eval", "--strict", "--json", "-E"]
    for era, release in (("2014", "14.12"), ("current", "25.11")):
        found = run_nix([*words, expression], f"nixpkgs={place}/nixpkgs-{era}").value
        assert found == f"nixos-system-nixos-{release}-fixture"
    evaluate = "(import <nixpkgs/nixos/lib/eval-config.nix> { modules = [ ]; specialArgs = { }; }).config.boot.isContainer"
    assert run_nix([*words, evaluate], f"nixpkgs={place}/nixpkgs-current").value is False
    assert "unexpected argument 'specialArgs'" in run_nix([*words, evaluate], f"nixpkgs={place}/nixpkgs-2014").error


def test_the_flake_fixture_is_on_the_tree(place: Path) -> None:
    flake = make_flake(place, place / "nixpkgs-current")
    assert f"path:{place}/nixpkgs-current" in (flake / "flake.nix").read_text(encoding="utf-8")
