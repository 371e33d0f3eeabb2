"""Block devices as the kernel's cgroups name them. Looks only."""

from __future__ import annotations

import os
import stat

from .proc import read


def disk_of(path: str) -> str:
    """`MAJOR:MINOR` of the disk that `path` is, or lies on: of the whole one, also for a partition. Raises OSError."""
    found = os.stat(path)
    device = found.st_rdev if stat.S_ISBLK(found.st_mode) else found.st_dev
    number = f"{os.major(device)}:{os.minor(device)}"
    place = f"/sys/dev/block/{number}"
    if os.path.exists(f"{place}/partition"):
        return read(os.path.join(os.path.realpath(place), "..", "dev")).strip() or number
    return number


def weighing() -> bool:
    """Whether any disk's scheduler heeds weights: BFQ."""
    try:
        disks = os.listdir("/sys/block")
    except OSError:
        return False
    return any("[bfq]" in read(f"/sys/block/{disk}/queue/scheduler") for disk in disks)
