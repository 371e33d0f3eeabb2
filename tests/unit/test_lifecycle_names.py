"""Which containers `--all` and `--auto` mean when a killed command left one half made."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from nixos_containers.cli import lifecycle
from nixos_containers.cli.parse import parse


@pytest.mark.parametrize("flag", ["--all", "--auto"])
def test_what_a_repair_takes_away_is_not_asked_for(flag: str, monkeypatch: pytest.MonkeyPatch) -> None:
    there = ["half", "whole"]
    monkeypatch.setattr(lifecycle.observe, "names", lambda paths: list(there))
    monkeypatch.setattr(lifecycle.observe, "is_auto_start", lambda paths, name: True)
    monkeypatch.setattr(lifecycle, "host_facts", SimpleNamespace)
    monkeypatch.setattr(lifecycle, "repair_all", lambda paths, host: there.remove("half"))
    meant: list[str] = []
    assert lifecycle.each(parse(["start", flag]), lambda paths, host, names: meant.extend(names)) == 0
    assert meant == ["whole"]
