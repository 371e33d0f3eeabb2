"""Mounting a directory of the host in the mount namespace of a running process, with mapped owners (mount_setattr(2), open_tree(2)).

The C library of many hosts has no names for these calls, and util-linux learnt them in 2.39: they are made by number. Each
operation happens in a child of its own, whose namespaces change. Not for knowing what a container is.
"""

from __future__ import annotations

import ctypes
import os
import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_OPEN_TREE, _MOVE_MOUNT, _MOUNT_SETATTR = 428, 429, 442  # the same on every architecture but alpha
_AT_FDCWD, _AT_EMPTY_PATH = -100, 0x1000
_CLONE, _CLOEXEC = 1, os.O_CLOEXEC  # OPEN_TREE_*
_FROM_EMPTY_PATH = 0x4  # MOVE_MOUNT_F_EMPTY_PATH
_RDONLY, _NODEV, _IDMAP = 0x1, 0x4, 0x100000  # MOUNT_ATTR_*
_NEWNS, _NEWUSER = 0x00020000, 0x10000000
_PRIVATE, _RECURSIVE = 1 << 18, 1 << 14  # MS_*
_NOFOLLOW = 8  # UMOUNT_NOFOLLOW


class _Attributes(ctypes.Structure):
    _fields_ = (
        ("attr_set", ctypes.c_uint64),
        ("attr_clr", ctypes.c_uint64),
        ("propagation", ctypes.c_uint64),
        ("userns_fd", ctypes.c_uint64),
    )


def attach(leader: int, source: str, target: str, *, read_only: bool, between: str) -> None:
    """Mount `source` of this mount namespace on `target` in that of process `leader`, which gets the mount point if it is missing.

    Where `leader` has a user namespace of its own, owners are mapped into it, and it can neither unmount what covers things nor
    make a read-only mount writable: the mount goes by a namespace of its own kind first, which locks it (mount_namespaces(7)).
    `between` is an empty directory of root's for that. What is mounted below `source` is not shown. Raises OSError: EINVAL
    where the file system of `source` cannot map owners.
    """

    def work() -> None:
        mapped = not _same(leader, "user")
        user, mount = _namespace(leader, "user"), _namespace(leader, "mnt")
        directory = stat.S_ISDIR(os.stat(source).st_mode)
        tree = _call(_OPEN_TREE, _AT_FDCWD, os.fsencode(source), _CLONE | _CLOEXEC)
        attributes = _Attributes((_RDONLY if read_only else 0) | _NODEV | (_IDMAP if mapped else 0), 0, 0, user if mapped else 0)
        _call(_MOUNT_SETATTR, tree, b"", _AT_EMPTY_PATH, ctypes.byref(attributes), ctypes.sizeof(attributes))
        if mapped:
            tree = _locked(tree, user, between, directory=directory)
        _libc("setns", mount, _NEWNS)
        if mapped:
            os.setgroups([])
            os.setresgid(0, 0, 0)
            os.setresuid(0, 0, 0)
        _mount_point(target, directory=directory)
        _call(_MOVE_MOUNT, tree, b"", _AT_FDCWD, os.fsencode(target), _FROM_EMPTY_PATH)

    _in_child(work)


def detach(leader: int, target: str) -> None:
    """Unmount `target` in the mount namespace of process `leader`. Raises OSError: EINVAL when it is no mount point, or not its own."""

    def work() -> None:
        mapped = not _same(leader, "user")
        user, mount = _namespace(leader, "user"), _namespace(leader, "mnt")
        if mapped:
            _libc("setns", user, _NEWUSER)
        _libc("setns", mount, _NEWNS)
        _libc("umount2", os.fsencode(target), _NOFOLLOW)

    _in_child(work)


def _locked(tree: int, user: int, between: str, *, directory: bool) -> int:
    """Join the user namespace `user`; return the mount `tree` as a less privileged namespace of that one sees it."""
    _libc("unshare", _NEWNS)
    _libc("mount", None, b"/", None, _PRIVATE | _RECURSIVE, None)
    place = f"{between}/place"
    _libc("mount", b"tmpfs", os.fsencode(between), b"tmpfs", 0, b"mode=755")
    _mount_point(place, directory=directory)
    _call(_MOVE_MOUNT, tree, b"", _AT_FDCWD, os.fsencode(place), _FROM_EMPTY_PATH)
    _libc("setns", user, _NEWUSER)
    _libc("unshare", _NEWNS)
    return _call(_OPEN_TREE, _AT_FDCWD, os.fsencode(place), _CLONE | _CLOEXEC)


def _mount_point(path: str, *, directory: bool) -> None:
    if os.path.lexists(path):
        return
    os.makedirs(path if directory else os.path.dirname(path), mode=0o755, exist_ok=True)
    if not directory:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644))


def _same(leader: int, kind: str) -> bool:
    return os.stat(f"/proc/{leader}/ns/{kind}").st_ino == os.stat(f"/proc/self/ns/{kind}").st_ino


def _namespace(leader: int, kind: str) -> int:
    return os.open(f"/proc/{leader}/ns/{kind}", os.O_RDONLY | os.O_CLOEXEC)


def _library() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _libc(name: str, *arguments: object) -> None:
    if getattr(_library(), name)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


def _call(number: int, *arguments: object) -> int:
    found = int(_library().syscall(number, *arguments))
    if found < 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
    return found


def _in_child(work: Callable[[], None]) -> None:
    """Do `work` in a child; an OSError there is raised here."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        try:
            work()
        except OSError as failure:
            os.write(writing, f"{failure.errno or 0} {failure.strerror}".encode())
            os._exit(1)
        except BaseException as failure:
            os.write(writing, f"0 {failure!r}".encode())
            os._exit(1)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read().decode(errors="replace")
    os.waitpid(pid, 0)
    if said:
        number, _, text = said.partition(" ")
        raise OSError(int(number), text)
