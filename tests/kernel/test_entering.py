"""Entering namespaces whose root waits for whoever comes: made by hand, without a container."""

from __future__ import annotations

import os
import pty
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from nixos_containers.run.inside import inside

SOURCE = Path(__file__).parents[2] / "src"
# Becomes the first process of namespaces of its own, once its users are mapped.
SPACES = """
import ctypes, os, sys
unshare = ctypes.CDLL(None).unshare
assert unshare(0x10000000) == 0
print("made", flush=True)
sys.stdin.readline()
os.setgid(0), os.setuid(0)
assert unshare(0x00020000 | 0x02000000 | 0x04000000 | 0x08000000 | 0x20000000 | 0x40000000) == 0
if os.fork() == 0:
    ctypes.CDLL(None).prctl(1, 9)
    os.execv("/bin/sh", ["/bin/sh", "-c", *sys.argv[1:]])
os.wait()
"""
# Root of a user namespace, in files of its own.
FILES = """
set -e
mount --make-rprivate /
mount -t tmpfs none /mnt; cd /mnt
mkdir -p usr proc old dev tmp
mount --rbind /usr usr; mount --rbind /dev dev
for place in bin sbin lib lib64; do ln -s usr/$place $place; done
mount -t proc proc proc
pivot_root . old; umount -l /old
exec /usr/bin/python3 -c "$1"
"""
# Stops every process that appears, and looks whether it can be looked into, and whether it stands in other files.
WATCHER = """
import os, sys, time
own, last = os.stat("/"), 1
print("ready", flush=True)
while True:
    last = max(last, int(open("/proc/sys/kernel/ns_last_pid").read()))
    for pid in range(max(2, last - 3), last + 4):
        try:
            os.kill(pid, 19)
        except OSError:
            continue
        for way in ("root", "cwd"):
            try:
                found = os.stat(f"/proc/{pid}/{way}/.")
                if (found.st_dev, found.st_ino) != (own.st_dev, own.st_ino):
                    print("ESCAPED", os.readlink(f"/proc/{pid}/exe"), way, os.listdir(f"/proc/{pid}/{way}/."), flush=True)
            except OSError:
                pass
        try:
            os.kill(pid, 18)
        except OSError:
            pass
    try:
        os.waitpid(-1, os.WNOHANG)
    except OSError:
        pass
"""


@contextmanager
def namespaces(program: str) -> Iterator[subprocess.Popen[str]]:
    """All of them, users included, whose first process runs the Python `program`; it has said that it is ready."""
    if os.geteuid() != 0:
        pytest.skip("namespaces with users of their own take root")
    command = [sys.executable, "-ISc", SPACES, FILES, "sh", program]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as made:
        assert made.stdin is not None and made.stdout is not None
        if made.stdout.readline() != "made\n":
            pytest.skip("no user namespace can be made here")
        for kind in ("uid", "gid"):
            Path(f"/proc/{made.pid}/{kind}_map").write_text("0 1900000000 65536\n", encoding="ascii")
        made.stdin.write("go\n")
        made.stdin.flush()
        try:
            if made.stdout.readline() != "ready\n":
                pytest.skip("no such namespaces can be made here")
            yield made
        finally:
            made.kill()


@pytest.fixture
def quiet() -> Iterator[int]:
    """The first process of such namespaces, which does nothing."""
    with namespaces("import time; print('ready', flush=True); time.sleep(600)") as made:
        yield leader(made)


def leader(made: subprocess.Popen[str]) -> int:
    return int(Path(f"/proc/{made.pid}/task/{made.pid}/children").read_text(encoding="ascii").split()[0])


_ENTER = (
    "import sys; sys.path.insert(0, {source!r}); from nixos_containers.run.enter import enter; "
    "enter('nct-none', {leader}, sys.argv[1:], terminal=False)"
)


def enter(first: int) -> list[str]:
    """The words of `run` before a command."""
    return [sys.executable, "-IS", "-c", _ENTER.format(source=str(SOURCE), leader=first)]


def test_nobody_is_seen_in_the_files_of_the_host() -> None:
    with namespaces(WATCHER) as hostile:
        first = leader(hostile)
        for number in range(40):
            way = enter(first) if number % 2 else inside("nct-none", first)
            done = subprocess.run([*way, "/usr/bin/id", "-u"], capture_output=True, text=True, timeout=30, check=False)
            assert done.stdout == "0\n", done.stderr
        hostile.kill()
        assert hostile.stdout is not None and hostile.stdout.read() == ""


def test_what_is_run_has_the_usual_signals_and_its_own_status(quiet: int) -> None:
    for way in (enter(quiet), inside("nct-none", quiet)):
        done = subprocess.run([*way, "sh", "-c", "yes | head -n 1; exit 7"], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout, done.stderr) == (7, "y\n", "")
        assert subprocess.run([*way, "sh", "-c", "kill -9 $$"], capture_output=True, check=False).returncode == -9
        done = subprocess.run([*way, "nct-no-such-program"], capture_output=True, text=True, check=False)
        assert done.returncode == 127 and "nct-no-such-program: No such file" in done.stderr
        assert subprocess.run([*way, "/usr"], capture_output=True, check=False).returncode == 126


