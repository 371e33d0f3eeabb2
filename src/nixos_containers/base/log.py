"""Talk on stderr: progress, warnings, the commands that run. stdout belongs to the answer.

Not a logging framework: three levels and one colour rule are all that a command line needs. Imports next to nothing,
because every command does.
"""

from __future__ import annotations

import os
import sys
import time

_BOLD, _YELLOW, _RED, _DIM, _RESET = "\x1b[1m", "\x1b[33m", "\x1b[31m", "\x1b[2m", "\x1b[0m"

# `--quiet` and `--debug` set these once, in main, before any room runs.
quiet = False
debugging = bool(os.environ.get("NIXOS_CONTAINERS_DEBUG"))


def _write(text: str, colour: str = "") -> None:
    if colour and sys.stderr.isatty() and "NO_COLOR" not in os.environ:
        text = f"{colour}{text}{_RESET}"
    try:
        sys.stderr.write(text + "\n")
        sys.stderr.flush()
    except (BrokenPipeError, ValueError):
        pass  # nobody listens; the exit status still tells


def say(text: str) -> None:
    """One line about what is being done."""
    if not quiet:
        _write(text)


def line(text: str) -> None:
    """One line of a server's log, which is no talk that `--quiet` silences."""
    _write(text)


def warn(text: str) -> None:
    """Something that the person should know although the command goes on."""
    _write(f"warning: {text}", _YELLOW)


def error(text: str) -> None:
    """The failure that ends the command."""
    _write(text, _RED)


def debug(text: str) -> None:
    """Shown with `--debug` only."""
    if debugging:
        _write(text, _DIM)


class step:
    """Announce a piece of work and, when it took over a second, say how long."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __enter__(self) -> None:
        self._started = time.monotonic()
        say(self._text)

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        elapsed = time.monotonic() - self._started
        if kind is None and elapsed > 1:
            say(f"  done in {elapsed:.1f} s")
