"""Waiting for the end of processes without being their parent, and sending them signals."""

from __future__ import annotations

import os
import select
import signal
import time

from .proc import bits, command_name, fields, read


def started_at(pid: int) -> int | None:
    """When the process started, in clock ticks since boot; with the pid it names a process for good."""
    text = read(f"/proc/{pid}/stat")
    if not text:
        return None
    return int(text.rpartition(")")[2].split()[19])


def wait_until_gone(pid: int, timeout: float) -> bool:
    """Wait for the end of any process (pidfd_open(2)); False when it is still there after `timeout` seconds."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    except OSError:  # a kernel before 5.3
        deadline = time.monotonic() + timeout
        while command_name(pid):
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        return True
    try:
        return bool(select.select([descriptor], [], [], timeout)[0])
    finally:
        os.close(descriptor)


def send(pid: int, number: int) -> bool:
    """Send a signal; False when the process is gone already."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return False
    return True


def listens(pid: int, number: int) -> bool:
    """Whether the process catches a signal, or lets it wait until it looks for it (proc(5), SigCgt and SigBlk)."""
    status = fields(read(f"/proc/{pid}/status"))
    return (bits(status, "SigBlk") | bits(status, "SigCgt")) >> (number - 1) & 1 == 1


def kill(pid: int) -> bool:
    """SIGKILL."""
    return send(pid, signal.SIGKILL)
