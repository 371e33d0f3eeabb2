"""A guest's journal and its console, shown by the programs that know how: journalctl and tail.

Of a running guest the journal is read inside, by its own journalctl; of one that is down, from what it left in its
root. Not for interpreting either.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from ..base import process
from ..base.stranger import Tamer
from ..plan.mounts import JOURNAL, journal_path, persistent_path
from ..plan.units import unit_of
from .enter import enter

if TYPE_CHECKING:
    from ..base.paths import Paths

_NOTHING_BUT_READING = "-all,+dac_read_search"
_READER = (
    *("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--no-new-privs"),
    *(f"--{kind}={_NOTHING_BUT_READING}" for kind in ("inh-caps", "ambient-caps", "bounding-set")),
)


def show_running(name: str, leader: int, words: list[str]) -> int:
    """journalctl inside the guest `name` whose first process is `leader`; it takes our place."""
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)  # it is the guest's own program, and what is typed here is none of its business
    return enter(name, leader, ["journalctl", "--boot", "--no-pager", *words], terminal=False, tame=True)


def left_journal(paths: Paths, name: str) -> str | None:
    """The directory of the journal that the guest left in its state, or None.

    What is not really below the root (a link that the guest made) does not count.
    """
    state = os.path.realpath(paths.state(name))
    # An ephemeral container's is bound into it.
    states = os.path.realpath(paths.states)
    for directory in (f"{state}{JOURNAL}", journal_path(states, name), persistent_path(states, name, JOURNAL)):
        if os.path.realpath(directory) == directory and os.path.isdir(directory) and os.listdir(directory):
            return directory
    return None


def show_left(directory: str, words: list[str]) -> int:
    """The host's journalctl over the journal at `directory`; its exit status.

    The files are the guest's, in a format of many parts: who takes it apart may read, and nothing else.
    """
    reader = [*_READER, "--"] if os.geteuid() == 0 and process.find("setpriv") else []
    return process.spawn([*reader, "journalctl", f"--directory={directory}", "--no-pager", *words]).wait()


def show_unit(name: str, words: list[str]) -> int:
    """The console of `name` where a unit of systemd runs it: the host's journal has it. The exit status."""
    return process.spawn(["journalctl", f"--unit={unit_of(name)}", "--no-pager", *words]).wait()


def show_console(path: str, *, lines: str | None, follow: bool) -> int:
    """The console log at `path`; its exit status."""
    command = ["tail", f"--lines={lines or '+1'}", *(["--follow=name", "--retry", f"--pid={os.getpid()}"] if follow else []), "--", path]
    if not os.isatty(1):
        return process.spawn(command).wait()
    tail = process.spawn(command, stdout=process.PIPE)
    assert tail.stdout is not None
    tamer = Tamer()
    while data := os.read(tail.stdout.fileno(), 1 << 16):
        _show(tamer.feed(data))
    _show(tamer.end())
    return tail.wait()


def _show(data: bytes) -> None:
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()
