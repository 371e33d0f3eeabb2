"""`nixos-container terminate NAME...`: the end without a shutdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..base.files import locked
from ..run.execute import terminate_container
from ..run.records import command_line
from .lifecycle import each

if TYPE_CHECKING:
    from ..base.paths import Paths
    from ..plan.facts import Host
    from .parse import Arguments


def run(arguments: Arguments) -> int:
    """Carry the verb out."""
    return each(arguments, _terminate)


def _terminate(paths: Paths, host: Host, names: tuple[str, ...]) -> None:
    for name in names:
        with locked(paths.lock(name), who=command_line()):
            terminate_container(paths, host, name)
