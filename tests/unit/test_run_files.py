"""Trees of guests on the host's side: nothing of the host is read or removed through what a guest put there."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from nixos_containers.base.errors import ContainerError
from nixos_containers.kernel.mounts import beneath
from nixos_containers.run.files import read_beneath, remove_entry, remove_state
from nixos_containers.run.stop import remove_unfinished


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A guest's root beside a directory of the host."""
    (tmp_path / "host").mkdir()
    (tmp_path / "host" / "secret").write_text("host's own\n", encoding="utf-8")
    made = tmp_path / "root"
    (made / "etc/ssh").mkdir(parents=True)
    (made / "etc/ssh/key.pub").write_text("ssh-ed25519 AAAA\n", encoding="utf-8")
    return made


def test_a_guests_file_is_read(root: Path) -> None:
    assert read_beneath(str(root), "etc/ssh/key.pub") == "ssh-ed25519 AAAA\n"


@pytest.mark.parametrize(
    ("link", "target", "asked"),
    [
        ("etc/link", "../../host/secret", "etc/link"),
        ("etc/link", "/etc/hostname", "etc/link"),
        ("etc/link", "ssh/key.pub", "etc/link"),
        ("out", "../host", "out/secret"),
        ("inside", "etc/ssh", "inside/key.pub"),
    ],
)
def test_no_link_is_followed_neither_at_the_end_nor_on_the_way(root: Path, link: str, target: str, asked: str) -> None:
    (root / link).symlink_to(target)
    assert (root / asked).exists() or target.startswith("/"), "the link itself leads somewhere"
    assert read_beneath(str(root), asked) is None


def test_what_is_no_plain_file_is_not_read_and_does_not_hang(root: Path) -> None:
    os.mkfifo(root / "etc/pipe")
    for name in ("etc/pipe", "etc", "etc/absent", "absent/file", "etc/ssh/key.pub/x"):
        assert read_beneath(str(root), name) is None


def test_a_file_that_never_ends_is_read_up_to_a_limit(root: Path) -> None:
    (root / "long").write_text("x" * 100, encoding="utf-8")
    assert read_beneath(str(root), "long", limit=10) == "x" * 10


def test_reading_leaks_no_file_descriptor(root: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))
    for name in ("etc/ssh/key.pub", "absent/file", "etc/absent"):
        read_beneath(str(root), name)
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_state_is_removed_with_everything_in_it(root: Path) -> None:
    (root / "link-out").symlink_to("../host")
    (root / "dangling").symlink_to("/nonexistent")
    os.mkfifo(root / "pipe")
    (root / "closed").mkdir(mode=0o000 if os.geteuid() == 0 else 0o700)
    remove_state(str(root))
    assert not root.exists()
    assert (root.parent / "host/secret").exists(), "a link is removed, not what it leads to"


def test_a_state_that_is_gone_already_is_fine(tmp_path: Path) -> None:
    remove_state(str(tmp_path / "absent"))


def test_an_immutable_directory_is_removed(root: Path) -> None:
    (root / "var/empty").mkdir(parents=True)
    if subprocess.run(["chattr", "+i", str(root / "var/empty")], capture_output=True, check=False).returncode != 0:
        pytest.skip("no immutable directory can be made here")
    remove_state(str(root))
    assert not root.exists()


@pytest.fixture
def mounted(root: Path) -> Iterator[list[Path]]:
    """Two mounts in the guest's root: another file system, and the host's directory bound there."""
    if os.geteuid() != 0:
        pytest.skip("mounting needs root")
    other, bound = root / "srv/other", root / "srv/bound"
    other.mkdir(parents=True)
    bound.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "test", str(other)], check=False).returncode != 0:
        pytest.skip("no file system can be mounted here")
    subprocess.run(["mount", "--bind", str(root.parent / "host"), str(bound)], check=True)
    (other / "precious").write_text("x", encoding="utf-8")
    yield [other, bound]
    for place in (other, bound):
        subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_mount_stops_the_removal_and_is_reported(root: Path, mounted: list[Path]) -> None:
    with pytest.raises(ContainerError) as failure:
        remove_state(str(root))
    for place in mounted:
        assert str(place) in str(failure.value)
    assert (mounted[0] / "precious").exists()
    assert (root.parent / "host/secret").exists(), "bound from the same file system, and still not ours"
    assert not (root / "etc").exists(), "what is ours is gone"


