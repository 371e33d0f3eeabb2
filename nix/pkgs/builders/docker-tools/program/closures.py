"""The closure of an image, as Nix tells a build about it (exportReferencesGraph), with sizes as the store counts them.

Not for layers (nixos_containers/plan/layers.py).
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable

from nixos_containers.plan.store_graph import StorePath

_UNVERSIONED = re.compile(r"/[0-9a-z]{32}-(?:(?!-\d).)*$")


def read(graphs: Iterable[str], left_out: Iterable[str]) -> list[StorePath]:
    """All paths of the files `graphs`, each once, but those `left_out`."""
    found: dict[str, tuple[str, ...]] = {}
    for graph in graphs:
        with open(graph, encoding="utf-8") as file:
            lines = iter(file.read().splitlines())
        # The Nix manual, exportReferencesGraph: path, deriver, how many references, the references.
        for path in lines:
            next(lines)
            found[path] = tuple(next(lines) for _ in range(int(next(lines))))
    gone = set(left_out)
    return [StorePath(path, nar_size(path), found[path]) for path in sorted(found) if path not in gone]


def volatile(closure: Iterable[StorePath]) -> frozenset[str]:
    """The paths that a rebuild is likely to change: those without a version in their names, that are no package of the archive."""
    return frozenset(path.path for path in closure if _UNVERSIONED.search(path.path) and not os.path.isdir(f"{path.path}/nix-support"))


def nar_size(path: str) -> int:
    """How many bytes the path's archive has, which is the size that the store knows of it."""
    return _string("nix-archive-1") + _node(path)


def _node(path: str) -> int:
    status = os.lstat(path)
    if stat.S_ISLNK(status.st_mode):
        return _strings("(", "type", "symlink", "target", os.readlink(path), ")")
    if stat.S_ISREG(status.st_mode):
        executable = _strings("executable", "") if status.st_mode & stat.S_IXUSR else 0
        return _strings("(", "type", "regular", "contents", ")") + executable + _padded(status.st_size)
    size = _strings("(", "type", "directory", ")")
    for name in os.listdir(path):
        size += _strings("entry", "(", "name", name, "node", ")") + _node(f"{path}/{name}")
    return size


def _strings(*words: str) -> int:
    return sum(map(_string, words))


def _string(word: str) -> int:
    return _padded(len(os.fsencode(word)))


def _padded(size: int) -> int:
    return 8 + (size + 7) // 8 * 8
