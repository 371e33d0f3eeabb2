"""`nixos-container start NAME...`, `start --auto`, `start --all`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..observe import containers as observe
from ..plan.actions import Start
from ..plan.life import up_actions
from ..run.execute import execute
from .lifecycle import each, graph_of

if TYPE_CHECKING:
    from ..base.paths import Paths
    from ..plan.facts import Host
    from .parse import Arguments


def run(arguments: Arguments) -> int:
    """Carry the verb out."""

    def start(paths: Paths, host: Host, names: tuple[str, ...]) -> None:
        graph = graph_of(paths, names)
        up = {name for name in {*graph, *names} if observe.running(paths, name) is not None}
        # One that a person names is looked at again under its lock: it may be on its way down.
        wanted = {name: Start(name, "") for name in names if name not in up or arguments.names}
        for name in wanted.keys() - graph.keys():
            observe.record(paths, name)  # says what is wrong with it
        execute(paths, host, up_actions(wanted, graph, up))

    return each(arguments, start)
