"""Fixtures of the tests of Nix code and of the guest's scripts."""

from __future__ import annotations

from pathlib import Path

import pytest

from .guest_scripts import Shell


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    directory = tmp_path / "busybox"
    directory.mkdir()
    return Shell(directory)
