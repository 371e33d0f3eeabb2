"""The guest's root as an attacker: what our own commands do when it waits for them, inside and at what they read and show."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from ..terminal import Terminal
from .conftest import Host, wait_until

NAME = "nctevil"
STATE = Path("/var/lib/nixos-containers") / NAME
DEFINITION = """{ containers.nctevil = {
    privateNetwork = true;
    autoStart = true;
    healthChecks.page = { command = "true"; interval = "200ms"; };
    @OPTIONS@
    config = { pkgs, ... }: { system.stateVersion = "23.11"; environment.systemPackages = [ pkgs.python3 pkgs.util-linux ]; };
  }; }
"""
# Stops every process that appears, and looks whether it still stands in other files than its own.
# su(1) stops itself when its command is stopped, a moment later: so whoever was looked at is told to go on again and again, and once
# more at the end.
WATCHER = """
import collections, os, signal, time
asked = []
signal.signal(signal.SIGTERM, lambda *_: asked.append(True))
own = os.stat("/")
stopped = collections.deque(maxlen=100)
def look(pid):
    try:
        os.kill(pid, 19)
    except OSError:
        return
    stopped.append(pid)
    try:
        for way in ("root", "cwd"):
            found = os.stat(f"/proc/{pid}/{way}/etc/..")
            if (found.st_dev, found.st_ino) != (own.st_dev, own.st_ino):
                print("ESCAPED", pid, way, os.readlink(f"/proc/{pid}/exe"), os.listdir(f"/proc/{pid}/{way}/"), flush=True)
    except OSError:
        pass
    go_on(pid)
def go_on(pid):
    try:
        os.kill(pid, 18)
    except OSError:
        pass
print("watching", flush=True)
last, me, turn = 0, os.getpid(), 0
while not asked:
    last = max(last, int(open("/proc/sys/kernel/ns_last_pid").read()), me)
    for pid in range(last - 3, last + 6):
        if pid > 1 and pid != me:
            look(pid)
    turn += 1
    if turn % 20 == 0:
        for pid in stopped:
            go_on(pid)
for _ in range(100):
    for pid in stopped:
        go_on(pid)
    time.sleep(0.01)
