"""`nixos-container destroy NAME...`: the end of imperative containers; declarative ones are refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import imperative
from ..base import log
from ..base.errors import ContainerError, HostError, UsageError
from ..base.paths import Paths, check_name
from ..observe import containers as observe
from .output import emit_json

if TYPE_CHECKING:
    from .parse import Arguments


def run(arguments: Arguments) -> int:
    """Carry the verb out."""
    if not arguments.names:
        raise UsageError("no container name specified")
    paths = Paths()
    known = observe.names(paths)
    present = [name for name in arguments.names if check_name(name) in known]
    for name in present:
        try:
            record = observe.record(paths, name)
        except HostError:
            if observe.is_imperative(paths, name):
                continue  # of a damaged record nothing is needed
            raise
        source = record.declared_by
        if source is not None and not observe.orphaned(record):
            raise ContainerError(
                f"cannot destroy declarative container ‘{name}’ (remove it from your configuration.nix instead)",
                hint=f"take it out of {source}, then: nixos-container switch -c {source} --purge",
            )
    for name in arguments.names:
        if name in present:
            imperative.destroy(paths, name)
        else:
            log.say(f"container ‘{name}’ does not exist; nothing to do")
    if arguments.json:
        emit_json({"destroyed": present})
    return 0
