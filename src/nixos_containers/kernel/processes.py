"""Processes by pid, read from /proc (proc(5)), and waiting for their end without being their parent."""

from __future__ import annotations

import os
import select
import signal
import time


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


def command_name(pid: int) -> str:
    """The process's comm, or "" when there is no such process."""
    return _read(f"/proc/{pid}/comm").strip()


def read_pid(path: str) -> int | None:
    """The pid in a pid file, or None."""
    text = _read(path).strip()
    return int(text) if text.isdigit() else None


def arguments(pid: int) -> list[str]:
    """The process's argv, or [] when there is no such process."""
    return _read(f"/proc/{pid}/cmdline").split("\0")[:-1]


def children(pid: int) -> list[int]:
    """Pids of the children of the process's main thread."""
    return [int(word) for word in _read(f"/proc/{pid}/task/{pid}/children").split()]


def namespace_leader(parent: int) -> int | None:
    """The child of `parent` that is pid 1 of a pid namespace of its own, or None."""
    for child in children(parent):
        for line in _read(f"/proc/{child}/status").splitlines():
            if line.startswith("NSpid:"):
                numbers = line.split()[1:]
                if len(numbers) > 1 and numbers[-1] == "1":
                    return child
    return None


def started_at(pid: int) -> int | None:
    """When the process started, in clock ticks since boot; with the pid it names a process for good."""
    text = _read(f"/proc/{pid}/stat")
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


def kill(pid: int) -> bool:
    """SIGKILL."""
    return send(pid, signal.SIGKILL)
