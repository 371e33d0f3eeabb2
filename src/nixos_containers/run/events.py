"""Writing down what happened to containers: one appended line each. Never a reason for a command to fail."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

from ..base import log
from ..plan.events import line

if TYPE_CHECKING:
    from ..base.paths import Paths

# Some 40,000 events; one older file of that size is kept.
_MOST_BYTES = 4 << 20


def emit(paths: Paths, event: str, container: str, **fields: Any) -> None:
    """Append one event of plan/events.py's KINDS."""
    now = time.time()
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now)) + f".{int(now * 1000) % 1000:03d}Z"
    try:
        _append(paths, line(stamp, event, container, fields).encode())
    except OSError as failure:
        log.debug(f"event {event} of {container} is not written down: {failure}")


def _append(paths: Paths, data: bytes) -> None:
    path = paths.events
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o640)
    except FileNotFoundError:
        os.makedirs(paths.logs, mode=0o750, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o640)
    try:
        os.write(descriptor, data)
        size = os.fstat(descriptor).st_size
    finally:
        os.close(descriptor)
    if size > _MOST_BYTES:
        _rotate(paths)


def _rotate(paths: Paths) -> None:
    from ..base.files import locked

    with locked(paths.lock(".events"), who="rotating the events"):
        if os.stat(paths.events).st_size > _MOST_BYTES:
            os.replace(paths.events, paths.events + ".1")
