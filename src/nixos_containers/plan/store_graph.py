"""A closure of store paths as a graph: what is above and below each path, and the names that people know. Pure.

Sets of paths are whole numbers here, with one bit for each: a closure of 3000 paths is walked in a moment.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_HASH = re.compile(r"[0-9a-z]{32}-")
# Nix's own rule (builtins.parseDrvName): the version begins at the first dash that something else than a letter follows.
_VERSION = re.compile(r"-(?=[^A-Za-z]).*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class StorePath:
    """One path of the store: `size` is that of its archive (narSize) in bytes, `references` are paths; itself may be among them."""

    path: str
    size: int
    references: tuple[str, ...] = ()


def store_name(path: str) -> str:
    """What follows the hash: `systemd-252.39` of `/nix/store/...-systemd-252.39`."""
    return _HASH.sub("", path.rpartition("/")[2], count=1)


def package_name(path: str) -> str:
    """The name of a store path without its hash and without its version, as builtins.parseDrvName takes names apart."""
    return _VERSION.sub("", store_name(path), count=1)


@dataclass(frozen=True, slots=True)
class Unit:
    """What only comes together: one store path, or some that refer to each other in a circle. `above` and `below` have its own bit too."""

    paths: tuple[str, ...]
    size: int
    users: tuple[int, ...]
    above: int
    below: int

    @property
    def key(self) -> tuple[str, tuple[str, ...]]:
        """By which units of equal worth are ordered: the name with the hash behind it, so that a rebuild changes nothing."""
        return store_name(self.paths[0]), self.paths


def units_of(closure: Iterable[StorePath]) -> list[Unit]:
    """The closure's units, each before all that it refers to; the same for every order of `closure`.

    References that lead out of the closure, and those of a path to itself, are left out.
    """
    found = {path.path: path for path in sorted(set(closure), key=lambda path: (path.path, path.size, path.references))}
    names = sorted(found, key=lambda path: (store_name(path), path))
    number = {path: index for index, path in enumerate(names)}
    edges = [sorted({number[other] for other in found[path].references if other in number} - {number[path]}) for path in names]
    groups = list(reversed(_circles(edges)))
    group_of = {member: index for index, group in enumerate(groups) for member in group}
    needs = [sorted({group_of[other] for member in group for other in edges[member]} - {index}) for index, group in enumerate(groups)]
    users: list[list[int]] = [[] for _ in groups]
    above, below = [1 << index for index in range(len(groups))], [1 << index for index in range(len(groups))]
    for index, others in enumerate(needs):
        for other in others:
            users[other].append(index)
            above[other] |= above[index]
    for index in reversed(range(len(groups))):
        for other in needs[index]:
            below[index] |= below[other]
    members = [tuple(sorted(names[member] for member in group)) for group in groups]
    return [
        Unit(paths, sum(found[path].size for path in paths), tuple(users[index]), above[index], below[index])
        for index, paths in enumerate(members)
    ]


def bits(numbers: int) -> Iterator[int]:
    """The members of a set, the smallest first."""
    while numbers:
        lowest = numbers & -numbers
        yield lowest.bit_length() - 1
        numbers ^= lowest


def _circles(edges: Sequence[Sequence[int]]) -> list[list[int]]:
    """Nodes that reach each other, together; each group after all that it leads to (Tarjan's algorithm, without recursion)."""
    order: dict[int, int] = {}
    low: dict[int, int] = {}
    open_nodes: list[int] = []
    closed: set[int] = set()
    groups: list[list[int]] = []
    for start in range(len(edges)):
        if start in order:
            continue
        walk = [(start, iter(edges[start]))]
        order[start] = low[start] = len(order)
        open_nodes.append(start)
        while walk:
            node, rest = walk[-1]
            following = next(rest, None)
            if following is None:
                walk.pop()
                if walk:
                    low[walk[-1][0]] = min(low[walk[-1][0]], low[node])
                if low[node] == order[node]:
                    at = open_nodes.index(node)
                    groups.append(open_nodes[at:])
                    closed.update(open_nodes[at:])
                    del open_nodes[at:]
            elif following not in order:
                order[following] = low[following] = len(order)
                open_nodes.append(following)
                walk.append((following, iter(edges[following])))
            elif following not in closed:
                low[node] = min(low[node], order[following])
    return groups
