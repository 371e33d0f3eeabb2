"""Files that survive: atomic writes on a full disk, and locks that end with their holder."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from nixos_containers.base import files
from nixos_containers.base.errors import HostError

SOURCE = str(Path(__file__).parents[2] / "src")


def test_a_new_file_has_the_text_and_the_mode(tmp_path: Path) -> None:
    path = tmp_path / "new" / "directory" / "file"
    files.write_atomically(str(path), "ü\n", mode=0o640)
    assert path.read_text(encoding="utf-8") == "ü\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert os.listdir(path.parent) == ["file"]


def test_bytes_that_are_no_text_survive_reading_and_writing(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"caf\xe9\n")
    files.write_atomically(str(path), files.read_text(str(path)) or "")
    assert path.read_bytes() == b"caf\xe9\n"


@pytest.mark.parametrize("path", ["absent", "file/below"])
def test_what_is_not_there_reads_as_none(tmp_path: Path, path: str) -> None:
    (tmp_path / "file").touch()
    assert files.read_text(str(tmp_path / path)) is None


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 KiB."""
    if os.geteuid() != 0:
        pytest.skip("mounting needs root")
    place = tmp_path / "disk"
    place.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "test", str(place)], check=False).returncode != 0:
        pytest.skip("no file system can be mounted here")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_full_disk_leaves_the_old_text_and_no_rubbish(small_disk: Path) -> None:
    path = small_disk / "record.json"
    files.write_atomically(str(path), "old\n")
    with pytest.raises(HostError) as failure:
        files.write_atomically(str(path), "new\n" * 100_000)
    assert str(path) in str(failure.value) and "free some space" in str(failure.value)
    assert path.read_text(encoding="utf-8") == "old\n"
    assert os.listdir(small_disk) == ["record.json"]


def test_a_read_only_disk_is_said_to_be_one(small_disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with pytest.raises(HostError, match="writable"):
        files.write_atomically(str(small_disk / "file"), "x")


def test_a_failure_while_writing_leaves_the_old_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    path.write_text("old", encoding="utf-8")

    def interrupted(_: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        files.write_atomically(str(path), "new")
    assert path.read_text(encoding="utf-8") == "old"
    assert os.listdir(tmp_path) == ["file"]


def test_readers_see_the_old_text_or_the_new_and_never_a_part(tmp_path: Path) -> None:
    path = tmp_path / "file"
    texts = {letter * 50_000 for letter in "abc"}
    files.write_atomically(str(path), "a" * 50_000)
    seen, ended = set(), threading.Event()

    def read() -> None:
        while not ended.is_set():
            seen.add(path.read_text(encoding="utf-8"))

    reader = threading.Thread(target=read)
    reader.start()
    for _ in range(10):
        for text in texts:
            files.write_atomically(str(path), text)
    ended.set()
    reader.join()
    assert seen <= texts


def test_a_link_is_replaced_in_one_step(tmp_path: Path) -> None:
    path = tmp_path / "links" / "system"
    files.symlink_atomically("one", str(path))
    files.symlink_atomically("two", str(path))
    assert os.readlink(path) == "two"
    assert os.listdir(path.parent) == ["system"]


def test_removing_what_is_gone_is_fine(tmp_path: Path) -> None:
    files.remove(str(tmp_path / "absent"))


# Locks.


def holder(path: Path, seconds: float = 30) -> subprocess.Popen[str]:
    """Another process that holds the lock at `path`; it has it when this returns."""
    code = (
        "import sys, time; from nixos_containers.base.files import locked\n"
        f"with locked({str(path)!r}, who='switch --slow'): print('held', flush=True); time.sleep({seconds})"
    )
    made = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env={"PYTHONPATH": SOURCE})
    assert made.stdout is not None and made.stdout.readline() == "held\n"
    return made


def test_a_second_command_waits_and_says_for_whom(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with holder(tmp_path / "lock", 1) as other:
        begun = time.monotonic()
        with files.locked(str(tmp_path / "lock"), who="me"):
            waited = time.monotonic() - begun
        other.wait()
    assert waited > 0.1
    said = capsys.readouterr().err
    assert f"{other.pid} switch --slow" in said
    assert said.count("waiting for") == 1


def test_a_moments_wait_is_not_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with holder(tmp_path / "lock", 0.1), files.locked(str(tmp_path / "lock"), who="me"):
        pass
    assert "waiting" not in capsys.readouterr().err


def test_the_death_of_its_holder_releases_the_lock(tmp_path: Path) -> None:
    with holder(tmp_path / "lock") as other:
        other.send_signal(signal.SIGKILL)
        other.wait()
        with files.locked(str(tmp_path / "lock"), who="me", timeout=2):
            pass


def test_a_wait_that_is_too_long_ends_with_the_holders_name(tmp_path: Path) -> None:
    with holder(tmp_path / "lock") as other:
        with pytest.raises(HostError) as failure, files.locked(str(tmp_path / "lock"), who="me", timeout=0.1):
            pytest.fail("the lock was given twice")
        other.kill()
    assert f"{other.pid} switch --slow" in str(failure.value)


def test_a_failure_in_the_block_releases_the_lock(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), files.locked(str(tmp_path / "lock"), who="me"):
        raise RuntimeError
    with files.locked(str(tmp_path / "lock"), who="me", timeout=0):
        pass


def test_children_do_not_inherit_the_lock(tmp_path: Path) -> None:
    with files.locked(str(tmp_path / "lock"), who="me"):
        child = subprocess.Popen(["sleep", "30"], close_fds=False)
    try:
        with files.locked(str(tmp_path / "lock"), who="me", timeout=0):
            pass
    finally:
        child.kill()
        child.wait()
