"""Trees of containers on the host's side: removing a state, reading a guest's file without following its links."""

from __future__ import annotations

import os
import stat

from ..base.errors import ContainerError

_IMMUTABLE = 0x10  # FS_IMMUTABLE_FL, which NixOS sets on /var/empty
_GETFLAGS, _SETFLAGS = 0x80086601, 0x40086602


def remove_state(path: str) -> None:
    """Remove the tree at `path` but nothing on other file systems: a mount point inside stops the removal there.

    Raises ContainerError naming the mount points that were met; what is below them is untouched.
    """
    if not os.path.isdir(path):
        return
    kept: list[str] = []
    device = os.lstat(path).st_dev
    _remove_children(path, device, kept)
    if not kept and not os.path.ismount(path):
        os.rmdir(path)
    elif kept:
        raise ContainerError(
            f"{path} holds mount points; what is mounted there was not touched",
            details="\n".join(kept),
            hint="unmount them, then remove the directory",
        )


def _remove_children(path: str, device: int, kept: list[str]) -> None:
    for entry in os.scandir(path):
        information = entry.stat(follow_symlinks=False)
        if not stat.S_ISDIR(information.st_mode):
            os.unlink(entry.path)
            continue
        if information.st_dev != device or os.path.ismount(entry.path):
            kept.append(entry.path)
            continue
        _make_mutable(entry.path)
        before = len(kept)
        _remove_children(entry.path, device, kept)
        if len(kept) == before:
            os.rmdir(entry.path)


def _make_mutable(path: str) -> None:
    import fcntl
    import struct

    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        flags = struct.unpack("l", fcntl.ioctl(descriptor, _GETFLAGS, bytes(8)))[0]
        if flags & _IMMUTABLE:
            fcntl.ioctl(descriptor, _SETFLAGS, struct.pack("l", flags & ~_IMMUTABLE))
    except OSError:
        pass  # a file system without such flags
    finally:
        os.close(descriptor)


def read_beneath(root: str, relative: str, *, limit: int = 1 << 20) -> str | None:
    """The text of `relative` below `root`, or None when it is not there.

    `root` belongs to a guest: no symbolic link is followed, so that it cannot make us read a file of the host.
    """
    descriptor = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        *directories, name = relative.split("/")
        for directory in directories:
            below = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=descriptor)
            os.close(descriptor)
            descriptor = below
        file = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=descriptor)
        try:
            if not stat.S_ISREG(os.fstat(file).st_mode):
                return None
            return os.read(file, limit).decode(errors="replace")
        finally:
            os.close(file)
    except OSError:
        return None
    finally:
        os.close(descriptor)
