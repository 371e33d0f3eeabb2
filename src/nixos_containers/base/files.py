"""Files that survive a crash: atomic writes with fsync, and locks that die with their holder.

Not for mounts or trees of containers (see kernel/ and run/).
"""

from __future__ import annotations

import errno
import fcntl
import os
import time

from . import log
from .errors import HostError

_WORTH_TELLING = 0.5  # seconds of waiting for a lock that nobody needs to hear of


def read_text(path: str) -> str | None:
    """The file's text, or None when there is no such file."""
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            return file.read()
    except (FileNotFoundError, NotADirectoryError):
        return None


def read_end(path: str, most: int = 1 << 20) -> str:
    """The last `most` bytes of a file that a guest may have made as long as it liked, as text; "" when there is none."""
    try:
        with open(path, "rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - most))
            return file.read(most).decode(errors="replace")
    except FileNotFoundError:
        return ""


def write_atomically(path: str, text: str, *, mode: int = 0o644) -> None:
    """Put `text` at `path` so that a reader, or a crash, sees the old text or the new, never a part.

    Raises HostError when the file system is full or read-only; the old text is then intact.
    """
    directory, name = os.path.split(path)
    temporary = os.path.join(directory, f".{name}.{os.getpid()}.tmp")
    try:
        os.makedirs(directory, exist_ok=True)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, mode)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8", errors="surrogateescape") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            os.chmod(temporary, mode)
            os.replace(temporary, path)
        except BaseException:
            remove(temporary)
            raise
        sync_directory(directory)
    except OSError as failure:
        raise HostError(f"cannot write {path}: {failure.strerror}", hint=write_hint(failure)) from failure


def write_hint(failure: OSError) -> str:
    """What to do about a file that could not be written, or ""."""
    if failure.errno in (errno.ENOSPC, errno.EDQUOT):
        return "free some space (‘nix-collect-garbage’ and ‘apt-get clean’ help), then try again"
    if failure.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
        return "is the file system writable, and are you root?"
    return ""


def sync_directory(directory: str) -> None:
    """Make the names in `directory` survive a power cut."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def symlink_atomically(target: str, path: str) -> None:
    """Make `path` a symlink to `target`, replacing an older link in one step."""
    temporary = f"{path}.{os.getpid()}.tmp"
    remove(temporary)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    os.symlink(target, temporary)
    os.replace(temporary, path)
    sync_directory(os.path.dirname(path))


def remove(path: str) -> None:
    """Remove one file or link; already gone is fine."""
    try:
        os.unlink(path)
    except FileNotFoundError:
        pass


class locked:
    """Hold the lock file `path` while the block runs; wait for another holder and say who it is.

    The lock is the kernel's (flock), so the death of its holder releases it. `who` is the command line to
    show to others; `timeout` is in seconds. Raises HostError when the wait is too long.
    """

    def __init__(self, path: str, *, who: str, timeout: float = 600) -> None:
        self._path, self._who, self._timeout = path, who, timeout

    def __enter__(self) -> None:
        self._descriptor = _open_lock(self._path)
        try:
            _wait_for_lock(self._descriptor, self._path, self._timeout)
            _sign(self._descriptor, self._who)
        except BaseException:
            os.close(self._descriptor)
            raise

    def __exit__(self, *_: object) -> None:
        os.close(self._descriptor)


class locked_if_free:
    """Hold the lock file `path` while the block runs if nobody else has it; the block gets False, and no lock, otherwise."""

    def __init__(self, path: str, *, who: str) -> None:
        self._path, self._who = path, who

    def __enter__(self) -> bool:
        self._descriptor = _open_lock(self._path)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        _sign(self._descriptor, self._who)
        return True

    def __exit__(self, *_: object) -> None:
        os.close(self._descriptor)


def _open_lock(path: str) -> int:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _sign(descriptor: int, who: str) -> None:
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"{os.getpid()} {who}\n".encode(), 0)


def _wait_for_lock(descriptor: int, path: str, timeout: float) -> None:
    began = time.monotonic()
    told = False
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            holder = os.pread(descriptor, 4096, 0).decode(errors="replace").strip()
            holder = f"process {holder}" if holder else "another command"
            # Most locks are held for a moment only: nobody wants to read about those.
            if not told and time.monotonic() > began + _WORTH_TELLING:
                log.say(f"waiting for {path}, held by {holder}")
                told = True
            if time.monotonic() > began + timeout:
                raise HostError(
                    f"{path} has been held by {holder} for {timeout:g} s",
                    hint="wait for that command, or end it, then try again",
                ) from None
            time.sleep(0.02)
