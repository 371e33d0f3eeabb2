"""A terminal of the guest's own for an interactive command, connected to the terminal outside.

The pair comes from the guest's devpts, so that `tty`, `login` and job control work inside, and programs there never
hold a file descriptor of the host's terminal. Not used when stdin is not a terminal.
"""

from __future__ import annotations

import errno
import fcntl
import os
import select
import signal
import stat
import struct
import termios
import tty
from typing import TYPE_CHECKING

from ..base.errors import HostError

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import NoReturn

_TIOCSPTLCK = 0x40045431  # unlock the other end (ioctl_tty(2))
_TIOCGPTPEER = 0x5441  # open it
_PTMX = os.makedev(5, 2)
_TTY_GROUP = 5  # devpts' usual group, in the guest's numbering


def run_on_terminal(become: Callable[[], NoReturn], leader: int) -> int:
    """Have a child `become` a command on a new terminal of the guest whose first process is `leader`; return its exit status."""
    master, slave = _open_pair(leader)
    _copy_size(0, master)
    child = os.fork()
    if child == 0:
        _become(become, master, slave)
    os.close(slave)
    signal.signal(signal.SIGWINCH, lambda *_: _copy_size(0, master))
    saved = termios.tcgetattr(0)
    try:
        tty.setraw(0, termios.TCSADRAIN)  # not TCSAFLUSH: what was typed ahead is for the command
        _copy(master)
    finally:
        termios.tcsetattr(0, termios.TCSADRAIN, saved)
        os.close(master)
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    return 128 - code if code < 0 else code


def _open_pair(leader: int) -> tuple[int, int]:
    master = _open_master(leader)
    fcntl.ioctl(master, _TIOCSPTLCK, struct.pack("i", 0))
    # By the master and not by its name, where the guest may have put something else meanwhile.
    slave = fcntl.ioctl(master, _TIOCGPTPEER, os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
    # Root of the guest must own it, or login and su cannot hand it on.
    owner = os.stat(f"/proc/{leader}").st_uid
    try:
        os.fchown(slave, owner, owner + _TTY_GROUP if owner else _TTY_GROUP)
    except OSError:
        pass
    return master, slave


def _open_master(leader: int) -> int:
    """/dev/pts/ptmx of the guest; no link of its is followed, which would lead to a file of the host, and nothing else is opened."""
    handles = [os.open(f"/proc/{leader}/root", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)]
    try:
        for part, kind in (("dev", os.O_DIRECTORY), ("pts", os.O_DIRECTORY), ("ptmx", 0)):
            handles.append(os.open(part, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC | kind, dir_fd=handles[-1]))
        found = os.fstat(handles[-1])
        if not stat.S_ISCHR(found.st_mode) or found.st_rdev != _PTMX:
            raise OSError(errno.ENODEV, "no terminals")
        return os.open(f"/proc/self/fd/{handles[-1]}", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError as failure:
        raise HostError(
            f"the container has no terminal to give (/dev/pts/ptmx inside): {failure.strerror}",
            hint="without one: nixos-container run NAME -- COMMAND < /dev/null | cat",
        ) from None
    finally:
        for handle in handles:
            os.close(handle)


def _become(become: Callable[[], NoReturn], master: int, slave: int) -> None:
    try:
        os.close(master)
        os.setsid()
        fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
        for descriptor in (0, 1, 2):
            os.dup2(slave, descriptor)
        become()
    finally:
        os._exit(127)


def _copy_size(source: int, target: int) -> None:
    try:
        size = fcntl.ioctl(source, termios.TIOCGWINSZ, bytes(8))
        fcntl.ioctl(target, termios.TIOCSWINSZ, size)
    except OSError:
        pass


def _copy(master: int) -> None:
    """Move bytes both ways until the guest's side is closed."""
    sources = [0, master]
    while True:
        try:
            readable, _, _ = select.select(sources, [], [])
        except InterruptedError:
            continue
        if master in readable:
            try:
                data = os.read(master, 65536)
            except OSError:  # EIO: the last process closed it
                return
            if not data:
                return
            _write_all(1, data)
        if 0 in readable:
            data = os.read(0, 65536)
            if data:
                _write_all(master, data)
            else:
                sources.remove(0)


def _write_all(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]
