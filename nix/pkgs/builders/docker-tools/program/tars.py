"""Layers whose owners and dates can be chosen, by the program's own way to write tars (nixos_containers/oci/tarball.py).

Not for which path is in which layer.
"""

from __future__ import annotations

import os
import tarfile
from collections.abc import Iterable, Mapping

from nixos_containers.oci.tarball import END, Sink, Stamp, begin, end_file, read_chunks, walk, write_node

__all__ = ["END", "Sink", "Stamp", "begin_file", "end_file", "read_chunks", "walk", "write_root", "write_store"]


def write_store(sink: Sink, paths: Iterable[str], stamp: Stamp, *, known: Iterable[str] = ()) -> None:
    """Whole store paths, without the end of the tar. Directories in `known` are in it already."""
    for name in ("nix", "nix/store"):
        if name not in known:
            begin(sink, name, tarfile.DIRTYPE, 0o755, stamp)
    for path in sorted(paths):
        for inside in walk(path):
            write_node(sink, inside, inside[1:], os.lstat(inside), stamp)


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
            write_node(sink, inside, inside[cut:], status, own, mode)
    sink.write(END)


def begin_file(sink: Sink, name: str, size: int) -> None:
    """The header of a file of `size` bytes, in an archive around layers."""
    begin(sink, name, tarfile.REGTYPE, 0o644, size=size)