"""


@pytest.fixture(scope="module")
def guest(host: Host) -> Iterator[str]:
    host.define(DEFINITION.replace("@OPTIONS@", ""))
    host.switch()
    yield NAME


def inside(host: Host, script: str, stdin: str = "") -> str:
    return host.inside(NAME, "sh", "-c", script, stdin=stdin)


def in_all(host: Host, script: str) -> None:
    """As root, in the mounts that all processes inside share."""
    inside(host, f"systemd-run --quiet --wait --pipe sh -c '{script}'")


def test_who_enters_is_never_seen_in_the_files_of_the_host(host: Host, guest: str, tmp_path: Path) -> None:
    inside(host, "cat > /root/watcher.py", stdin=WATCHER)
    inside(host, "systemd-run --quiet --unit=watcher -p StandardOutput=file:/root/seen python3 /root/watcher.py")
    wait_until(lambda: "watching" in inside(host, "cat /root/seen"))
    for number in range(15):
        host.run("run", guest, "--", "true")
        host.run("cp", f"{guest}:/etc/hostname", str(tmp_path / f"copy{number}"))
        host.run("wait", guest, "--for", "ready", "--timeout", "5s")
    assert host.run("run", guest, "--", "systemctl", "is-active", "watcher").stdout == "active\n", "it watched all the time"
    inside(host, "systemctl stop watcher")
    assert inside(host, "cat /root/seen").split() == ["watching"]


def test_no_link_in_the_place_of_a_terminal_is_followed(host: Host, guest: str, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    mark.touch()
    in_all(host, f"mount -t tmpfs none /dev/pts; ln -s /dev/ptmx /dev/pts/ptmx; for n in $(seq 0 200); do ln -s {mark} /dev/pts/$n; done")
    try:
        with_terminal = Terminal(host.command("run", guest, "--", "true"), env={})
        assert with_terminal.process.wait(timeout=20) != 0
        with_terminal.read()
        assert b"no terminal to give" in with_terminal.raw, with_terminal.raw
        assert mark.stat().st_uid == 0, "the host's file has its owner"
    finally:
        host.run("run", guest, "--", "systemd-run", "--quiet", "--wait", "umount", "/dev/pts")
    assert Terminal(host.command("run", guest, "--", "test", "-t", "0"), env={}).process.wait(timeout=20) == 0


TRAP = """#!/bin/sh
case $1 in --version) echo "tar (GNU tar) 1.34"; exit ;; esac
{ env; tty; test -t 0 || test -t 1 || test -t 2 || echo none of the three; (: < /dev/tty) || echo no terminal; } > /root/trapped 2>&1
printf 'shown \\033[31mred\\033[m \\033]0;title\\007 \\033[6n \\033P$q\\033\\\\ end\\n'
printf 'said \\033]52;c;aGVsbG8=\\007 \\033[2J so\\n' >&2
"""


@pytest.mark.parametrize("program", ["journalctl", "tar"])
def test_what_is_asked_inside_never_holds_our_terminal_nor_commands_it(host: Host, guest: str, program: str, tmp_path: Path) -> None:
    inside(
        host, f"cat > /root/trap; chmod +x /root/trap; rm -f /root/trapped; readlink -f $(command -v {program}) > /root/where", stdin=TRAP
    )
    in_all(host, "mount --bind /root/trap $(cat /root/where)")
    words = {"journalctl": ("logs", guest), "tar": ("cp", f"{guest}:/etc/hostname", str(tmp_path / "copy"))}[program]
    try:
        terminal = Terminal(host.command(*words), env={"http_proxy": "http://me:nct-password@proxy.invalid:1"})
        terminal.process.wait(timeout=20)
        terminal.read()
    finally:
        in_all(host, "umount $(cat /root/where)")
    trapped = inside(host, "cat /root/trapped")
    assert "none of the three" in trapped and "no terminal" in trapped, trapped
    assert "nct-password" not in trapped and "PATH=" in trapped, "the environment is the guest's"
    assert b"said" in terminal.raw if program == "tar" else b"shown \x1b[31mred" in terminal.raw, terminal.raw
    for command in (b"\x1b]", b"\x1bP", b"\x1b[6n", b"\x1b[2J"):
        assert command not in terminal.raw


def test_the_console_and_the_host_key_cannot_command_a_terminal(host: Host, guest: str) -> None:
    inside(
        host,
        r"printf '\033]0;title\007 marked\n' > /dev/console; mkdir -p /etc/ssh; printf 'ssh-ed25519 \033]0;t\007 key\n' > /etc/ssh/ssh_host_ed25519_key.pub",
    )
    wait_until(lambda: "marked" in host.succeed("logs", guest, "--console"))
    terminal = Terminal(host.command("logs", guest, "--console"), env={})
    terminal.wait_for("marked")
    assert b"\x1b]" not in terminal.raw
    assert "\x1b" not in host.succeed("show-host-key", guest)
    inside(host, "rm /etc/ssh/ssh_host_ed25519_key.pub")


def test_a_link_that_an_earlier_copy_brought_is_not_followed_by_the_next(host: Host, guest: str, tmp_path: Path) -> None:
    out, away = tmp_path / "out", tmp_path / "away"
    away.mkdir()
    out.mkdir()
    inside(host, f"rm -rf /root/x; mkdir -p /root/x/logs; ln -s {away} /root/x/logs/nginx")
    host.succeed("cp", f"{guest}:/root/x/logs", str(out))
    inside(host, "rm /root/x/logs/nginx; mkdir /root/x/logs/nginx; echo planted > /root/x/logs/nginx/file")
    assert "nginx" in host.fail("cp", f"{guest}:/root/x/logs/nginx", str(out / "logs"))
    host.succeed("cp", f"{guest}:/root/x/logs", str(out))
    assert (out / "logs" / "nginx" / "file").read_text() == "planted\n", "what came takes the link's place"
    assert list(away.iterdir()) == []


NESTING = r"""
import os, time
odd, deepest = b"\xff\x1b]0;title\x07", 0
places = [place for place in ("/sys/fs/cgroup/systemd", "/sys/fs/cgroup/unified", "/sys/fs/cgroup") if os.access(place + "/cgroup.procs", os.W_OK)]
for place in places:
    os.chdir(place)
    os.mkdir(odd)
    open(odd + b"/cgroup.procs", "w").write(str(os.getpid()))
    depth = 0
    try:
        while depth < 2500:
            os.mkdir("n"); os.chdir("n"); depth += 1
    except OSError as failure:
        print(failure)
    deepest = max(depth, deepest)
