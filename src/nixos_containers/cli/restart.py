"""`nixos-container restart NAME...`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..observe import containers as observe
from ..plan.actions import Restart
from ..plan.life import up_actions
from ..run.execute import execute
from .lifecycle import each, running

if TYPE_CHECKING:
    from ..base.paths import Paths
    from ..plan.facts import Host
    from .parse import Arguments


def run(arguments: Arguments) -> int:
    """Carry the verb out."""
    return each(arguments, _restart)


def _restart(paths: Paths, host: Host, names: tuple[str, ...]) -> None:
    wanted = {name: Restart(name, "") for name in names}
    execute(paths, host, up_actions(wanted, observe.dependencies(paths), running(paths)))
