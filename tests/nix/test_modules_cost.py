"""The module system's cost grows with the configuration, not with its square.

Counted in function calls of the evaluator (``NIX_SHOW_STATS``), which do not depend on how busy the machine is.
"""

from __future__ import annotations

import json
import os
import subprocess

import pytest

from . import runner

pytestmark = [
    pytest.mark.nix,
    pytest.mark.skipif(runner.nix_instantiate() is None, reason="needs nix-instantiate"),
]

PRELUDE = f"""
let
  lib = import {runner.ROOT}/nix/lib;
  inherit (lib) evalModules genAttrs mkOption range types;
  upTo = n: range 1 n;
  names = n: map toString (upTo n);
  option = mkOption {{ type = types.str; default = "x"; }};
  force = modules: builtins.deepSeq (evalModules {{ inherit modules; }}).config null;
in
"""

# What grows -> an evaluation with n of it, and how many calls one more may cost. The numbers are about one and a half
# times what was measured: room for a changed line, not for a changed idea.
WORKLOADS: dict[str, tuple[str, int]] = {
    "options in one module": ("n: force [ { options = genAttrs (names n) (_: option); } ]", 50),
    "modules with an option each": ("n: force (map (i: { options.${toString i} = option; }) (upTo n))", 85),
    "modules that define an option": (
        "n: force ([ { options.l = mkOption { type = types.listOf types.int; }; } ] ++ map (i: { l = [ i ]; }) (upTo n))",
        60,
    ),
    "attributes of an attrsOf": (
        "n: force [ { options.a = mkOption { type = types.attrsOf types.str; }; config.a = genAttrs (names n) (x: x); } ]",
        40,
    ),
    "elements of a listOf": ("n: force [ { options.l = mkOption { type = types.listOf types.int; }; config.l = upTo n; } ]", 12),
    "submodules": (
        """n: force [ {
             options.s = mkOption { type = types.attrsOf (types.submodule { options = genAttrs (names 5) (_: option); }); };
             config.s = genAttrs (names n) (_: { });
           } ]""",
        540,
    ),
    "evaluations": ("n: builtins.deepSeq (map (i: force [ { options = genAttrs (names 5) (_: option); } ]) (upTo n)) null", 460),
}


def calls(expression: str) -> int:
    """How many functions an evaluation calls."""
    program = runner.nix_instantiate()
    assert program is not None
    done = subprocess.run(
        [program, "--eval", "--expr", expression],
        capture_output=True,
        text=True,
        check=True,
        env=dict(os.environ, NIX_CONFIG=runner.NIX_CONFIG, NIX_SHOW_STATS="1", NIX_SHOW_STATS_PATH="/dev/stderr"),
    )
    statistics = json.loads(done.stderr[done.stderr.index("{") :])
    count = statistics["nrFunctionCalls"]
    assert isinstance(count, int)
    return count


@pytest.mark.parametrize("what", WORKLOADS)
def test_cost_is_linear(what: str) -> None:
    workload, allowed = WORKLOADS[what]
    few, more, many = (calls(f"{PRELUDE} ({workload}) {n}") for n in (100, 200, 400))
    first, second = (more - few) / 100, (many - more) / 200
    assert second <= 1.1 * first, f"one more costs {first:.0f} calls at first, and {second:.0f} later"
    assert second <= allowed, f"one more costs {second:.0f} calls, {allowed} are allowed"
