"""Roots that are kept to a size: filled, grown, copied, converted, killed. Neither a mount nor a loop device is ever left."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from nixos_containers.kernel import loops

from .conftest import Host, wait_until

NAME = "nctdisk"
IMAGE = Path(f"/var/lib/nixos-containers/.disks/{NAME}.ext4")
STATE = Path(f"/var/lib/nixos-containers/{NAME}")
FILL = "dd if=/dev/zero of=/root/fill bs=1M count=200 2>&1; sync"


def define(host: Host, options: str = 'limits.diskMax = "80M";') -> None:
    host.define(f"""{{ containers.{NAME} = {{ privateNetwork = true; {options} config.system.stateVersion = "23.11"; }}; }}""")


@pytest.fixture(scope="module")
def guest(host: Host) -> Iterator[Host]:
    if shutil.which("mkfs.ext4") is None or not os.path.exists("/dev/loop-control"):
        pytest.skip("this host has no e2fsprogs, or no loop devices")
    define(host)
    host.switch()
    host.succeed("start", NAME)
    yield host


def nothing_held() -> None:
    """No loop device, and no mount in this namespace."""
    wait_until(lambda: not [line for line in attached() if NAME in line])
    assert NAME not in Path("/proc/self/mountinfo").read_text(encoding="utf-8")


def attached() -> list[str]:
    done = subprocess.run(["losetup", "--list", "--noheadings", "--output", "BACK-FILE"], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def megabytes(host: Host) -> int:
    return int(host.inside(NAME, "stat", "-f", "-c", "%b", "/")) * int(host.inside(NAME, "stat", "-f", "-c", "%S", "/")) >> 20


def test_the_root_is_full_at_its_size_and_gives_back_what_is_freed(guest: Host) -> None:
    assert guest.inside(NAME, "stat", "-c", "%u %g %a", "/").split() == ["0", "0", "755"], "private users own it"
    assert IMAGE.stat().st_size == 80 << 20 and IMAGE.parent.stat().st_mode & 0o777 == 0o700
    before = IMAGE.stat().st_blocks * 512
    assert before < 30 << 20, "it takes what is used"
    assert "No space left on device" in guest.inside(NAME, "sh", "-c", FILL)
    assert 60 << 20 < IMAGE.stat().st_blocks * 512 <= (80 << 20) + 4096, "and never more on the host"
    assert guest.json("du", NAME)[0]["state"] > 60 << 20
    guest.inside(NAME, "sh", "-c", "rm /root/fill; sync; echo kept > /root/word")
    wait_until(lambda: IMAGE.stat().st_blocks * 512 < 40 << 20)


def test_the_host_neither_mounts_it_nor_keeps_it_after_a_stop(guest: Host) -> None:
    assert NAME not in Path("/proc/self/mountinfo").read_text(encoding="utf-8")
    assert os.listdir(STATE) == []
    for _ in range(2):  # the second start repeats the first
        guest.succeed("stop", NAME)
        nothing_held()
        guest.succeed("start", NAME)
        assert guest.inside(NAME, "cat", "/root/word") == "kept\n"
    guest.succeed("restart", NAME)
    assert guest.inside(NAME, "cat", "/root/word") == "kept\n"


def test_a_reboot_of_the_guest_keeps_it(guest: Host) -> None:
    guest.run("run", NAME, "--", "systemctl", "reboot")
    wait_until(lambda: guest.run("run", NAME, "--", "systemctl", "is-system-running", "--wait").stdout.strip() in ("running", "degraded"))
    assert guest.inside(NAME, "cat", "/root/word") == "kept\n"
    assert len([line for line in attached() if NAME in line]) == 1


@pytest.mark.parametrize("victim", ["launcher", "nspawn", "both"])
def test_nothing_is_held_after_a_kill(guest: Host, victim: str) -> None:
    run = Path(f"/run/nixos-containers/.{NAME}")
    victims = ["launcher", "nspawn"] if victim == "both" else [victim]
    for pid in [int((run / f"{each}.pid").read_text()) for each in victims]:
        os.kill(pid, signal.SIGKILL)
    guest.run("doctor")
    guest.succeed("stop", NAME)
    nothing_held()
    assert guest.succeed("list").split()
    guest.succeed("start", NAME)
    assert guest.inside(NAME, "cat", "/root/word") == "kept\n"


def test_it_grows_and_is_never_made_smaller(guest: Host) -> None:
    leader = guest.json("inspect", NAME)["running"]["leader"]
    define(guest, 'limits.diskMax = "160M";')
    said = guest.switch().stderr
    assert f"grow the disk of {NAME}" in said
    if "CAP_SYS_RESOURCE" in said:
        guest.succeed("restart", NAME)  # this machine's kernel does not let us while it is mounted
    else:
        assert guest.json("inspect", NAME)["running"]["leader"] == leader
    assert 130 < megabytes(guest) <= 160
    assert "grow" not in guest.switch().stderr
    define(guest, 'limits.diskMax = "64M";')
    told = guest.fail("switch", "-c", str(guest.definition))
    assert "no disk is made smaller" in told and f"convert-disk {NAME} 64M" in told
    define(guest, 'limits.diskMax = "160M";')


def test_a_stopped_one_still_tells_its_log(guest: Host) -> None:
    guest.inside(NAME, "sh", "-c", "echo nct-word-in-the-journal | systemd-cat; journalctl --sync")
    guest.succeed("stop", NAME)
    assert "nct-word-in-the-journal" in guest.succeed("logs", NAME)
    nothing_held()


def test_conversion_there_and_back(guest: Host) -> None:
    (STATE / "copied").write_text("by a conversion that was killed before the disk went")
    guest.succeed("convert-disk", NAME, "none")
    assert not (STATE / "copied").exists() and not list(STATE.parent.glob(".copy-*"))
    assert (STATE / "root" / "word").read_text() == "kept\n" and not IMAGE.exists()
    told = guest.fail("start", NAME)
    assert f"convert-disk {NAME} 160M" in told
    small = guest.fail("convert-disk", NAME, "1M")
    assert "at least 32M" in small
    with (STATE / "root" / "big").open("wb") as file:
        file.write(os.urandom(60 << 20))
    assert "room" in guest.fail("convert-disk", NAME, "50M")
    assert (STATE / "root" / "word").read_text() == "kept\n" and not IMAGE.exists(), "nothing has changed"
    (STATE / "root" / "big").unlink()
    guest.succeed("convert-disk", NAME, "160M")
    assert guest.json("convert-disk", NAME, "100M") == {"name": NAME, "disk": 100 << 20}
    assert IMAGE.stat().st_size == 100 << 20 and os.listdir(STATE) == []
    define(guest, "")
    guest.switch()
    guest.succeed("start", NAME)
    assert guest.inside(NAME, "cat", "/root/word") == "kept\n", "a disk stays one, also when nothing is declared any more"
    assert 80 < megabytes(guest) <= 100
    assert "running" in guest.fail("convert-disk", NAME, "none")
    guest.succeed("stop", NAME)
    nothing_held()


def test_an_imperative_one_is_copied_renamed_and_destroyed_with_its_disk(guest: Host) -> None:
    disks = IMAGE.parent
    guest.succeed("create", "nctdiskone", "--config", 'system.stateVersion = "23.11";')
    definition = Path("/etc/nixos-containers/nctdiskone.nix")
    text = definition.read_text()
    definition.write_text(text.replace("privateNetwork", 'limits.diskMax = "64M"; privateNetwork', 1))
    guest.succeed("update", "nctdiskone")
    guest.succeed("start", "nctdiskone")
    guest.inside("nctdiskone", "sh", "-c", "echo one > /root/word; sync")
    guest.succeed("stop", "nctdiskone")
    guest.succeed("copy", "nctdiskone", "nctdisktwo")
    guest.succeed("rename", "nctdiskone", "nctdiskthree")
    for name in ("nctdisktwo", "nctdiskthree"):
        guest.succeed("start", name)
        assert guest.inside(name, "cat", "/root/word") == "one\n"
    assert sorted(path.name for path in disks.glob("nctdiskt*")) == ["nctdiskthree.ext4", "nctdisktwo.ext4"]
    for name in ("nctdisktwo", "nctdiskthree"):
        guest.succeed("destroy", name)
    assert not list(disks.glob("nctdiskt*")) and not list(STATE.parent.glob("nctdiskt*"))


def test_what_a_killed_command_left_of_a_disk_goes(guest: Host) -> None:
    IMAGE.parent.joinpath(".nctdisk.999999999.tmp").write_bytes(b"")
    IMAGE.parent.joinpath(".nctdisk.at.999999999.tmp").mkdir()
    guest.switch()
    assert [path.name for path in IMAGE.parent.iterdir() if path.name.startswith(".nctdisk")] == []


def test_a_damaged_disk_is_said_and_a_purge_takes_it(guest: Host) -> None:
    assert loops.superblock(str(IMAGE)) is not None
    with IMAGE.open("r+b") as file:
        file.seek(1024)
        file.write(bytes(1024))
    assert "damaged" in guest.fail("start", NAME)
    guest.define("{ }")
    guest.switch("--purge")
    assert not IMAGE.exists() and not STATE.exists()
    nothing_held()
