"""Mount points of this process's mount namespace (proc(5), mountinfo)."""

from __future__ import annotations

import os
import re

_OCTAL = re.compile(r"\\([0-7]{3})")


def beneath(path: str, mountinfo: str | None = None) -> frozenset[str]:
    """The mount points at and below directory `path`, as absolute paths without symbolic links.

    This also finds binds from the same file system, which neither os.path.ismount nor a comparison of devices can see.
    `mountinfo` is the text of /proc/self/mountinfo, for tests.
    """
    if mountinfo is None:
        with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as file:
            mountinfo = file.read()
    top = os.path.realpath(path)
    points = (_unescape(line.split(" ")[4]) for line in mountinfo.splitlines())
    return frozenset(point for point in points if point == top or point.startswith(top.rstrip("/") + "/"))


def _unescape(field: str) -> str:
    """Space, tab, newline and backslash stand in the file as octal numbers."""
    return _OCTAL.sub(lambda match: chr(int(match[1], 8)), field)
