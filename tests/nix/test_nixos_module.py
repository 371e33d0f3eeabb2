"""The module for NixOS hosts and the flake: evaluated with the module system, and with stand-ins for nixpkgs' packages.

Also by whole trees: our own and the fixture with nixpkgs' shape. tests/boot/test_module_for_nixos.py builds and boots it.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.trees import make_tree

ROOT = Path(__file__).parents[2]

if shutil.which("nix-instantiate") is None:
    pytest.skip("nix-instantiate is not installed: make runtime-setup", allow_module_level=True)

EVALUATE = """
let
  lib = import ROOT/nix/lib;
  # What the package takes from nixpkgs, by name.
  packages = {
    inherit lib;
    stdenvNoCC.mkDerivation = made: { type = "derivation"; name = made.pname; outPath = "/nix/store/x-${made.pname}"; inherit (made) installPhase meta; };
    makeWrapper = "wrapper"; python3.interpreter = "/python3"; nix = "/nix"; systemd = "/systemd"; iproute2 = "/ip"; nftables = "/nft";
    util-linux = "/ul"; strace = "/strace";
  };
  pkgs = packages // {
    callPackage = file: given:
      let function = import file; in
      function (builtins.intersectAttrs (builtins.functionArgs function) packages // given);
  };
  nixos = { lib, ... }: {
    options = {
      environment.systemPackages = lib.mkOption { type = lib.types.listOf lib.types.raw; default = [ ]; };
      systemd.services = lib.mkOption { type = lib.types.attrsOf lib.types.raw; default = { }; };
      assertions = lib.mkOption { type = lib.types.listOf lib.types.raw; default = [ ]; };
      boot.enableContainers = lib.mkOption { type = lib.types.bool; default = true; };
    };
  };
  flake = (import ROOT/flake.nix).outputs { self = flake; nixpkgs = { inherit lib; legacyPackages = lib.genAttrs [ "x86_64-linux" "aarch64-linux" ] (_: pkgs); }; };
  host = settings: (lib.evalModules {
    modules = [ nixos flake.nixosModules.default { _module.args = { inherit pkgs; }; } settings ];
  }).config;
in
"""


def evaluate(expression: str) -> Any:
    text = EVALUATE.replace("ROOT", str(ROOT)) + expression
    done = subprocess.run(
        ["nix-instantiate", "--eval", "--strict", "--json", "--expr", text], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_off_it_does_nothing() -> None:
    assert evaluate("let c = host { }; in { p = c.environment.systemPackages; s = c.systemd.services; }") == {"p": [], "s": {}}


def test_on_it_installs_the_tool_and_starts_containers_with_the_host() -> None:
    found = evaluate(
        "let c = host { programs.nixos-containers.enable = true; }; in"
        " { p = map (p: p.name) c.environment.systemPackages; install = (lib.head c.environment.systemPackages).installPhase;"
        " unit = c.systemd.services.nixos-containers-autostart; bad = lib.filter (a: !a.assertion) c.assertions; }"
    )
    assert found["p"] == ["nixos-containers"]
    assert "ln -s $out/libexec/nixos-container $out/bin/nixos-containers" in found["install"]
    assert found["unit"]["serviceConfig"]["ExecStart"] == "/nix/store/x-nixos-containers/libexec/nixos-container start --auto"
    assert found["unit"]["wantedBy"] == ["multi-user.target"]
    assert found["bad"] == []


def test_the_name_of_nixos_own_command_is_taken_only_when_it_is_free() -> None:
    taken = 'programs.nixos-containers = { enable = true; commandName = "nixos-container"; };'
    assert evaluate(f"map (a: a.assertion) (host {{ {taken} }}).assertions") == [False]
    assert evaluate(f"map (a: a.assertion) (host {{ {taken} boot.enableContainers = false; }}).assertions") == [True]


def test_the_flake_has_a_package_and_an_overlay() -> None:
    found = evaluate(
        "{ p = lib.mapAttrs (_: p: p.default.meta.mainProgram) flake.packages; o = (flake.overlays.default pkgs { }).nixos-containers.name; }"
    )
    assert found == {"p": {"aarch64-linux": "nixos-containers", "x86_64-linux": "nixos-containers"}, "o": "nixos-containers"}


# A package as the option's type wants it, and what both trees are asked.
WHOLE = """
let
  package = derivation { name = "tool"; system = "x86_64-linux"; builder = "/bin/sh"; };
  settings = { programs.nixos-containers = { enable = true; inherit package; }; networking.hostName = "host"; };
  show = config: {
    packages = builtins.elem package config.environment.systemPackages;
    units = config.systemd.units or { };
    service = config.systemd.services.nixos-containers-autostart;
    bad = builtins.filter (a: !a.assertion) config.assertions;
    etc = builtins.attrNames config.environment.etc;
  };
in
"""


def test_a_whole_system_of_our_own_tree_renders_its_unit() -> None:
    found = evaluate(
        WHOLE
        + """
        let c = (import ROOT/nix/nixos/lib/eval-config.nix {
          inherit lib; system = "x86_64-linux";
          pkgs = import ROOT/nix/pkgs { inherit lib; index = null; system = "x86_64-linux"; lock = { }; };
          modules = [ ROOT/nix/nixos-module settings { system.stateVersion = "24.11"; boot.enableContainers = false; } ];
        }).config; s = show c; in {
          inherit (s) bad;
          exec = s.service.serviceConfig.ExecStart == "${package}/libexec/nixos-container start --auto";
          wanted = s.service.wantedBy;
          text = builtins.unsafeDiscardStringContext s.units."nixos-containers-autostart.service".text;
          units = lib.elem "systemd/system" s.etc;
        }""".replace("ROOT", str(ROOT))
    )
    assert found["exec"] and found["units"] and found["bad"] == [] and found["wanted"] == ["multi-user.target"]
    assert "\nExecStart=/nix/store/" in found["text"] and "\nAfter=network.target nix-daemon.socket\n" in found["text"]


def test_a_whole_system_of_a_tree_with_nixpkgs_shape_takes_it(tmp_path: Path) -> None:
    tree = make_tree("current", tmp_path)
    found = evaluate(
        WHOLE
        + """
        let
          # What the fixture does not have: units are taken as they are.
          units = { lib, ... }: { options = {
            systemd.services = lib.mkOption { type = lib.types.attrsOf lib.types.raw; default = { }; };
            boot.enableContainers = lib.mkOption { type = lib.types.bool; default = true; };
          }; };
          s = show (import TREE/nixos/lib/eval-config.nix { system = "x86_64-linux"; modules = [ units ROOT/nix/nixos-module settings ]; }).config;
        in {
          inherit (s) packages bad;
          exec = s.service.serviceConfig.ExecStart == "${package}/libexec/nixos-container start --auto";
        }""".replace("ROOT", str(ROOT)).replace("TREE", str(tree))
    )
    assert found == {"packages": True, "bad": [], "exec": True}
