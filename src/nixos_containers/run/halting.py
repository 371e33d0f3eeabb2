"""A guest that is told to shut down while it boots, and hears nothing: it is told again. For hosts of both kinds.

systemd-nspawn says it once, and the kernel drops what the first process of a pid namespace does not listen to
(pid_namespaces(7)): that process is still a script, or a systemd that has just begun. Not for what follows when a guest does
not shut down in time: see stop.py, and systemd's TimeoutStopSec=.
"""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING

from ..kernel import processes
from ..observe import live

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..base.paths import Paths

# What systemd takes for "halt now" (systemd(1), SIGRTMIN+3), and nspawn sends.
HALT = signal.SIGRTMIN + 3
_LOOK = 0.1  # seconds


def listener(paths: Paths, name: str) -> int | None:
    """The first process of container `name`, if it would hear now that it is to halt."""
    found = live.nspawn_and_leader(paths, name)
    return found[1] if found is not None and processes.listens(found[1], HALT) else None


def wait_for_end(paths: Paths, name: str, ended: Callable[[float], bool], *, heard: bool, timeout: float) -> bool:
    """Wait for the end of container `name`, which was just told to halt; False when it did not end within `timeout` seconds.

    `ended` waits for as many seconds as it is given, and tells whether that was the end; `heard` says that the guest listened when
    it was told. One that did not is told again as soon as it does: for a moment every program lets all signals wait, so that two
    looks in a row count.
    """
    deadline, looks = time.monotonic() + timeout, 0
    while not heard and time.monotonic() < deadline:
        if ended(_LOOK):
            return True
        leader = listener(paths, name)
        looks = 0 if leader is None else looks + 1
        if leader is not None and looks == 2:
            heard = processes.send(leader, HALT)
    return ended(max(0.0, deadline - time.monotonic()))
