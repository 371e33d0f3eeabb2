"""Roots that are kept to a size: a file with an ext4 in it for each, beside the states, in the place of a directory.

An image works on every file system of a host, which quotas do not; what was weighed stands in docs/limits.md. It is attached and
mounted in the launcher's own mount namespace, so that neither a mount nor a loop device can outlive the container. Not for making one.
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from ..base.errors import DefinitionError
from .limits import root_size

if TYPE_CHECKING:
    from ..declare.container import Container

# A journal, the guest's own first files, and room for mkfs.ext4's structures.
SMALLEST = 32 << 20
_BLOCK = 4096
# Its type is said, so that the kernel never guesses; what is freed inside goes back to the host's file system.
MOUNT = ("mount", "-t", "ext4", "-o", "loop,discard,nodev")


def disk_size(container: Container) -> int | None:
    """How large the file for the persistent root of `container` is to be, in bytes; None when it is a directory. Raises DefinitionError."""
    size = None if container.ephemeral else root_size(container)
    if size is not None and size < SMALLEST:
        raise DefinitionError(
            f"containers.{container.name}.limits.diskMax: {size} bytes are too few for a file system", hint=f"at least {SMALLEST >> 20}M"
        )
    return None if size is None else size // _BLOCK * _BLOCK


def check_disk(container: Container, size: int | None, *, has_directory: bool) -> bool:
    """Whether the container's disk has to grow from `size`, which is None where it has none yet.

    `has_directory` says that its root is a directory with files. Raises DefinitionError for what is never done by itself: a disk that
    would become smaller, a directory that would become a disk.
    """
    wanted = disk_size(container)
    where, name = f"containers.{container.name}.limits.diskMax", container.name
    if wanted is None:
        return False
    if size is None:
        if has_directory:
            raise DefinitionError(
                f"{where}: the root of ‘{name}’ is a directory already, which cannot be kept to a size",
                hint=f"move it into a disk: nixos-container stop {name}; nixos-container convert-disk {name} {human(wanted)}",
            )
        return False
    if wanted < size:
        raise DefinitionError(
            f"{where}: the disk of ‘{name}’ has {human(size)}, and no disk is made smaller",
            hint=f"keep at least {human(size)}, or make it anew: "
            f"nixos-container stop {name}; nixos-container convert-disk {name} {human(wanted)}",
        )
    return wanted > size


def human(size: int) -> str:
    """`size` as `diskMax` takes it."""
    for unit, factor in (("T", 1 << 40), ("G", 1 << 30), ("M", 1 << 20), ("K", 1 << 10)):
        if size >= factor and size % factor == 0:
            return f"{size // factor}{unit}"
    return str(size)


def disk_lines(image: str | None, root: str) -> list[str]:
    """Shell lines that mount `image` on `root` in this process's mount namespace, or end it; none where `image` is None.

    A loop device that the run before is letting go is free a moment later; where /dev is no devtmpfs, nodes of new ones are missing.
    """
    if image is None:
        return []
    mount = " ".join((*MOUNT, "--", shlex.quote(image), shlex.quote(root)))
    return [
        "# The root's own file system, in this process's mount namespace: it goes with the container, however that ends.",
        "for round in 1 2 3 4 5 6 7 8 9 10; do",
        f"  {mount} 2>/dev/null && break",
        "  for loop in /sys/block/loop*; do",
        '    node="/dev/${loop##*/}"',
        '    [ -e "$node" ] || { IFS=: read -r major minor < "$loop/dev" && mknod -m 600 "$node" b "$major" "$minor"; }',
        "  done 2>/dev/null",
        "  sleep 0.1",
        "  false",
        f"done || {mount} || {{ echo {shlex.quote(image)} 'cannot be mounted: damaged, or no loop devices?'; exit 1; }} >&2",
    ]
