"""Between a guest's program and the terminal of a person on the host, which it never holds itself.

A program that has a descriptor of a terminal can type on it (TIOCSTI, ioctl_tty(2)) and read what is typed; the guest's root can
take any descriptor of any program inside. So what would write to our terminal or read from it has a pipe instead, and all of it
leaves our session. Used after the guest's files have taken the place of ours: imports nothing later.
"""

from __future__ import annotations

import os
import select

TYPE_CHECKING = False  # importing typing costs as much as all that is done here
if TYPE_CHECKING:
    from ..base.stranger import Tamer

_CHUNK = 1 << 16
_TYPED = select.PIPE_BUF  # bytes that a pipe takes at once when select(2) calls it writable
_PAUSE = 0.2  # seconds until another look whether what is typed is for the program
_LATE = 1 << 20  # bytes that still come when the program has ended: of what it left behind no more is shown


class Relay:
    """Made before the program, used by its parent. `tame` shows on a terminal what cannot command it, and of what is typed there
    the program gets nothing; after `most` bytes of a stream nobody listens. `leave` gives the program a session of its own,
    without our terminal."""

    def __init__(self, *, tame: bool, most: int | None, leave: bool) -> None:
        self._left = {number: most for number in (1, 2) if most is not None or os.isatty(number)}
        self._tamers = _tamers([number for number in self._left if tame and os.isatty(number)])
        self._pipes = {number: os.pipe() for number in self._left}
        self._leaves = leave
        # What the program reads in the place of a terminal, and where what is typed is written for it.
        self._input: int | None = None
        self._typed: int | None = None
        if os.isatty(0) and tame:
            self._input = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
        elif os.isatty(0):
            self._input, self._typed = os.pipe()

    def hand_over(self) -> None:
        """In the child: its streams, in a session without our terminal."""
        if self._leaves:
            os.setsid()
        for number, (_, writing) in self._pipes.items():
            os.dup2(writing, number)
        if self._input is not None:
            os.dup2(self._input, 0)

    def until_end(self, child: int) -> int:
        """Pass on what the child says until it ends; return its status, as waitpid(2) has it."""
        sources = {}
        for number, (reading, writing) in self._pipes.items():
            os.close(writing)
            sources[reading] = number
        ended = os.pidfd_open(child)
        if self._input is not None:
            os.close(self._input)
        while True:
            ready = self._wait([ended, *sources])
            for source in ready:
                if source != ended and not self._pass_on(source, sources[source]):
                    os.close(source)
                    del sources[source]
            if ready == [ended]:  # all that it said is out, unless others go on in its name
                break
            if ended in ready:
                self._drain(sources)
                break
        for number, tamer in self._tamers.items():
            _write(number, tamer.end())
        return os.waitpid(child, 0)[1]

    def _wait(self, sources: list[int]) -> list[int]:
        """Those of `sources` from which something can be read, one at least; what is typed meanwhile is passed on."""
        while self._typed is not None:
            # Who reads from a terminal in the background is stopped; what is typed then is somebody else's.
            for_it = _is_in_front() and select.select([], [self._typed], [], 0)[1] != []
            ready = select.select([*sources, 0] if for_it else sources, [], [], None if for_it else _PAUSE)[0]
            if 0 in ready:
                ready.remove(0)
                data = _read_typed()
                if not data or not _write(self._typed, data):
                    os.close(self._typed)
                    self._typed = None
            if ready:
                return ready
        return select.select(sources, [], [])[0]

    def _drain(self, sources: dict[int, int]) -> None:
        for source, number in sources.items():
            os.set_blocking(source, False)
            for _ in range(_LATE // _CHUNK):
                try:
                    if not self._pass_on(source, number):
                        break
                except BlockingIOError:
                    break

    def _pass_on(self, source: int, number: int) -> bool:
        """Pass one piece on; False at the end, and where nobody listens."""
        data = os.read(source, _CHUNK)
        left = self._left[number]
        if not data or (left is not None and left <= 0):
            return False
        if left is not None:
            self._left[number], data = left - len(data), data[:left]
        tamer = self._tamers.get(number)
        return _write(number, data if tamer is None else tamer.feed(data))


def _is_in_front() -> bool:
    try:
        return os.tcgetpgrp(0) == os.getpgrp()
    except OSError:
        return True  # not our session's terminal, which stops nobody


def _read_typed() -> bytes:
    try:
        return os.read(0, _TYPED)
    except OSError:
        return b""  # the terminal has gone


def _tamers(numbers: list[int]) -> dict[int, Tamer]:
    if not numbers:
        return {}
    from ..base.stranger import Tamer

    return {number: Tamer() for number in numbers}


def _write(number: int, data: bytes) -> bool:
    try:
        while data:
            data = data[os.write(number, data) :]
    except OSError:
        return False  # who listened has gone
    return True
