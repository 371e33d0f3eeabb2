"""Shares of an evaluation: together they are the whole, and each container is in one of them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from .runner import ROOT, evaluate, nix_string

pytestmark = [pytest.mark.nix, pytest.mark.skipif(shutil.which("nix-instantiate") is None, reason="needs nix-instantiate")]


def containers_of(file: Path, share: dict[str, int] | None, names: list[str] | None = None) -> list[str]:
    """The containers that one process evaluates."""
    request = {"modules": [str(file)], "index": None, "lock": None, "names": names, "nixpkgs": None, "system": "x86_64-linux"}
    if share is not None:
        request["share"] = share
    text = nix_string(json.dumps(request))
    answer = evaluate(f"builtins.attrNames (import {ROOT}/nix/host {{ request = {text}; }}).containers")
    assert answer.code == 0, answer.err
    found: list[str] = json.loads(answer.out)
    return found


@pytest.fixture
def definition(tmp_path: Path) -> Path:
    file = tmp_path / "configuration.nix"
    file.write_text('{ lib, ... }: { containers = lib.genAttrs (map (n: "c${toString n}") (lib.range 1 7)) (_: { config = { }; }); }')
    return file


def test_without_a_share_it_is_all(definition: Path) -> None:
    assert containers_of(definition, None) == [f"c{number}" for number in range(1, 8)]


@pytest.mark.parametrize("of", [1, 2, 3, 8])
def test_shares_are_the_whole_once(definition: Path, of: int) -> None:
    found = [name for number in range(of) for name in containers_of(definition, {"number": number, "of": of})]
    assert sorted(found) == [f"c{number}" for number in range(1, 8)]


def test_shares_of_the_names_that_are_asked_for(definition: Path) -> None:
    halves = [containers_of(definition, {"number": number, "of": 2}, ["c2", "c5", "c6"]) for number in (0, 1)]
    assert halves == [["c2", "c6"], ["c5"]]
