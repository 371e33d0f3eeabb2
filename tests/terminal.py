"""A terminal for tests: a program on a pseudo-terminal, and the screen that it draws, as a person would see it (by pyte)."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest


class Terminal:
    """`command` on a terminal of `columns` and `lines`; `screen` is what is drawn, `raw` all that came."""

    def __init__(self, command: Sequence[str], *, env: Mapping[str, str], columns: int = 80, lines: int = 24) -> None:
        pyte: Any = pytest.importorskip("pyte", reason="the terminal emulator of the tests is not installed: make test-setup")
        self._screen = pyte.Screen(columns, lines)
        self._stream = pyte.ByteStream(self._screen)
        self._ours, theirs = pty.openpty()
        self.raw = b""
        self._set_size(columns, lines)
        self.settings = termios.tcgetattr(theirs)
        self.name = os.ttyname(theirs)
        clean = {key: value for key, value in os.environ.items() if key not in ("LINES", "COLUMNS", "TERM", "COLORTERM", "TERM_PROGRAM")}

        def own_terminal() -> None:
            os.setsid()
            signal.signal(signal.SIGHUP, signal.SIG_DFL)  # whoever runs the tests with nohup has it ignored
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        self.process = subprocess.Popen(
            list(command), stdin=theirs, stdout=theirs, stderr=theirs, env={**clean, **env}, preexec_fn=own_terminal
        )
        self._theirs = theirs

    def _set_size(self, columns: int, lines: int) -> None:
        fcntl.ioctl(self._ours, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def resize(self, columns: int, lines: int) -> None:
        """As a person drags the window."""
        self._screen.resize(lines, columns)
        self._set_size(columns, lines)
        os.kill(self.process.pid, signal.SIGWINCH)

    def read(self, seconds: float = 0.05) -> None:
        """Take in what is drawn, for `seconds`."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            if select.select([self._ours], [], [], left)[0]:
                try:
                    got = os.read(self._ours, 1 << 16)
                except OSError:
                    return
                self.raw += got
                self._stream.feed(got)

    @property
    def screen(self) -> str:
        return "\n".join(self._screen.display)

    def wait_for(self, what: str | Callable[[str], Any], *, seconds: float = 60) -> None:
        """Until the screen shows `what`, a text or a function of the screen's text."""
        check = what if callable(what) else (lambda screen: what in screen)
        deadline = time.monotonic() + seconds
        while not check(self.screen):
            assert self.process.poll() is None, f"it ended with {self.process.returncode}:\n{self.screen}"
            assert time.monotonic() < deadline, f"not shown within {seconds} s: {what}\n{self.screen}"
            self.read()

    def press(self, keys: str) -> None:
        os.write(self._ours, keys.encode())

    def ended(self, *, seconds: float = 60) -> int:
        """Its exit status, once it has ended."""
        deadline = time.monotonic() + seconds
        while self.process.poll() is None:
            assert time.monotonic() < deadline, f"it did not end within {seconds} s:\n{self.screen}"
            self.read()
        self.read(0.2)
        assert self.process.returncode is not None
        return self.process.returncode

    def is_restored(self) -> bool:
        """Whether the terminal's settings are those of before."""
        return termios.tcgetattr(self._theirs) == self.settings

    def hang_up(self) -> None:
        """As when the connection breaks: the terminal is gone."""
        os.close(self._theirs)
        os.close(self._ours)
        self._ours = self._theirs = -1
        os.killpg(self.process.pid, signal.SIGHUP)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for descriptor in (self._ours, self._theirs):
            if descriptor >= 0:
                os.close(descriptor)
