"""`nixos-container terminate NAME...`: the end without a shutdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..run import stop
from .lifecycle import each

if TYPE_CHECKING:
    from ..base.paths import Paths
    from ..plan.facts import Host
    from .parse import Arguments


def run(arguments: Arguments) -> int:
    """Carry the verb out."""
    return each(arguments, _terminate)


def _terminate(paths: Paths, host: Host, name: str) -> None:
    stop.terminate(paths, name, host.cgroups)
