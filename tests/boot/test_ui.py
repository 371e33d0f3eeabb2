"""The dashboard on terminals of several kinds, with a real container: drawn, keys, resizing, the end; and how it is installed."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.terminal import Terminal

from .conftest import ROOT, Host

NAME = "nctui"
# The server is for the test: it runs the archive's on this machine.
DEFINITION = """{ containers.nctui = { ephemeral = true; config = {
  system.stateVersion = "23.11";
  services.openssh = { enable = true; hostKeys = [ { type = "ed25519"; path = "/etc/ssh/ssh_host_ed25519_key"; } ]; };
}; }; }"""
# With the site's packages, where the tests' Textual is.
_PROGRAM = f"import sys; sys.path.insert(0, {str(ROOT / 'src')!r}); from nixos_containers.main import main; sys.exit(main())"


@pytest.fixture(scope="module")
def shown(host: Host) -> Iterator[Host]:
    pytest.importorskip("textual", reason="the optional library of the dashboard is not installed: make test-setup")
    host.define(DEFINITION)
    host.switch()
    yield host


def dashboard(term: str, *, columns: int = 80, lines: int = 24) -> Terminal:
    command = [sys.executable, "-c", _PROGRAM, "ui", NAME, "--interval", "300ms"]
    return Terminal(command, env={"TERM": term, "LANG": "C.UTF-8"}, columns=columns, lines=lines)


def row(screen: str) -> str:
    return next((line for line in screen.splitlines() if line.startswith(f" {NAME} ")), "")


def words(screen: str) -> str:
    """The right half, where the log is, without its line ends."""
    return " ".join(" ".join(line[36:78] for line in screen.splitlines()).split())


def test_without_a_terminal_it_names_what_works(host: Host) -> None:
    assert "stats --watch" in host.fail("ui")


def test_it_starts_shows_enters_and_stops_a_container(shown: Host) -> None:
    terminal = dashboard("xterm-256color")
    try:
        terminal.wait_for(lambda screen: " down " in row(screen) and "Quit" in screen)
        terminal.press("s")
        terminal.wait_for(lambda screen: " up " in row(screen))
        assert shown.succeed("status", NAME) == "up\n"
        terminal.wait_for(lambda screen: "Reached target" in words(screen))
        terminal.press("e")
        terminal.wait_for(f"root@{NAME}")
        terminal.press("echo in-$(uname -n)\n")
        terminal.wait_for(f"in-{NAME}")
        terminal.press("logger said in the shell; exit\n")
        terminal.wait_for("Quit")
        terminal.wait_for(lambda screen: "said in the shell" in words(screen))
        terminal.resize(132, 43)
        terminal.wait_for(lambda screen: " up " in row(screen) and len(screen.splitlines()[0].rstrip()) > 80)
        terminal.press("x")
        terminal.wait_for(lambda screen: " down " in row(screen))
        assert shown.succeed("status", NAME) == "down\n"
        terminal.press("q")
        assert terminal.ended() == 0, terminal.screen
        assert terminal.is_restored()
    finally:
        terminal.close()


@pytest.mark.parametrize("term", ["xterm", "linux", "vt100", "screen", "dumb"])
def test_every_kind_of_terminal_and_the_least_size(shown: Host, term: str) -> None:
    terminal = dashboard(term, columns=80, lines=24)
    try:
        terminal.wait_for(lambda screen: " down " in row(screen) and "disk" in screen and "Quit" in screen)
        terminal.resize(40, 10)
        terminal.wait_for(lambda screen: NAME in screen)
        terminal.press("q")
        assert terminal.ended() == 0, terminal.screen
        assert terminal.is_restored()
        end = terminal.raw[terminal.raw.rindex(b"\x1b[?1049l") :]
        assert b"\x1b[?25h" in end and b"\x1b[?1049h" not in end, "the other screen is back, and the cursor"
        assert b"Traceback" not in terminal.raw
    finally:
        terminal.close()


_SERVER = """set -e
mount --bind /etc/nixos-containers records
mount -t tmpfs tmpfs etc; mkdir etc/upper etc/work
mount -t overlay -o lowerdir=/etc,upperdir=etc/upper,workdir=etc/work overlay /etc
mount --bind records /etc/nixos-containers
grep -q ^sshd: /etc/passwd || echo sshd:x:74:65534::/:/usr/sbin/nologin >> /etc/passwd
mount -t tmpfs -o mode=755 tmpfs /run/sshd
export LD_LIBRARY_PATH=$(dirname $(find -L $1/sw/lib -maxdepth 2 -name libwrap.so.0))
$1/sw/sbin/sshd -t -f config
exec $1/sw/sbin/sshd -D -e -f config
"""


def test_it_works_over_ssh(shown: Host, tmp_path: Path) -> None:
    """The archive's sshd on this machine's loopback, with an /etc of its own."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    for name in ("host", "key"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / name)], check=True)
    (tmp_path / "etc").mkdir()
    (tmp_path / "records").mkdir()
    (tmp_path / "config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {tmp_path}/host\nAuthorizedKeysFile {tmp_path}/key.pub\n"
        "StrictModes no\nUsePAM no\nPidFile none\nPermitRootLogin prohibit-password\n",
        encoding="utf-8",
    )
    made = not os.path.isdir("/run/sshd")
    os.makedirs("/run/sshd", exist_ok=True)
    system = shown.json("status", NAME)["system"]
    server = subprocess.Popen(
        ["unshare", "--mount", "--propagation", "private", "sh", "-c", _SERVER, "sh", system],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
    )
    terminal = None
    try:
        assert server.stderr is not None
        line = server.stderr.readline()
        if "listening on" not in line:
            pytest.skip(f"the archive's sshd does not run on this machine: {line}")
        options = ("StrictHostKeyChecking=no", f"UserKnownHostsFile={tmp_path}/known", "BatchMode=yes", "LogLevel=ERROR")
        ssh = ["ssh", "-F", "none", "-tt", "-i", str(tmp_path / "key"), "-p", str(port), *(word for one in options for word in ("-o", one))]
        command = shlex.join([sys.executable, "-c", _PROGRAM, "ui", NAME])
        terminal = Terminal([*ssh, "root@127.0.0.1", command], env={"TERM": "xterm"})
        terminal.wait_for(lambda screen: " down " in row(screen) and "Quit" in screen)
        terminal.press("s")
        terminal.wait_for(lambda screen: " up " in row(screen))
        terminal.resize(100, 30)
        terminal.wait_for(lambda screen: len(screen.splitlines()) == 30 and "Quit" in screen.splitlines()[29])
        terminal.press("x")
        terminal.wait_for(lambda screen: " down " in row(screen))
        terminal.press("q")
        assert terminal.ended() == 0, terminal.screen
        assert terminal.is_restored()
    finally:
        if terminal is not None:
            terminal.close()
        server.terminate()
        server.wait()
        if made:
            os.rmdir("/run/sshd")


