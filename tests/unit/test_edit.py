"""The editor that `edit` starts. What becomes of the text: tests/boot/test_lifecycle.py."""

from __future__ import annotations

from pathlib import Path

import pytest

from nixos_containers.base.errors import ContainerError
from nixos_containers.cli.edit import _edited


def test_without_a_terminal_no_editor_is_guessed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.isatty", lambda descriptor: False)
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.delenv("EDITOR", raising=False)
    with pytest.raises(ContainerError, match="needs a terminal"):
        _edited(str(tmp_path / "draft"))
    (tmp_path / "draft").write_text("before", encoding="utf-8")
    monkeypatch.setenv("EDITOR", "true")
    assert _edited(str(tmp_path / "draft")) == "before"
    monkeypatch.setenv("EDITOR", "false")
    with pytest.raises(ContainerError, match="ended with status 1"):
        _edited(str(tmp_path / "draft"))
