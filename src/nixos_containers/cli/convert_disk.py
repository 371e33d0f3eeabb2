"""`nixos-container convert-disk NAME SIZE|none`: the root of a stopped container into a disk of its own, or out of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..base import log
from ..base.errors import ContainerError, UsageError
from ..base.files import locked
from ..base.paths import Paths, check_name
from ..observe import containers as observe
from ..observe.host import host_facts
from ..plan.disk import SMALLEST, human
from ..plan.limits import parse_size
from ..run import again, disk, repair, units
from ..run.records import command_line
from .output import emit_json

if TYPE_CHECKING:
    from .parse import Arguments


def run(arguments: Arguments) -> int:
    """Carry the verb out."""
    paths = Paths()
    if len(arguments.names) != 2:
        raise UsageError("a container and a size are wanted", hint="nixos-container convert-disk web 4G, or none instead of 4G")
    name, word = check_name(arguments.names[0]), arguments.names[1]
    size = None if word == "none" else parse_size(word, "convert-disk") // 4096 * 4096
    if size is not None and size < SMALLEST:
        raise UsageError(f"{word} is too little for a file system", hint=f"at least {human(SMALLEST)}")
    host = host_facts()
    record = observe.record(paths, name)
    if record.container.ephemeral:
        raise ContainerError(f"the root of container ‘{name}’ is memory: it is ephemeral", hint="limits.diskMax is its size")
    with locked(paths.lock(name), who=command_line()):
        repair.repair(paths, host, name)
        if observe.running(paths, name) is not None or observe.supervisor(paths, name) is not None:
            raise ContainerError(f"container ‘{name}’ is running", hint=f"nixos-container stop {name}")
        again.forget(paths, name)
        disk.convert(paths, name, size)
        if host.systemd:
            units.sync(paths, [name])
    if arguments.json:
        emit_json({"name": name, "disk": size})
    else:
        log.say(f"the root of {name} is " + ("a directory" if size is None else f"a disk of {human(size)}"))
    return 0