def test_a_mount_on_the_state_itself_is_left_whole(mounted: list[Path]) -> None:
    with pytest.raises(ContainerError, match="mount points"):
        remove_state(str(mounted[0]))
    assert (mounted[0] / "precious").exists()


def test_directories_deeper_than_any_path_are_removed(root: Path) -> None:
    here = os.open(root, os.O_RDONLY)
    for _ in range(400):
        os.mkdir("x" * 20, dir_fd=here)
        below = os.open("x" * 20, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)
    remove_state(str(root))
    assert not root.exists()


def test_mount_points_with_odd_names_are_found() -> None:
    text = (
        "1 2 0:1 / / rw - ext4 a rw\n"
        "2 1 0:2 / /state/a\\040b\\134c rw shared:1 - tmpfs t rw\n"
        "3 1 0:3 / /state-of-another rw - tmpfs t rw\n"
        "4 1 0:3 / /state rw - tmpfs t rw\n"
    )
    assert beneath("/state", text) == {"/state", "/state/a b\\c"}
    assert len(beneath("/", text)) == 4


def test_an_unfinished_root_goes_only_as_far_as_it_is_empty(tmp_path: Path) -> None:
    empty, used = tmp_path / "empty", tmp_path / "used"
    (empty / "var/lib").mkdir(parents=True)
    (used / "var/lib").mkdir(parents=True)
    (used / "var/file").touch()
    remove_unfinished(str(empty))
    remove_unfinished(str(used))
    assert not empty.exists()
    assert (used / "var/file").exists()


def test_an_entry_goes_with_what_is_in_it_and_a_link_goes_alone(root: Path) -> None:
    (root / "tree/sub").mkdir(parents=True)
    (root / "tree/sub/file").touch()
    (root / "tree/out").symlink_to("../../host")
    (root / "link").symlink_to("../host")
    for entry in ("tree", "link", "absent"):
        remove_entry(str(root), entry)
    assert sorted(os.listdir(root)) == ["etc"]
    assert (root.parent / "host/secret").exists()


def test_whoever_swaps_directories_for_links_meanwhile_reaches_nothing_else(root: Path) -> None:
    """As a guest that shares a volume can: removal goes from directory to directory, never from the root on."""
    victim = root.parent / "host"
    swapping = """
import ctypes, os, sys
exchange = ctypes.CDLL(None).renameat2
os.symlink(sys.argv[1], "link")
print(flush=True)
while True:
    exchange(-100, b"link", -100, b"swapped", 2)
"""
    for _ in range(30):
        (root / "state/swapped/below").mkdir(parents=True)
        (root / "state/swapped/below/file").touch()
        with subprocess.Popen([sys.executable, "-c", swapping, str(victim)], cwd=root / "state", stdout=subprocess.PIPE) as guest:
            assert guest.stdout is not None and guest.stdout.readline()
            try:
                remove_entry(str(root), "state")
            except OSError:
                pass  # somebody writes there
            guest.kill()
        remove_state(str(root / "state"))
        assert (victim / "secret").exists()


def test_files_that_a_guest_made_immutable_go_as_well(root: Path) -> None:
    (root / "state").mkdir()
    for name, flag in (("fixed", "+i"), ("grows", "+a")):
        (root / "state" / name).touch()
        if subprocess.run(["chattr", flag, str(root / "state" / name)], capture_output=True, check=False).returncode != 0:
            pytest.skip("no such flags here")
    remove_state(str(root / "state"))
    assert not (root / "state").exists()
