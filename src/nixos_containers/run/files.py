"""Trees of containers on the host's side: removing a state, reading a guest's file without following its links."""

from __future__ import annotations

import errno
import os
import stat

from ..base.errors import ContainerError, HostError
from ..kernel import mounts

_FIXED = 0x10 | 0x20  # FS_IMMUTABLE_FL, which NixOS sets on /var/empty, and FS_APPEND_FL
_DEEPEST = 12  # directories with the longest names (255 bytes) still fit into a path (4096 bytes)
_GETFLAGS, _SETFLAGS = 0x80086601, 0x40086602


def keep_private(directory: str) -> None:
    """Have `directory`, and let nobody but root of the host into it.

    Files of a guest's root are those of the host's root where owners are mapped: a set-uid program that it leaves must be out of
    reach of other users here.
    """
    os.makedirs(directory, mode=0o700, exist_ok=True)
    if os.stat(directory).st_mode & 0o077:
        os.chmod(directory, 0o700)


def remove_state(path: str) -> None:
    """Remove the tree at `path` but nothing of what is mounted in it: a mount point stops the removal there.

    Raises ContainerError naming the mount points that were met; what is below them is untouched.
    """
    if not os.path.isdir(path):
        return
    top = os.path.realpath(path)
    kept = sorted(mounts.beneath(top))
    if top not in kept:
        _remove_all(top, frozenset(kept))
    if kept:
        raise ContainerError(
            f"{path} holds mount points; what is mounted there was not touched",
            details="\n".join(kept),
            hint="unmount them, then remove the directory",
        )
    os.rmdir(top)


def check_removable(path: str) -> None:
    """Raise HostError when the tree at `path` is on a read-only file system: better before anything else is removed."""
    if os.path.isdir(path) and os.statvfs(path).f_flag & os.ST_RDONLY:
        raise HostError(f"{path} is on a read-only file system", hint="make it writable (mount -o remount,rw), then try again")


def destroy_state(path: str) -> None:
    """Remove the state at `path` as upstream's destroy does: what is mounted in it is unmounted first and not touched.

    When the state itself is a mount, its contents go. Raises ContainerError for a mount that is in use.
    """
    from ..base import process

    if not os.path.isdir(path):
        return
    top = os.path.realpath(path)
    for point in sorted(mounts.beneath(top) - {top}, key=len, reverse=True):
        done = process.run(["umount", "--", point], check=False)
        if done.returncode != 0 and point in mounts.beneath(top):
            raise ContainerError(
                f"{point} cannot be unmounted; nothing in {path} was removed",
                details=done.stderr.strip(),
                hint=f"unmount it, then: rm -r {path}",
            )
    if top in mounts.beneath(top):
        _remove_all(top, frozenset())
        process.run(["umount", "--", top])
    remove_state(path)


def remove_run_state(path: str) -> None:
    """Remove the run-time files at `path` of a container that does not run."""
    import shutil

    if os.path.isdir(path) and not os.path.islink(path) and not mounts.beneath(path):
        shutil.rmtree(path)


def remove_entry(directory: str, entry: str) -> None:
    """Remove `entry` of `directory`, with all that is in it but nothing that is mounted there; already gone is fine.

    Who may write to `directory` (NixOS guests may to their profiles) could put a link in its place at any moment: none is followed.
    """
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        below = _open_directory(entry, handle)
        if below is None:
            _unlink(entry, handle)
            return
        try:
            path = f"{directory}/{entry}"
            kept = frozenset(mounts.beneath(path))
            while path not in kept and _remove_children(below, path, below, kept, 0):
                pass
        finally:
            os.close(below)
        if not kept:
            os.rmdir(entry, dir_fd=handle)
    except FileNotFoundError:
        pass
    finally:
        os.close(handle)


def _remove_all(top: str, kept: frozenset[str]) -> None:
    """Remove what is in `top` except `kept`."""
    handle = os.open(top, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        while _remove_children(handle, top, handle, kept, 0):
            pass
    finally:
        os.close(handle)


def _remove_children(handle: int, path: str, top: int, kept: frozenset[str], depth: int) -> bool:
    """Remove what is in the directory `handle`, which is at `path`, except `kept`; True when something was moved up to `top` and
    another round is needed.

    A guest may have nested directories deeper than a path or our stack is long: those are moved up. No name is looked up from the
    root on: whoever can still write there (a guest that shares a volume) could put a link in the way.
    """
    again = False
    with os.scandir(handle) as entries:
        for entry in entries:
            place = f"{path}/{entry.name}"
            if place in kept:
                continue
            below = _open_directory(entry.name, handle)
            if below is None:
                _unlink(entry.name, handle)
                continue
            try:
                if depth == _DEEPEST and not kept:
                    os.rename(entry.name, f".moved-{entry.inode()}", src_dir_fd=handle, dst_dir_fd=top)
                    again = True
                    continue
                again = _remove_children(below, place, top, kept, depth + 1) or again
            finally:
                os.close(below)
            if not any(point.startswith(place + "/") for point in kept):
                os.rmdir(entry.name, dir_fd=handle)
    return again


def _open_directory(name: str, parent: int) -> int | None:
    """The directory `name`, which can be changed then; None for anything else, links included."""
    try:
        descriptor = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=parent)
    except OSError as failure:
        if failure.errno in (errno.ENOTDIR, errno.ELOOP):
            return None
        raise
    _make_mutable(descriptor)
    return descriptor


def _unlink(name: str, parent: int) -> None:
    try:
        os.unlink(name, dir_fd=parent)
    except PermissionError:  # a guest without private users may set these flags
        descriptor = os.open(name, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=parent)
        try:
            _make_mutable(descriptor)
        finally:
            os.close(descriptor)
        os.unlink(name, dir_fd=parent)


def _make_mutable(descriptor: int) -> None:
    import fcntl
    import struct

    try:
        flags = struct.unpack("l", fcntl.ioctl(descriptor, _GETFLAGS, bytes(8)))[0]
        if flags & _FIXED:
            fcntl.ioctl(descriptor, _SETFLAGS, struct.pack("l", flags & ~_FIXED))
    except OSError:
        pass  # a file system without such flags


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
