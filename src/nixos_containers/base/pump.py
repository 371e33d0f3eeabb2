"""Bytes from one descriptor to another, in the kernel where it can (splice(2)), with word of how far it is when that takes long."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING

from . import log
from .quantities import size

if TYPE_CHECKING:
    from collections.abc import Callable

_CHUNK = 1 << 20
_PATIENCE = 1.0  # seconds until something is said, and between two words


def pump(source: int, target: int) -> int:
    """Move everything from `source` to `target`; return how many bytes that were.

    Told on stderr after a second and then every second, on a terminal as one line. Raises OSError: EPIPE when nobody reads.
    """
    began = said = time.monotonic()
    total = 0
    move: Callable[[int, int], int] = _splice
    drawing = sys.stderr.isatty() and not log.quiet
    try:
        while True:
            try:
                count = move(source, target)
            except OSError:
                if move is not _splice:
                    raise
                move = _copy  # not between these kinds of files (EINVAL), or a real failure, which comes again
                continue
            if count == 0:
                break
            total += count
            now = time.monotonic()
            if drawing and now - said >= _PATIENCE:
                said = now
                sys.stderr.write(f"\r\x1b[K  {size(total)}, {size(total / (now - began))}/s")
                sys.stderr.flush()
    finally:
        if drawing and said != began:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
    if (took := time.monotonic() - began) > _PATIENCE:
        log.say(f"  {size(total)} in {took:.1f} s")
    return total


def _splice(source: int, target: int) -> int:
    return os.splice(source, target, _CHUNK)


def _copy(source: int, target: int) -> int:
    got = os.read(source, _CHUNK)
    left = memoryview(got)
    while left:
        left = left[os.write(target, left) :]
    return len(got)
