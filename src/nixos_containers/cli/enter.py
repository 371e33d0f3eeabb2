"""`nixos-container run`, `root-login` and `login`: a command, a root shell or a login prompt in a container."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ..base.errors import UsageError
from ..base.paths import Paths, check_name
from ..run.enter import enter, su_command

if TYPE_CHECKING:
    from .parse import Arguments


def run(arguments: Arguments) -> int:
    """Carry the verb out."""
    from ..observe import containers as observe

    paths = Paths()
    name = check_name(arguments.name)
    running = observe.running_or_refuse(paths, name)
    if arguments.verb.name == "run" and not arguments.command:
        raise UsageError("no command specified", hint=f"nixos-container run {name} -- COMMAND")
    command = ["login"] if arguments.verb.name == "login" else su_command(arguments.command)
    terminal = os.isatty(0) and os.isatty(1)
    return enter(name, running.leader, command, terminal=terminal)
