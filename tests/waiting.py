"""Waiting in tests: for something to become true, with an end."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any


def wait_until(check: Callable[[], Any], *, seconds: float = 60) -> Any:
    """Call `check` until it gives something true, and return that."""
    deadline = time.monotonic() + seconds
    while True:
        found = check()
        if found:
            return found
        assert time.monotonic() < deadline, f"{check} did not become true within {seconds} s"
        time.sleep(0.05)
