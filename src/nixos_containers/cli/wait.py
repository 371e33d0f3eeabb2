"""`nixos-container wait NAME...`: until containers are up, running or down."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from ..base.durations import parse_duration
from ..base.paths import Paths, check_name
from ..observe import containers as observe
from ..run.wait import wait_for
from .output import emit_json

if TYPE_CHECKING:
    from .parse import Arguments


def run(arguments: Arguments) -> int:
    """Carry the verb out."""
    paths = Paths()
    known = observe.names(paths)
    for name in arguments.names:
        if check_name(name) not in known:
            raise observe.NoSuchContainer(name, known)
    state = arguments.text("for") or "up"
    deadline = time.monotonic() + parse_duration(arguments.text("timeout") or "infinity", "--timeout")
    for name in arguments.names:
        wait_for(paths, name, state, deadline=deadline)
    if arguments.json:
        emit_json(dict.fromkeys(arguments.names, state))
    return 0
