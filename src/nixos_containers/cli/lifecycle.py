"""What start, stop, restart and terminate share: each named container, under its lock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..base.errors import UsageError
from ..base.files import locked
from ..base.paths import Paths, check_name
from ..observe import containers as observe
from ..observe.host import host_facts
from ..run.records import command_line
from ..run.repair import repair_all
from .output import emit_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..plan.facts import Host
    from .parse import Arguments


def each(arguments: Arguments, act: Callable[[Paths, Host, str], None]) -> int:
    """Call `act` for every named container, holding its lock; print the states when JSON is wanted."""
    if not arguments.names:
        raise UsageError("no container name specified")
    paths, host = Paths(), host_facts()
    known = observe.names(paths)
    repair_all(paths, host)
    for name in arguments.names:
        if check_name(name) not in known:
            raise observe.NoSuchContainer(name, known)
    for name in arguments.names:
        with locked(paths.lock(name), who=command_line()):
            act(paths, host, name)
    if arguments.json:
        emit_json({name: "up" if observe.running(paths, name) else "down" for name in arguments.names})
    return 0
