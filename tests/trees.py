"""Puts the fixture trees together: a tree of an era, its common modules, and packages that really exist.

Not for tests: those that use it are tests/nix/test_universe.py and tests/boot/test_universe.py.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

ROOT = Path(__file__).parents[1]
FIXTURES = Path(__file__).parent / "fixtures"

# Without packages, names and options can be evaluated, and nothing can be built.
NO_PACKAGES = {"version": 1, "bootstrap": {}, "packages": {}, "closures": {}}

_PACKAGES = """\
# The package set: the packages of one lock file.
{ system }:

import ./nix/pkgs {
  lib = import ./nix/lib;
  lock = builtins.fromJSON (builtins.readFile ./lock.json);
  inherit system;
}
"""
_CLOSURE = """\
# The packages that every system of these trees consists of.
{ pkgs }:

{
  closure = map (name: pkgs.archivePackages.${name}) (builtins.head (builtins.attrValues pkgs.archiveLock.closures));
}
"""


def make_tree(era: str, place: Path, lock: dict[str, object] | None = None) -> Path:
    """A tree of `era` (`2014` or `current`) at `place`, its packages those of `lock`; return it."""
    tree = place / f"nixpkgs-{era}"
    shutil.copytree(FIXTURES / f"nixpkgs-{era}", tree)
    shutil.copytree(FIXTURES / "nixpkgs-common", tree / "nixos/modules/common")
    archive = tree / "archive"
    for part in ("lib", "pkgs"):
        shutil.copytree(ROOT / "nix" / part, archive / "nix" / part)
    (archive / "packages.nix").write_text(_PACKAGES, encoding="utf-8")
    (archive / "default.nix").write_text(_CLOSURE, encoding="utf-8")
    (archive / "lock.json").write_text(json.dumps(lock or NO_PACKAGES), encoding="utf-8")
    return tree


def make_flake(place: Path, nixpkgs: Path) -> Path:
    """The flake with two systems at `place`, on the tree `nixpkgs`; return its directory."""
    flake = place / "flake"
    shutil.copytree(FIXTURES / "flake", flake)
    text = (flake / "flake.nix").read_text(encoding="utf-8")
    (flake / "flake.nix").write_text(text.replace("@nixpkgs@", str(nixpkgs)), encoding="utf-8")
    return flake
