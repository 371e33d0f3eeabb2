"""`nixos-container rename OLD NEW` and `copy SRC NEW`: imperative containers under another name, with their state."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from .. import imperative
from ..base import log
from ..base.errors import ContainerError, UsageError
from ..base.files import locked, read_text
from ..base.paths import Paths, check_name
from ..observe import containers as observe
from ..observe.host import host_facts
from ..packages import lock as locking
from ..plan.rename import renamed_definition, with_addresses
from ..run import addresses, move, unfinished
from ..run.records import command_line
from ..run.repair import repair_all
from .output import emit_json

if TYPE_CHECKING:
    from ..plan.facts import Host
    from .parse import Arguments


def run(arguments: Arguments) -> int:
    """Carry the verb out."""
    paths = Paths()
    old, new = (check_name(name) for name in arguments.names)
    host = host_facts()
    repair_all(paths, host)
    # In one order, so that two of these commands do not wait for each other.
    with locked(paths.lock(".move"), who=command_line()), locked(paths.lock(old), who=command_line()):
        text = _definition(paths, old, new, arguments.verb.name)
        if arguments.verb.name == "copy":
            _copy(paths, old, new, text)
        else:
            _rename(paths, host, old, new, text)
    if arguments.json:
        emit_json({"name": new, "from": old, "definition": paths.imperative(new)})
    return 0


def _definition(paths: Paths, old: str, new: str, verb: str) -> str:
    """The text of `old`'s definition under the name `new`. Raises ContainerError when it cannot be moved or copied."""
    record = observe.record(paths, old)
    if record.declared_by is not None:
        raise UsageError(f"container ‘{old}’ is declared in {record.declared_by}", hint=f"{verb} it there, then: nixos-container switch")
    if new in observe.names(paths):
        raise ContainerError(f"container ‘{new}’ already exists", hint="choose another name")
    if os.path.lexists(paths.state(new)) or os.path.lexists(paths.disk(new)):
        raise ContainerError(f"there is a state directory already: {paths.state(new)}", hint="choose another name, or move it away")
    if observe.running(paths, old) is not None or observe.supervisor(paths, old) is not None:
        raise ContainerError(f"container ‘{old}’ is running", hint=f"nixos-container stop {old}")
    text = read_text(paths.imperative(old))
    if text is None:
        raise ContainerError(f"container ‘{old}’ has no definition file {paths.imperative(old)}")
    return renamed_definition(text, old, new)


def _keep_lock(paths: Paths, old: str, new: str) -> None:
    """The new container gets the very packages of the old one."""
    lock = locking.read(locking.path_beside(paths.imperative(old)))
    if old in lock.systems:
        locking.write(locking.path_beside(paths.imperative(new)), replace(lock, systems={new: lock.systems[old]}))


def _copy(paths: Paths, old: str, new: str, text: str) -> None:
    text, lost = with_addresses(text, addresses.reserve_pairs(paths, new))
    if lost:
        log.warn(f"{new}: forwarded ports are left out, since they lead to {old}; add others in {paths.imperative(new)}")
    with unfinished.noted(paths, new, unfinished.Work(unfinished.COPY, old)):
        move.copy_state(paths, old, new)
        try:
            _keep_lock(paths, old, new)
            imperative.create(paths, new, text, begun=True)
        except BaseException:
            move.remove_copy(paths, new)
            raise


def _rename(paths: Paths, host: Host, old: str, new: str, text: str) -> None:
    move.check_movable(paths, old)
    with unfinished.noted(paths, new, unfinished.Work(unfinished.RENAME, old)):
        _keep_lock(paths, old, new)
        addresses.move(paths, old, new)
        imperative.create(paths, new, text, replacing=old, begun=True)
        move.take_over(paths, host, old, new)
