"""Commands on their way into a container: words stay words, and a terminal outside becomes one inside."""

from __future__ import annotations

import os
import pty
import random
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from nixos_containers.run.enter import quote, su_command

SOURCE = str(Path(__file__).parents[2] / "src")
AWKWARD = [
    "",
    " ",
    "a b",
    "it's",
    '"',
    "$HOME",
    "`id`",
    "$(id)",
    "\\",
    "a\nb",
    "*",
    "~",
    "!",
    "#",
    "-n",
    "ü",
    "';rm -rf x;'",
    "\t",
    "&&",
    "{a,b}",
]


def words_of(command: str) -> list[str]:
    """What a shell makes of `exec WORDS…`: a program shows the words that it got."""
    shown = f"{quote(sys.executable)} -c 'import sys; sys.stdout.write(chr(0).join(sys.argv[1:]))' "
    text = command.removeprefix("exec ")
    return subprocess.run(["sh", "-c", shown + text], capture_output=True, text=True, check=True).stdout.split("\0")


@pytest.mark.parametrize("word", AWKWARD)
def test_a_word_is_one_word_whatever_is_in_it(word: str) -> None:
    assert words_of(f"exec {quote(word)} end") == [word, "end"]


def test_whole_command_lines_survive_su_and_its_shell() -> None:
    dice = random.Random(2)
    for _ in range(20):
        words = [dice.choice(AWKWARD) + dice.choice(AWKWARD) for _ in range(dice.randrange(1, 6))]
        *su, command = su_command(words)
        assert su == ["su", "root", "-l", "-c"]
        assert words_of(command) == words


def test_without_a_command_it_is_a_login_shell() -> None:
    assert su_command([]) == ["su", "root", "-l"]


# On a terminal. The process below has one outside, and its own /dev/pts stands for the guest's.

CODE = (
    f"import sys, os; sys.path.insert(0, {SOURCE!r}); from nixos_containers.run.terminal import run_on_terminal\n"
    "os.environ.pop('LINES', 0)\n"
    "sys.exit(run_on_terminal(lambda: os.execve('/bin/sh', ['/bin/sh', '-c', sys.argv[1]], {'PATH': os.defpath}), os.getpid()))"
)


def on_a_terminal(script: str, *, typed: str = "") -> tuple[int, str]:
    """Run `script` by run_on_terminal in a process that has a terminal of 33 lines; its status and what appeared."""
    if not os.access("/dev/pts/ptmx", os.R_OK | os.W_OK):
        pytest.skip("no terminal can be made from /dev/pts here")
    child, master = pty.fork()
    if child == 0:
        os.execv(sys.executable, [sys.executable, "-c", f"import termios; termios.tcsetwinsize(0, (33, 101))\n{CODE}", script])
    if typed:
        os.write(master, typed.encode())
    shown = b""
    while select.select([master], [], [], 10)[0]:
        try:
            data = os.read(master, 4096)
        except OSError:
            break
        if not data:
            break
        shown += data
    else:
        os.kill(child, signal.SIGKILL)
    os.close(master)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), shown.decode()


def test_the_status_is_the_commands() -> None:
    assert on_a_terminal("exit 7")[0] == 7
    assert on_a_terminal("exit 0")[0] == 0


def test_an_end_by_a_signal_is_128_and_its_number() -> None:
    assert on_a_terminal("kill -9 $$")[0] == 137


def test_the_command_has_a_terminal_of_the_same_size_as_its_controlling_one() -> None:
    status, shown = on_a_terminal("tty; stty size; echo > /dev/tty && echo controlling")
    assert status == 0
    assert "/dev/pts/" in shown and "33 101" in shown and "controlling" in shown


def test_what_is_typed_arrives_even_before_the_command_is_there() -> None:
    status, shown = on_a_terminal("read -r word; echo got $word", typed="hello\r")
    assert "got hello" in shown
    assert status == 0


def test_much_output_arrives_whole() -> None:
    _, shown = on_a_terminal("seq 20000; echo end")
    assert shown.rstrip().endswith("end")
    assert len(shown.split()) == 20001
