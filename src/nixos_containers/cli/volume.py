"""`nixos-container volume list` and `volume remove VOLUME...`: directories that outlive containers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..base import log
from ..base.errors import ContainerError, UsageError
from ..base.files import locked
from ..base.paths import Paths
from ..base.quantities import size
from ..declare.codec import encode
from ..observe.usage import volumes
from ..plan.mounts import check_volume
from ..run.files import remove_state
from ..run.records import command_line
from .output import emit_json, table

if TYPE_CHECKING:
    from .parse import Arguments


def run(arguments: Arguments) -> int:
    """Carry the verb out."""
    paths = Paths()
    action, *names = arguments.names
    if action in ("list", "ls") and not names:
        found = volumes(paths)
        if arguments.json:
            emit_json(encode(found))
        elif found:
            rows = [(volume.name, size(volume.size), ", ".join(volume.containers) or "-", volume.path) for volume in found]
            print(table(("VOLUME", "SIZE", "CONTAINERS", "PATH"), rows))
        else:
            log.say("there are no volumes: containers.<name>.volumes declares them")
    elif action in ("remove", "rm") and names:
        for name in names:
            _remove(paths, name)
    else:
        raise UsageError(f"expected {arguments.verb.argument}", hint="nixos-container volume --help")
    return 0


def _remove(paths: Paths, name: str) -> None:
    check_volume(name, "volume remove")
    with locked(paths.lock(".switch"), who=command_line()):
        known = {volume.name: volume for volume in volumes(paths)}
        if name not in known:
            raise ContainerError(f"there is no volume ‘{name}’", hint="nixos-container volume list")
        if known[name].containers:
            raise ContainerError(
                f"volume ‘{name}’ belongs to {', '.join(known[name].containers)}", hint="take it out of the definition and switch first"
            )
        remove_state(known[name].path)
        log.say(f"removed volume {name}")
