"""`nixos-container du [NAME...]`: how much disk space containers take."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..base.paths import Paths, check_name
from ..base.quantities import size
from ..declare.codec import encode
from ..observe import containers as observe
from ..observe.usage import usage
from .output import emit_json, table

if TYPE_CHECKING:
    from .parse import Arguments


def run(arguments: Arguments) -> int:
    """Carry the verb out."""
    paths = Paths()
    names = [check_name(name) for name in arguments.names] or observe.names(paths)
    found = usage(paths, names)
    if arguments.json:
        emit_json(encode(found))
    elif found:
        rows = [(entry.name, size(entry.state), size(entry.volumes), size(entry.store), size(entry.exclusive)) for entry in found]
        print(table(("NAME", "STATE", "VOLUMES", "STORE", "ITS OWN"), rows))
    return 0
