"""Kernel settings under /proc/sys that many containers need more of."""

from __future__ import annotations


def read(name: str) -> str | None:
    """The value of sysctl `name` (dotted), or None when the kernel has no such setting."""
    try:
        with open("/proc/sys/" + name.replace(".", "/"), encoding="ascii") as file:
            return file.read().strip()
    except OSError:
        return None


def write(name: str, value: str) -> bool:
    """Set sysctl `name`; False when the kernel or the permissions refuse."""
    return write_file(name.replace(".", "/"), value)


def write_file(file: str, value: str) -> bool:
    """Set the file below /proc/sys, for settings of interfaces, whose names may have dots; False when it is refused."""
    try:
        with open(f"/proc/sys/{file}", "w", encoding="ascii") as opened:
            opened.write(value)
    except OSError:
        return False
    return True
