"""A layer as a tar stream: the same paths give the same bytes, on every host and at every time.

Names are relative, directories have entries of their own, owners are numbers, and the date is the store's (one second after 1970).
Hard links are files of their own: whether two files of a store are one is a matter of `nix-store --optimise`, not of the image.
"""

from __future__ import annotations

import os
import stat
import tarfile
from typing import TYPE_CHECKING, Protocol

from ..base.errors import HostError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from ..declare.image import Entry

_DATE = 1
_CHUNK = 1 << 18
_BLOCK = tarfile.BLOCKSIZE


class Sink(Protocol):
    """Where bytes go."""

    def write(self, data: bytes, /) -> object:
        """Take `data`."""


def write_store_paths(sink: Sink, paths: Iterable[str]) -> None:
    """The tar of whole store paths. Raises HostError when one cannot be read."""
    _header(sink, _member("nix", tarfile.DIRTYPE, 0o755))
    _header(sink, _member("nix/store", tarfile.DIRTYPE, 0o755))
    for path in sorted(paths):
        try:
            for inside in _walk(path):
                _write_file(sink, inside)
        except OSError as failure:
            if failure.filename is None:
                raise  # of the sink
            raise HostError(
                f"cannot read {failure.filename}: {failure.strerror}", hint="nix-store --verify --check-contents --repair mends it"
            ) from failure
    _end(sink)


def write_entries(sink: Sink, entries: Iterable[Entry]) -> None:
    """The tar of what stands in a root beside the store, in the order given: directories before what is in them."""
    for entry in entries:
        kind = tarfile.SYMTYPE if entry.target is not None else tarfile.DIRTYPE if entry.content is None else tarfile.REGTYPE
        content = entry.content or b""
        member = _member(entry.path, kind, entry.mode, size=len(content), target=entry.target or "")
        member.uid, member.gid = entry.user, entry.group
        _header(sink, member)
        _padded(sink, content)
    _end(sink)


def write_files(sink: Sink, files: Iterable[tuple[str, bytes | str]]) -> None:
    """The tar of (name, its text, or the path of the file that has it): what an image layout is made of."""
    directories: set[str] = set()
    for name, source in files:
        for depth in range(1, name.count("/") + 1):
            parent = "/".join(name.split("/")[:depth])
            if parent not in directories:
                directories.add(parent)
                _header(sink, _member(parent, tarfile.DIRTYPE, 0o755))
        if isinstance(source, bytes):
            _header(sink, _member(name, tarfile.REGTYPE, 0o644, size=len(source)))
            _padded(sink, source)
        else:
            size = os.stat(source).st_size
            _header(sink, _member(name, tarfile.REGTYPE, 0o644, size=size))
            _copy(sink, source, size)
    _end(sink)


def _walk(path: str) -> Iterator[str]:
    """`path` and all below it, each directory before its contents, names in the order of their bytes."""
    yield path
    if stat.S_ISDIR(os.lstat(path).st_mode):
        with os.scandir(path) as found:
            names = sorted(os.fsencode(entry.name) for entry in found)
        for name in names:
            yield from _walk(f"{path}/{os.fsdecode(name)}")


def _write_file(sink: Sink, path: str) -> None:
    status = os.lstat(path)
    mode = stat.S_IMODE(status.st_mode)
    name = path[1:]
    if stat.S_ISDIR(status.st_mode):
        _header(sink, _member(name, tarfile.DIRTYPE, mode))
    elif stat.S_ISLNK(status.st_mode):
        _header(sink, _member(name, tarfile.SYMTYPE, 0o777, target=os.readlink(path)))
    elif stat.S_ISREG(status.st_mode):
        _header(sink, _member(name, tarfile.REGTYPE, mode, size=status.st_size))
        _copy(sink, path, status.st_size)


def _member(name: str, kind: bytes, mode: int, *, size: int = 0, target: str = "") -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.mode, member.size, member.linkname, member.mtime = kind, mode, size, target, _DATE
    return member


def _header(sink: Sink, member: tarfile.TarInfo) -> None:
    # pax is what the image specification names, and what holds every length of a name.
    sink.write(member.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape"))


def _copy(sink: Sink, path: str, size: int) -> None:
    left = size
    with open(path, "rb", buffering=0) as file:
        while left:
            data = file.read(min(_CHUNK, left))
            if not data:
                raise HostError(f"{path} became shorter while it was read", hint="try again")
            sink.write(data)
            left -= len(data)
    sink.write(b"\0" * (-size % _BLOCK))


def _padded(sink: Sink, content: bytes) -> None:
    if content:
        sink.write(content + b"\0" * (-len(content) % _BLOCK))


def _end(sink: Sink) -> None:
    sink.write(b"\0" * (2 * _BLOCK))


class Tee:
    """A sink that hands what it gets to several functions, as digests and files are."""

    def __init__(self, *takers: Callable[[bytes], object]) -> None:
        self._takers = takers

    def write(self, data: bytes) -> None:
        """Hand `data` on."""
        for take in self._takers:
            take(data)
