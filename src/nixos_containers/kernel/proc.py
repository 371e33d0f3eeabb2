"""Processes by pid, read from /proc (proc(5)). Imports next to nothing: every `run` goes through here."""

from __future__ import annotations

import os


def read(path: str, most: int = 1 << 30) -> str:
    """The file's text, or "" when it is not there: processes end at any moment. Of one that others make as long as they like,
    about `most` bytes."""
    try:
        # Without open(): its text layer costs more than the reading, and /proc files are small.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return ""
    try:
        # The kernel gives a page or so at a time, whatever is asked for: a table of mounts is longer.
        parts, left = [], most
        while left > 0 and (part := os.read(descriptor, min(left, 1 << 20))):
            parts.append(part)
            left -= len(part)
        return b"".join(parts).decode(errors="replace")
    except OSError:
        return ""
    finally:
        os.close(descriptor)


def fields(status: str) -> dict[str, str]:
    """The text of /proc/PID/status by its keys."""
    found = {}
    for line in status.splitlines():
        key, _, value = line.partition(":")
        found[key] = value.strip()
    return found


def bits(status: dict[str, str], key: str) -> int:
    """What is under `key` as a set of bits: capabilities from 0, signals from 1 on."""
    return int(status.get(key, "0"), 16)


def command_name(pid: int) -> str:
    """The process's comm, or "" when there is no such process."""
    return read(f"/proc/{pid}/comm").strip()


def read_pid(path: str) -> int | None:
    """The pid in a pid file, or None."""
    text = read(path).strip()
    return int(text) if text.isdigit() else None


def arguments(pid: int, most: int = 1 << 30) -> list[str]:
    """The process's argv, or [] when there is no such process; `most` as above."""
    text = read(f"/proc/{pid}/cmdline", most)
    return text.removesuffix("\0").split("\0") if text else []


def children(pid: int) -> list[int]:
    """Pids of the children of the process's main thread."""
    return [int(word) for word in read(f"/proc/{pid}/task/{pid}/children").split()]


def namespace_leader(parent: int) -> int | None:
    """The child of `parent` that is pid 1 of a pid namespace of its own, or None; also None as long as it is not the guest's yet.

    Before systemd-nspawn's child becomes the guest's init it has every capability, and the host's root for a while: nobody
    may enter what it prepares. It is known by its program: its name is what a guest's init likes to be called, and could hide it.
    """
    for child in children(parent):
        for line in read(f"/proc/{child}/status").splitlines():
            if line.startswith("NSpid:"):
                numbers = line.split()[1:]
                if len(numbers) > 1 and numbers[-1] == "1":
                    return None if _same_program(child, parent) else child
    return None


def _same_program(one: int, other: int) -> bool:
    """Whether both processes run the same file; True when that cannot be told any more, since one of them has ended."""
    try:
        return os.path.samestat(os.stat(f"/proc/{one}/exe"), os.stat(f"/proc/{other}/exe"))
    except OSError:
        return True
