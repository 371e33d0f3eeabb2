"""`nixos-container status NAME`: `up` or `down`; `gone`, and a failure, when there is no such container."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..base.paths import Paths, check_name
from ..observe import containers as observe
from .list import describe
from .output import emit_json

if TYPE_CHECKING:
    from .parse import Arguments


def run(arguments: Arguments) -> int:
    """Carry the verb out."""
    paths = Paths()
    name = check_name(arguments.name)
    known = observe.names(paths)
    if name not in known:
        if arguments.json:
            emit_json({"name": name, "state": "gone"})
        else:
            print("gone")
        raise observe.NoSuchContainer(name, known)
    if arguments.json:
        emit_json(describe(paths, name))
    else:
        print("up" if observe.running(paths, name) else "down")
    return 0
