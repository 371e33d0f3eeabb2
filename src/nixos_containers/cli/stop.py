"""`nixos-container stop NAME...`, `stop --all`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..observe import containers as observe
from ..plan.life import down_actions
from ..run.execute import execute
from .lifecycle import each, running

if TYPE_CHECKING:
    from ..base.paths import Paths
    from ..plan.facts import Host
    from .parse import Arguments


def run(arguments: Arguments) -> int:
    """Carry the verb out."""
    return each(arguments, _stop)


def _stop(paths: Paths, host: Host, names: tuple[str, ...]) -> None:
    execute(paths, host, down_actions(dict.fromkeys(names, ""), observe.dependencies(paths), running(paths)))
