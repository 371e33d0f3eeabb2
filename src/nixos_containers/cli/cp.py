"""`nixos-container cp SRC DST`: files between the host and a running container."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..base.errors import UsageError
from ..base.paths import Paths, check_name
from ..run.copy import copy_in, copy_out
from .output import emit_json

if TYPE_CHECKING:
    from .parse import Arguments


def run(arguments: Arguments) -> int:
    """Carry the verb out."""
    source, target = arguments.names
    here, there = _split(source), _split(target)
    if (here is None) == (there is None):
        raise UsageError("one of SRC and DST is NAME:PATH, the other a path of the host or -", hint="nixos-container cp ./file web:/root/")
    paths = Paths()
    if there is not None:
        copy_in(paths, there[0], source, there[1])
    elif here is not None:
        copy_out(paths, here[0], here[1], target)
    if arguments.json and target != "-":
        emit_json({"from": source, "to": target})
    return 0


def _split(word: str) -> tuple[str, str] | None:
    """`NAME:/path` in its two parts; None for a path of the host, which may have a colon behind a slash."""
    name, colon, path = word.partition(":")
    if not colon or "/" in name:
        return None
    if not path.startswith("/"):
        raise UsageError(f"‘{word}’: the path in the container is written from the root on", hint=f"{name}:/{path}")
    return check_name(name), path
