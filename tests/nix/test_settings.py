"""`create --set`: every option of `containers.<name>` can be set to its own example, by the text that `create` would write."""

from __future__ import annotations

import json
import shutil
from functools import cache

import pytest

from nixos_containers.base import process
from nixos_containers.declare.option import Option
from nixos_containers.evaluate.options import declared_options
from nixos_containers.plan.imperative import Wish, check, definition_text, wants_addresses

from .runner import ROOT

pytestmark = [pytest.mark.nix, pytest.mark.skipif(shutil.which("nix-instantiate") is None, reason="needs nix-instantiate")]

PREFIX = "containers.<name>."
# The attribute's name in sub-options of these is a path.
_PATHS = ("bindMounts", "overlays", "volumes", "devices")


def settable() -> list[Option]:
    """Those of one container; what is in a list can be set as the list only, and what is worked out cannot be set."""
    return [option for option in _options() if option.name.startswith(PREFIX) and ".*." not in option.name and not option.read_only]


@cache
def _options() -> tuple[Option, ...]:
    return tuple(option for option in declared_options() if option.side == "host")


# For those whose example and default are sentences, or nothing that one writes.
VALUES = {
    "config": "{ services.openssh.enable = true; }",
    "nixpkgs": "/srv/nixpkgs",
    "path": "/nix/store/x-system",
    "privateUsers": "pick",
    "specialArgs": "{ who = 1; }",
}


def path_of(option: Option) -> list[str]:
    parts = option.name.removeprefix(PREFIX).split(".")
    return [("/x" if parts[0] in _PATHS else "x") if part == "<name>" else part for part in parts]


def setting(option: Option) -> str:
    given = {"example": option.example, "default": option.default}
    values = [VALUES.get(path_of(option)[0], ""), *(value for key, value in given.items() if key not in option.prose)]
    value = next((value for value in values if value), "true" if option.type == "boolean" else None)
    assert value is not None, f"{option.name} has no example"
    return ".".join(json.dumps(part) if "/" in part else part for part in path_of(option)) + f"={value}"


def evaluated(options: list[Option]) -> dict[str, object]:
    """What Nix makes of the definition file of each option that is set: its value, as far as it is data."""
    cases = []
    for option in options:
        wish = Wish(settings=(setting(option),))
        check(wish)
        definition = definition_text("x", wish, ("10.233.1.1", "10.233.1.2") if wants_addresses(wish) else None, None)
        path = " ".join(map(json.dumps, path_of(option)))
        cases.append(f"{{ name = {json.dumps(option.name)}; file = ({definition}); path = [ {path} ]; }}")
    expression = f"""
      let
        lib = import {ROOT}/nix/lib;
        pkgs = import {ROOT}/nix/pkgs {{ inherit lib; index = null; system = "x86_64-linux"; lock = {{ }}; }};
        value = case: lib.getAttrFromPath case.path (import {ROOT}/nix/host/evaluate.nix {{
          inherit lib pkgs; hostSystem = "x86_64-linux"; modules = [ case.file ];
        }}).config.containers.x;
        data = value:
          if lib.isFunction value then "code" else if lib.isAttrs value then lib.mapAttrs (_: data) value
          else if lib.isList value then map data value else value;
        forced = case:
          {{ inherit (case) name; value = builtins.addErrorContext "while setting ${{case.name}}"
            (if case.path == [ "config" ] then "a system" else data (value case)); }};
      in builtins.listToAttrs (map forced [ {" ".join(cases)} ])
    """
    done = process.run(["nix-instantiate", "--eval", "--strict", "--json", "--show-trace", "-E", expression], check=False)
    assert done.returncode == 0, "\n".join(line for line in done.stderr.splitlines() if "error" in line or "while setting" in line)
    found = json.loads(done.stdout)
    assert isinstance(found, dict)
    return found


def test_every_option_takes_its_own_example() -> None:
    options = settable()
    found = evaluated(options)
    assert len(found) == len(options) > 80
    assert found[f"{PREFIX}bindMounts.<name>.hostPath"] == "/home/alice"
    assert found[f"{PREFIX}privateUsers"] == "pick"
