"""`nixos-container restart NAME...`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..run.execute import start_container, stop_container
from .lifecycle import each

if TYPE_CHECKING:
    from ..base.paths import Paths
    from ..plan.facts import Host
    from .parse import Arguments


def run(arguments: Arguments) -> int:
    """Carry the verb out."""
    return each(arguments, _restart)


def _restart(paths: Paths, host: Host, name: str) -> None:
    stop_container(paths, host, name)
    start_container(paths, host, name)
