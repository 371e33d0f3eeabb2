"""`nixos-container restart NAME...`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..run.execute import restart_container
from .lifecycle import each

if TYPE_CHECKING:
    from .parse import Arguments


def run(arguments: Arguments) -> int:
    """Carry the verb out."""
    return each(arguments, restart_container)
