"""Views of the store: what two hosts that share one, and the last writes of a killed command, may not break. Boots: tests/boot/test_store_view.py."""

from __future__ import annotations

import errno
import shutil
from pathlib import Path

import pytest

from nixos_containers.base.paths import Paths
from nixos_containers.build import view


def test_the_lock_is_where_the_views_are(tmp_path: Path) -> None:
    """Two hosts with a /run of their own and one store: a container that is a host, for one."""
    with view._locked(Paths(str(tmp_path)), "a test"):
        lock = tmp_path / "nix/var/nixos-containers/.lock"
        assert "a test" in lock.read_text(encoding="utf-8")
        assert lock.parent.stat().st_mode & 0o777 == 0o700


def test_a_tree_to_which_a_dying_program_still_writes_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree = tmp_path / "new" / "locale"
    tree.mkdir(parents=True)
    remove, left = shutil.rmtree, ["first", "second"]

    def writing(path: str) -> None:
        """It comes a moment too early, twice."""
        if left:
            (tree / left.pop()).mkdir()
            raise OSError(errno.ENOTEMPTY, "Directory not empty", "locale")
        remove(path)

    monkeypatch.setattr(view.shutil, "rmtree", writing)
    view._discard(str(tmp_path / "new"))
    assert not (tmp_path / "new").exists() and not left


def test_what_stays_full_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: str) -> None:
        raise OSError(errno.ENOTEMPTY, "Directory not empty", path)

    monkeypatch.setattr(view, "_LAST_WRITES", 0.1)
    monkeypatch.setattr(view.shutil, "rmtree", full)
    (tmp_path / "new").mkdir()
    with pytest.raises(OSError, match="not empty"):
        view._discard(str(tmp_path / "new"))
