"""Which archive packages a system asks for, read from the graph of its .drv files.

A derivation of a package says `archivePackage`. One that joins a closure which the lock already answered says
`archiveClosure`, and what was asked for besides (`archiveRoots`). Not for versions or dependencies (resolve.py).
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from ..base.errors import HostError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# ATerm text, see the Nix manual on derivations. A quote inside a string is escaped, so `("` and `",[` can only
# be structure.
_INPUT = re.compile(r'\("([^"\\]+\.drv)",\[')
_OUTPUT = re.compile(r'\("[^"\\]+","([^"\\]+)","[^"\\]*","[^"\\]*"\)')
_NAMES = re.compile(r'\("(archive(?:Package|Closure|Roots|BuildInputs))","((?:[^"\\]|\\.)*)"\)')

# A set of packages that one build needs as its tools: "@" and the names, sorted.
BUILD_SET = "@"

_cache: dict[str, frozenset[str]] = {}


def archive_roots(toplevel_drv_path: str) -> frozenset[str]:
    """The names of all archive packages that the derivation asks for.

    An entry `@a,b` stands for the set of packages {a, b} that some build needs as tools: it needs a closure of
    its own, and is no part of the system. The answer never changes for a path. Raises HostError when a .drv
    file is missing.
    """
    if toplevel_drv_path not in _cache:
        _cache[toplevel_drv_path] = frozenset(_walk(toplevel_drv_path))
    return _cache[toplevel_drv_path]


def _walk(start: str) -> Iterator[str]:
    seen = {start}
    queue = [start]
    while queue:
        text = _read(queue.pop())
        says = dict(_NAMES.findall(text))
        if "archivePackage" in says:
            yield says["archivePackage"]
            continue
        inputs: Iterable[str] = _INPUT.findall(text)
        if "archiveClosure" in says:
            if says.get("archiveBuildInputs"):
                yield build_set(says["archiveBuildInputs"].split())
            inputs = _those_of(inputs, says.get("archiveRoots", "").split())
        for path in inputs:
            if path not in seen:
                seen.add(path)
                queue.append(path)


def _those_of(inputs: Iterable[str], outputs: Iterable[str]) -> Iterator[str]:
    """The derivations among `inputs` that make one of `outputs`."""
    wanted = set(outputs)
    if not wanted:
        return
    for path in inputs:
        if not wanted.isdisjoint(_outputs(path)):
            yield path


@cache
def _outputs(path: str) -> frozenset[str]:
    """The paths that the derivation makes: containers have most of their packages in common."""
    text = _read(path)
    return frozenset(_OUTPUT.findall(text[: text.find("],[")]))


def build_set(names: Iterable[str]) -> str:
    """The root that stands for the tools of a build."""
    return BUILD_SET + ",".join(sorted(set(names)))


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            return file.read()
    except OSError as failure:
        raise HostError(f"cannot read {path}: {failure.strerror}", hint="evaluate again: the store was cleaned") from failure