def test_it_ends_with_the_terminal(shown: Host) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # which it inherits
    terminal = dashboard("xterm")
    signal.signal(signal.SIGHUP, before)
    try:
        terminal.wait_for("Quit")
        terminal.hang_up()
        terminal.process.wait(timeout=30)
    finally:
        terminal.close()


def test_make_install_ui_brings_what_it_needs(host: Host, tmp_path: Path) -> None:
    def make(target: str) -> subprocess.CompletedProcess[str]:
        # Our installers are asked for nothing: what they would install is there.
        command = ["make", "-s", "-C", str(ROOT), target, f"PREFIX={tmp_path}"]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    installed = make("install")
    assert installed.returncode == 0, installed.stdout + installed.stderr
    program = f"{tmp_path}/bin/nixos-container"
    terminal = Terminal([program, "ui"], env={"TERM": "xterm", "LANG": "C.UTF-8"})
    try:
        assert terminal.ended() == 1
        assert "make install-ui" in terminal.screen and "Traceback" not in terminal.screen
    finally:
        terminal.close()
    if make("install-ui").returncode != 0:
        pytest.skip("no package index to install from")
    terminal = Terminal([program, "ui"], env={"TERM": "xterm", "LANG": "C.UTF-8"})
    try:
        terminal.wait_for("Quit")
        terminal.press("q")
        assert terminal.ended() == 0, terminal.screen
    finally:
        terminal.close()
        shutil.rmtree(tmp_path)
        os.mkdir(tmp_path)
