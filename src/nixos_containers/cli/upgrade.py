"""`nixos-container upgrade`: move a definition's lock file to the archive's current packages, and show what moves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import pipeline
from ..base import log
from ..base.paths import Paths
from .output import emit_json, table
from .switch import definition_of

if TYPE_CHECKING:
    from .parse import Arguments


def run(arguments: Arguments) -> int:
    """Carry the verb out."""
    paths = Paths()
    definition = definition_of(paths, arguments)
    moves = pipeline.upgrade(paths, definition, dry_run=arguments.flag("dry_run"))
    if arguments.json:
        emit_json([{"package": move.name, "from": move.old or None, "to": move.new or None} for move in moves])
    elif moves:
        print(table(("PACKAGE", "FROM", "TO"), [(move.name, move.old or "-", move.new or "-") for move in moves]))
    else:
        log.say("nothing to do: every package is the archive's current one")
    if moves and not arguments.flag("dry_run"):
        log.say(f"now: nixos-container switch -c {definition}")
    return 0
