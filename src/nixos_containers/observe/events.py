"""What happened to containers, read from the file that our commands and the launchers append to (plan/events.py)."""

from __future__ import annotations

import json
import os
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..base.paths import Paths

_PAUSE = 0.25  # seconds between two looks at a file that is followed
_CHUNK = 1 << 16


def parse(line: str) -> dict[str, Any] | None:
    """The event in `line`, or None for a line that is none (a power cut may leave half a one)."""
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) and {"time", "event", "container"} <= found.keys() else None


def moment(event: dict[str, Any]) -> float:
    """When it happened, in seconds since the epoch; 0 for a time that cannot be read."""
    try:
        at = datetime.fromisoformat(event["time"])
    except (ValueError, TypeError):
        return 0.0
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()


def past(paths: Paths) -> Iterator[dict[str, Any]]:
    """All events that are kept, oldest first: the file before the last rotation, then the present one."""
    for path in (paths.events + ".1", paths.events):
        try:
            file = open(path, encoding="utf-8", errors="replace")  # noqa: SIM115
        except FileNotFoundError:
            continue
        with file:
            for line in file:
                event = parse(line)
                if event is not None:
                    yield event


def follow(paths: Paths) -> Iterator[dict[str, Any] | None]:
    """The events from now on as they are written, also across rotations; None whenever there is nothing new for a moment."""
    file, rest = _open(paths), b""
    if file is not None:
        os.lseek(file, 0, os.SEEK_END)
    while True:
        data = os.read(file, _CHUNK) if file is not None else b""
        if data:
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                event = parse(line.decode(errors="replace"))
                if event is not None:
                    yield event
            continue
        if _moved(paths, file):
            if file is not None:
                os.close(file)
            file, rest = _open(paths), b""
            if file is not None:
                continue
        yield None
        time.sleep(_PAUSE)


def _open(paths: Paths) -> int | None:
    try:
        return os.open(paths.events, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None


def _moved(paths: Paths, file: int | None) -> bool:
    """Whether the name leads to another file than the one that is open."""
    try:
        now = os.stat(paths.events)
    except FileNotFoundError:
        return False
    if file is None:
        return True
    opened = os.fstat(file)
    return (now.st_ino, now.st_dev) != (opened.st_ino, opened.st_dev)
