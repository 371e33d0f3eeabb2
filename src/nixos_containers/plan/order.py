"""In which order containers start and stop, and which ones start and stop together. Pure.

The words are systemd's (systemd.unit(5)): `after` and `before` order two containers when both are started or stopped,
stopping in reverse; `requires` and `wants` bring others along. One that is brought along is also waited for, as
nixpkgs' `virtualisation.oci-containers.containers.<name>.dependsOn` does, unless the definition says the opposite.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from ..base.errors import DefinitionError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

_OPTIONS = ("after", "before", "requires", "wants")


class Ordered(Protocol):
    """What has dependencies: a Container, or what was read of its record. Names of containers in each."""

    @property
    def after(self) -> tuple[str, ...]: ...
    @property
    def before(self) -> tuple[str, ...]: ...
    @property
    def requires(self) -> tuple[str, ...]: ...
    @property
    def wants(self) -> tuple[str, ...]: ...


@dataclass(frozen=True, slots=True)
class Dependencies:
    """The dependencies alone."""

    after: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    wants: tuple[str, ...] = ()


def predecessors(graph: Mapping[str, Ordered]) -> dict[str, frozenset[str]]:
    """Container -> those of `graph` that start before it, and stop after it."""
    explicit: dict[str, set[str]] = {name: set(node.after) & graph.keys() for name, node in graph.items()}
    for name, node in graph.items():
        for later in node.before:
            if later in explicit:
                explicit[later].add(name)
    found = {name: set(before) for name, before in explicit.items()}
    for name, node in graph.items():
        found[name] |= {other for other in (*node.requires, *node.wants) if other in explicit and name not in explicit[other]}
    return {name: frozenset(before) for name, before in found.items()}


def find_cycle(before: Mapping[str, Collection[str]]) -> tuple[str, ...] | None:
    """Containers that wait for each other, each for the next and the last one for the first; None when there are none."""
    done: set[str] = set()
    for start in sorted(before):
        if start in done:
            continue
        path, stack = [start], [iter(sorted(before[start]))]
        while stack:
            following = next(stack[-1], None)
            if following is None:
                stack.pop()
                done.add(path.pop())
            elif following in path:
                return tuple(path[path.index(following) :])
            elif following not in done:
                path.append(following)
                stack.append(iter(sorted(before.get(following, ()))))
    return None


def check(graph: Mapping[str, Ordered], concerned: Collection[str], declared: Collection[str] = ()) -> None:
    """Raise DefinitionError for a dependency of one of `concerned` on what is no container, and for a cycle with one of them.

    `graph` is every container that will exist; `declared` are names that the definition has but that were not looked at.
    """
    for name in sorted(concerned):
        for option in _OPTIONS:
            for other in getattr(graph[name], option):
                if other == name:
                    raise DefinitionError(f"containers.{name}.{option} names the container itself")
                if other in graph:
                    continue
                if other in declared and option != "requires":
                    continue
                if other in declared:
                    raise DefinitionError(
                        f"container ‘{name}’ requires ‘{other}’, which does not exist yet", hint=f"nixos-container switch {other} {name}"
                    )
                raise _unknown(name, option, other, {*graph, *declared})
    cycle = find_cycle(predecessors(graph))
    if cycle is not None and set(cycle) & set(concerned):
        raise DefinitionError(
            f"containers wait for each other: {' -> '.join((*cycle, cycle[0]))}",
            details="\n".join(
                f"  {name} starts after {other}: {_why(graph, name, other)}"
                for name, other in zip(cycle, (*cycle[1:], cycle[0]), strict=True)
            ),
            hint="take one of these dependencies away",
        )


def _unknown(name: str, option: str, other: str, known: set[str]) -> DefinitionError:
    import difflib

    close = difflib.get_close_matches(other, sorted(known), n=2)
    hint = f"did you mean {' or '.join(close)}?" if close else f"there are: {', '.join(sorted(known - {name})) or 'no others'}"
    return DefinitionError(f"containers.{name}.{option} names ‘{other}’, which is no container of this host", hint=hint)


def _why(graph: Mapping[str, Ordered], name: str, other: str) -> str:
    for option in ("after", "requires", "wants"):
        if other in getattr(graph[name], option):
            return f"containers.{name}.{option}"
    return f"containers.{other}.before"


def in_order(names: Collection[str], before: Mapping[str, Collection[str]]) -> list[str]:
    """`names` so that each comes after those that start before it, otherwise by name. A cycle is broken somewhere."""
    left, ordered = sorted(names), list[str]()
    while left:
        waiting = set(left)
        ready = [name for name in left if not waiting & set(before.get(name, ()))] or left[:1]
        ordered += ready
        left = [name for name in left if name not in set(ready)]
    return ordered


def brought_along(names: Iterable[str], lookup: Callable[[str], Ordered | None]) -> dict[str, str]:
    """What starts with `names` because they require or want it, directly or not -> the reason, in words.

    `lookup` gives a container's dependencies, or None for one that is not there.
    """
    found: dict[str, str] = {}
    seen, queue = set(names), list(names)
    while queue:
        name = queue.pop(0)
        node = lookup(name)
        if node is None:
            continue
        for verb, others in (("requires", node.requires), ("wants", node.wants)):
            for other in others:
                if other not in seen and lookup(other) is not None:
                    seen.add(other)
                    found[other] = f"‘{name}’ {verb} it"
                    queue.append(other)
    return found


def dependents(names: Iterable[str], graph: Mapping[str, Ordered]) -> dict[str, str]:
    """Those of `graph` that require one of `names`, directly or not, and so stop with it -> the name that each requires."""
    found: dict[str, str] = {}
    seen, queue = set(names), list(names)
    while queue:
        gone = queue.pop(0)
        for name in sorted(graph):
            if name not in seen and gone in graph[name].requires:
                seen.add(name)
                found[name] = gone
                queue.append(name)
    return found
