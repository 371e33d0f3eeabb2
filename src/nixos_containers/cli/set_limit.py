"""`nixos-container set-limit NAME LIMIT=VALUE...`: limits of a running container, for the moment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..base import log
from ..base.errors import UsageError
from ..base.files import locked
from ..base.paths import Paths, check_name
from ..declare.codec import encode
from ..observe import containers as observe
from ..observe.host import host_facts
from ..plan.limits import assignments
from ..run.limits import change_limits
from ..run.records import command_line
from .output import emit_json

if TYPE_CHECKING:
    from .parse import Arguments


def run(arguments: Arguments) -> int:
    """Carry the verb out."""
    paths = Paths()
    name, *words = arguments.names
    check_name(name)
    if not words:
        raise UsageError("no limit specified", hint=f"nixos-container set-limit {name} memoryMax=1G")
    changes = assignments(words)
    observe.record(paths, name)
    with locked(paths.lock(name), who=command_line()):
        limits = change_limits(paths, host_facts(), name, changes)
    if arguments.json:
        emit_json({key: value for key, value in encode(limits).items() if value not in (None, {})})
    else:
        log.say(f"{name} has it until it stops; containers.{name}.limits makes it last")
    return 0
