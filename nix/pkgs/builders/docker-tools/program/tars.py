"""A layer as a tar: byte for byte what nixos_containers/oci/tarball.py writes, with owners and dates that can be chosen.

Not for which path is in which layer.
"""

from __future__ import annotations

import os
import stat
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

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


def write_store(sink: Sink, paths: Iterable[str], stamp: Stamp, *, known: Iterable[str] = ()) -> None:
    """Whole store paths, without the end of the tar. Directories in `known` are in it already."""
    for name in ("nix", "nix/store"):
        if name not in known:
            _header(sink, _member(name, tarfile.DIRTYPE, 0o755, stamp))
    for path in sorted(paths):
        for inside in walk(path):
            _write(sink, inside, inside[1:], os.lstat(inside), stamp)


def write_root(
    sink: Sink, directory: str, stamp: Stamp, *, keep_owners: bool, chosen: Mapping[str, tuple[int | None, Stamp]] | None = None
) -> None:
    """All that is in `directory`, and the end. `keep_owners`: whoever the system calls the owner of a file is it.

    `chosen`: rights and owners of single files.
    """
    cut = len(directory) + 1
    for inside in walk(directory):
        if inside != directory:
            status = os.lstat(inside)
            mode, own = (chosen or {}).get(inside[cut:], (None, stamp))
            if keep_owners:
                own = Stamp(stamp.mtime, status.st_uid, status.st_gid)
            _write(sink, inside, inside[cut:], status, own, mode)
    sink.write(END)


def walk(path: str) -> Iterator[str]:
    """`path` and all below it, each directory before its contents, names in the order of their bytes."""
    yield path
    if stat.S_ISDIR(os.lstat(path).st_mode):
        for name in sorted(os.listdir(os.fsencode(path))):
            yield from walk(f"{path}/{os.fsdecode(name)}")


def begin_file(sink: Sink, name: str, size: int) -> None:
    """The header of a file of `size` bytes, in an archive around layers."""
    _header(sink, _member(name, tarfile.REGTYPE, 0o644, Stamp(), size=size))


def end_file(sink: Sink, size: int) -> None:
    """What follows the bytes of a file."""
    sink.write(b"\0" * (-size % _BLOCK))


def read_chunks(path: str, size: int) -> Iterator[bytes]:
    """The first `size` bytes of a file."""
    with open(path, "rb", buffering=0) as file:
        while size:
            data = file.read(min(_CHUNK, size))
            if not data:
                raise OSError(0, "the file became shorter while it was read", path)
            size -= len(data)
            yield data


def _write(sink: Sink, path: str, name: str, status: os.stat_result, stamp: Stamp, mode: int | None = None) -> None:
    if mode is None:
        mode = stat.S_IMODE(status.st_mode)
    if stat.S_ISDIR(status.st_mode):
        _header(sink, _member(name, tarfile.DIRTYPE, mode, stamp))
    elif stat.S_ISLNK(status.st_mode):
        _header(sink, _member(name, tarfile.SYMTYPE, 0o777, stamp, target=os.readlink(path)))
    elif stat.S_ISREG(status.st_mode):
        _header(sink, _member(name, tarfile.REGTYPE, mode, stamp, size=status.st_size))
        for chunk in read_chunks(path, status.st_size):
            sink.write(chunk)
        end_file(sink, status.st_size)


def _member(name: str, kind: bytes, mode: int, stamp: Stamp, *, size: int = 0, target: str = "") -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.mode, member.size, member.linkname, member.mtime = kind, mode, size, target, stamp.mtime
    member.uid, member.gid, member.uname, member.gname = stamp.uid, stamp.gid, stamp.uname, stamp.gname
    return member


def _header(sink: Sink, member: tarfile.TarInfo) -> None:
    sink.write(member.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape"))
