"""What start, stop, restart and terminate share: which containers are meant, and what goes with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..base.errors import UsageError
from ..base.paths import Paths, check_name
from ..observe import containers as observe
from ..observe.host import host_facts
from ..run.repair import repair_all
from .output import emit_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..plan.facts import Host
    from ..plan.order import Ordered
    from .parse import Arguments


def each(arguments: Arguments, act: Callable[[Paths, Host, tuple[str, ...]], None]) -> int:
    """Call `act` with the containers that are meant; print their states when JSON is wanted."""
    paths = Paths()
    _check(arguments)
    if not arguments.names and not observe.names(paths):  # as at the boot of a host that has none yet, and perhaps not the programs either
        if arguments.json:
            emit_json({})
        return 0
    host = host_facts()
    repair_all(paths, host)
    known = observe.names(paths)  # one that was only being made when its command was killed is gone by now
    names = _meant(arguments, paths, known)
    for name in names:
        if check_name(name) not in known:
            raise observe.NoSuchContainer(name, known)
    act(paths, host, names)
    if arguments.json:
        emit_json({name: "up" if observe.running(paths, name) else "down" for name in names})
    return 0


def _check(arguments: Arguments) -> None:
    groups = arguments.flag("all") or arguments.flag("auto")
    if groups and arguments.names:
        raise UsageError("give either names, or --all or --auto", hint=f"nixos-container {arguments.verb.name} --help")
    if not (groups or arguments.names):
        raise UsageError("no container name specified", hint=f"nixos-container {arguments.verb.name} --all takes all of them")


def _meant(arguments: Arguments, paths: Paths, known: list[str]) -> tuple[str, ...]:
    if arguments.flag("auto"):
        return tuple(name for name in known if observe.is_auto_start(paths, name))
    return tuple(known) if arguments.flag("all") else tuple(dict.fromkeys(arguments.names))


def running(paths: Paths) -> list[str]:
    """The containers that run."""
    return [name for name in observe.names(paths) if observe.running(paths, name) is not None]


def graph_of(paths: Paths, names: tuple[str, ...]) -> dict[str, Ordered]:
    """The dependencies of `names` and of what they bring along: no other record is read."""
    found: dict[str, Ordered] = {}
    queue = list(names)
    while queue:
        name = queue.pop()
        node = observe.dependencies_of(paths, name) if name not in found else None
        if node is not None:
            found[name] = node
            queue += [*node.requires, *node.wants]
    return found
