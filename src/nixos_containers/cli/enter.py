"""`nixos-container run`, `root-login` and `login`: a command, a root shell or a login prompt in a container."""

from __future__ import annotations

import os

from ..base.errors import ContainerError, UsageError
from ..base.paths import Paths, check_name
from ..observe.live import nspawn_and_leader
from ..run.enter import enter, su_command

TYPE_CHECKING = False  # importing typing costs more than all that is done here
if TYPE_CHECKING:
    from collections.abc import Sequence

    from .parse import Arguments


def hot(words: Sequence[str]) -> int | None:
    """Carry out the plain forms `run NAME [--] COMMAND...` and `root-login NAME` of a running container.

    None when the command line holds anything else, or the container does not run: the parser's way then explains.
    """
    verb, name, *command = words
    if command[:1] == ["--"]:
        command = command[1:]
    if name.startswith("-") or command[:1] in (["--help"], ["-h"]) or (verb == "root-login") is bool(command):
        return None
    found = nspawn_and_leader(Paths(), check_name(name))
    if found is None:
        return None
    return enter(name, found[1], su_command(command), terminal=os.isatty(0) and os.isatty(1))


def run(arguments: Arguments) -> int:
    """Carry the verb out."""
    from ..observe import containers as observe

    paths = Paths()
    name = check_name(arguments.name)
    running = observe.running(paths, name)
    if running is None:
        known = observe.names(paths)
        if name not in known:
            raise observe.NoSuchContainer(name, known)
        raise ContainerError(f"container ‘{name}’ is not running", hint=f"nixos-container start {name}")
    if arguments.verb.name == "run" and not arguments.command:
        raise UsageError("no command specified", hint=f"nixos-container run {name} -- COMMAND")
    command = ["login"] if arguments.verb.name == "login" else su_command(arguments.command)
    terminal = os.isatty(0) and os.isatty(1)
    return enter(name, running.leader, command, terminal=terminal)