print(deepest, flush=True)
time.sleep(600)
"""


def test_cgroups_nested_deeper_than_a_stack_or_a_path_hide_nothing(host: Host, guest: str) -> None:
    inside(host, "cat > /root/nesting.py; rm -f /root/depth", stdin=NESTING)
    inside(host, "systemd-run --quiet --unit=nesting -p StandardOutput=file:/root/depth python3 /root/nesting.py")
    depth = int(wait_until(lambda: inside(host, "cat /root/depth")).split()[-1])
    assert depth > 1000, "as deep as Python's stack"
    for words in (("ps", guest), ("tree", guest), ("tree", guest, "--json"), ("stats", guest), ("metrics",), ("list", "--long")):
        done = host.run(*words)
        assert done.returncode == 0 and "Traceback" not in done.stderr, (depth, words, done.stderr[-300:])
        assert "\x1b" not in done.stdout
    assert "nesting.py" in host.succeed("tree", guest)
    host.succeed("stop", guest)
    host.succeed("start", guest)


def test_a_set_uid_program_of_the_guests_is_out_of_reach_of_the_hosts_users(host: Host, guest: str) -> None:
    inside(host, "cp /bin/sh /shell; chmod 4755 /shell")
    shell = STATE / "shell"
    assert shell.stat().st_mode & 0o4000 and shell.stat().st_uid == 0, "its root is the owner of its files here as well"
    os.chmod(STATE.parent, 0o755)  # as it was once
    host.succeed("stop", guest)
    assert STATE.parent.stat().st_mode & 0o777 == 0o700
    somebody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    assert subprocess.run([*somebody, "sh", "-c", 'exec "$1" -c true', "sh", str(shell)], check=False).returncode != 0
    host.succeed("start", guest)
    inside(host, "rm /shell")


def test_a_console_that_floods_is_cut(host: Host, guest: str) -> None:
    log = Path(f"/var/log/nixos-containers/{guest}.log")
    if not log.exists():
        pytest.skip("the journal of the host has the console")
    with log.open("r+b") as file:
        file.truncate(65 << 20)
    assert "emptied" in host.fail("stop", "nct-nobody"), "any command that changes something"
    assert log.stat().st_size < 1 << 20
    inside(host, "echo still there > /dev/console")
    wait_until(lambda: "still there" in host.succeed("logs", guest, "--console"))


def test_a_volume_in_use_is_not_removed_though_it_is_declared_no_longer(host: Host, guest: str) -> None:
    volume = Path("/var/lib/nixos-containers/.volumes/nct-evil")
    host.define(DEFINITION.replace("@OPTIONS@", 'restartIfChanged = false; volumes."/data" = "nct-evil";'))
    host.switch()
    host.succeed("restart", guest)
    host.define(DEFINITION.replace("@OPTIONS@", "restartIfChanged = false;"))
    host.switch()
    try:
        assert inside(host, "grep -c ' /data ' /proc/self/mountinfo").strip() == "1"
        assert f"belongs to {guest}" in host.fail("volume", "remove", "nct-evil")
        host.succeed("restart", guest)
        host.succeed("volume", "remove", "nct-evil")
    finally:
        shutil.rmtree(volume, ignore_errors=True)


def test_a_link_in_what_was_the_root_is_never_bound(host: Host, guest: str, tmp_path: Path) -> None:
    """A persistent root may hold anything; made ephemeral later, its `persistent` would lead wherever the guest liked."""
    inside(host, f"mkdir -p /persistent; ln -sfn {tmp_path} /persistent/data")
    host.define(DEFINITION.replace("@OPTIONS@", 'ephemeral = true; persistentPaths = [ "/data" ];'))
    done = host.run("switch", "-c", str(host.definition))
    assert done.returncode != 0 and f"{STATE}/persistent/data is a link" in done.stderr, done.stderr
    assert host.run("status", guest).stdout == "down\n"
    (STATE / "persistent" / "data").unlink()
    host.succeed("start", guest)
    subprocess.run(["sync"], check=False)
    assert os.listdir(tmp_path) == []