def test_an_answer_without_end_is_taken_in_part(quiet: int) -> None:
    done = subprocess.run([*inside("nct-none", quiet, most=1000), "yes"], capture_output=True, timeout=30, check=False)
    assert len(done.stdout) == 1000 and done.returncode != 0
    # What goes on in the background holds nobody up.
    done = subprocess.run([*inside("nct-none", quiet), "sh", "-c", "sleep 60 & echo said"], capture_output=True, timeout=30, check=False)
    assert done.stdout == b"said\n"


def until_end(child: int, terminal: int) -> bytes:
    """What `child` shows on its terminal until it ends, with status 5."""
    shown = b""
    while True:
        try:
            shown += os.read(terminal, 4096)
        except OSError:
            break
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 5
    os.close(terminal)
    return shown


@pytest.mark.parametrize("way", ["run", "inside"])
@pytest.mark.parametrize("redirected", ["< /dev/null", "< /dev/null > /dev/null 2>&1", "| cat"])
def test_nothing_inside_has_the_terminal_outside(quiet: int, way: str, redirected: str, tmp_path: Path) -> None:
    words = enter(quiet) if way == "run" else inside("nct-none", quiet)
    script = "{ (: < /dev/tty) 2> /dev/null && echo opened; [ -t 0 ] && echo in; [ -t 1 ] && echo out; [ -t 2 ] && echo error; } >&3; echo said; echo wrong >&2"
    found = tmp_path / "found"
    child, terminal = pty.fork()
    if child == 0:
        line = " ".join(map(shlex.quote, [*words, "sh", "-c", script]))
        os.execv("/bin/sh", ["/bin/sh", "-c", f"exec 3> {found}; {line} {redirected}; exit 5"])
    shown = until_end(child, terminal)
    assert found.read_text() == ""
    assert (b"said" in shown) is (">" not in redirected.replace("< ", "")) and (b"wrong" in shown) is ("2>" not in redirected), shown


def test_what_is_typed_reaches_the_command_by_a_pipe(quiet: int) -> None:
    child, terminal = pty.fork()
    if child == 0:
        line = " ".join(map(shlex.quote, [*enter(quiet), "sh", "-c", "read word; [ -t 0 ] || echo no terminal said $word; cat"]))
        os.execv("/bin/sh", ["/bin/sh", "-c", f"{line} | cat; exit 5"])
    os.write(terminal, b"one\ntwo\n\x04")
    shown = until_end(child, terminal)
    assert b"no terminal said one" in shown and shown.count(b"two") == 2, "what was typed, and what cat said"


def test_a_command_in_the_background_is_not_stopped_by_what_is_typed(quiet: int) -> None:
    child, terminal = pty.fork()
    if child == 0:
        line = " ".join(map(shlex.quote, [*enter(quiet), "sh", "-c", "sleep 1; echo done"]))
        os.execv("/bin/bash", ["/bin/bash", "-c", f"set -m; {line} | cat & read word; echo mine $word; wait; exit 5"])
    os.write(terminal, b"one\n")
    shown = until_end(child, terminal)
    assert b"mine one" in shown and b"done" in shown, shown


# Whoever started the tests may have all signals ignored or blocked but those that a program can know: rt_sigaction, rt_sigprocmask.
_DIE = """
import ctypes, os, platform, resource, sys
number, c = int(sys.argv[1]), ctypes.CDLL(None)
if platform.machine() == "x86_64":
    c.syscall(13, number, bytes(32), None, 8)
    c.syscall(14, 1, (1 << number - 1).to_bytes(8, "little"), None, 8)
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
os.kill(os.getpid(), number)
"""


@pytest.mark.parametrize("number", [32, 33, signal.SIGKILL, signal.SIGSEGV])
def test_whatever_ends_a_command_no_module_is_read_from_the_guests_files(quiet: int, number: int) -> None:
    """The C library refuses to set handlers for two signals; what failed there was told by modules that the guest could have written."""
    command = ["/usr/bin/python3", "-c", _DIE, str(int(number))]
    for way in (enter(quiet), inside("nct-none", quiet)):
        # Every file that is opened after the namespaces are joined would be the guest's.
        traced = subprocess.run(
            ["strace", "-e", "trace=openat,open,setns", *way, *command], capture_output=True, text=True, timeout=60, check=False
        )
        assert "setns(" in traced.stderr, traced.stderr
        later = traced.stderr.rpartition("setns(")[2].splitlines()[1:]
        assert not [line for line in later if "open" in line and ("nixos_containers" in line or "python" in line)], traced.stderr
        # The second where we cannot die of it ourselves.
        assert subprocess.run([*way, *command], capture_output=True, timeout=60, check=False).returncode in (-number, 128 + number)


def test_a_command_that_cannot_begin_says_why_in_our_words(quiet: int) -> None:
    program = "import resource; resource.setrlimit(resource.RLIMIT_NPROC, (0, 0)); "
    words = enter(quiet)
    words[3] = words[3].replace("enter('nct", f"{program}enter('nct")
    done = subprocess.run([*words, "true"], capture_output=True, text=True, check=False)
    assert done.returncode == 1 and done.stderr.startswith("nixos-container: cannot run this in the container: "), done.stderr
    assert "Traceback" not in done.stderr
