"""`nixos-container start NAME...`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..base import log
from ..run.execute import start_container
from .lifecycle import each

if TYPE_CHECKING:
    from ..base.paths import Paths
    from ..plan.facts import Host
    from .parse import Arguments


def run(arguments: Arguments) -> int:
    """Carry the verb out."""
    return each(arguments, _start)


def _start(paths: Paths, host: Host, name: str) -> None:
    if not start_container(paths, host, name):
        log.say(f"container ‘{name}’ is already up")
