"""A layer as a tar stream: the same paths give the same bytes, on every host and at every time.

Names are relative, directories have entries of their own, owners are numbers, and the date is the store's (one second after 1970),
unless a stamp says otherwise. Hard links are files of their own: whether two files of a store are one is a matter of
`nix-store --optimise`, not of the image. The embedded universe's dockerTools write their tars with it as well.
"""

from __future__ import annotations

import os
import stat
import tarfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from ..base.errors import HostError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from ..declare.image import Entry

_CHUNK = 1 << 18
_BLOCK = tarfile.BLOCKSIZE
END = b"\0" * (2 * _BLOCK)


class Sink(Protocol):
    """Where bytes go."""

    def write(self, data: bytes, /) -> object:
        """Take `data`."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """Whose files they are, and of when. Empty names: numbers alone."""

    mtime: int = 1
    uid: int = 0
    gid: int = 0
    uname: str = ""
    gname: str = ""


_STORE = Stamp()


def write_store_paths(sink: Sink, paths: Iterable[str]) -> None:
    """The tar of whole store paths. Raises HostError when one cannot be read."""
    begin(sink, "nix", tarfile.DIRTYPE, 0o755)
    begin(sink, "nix/store", tarfile.DIRTYPE, 0o755)
    for path in sorted(paths):
        try:
            for inside in walk(path):
                write_node(sink, inside, inside[1:], os.lstat(inside))
        except OSError as failure:
            if failure.filename is None:
                raise  # of the sink
            raise HostError(
                f"cannot read {failure.filename}: {failure.strerror}", hint="nix-store --verify --check-contents --repair mends it"
            ) from failure
    sink.write(END)


def write_entries(sink: Sink, entries: Iterable[Entry]) -> None:
    """The tar of what stands in a root beside the store, in the order given: directories before what is in them."""
    for entry in entries:
        kind = tarfile.SYMTYPE if entry.target is not None else tarfile.DIRTYPE if entry.content is None else tarfile.REGTYPE
        content = entry.content or b""
        stamp = Stamp(uid=entry.user, gid=entry.group)
        begin(sink, entry.path, kind, entry.mode, stamp, size=len(content), target=entry.target or "")
        _write_text(sink, content)
    sink.write(END)


def write_files(sink: Sink, files: Iterable[tuple[str, bytes | str]]) -> None:
    """The tar of (name, its text, or the path of the file that has it): what an image layout is made of."""
    directories: set[str] = set()
    for name, source in files:
        for depth in range(1, name.count("/") + 1):
            parent = "/".join(name.split("/")[:depth])
            if parent not in directories:
                directories.add(parent)
                begin(sink, parent, tarfile.DIRTYPE, 0o755)
        if isinstance(source, bytes):
            begin(sink, name, tarfile.REGTYPE, 0o644, size=len(source))
            _write_text(sink, source)
        else:
            size = os.stat(source).st_size
            begin(sink, name, tarfile.REGTYPE, 0o644, size=size)
            _copy(sink, source, size)
    sink.write(END)


def walk(path: str) -> Iterator[str]:
    """`path` and all below it, each directory before its contents, names in the order of their bytes."""
    yield path
    if stat.S_ISDIR(os.lstat(path).st_mode):
        for name in sorted(os.listdir(os.fsencode(path))):
            yield from walk(f"{path}/{os.fsdecode(name)}")


def write_node(sink: Sink, path: str, name: str, status: os.stat_result, stamp: Stamp = _STORE, mode: int | None = None) -> None:
    """The directory, link or file `path` as the member `name`; `mode` in place of its own."""
    if mode is None:
        mode = stat.S_IMODE(status.st_mode)
    if stat.S_ISDIR(status.st_mode):
        begin(sink, name, tarfile.DIRTYPE, mode, stamp)
    elif stat.S_ISLNK(status.st_mode):
        begin(sink, name, tarfile.SYMTYPE, 0o777, stamp, target=os.readlink(path))
    elif stat.S_ISREG(status.st_mode):
        begin(sink, name, tarfile.REGTYPE, mode, stamp, size=status.st_size)
        _copy(sink, path, status.st_size)


def begin(sink: Sink, name: str, kind: bytes, mode: int, stamp: Stamp = _STORE, *, size: int = 0, target: str = "") -> None:
    """The header of the member `name`; `size` bytes and `end_file` have to follow."""
    member = tarfile.TarInfo(name)
    member.type, member.mode, member.size, member.linkname, member.mtime = kind, mode, size, target, stamp.mtime
    member.uid, member.gid, member.uname, member.gname = stamp.uid, stamp.gid, stamp.uname, stamp.gname
    # pax is what the image specification names, and what holds every length of a name.
    sink.write(member.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape"))


def end_file(sink: Sink, size: int) -> None:
    """What follows the bytes of a file."""
    sink.write(b"\0" * (-size % _BLOCK))


def read_chunks(path: str, size: int) -> Iterator[bytes]:
    """The first `size` bytes of a file. Raises HostError when there are less."""
    with open(path, "rb", buffering=0) as file:
        while size:
            data = file.read(min(_CHUNK, size))
            if not data:
                raise HostError(f"{path} became shorter while it was read", hint="try again")
            size -= len(data)
            yield data


def _copy(sink: Sink, path: str, size: int) -> None:
    for data in read_chunks(path, size):
        sink.write(data)
    end_file(sink, size)


def _write_text(sink: Sink, text: bytes) -> None:
    sink.write(text)
    end_file(sink, len(text))


class Tee:
    """A sink that hands what it gets to several functions, as digests and files are."""

    def __init__(self, *takers: Callable[[bytes], object]) -> None:
        self._takers = takers

    def write(self, data: bytes) -> None:
        """Hand `data` on."""
        for take in self._takers:
            take(data)
