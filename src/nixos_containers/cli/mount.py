"""`nixos-container mount NAME HOST-PATH [PATH]` and `umount NAME PATH`: a directory of the host in a running container."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ..base.errors import UsageError
from ..base.files import locked
from ..base.paths import Paths, check_name
from ..run import attach
from ..run.records import command_line
from .output import emit_json

if TYPE_CHECKING:
    from .parse import Arguments


def run(arguments: Arguments) -> int:
    """Carry the verb out."""
    verb = arguments.verb.name
    name, *words = arguments.names
    wanted = (1, 2) if verb == "mount" else (1,)
    if len(words) not in wanted:
        raise UsageError(f"expected {arguments.verb.argument}", hint=f"nixos-container {verb} --help")
    paths = Paths()
    with locked(paths.lock(check_name(name)), who=command_line()):
        if verb == "umount":
            attach.umount(paths, name, words[0])
        else:
            source = os.path.abspath(words[0])
            attach.mount(paths, name, source, words[-1] if len(words) == 2 else source, read_only=arguments.options["read_only"])
    if arguments.json:
        emit_json({"name": name, "path": words[-1]})
    return 0
