"""`cp` in the hard cases, odd paths in every option that mounts, and what our own commands inside a container do to it."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from .conftest import Host, wait_until

NAME = "nctcopies"
VOLUMES = Path("/var/lib/nixos-containers/.volumes")
ODD = ("co,mma", "back\\slash", "qu\"o'te", "new\nline", "col:on", "per%cent $x `y` ${z}", " blanks ")
DEFINITION = """{
  containers.nctcopies = {
    privateNetwork = true;
    bindMounts = { @BINDS@ };
    overlays."/srv/o\\"v:er,lay \\\\".lower = [ @LOWER@ ];
    volumes."/vol: x,y" = "nct-odd";
    tmpfs = [ "/tmp pfs,x:size=1M" ];
    limits.memoryMax = "256M";
    config = { pkgs, ... }: {
      system.stateVersion = "23.11";
      system.switch.enable = true;
      system.activationScripts.where = "cat /proc/self/cgroup > /run/where-activation; echo @WORD@ > /etc/word-of-activation";
    };
  };
}
"""


def nix(text: str) -> str:
    """`text` as a string of Nix."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("${", "\\${").replace("\n", "\\n") + '"'


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("odd")
    base.parent.chmod(0o755)
    base.chmod(0o755)
    for name in ODD:
        (base / name).mkdir()
        (base / name / "file").write_text(name, encoding="utf-8")
    return base


def define(host: Host, base: Path, word: str) -> None:
    binds = " ".join(f"{nix(f'/mnt/{name}')}.hostPath = {nix(str(base / name))};" for name in ODD)
    lower = " ".join(nix(str(base / name)) for name in ODD)
    host.define(DEFINITION.replace("@BINDS@", binds).replace("@LOWER@", lower).replace("@WORD@", word))
    host.switch()


@pytest.fixture(scope="module")
def copies(host: Host, base: Path) -> Iterator[Host]:
    define(host, base, "first")
    host.succeed("start", NAME)
    yield host
    host.run("stop", NAME)
    host.remove_everything()
    shutil.rmtree(VOLUMES / "nct-odd", ignore_errors=True)


def inside(host: Host, script: str, *words: str) -> str:
    return host.inside(NAME, "sh", "-c", script, "sh", *words)


@pytest.mark.parametrize("name", ODD)
def test_odd_paths_are_mounted(copies: Host, name: str) -> None:
    assert inside(copies, 'cat "/mnt/$1/file"', name) == name


def test_odd_paths_of_overlays_volumes_and_memory(copies: Host) -> None:
    assert inside(copies, 'cat "$1/file"', '/srv/o"v:er,lay \\') == ODD[0], "the first is the topmost"
    inside(copies, "echo kept > '/vol: x,y/file'; echo fleeting > '/tmp pfs,x/file'")
    assert (VOLUMES / "nct-odd" / "file").read_text(encoding="utf-8") == "kept\n"


def make_tree(tree: Path) -> None:
    (tree / "sub").mkdir(parents=True)
    for name in ("plain", *ODD):
        (tree / name).write_text(name, encoding="utf-8")
    (tree / "sub" / "hard").hardlink_to(tree / "plain")
    os.chown(tree / "sub", 1000, 100)
    (tree / "link").symlink_to("/nowhere")
    os.mkfifo(tree / "fifo")
    os.setxattr(tree / "plain", "user.colour", b"red")
    with (tree / "sparse").open("wb") as out:
        out.truncate(5 << 30)
        out.seek(1 << 30)
        out.write(b"in the middle")


def check_tree(tree: Path, *, gnu: bool = True) -> None:
    for name in ("plain", *ODD):
        assert (tree / name).read_text(encoding="utf-8") == name
    assert (tree / "sub" / "hard").stat().st_ino == (tree / "plain").stat().st_ino
    assert ((tree / "sub").stat().st_uid, (tree / "sub").stat().st_gid) == (1000, 100)
    assert os.readlink(tree / "link") == "/nowhere"
    assert (tree / "fifo").is_fifo()
    if gnu:
        assert os.getxattr(tree / "plain", "user.colour") == b"red"
        assert (tree / "sparse").stat().st_size == 5 << 30 and (tree / "sparse").stat().st_blocks < 100


def test_trees_come_and_go_whole(copies: Host, tmp_path: Path) -> None:
    make_tree(tmp_path / "tree")
    copies.succeed("cp", str(tmp_path / "tree"), f"{NAME}:/root/tree")
    assert inside(copies, "stat -c %h-%u /root/tree/plain; stat -c %u:%g /root/tree/sub").split() == ["2-0", "1000:100"]
    copies.succeed("cp", f"{NAME}:/root/tree", str(tmp_path / "back"))
    check_tree(tmp_path / "back")
    inside(copies, "rm -r /root/tree")


def test_what_cannot_be_copied_is_said(copies: Host, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "socket"))
        assert "nothing that can be copied" in copies.fail("cp", str(tmp_path / "socket"), f"{NAME}:/root/")
    assert "No such file" in copies.fail("cp", f"{NAME}:/root/nowhere", str(tmp_path))
    assert inside(copies, "ls -A /root | grep -c cp || :").strip() == "0"
    assert os.listdir(tmp_path) == ["socket"]


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_copy_that_is_cut_off_leaves_nothing(copies: Host, tmp_path: Path, ending: signal.Signals) -> None:
    fifo = tmp_path / "slow"
    os.mkfifo(fifo)
    inside(copies, "echo before > /root/stream")
    before = inside(copies, "ls -A /root")
    copying = subprocess.Popen(copies.command("cp", "-", f"{NAME}:/root/stream"), stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert copying.stdin is not None
    copying.stdin.write(b"x" * 4096)
    copying.stdin.flush()
    wait_until(lambda: ".nixos-container-cp." in inside(copies, "ls -A /root"))
    copying.send_signal(ending)
    assert copying.wait(timeout=20) != 0
    wait_until(lambda: inside(copies, "ls -A /root") == before)
    assert inside(copies, "cat /root/stream") == "before\n", "what was there is unchanged"
    copying.stdin.close()


def test_a_large_file_that_is_cut_off_leaves_nothing_and_takes_no_memory(copies: Host, tmp_path: Path) -> None:
    with (tmp_path / "large").open("wb") as out:
        for _ in range(400):
            out.write(os.urandom(1 << 20))
    before = inside(copies, "ls -A /root")
    copying = subprocess.Popen(copies.command("cp", str(tmp_path / "large"), f"{NAME}:/root/"), stderr=subprocess.DEVNULL)
    wait_until(lambda: ".nixos-container-cp." in inside(copies, "ls -A /root"))
    copying.kill()
    copying.wait()
    wait_until(lambda: inside(copies, "ls -A /root") == before)
    copies.succeed("cp", str(tmp_path / "large"), f"{NAME}:/root/")
    assert (
        subprocess.run(copies.command("cp", f"{NAME}:/root/large", "-"), stdout=subprocess.PIPE, check=True).stdout
        == (tmp_path / "large").read_bytes()
    )
    inside(copies, "rm /root/large")


def test_streams_keep_the_owner_and_mode_of_a_file(copies: Host) -> None:
    inside(copies, "echo before > /root/owned; chown 1000:100 /root/owned; chmod 600 /root/owned; ln -s owned /root/by-link")
    copies.succeed("cp", "-", f"{NAME}:/root/by-link", stdin="after")
    assert inside(copies, "cat /root/owned; stat -c ' %u:%g %a' /root/owned; readlink /root/by-link").split() == [
        "after", "1000:100", "600", "owned",
    ]  # fmt: skip
    copies.succeed("cp", "-", f"{NAME}:/root/new", stdin="new")
    assert inside(copies, "stat -c %a /root/new").strip() == "644"


def test_a_guest_without_tar_can_be_copied_to_and_from(copies: Host, tmp_path: Path) -> None:
    # For every process inside, and as long as it runs: the program is a directory's name.
    where = inside(copies, "tar=$(readlink -f $(command -v tar)); mount --bind /dev/null $tar && echo $tar").strip()
    try:
        assert copies.run("run", NAME, "--", "tar", "--version").returncode != 0
        make_tree(tmp_path / "tree")
        (tmp_path / "tree" / "sparse").unlink()
        said = copies.run("cp", str(tmp_path / "tree"), f"{NAME}:/root/tree")
        assert said.returncode == 0 and "no GNU tar" in said.stderr, said.stderr
        copies.succeed("cp", f"{NAME}:/root/tree", str(tmp_path / "back"))
        check_tree(tmp_path / "back", gnu=False)
    finally:
        inside(copies, 'umount "$1"; rm -rf /root/tree', where)


def test_what_commands_of_ours_do_inside_counts_to_the_container(copies: Host, base: Path) -> None:
    define(copies, base, "second")
    assert inside(copies, "cat /etc/word-of-activation") == "second\n"
    places = inside(copies, "cat /run/where-activation")
    # Seen from inside, where the container's own group is the root: a process elsewhere on the host would be at ../../..
    assert "/.." in places and "../../" not in places, places


def test_who_follows_the_log_or_runs_a_command_does_not_hold_up_the_stop(copies: Host) -> None:
    following = subprocess.Popen(copies.command("logs", "-f", NAME), stdout=subprocess.DEVNULL)
    running = subprocess.Popen(copies.command("run", NAME, "--", "sleep", "1000"), stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    busy = [subprocess.Popen(["sh", "-c", "while :; do :; done"]) for _ in range(4)]  # or nobody is late
    try:
        wait_until(lambda: "sleep 1000" in copies.succeed("ps", NAME) and "journalctl" in copies.succeed("ps", NAME))
        began = time.monotonic()
        copies.succeed("stop", NAME)
        assert time.monotonic() - began < 30, "systemd waits for 90 s at most"
        following.wait(timeout=60)
        assert running.wait(timeout=60) != 0
    finally:
        for process in (following, running, *busy):
            process.kill()
            process.wait()
