"""Files of ours that are damaged, made anew from what else is known; the damaged ones are kept aside. For `doctor`.

Nothing here guesses: what cannot be told from elsewhere is left, and reported by who reads it.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from ..base.errors import ContainerError
from ..base.files import locked, read_text, write_atomically
from ..observe import containers as observe
from . import records

if TYPE_CHECKING:
    from ..base.paths import Paths

_WIDTH = 65536


def recover(paths: Paths) -> list[str]:
    """Make anew what is damaged; return what was done, one sentence each."""
    return [*_user_ranges(paths), *_conf_files(paths)]


def _user_ranges(paths: Paths) -> list[str]:
    text = read_text(paths.user_ranges)
    try:
        if observe.user_ranges(paths) or text is not None:
            return []
        why = "which was missing"
    except ContainerError:
        why = f"the damaged one is {paths.user_ranges}.damaged"
    with locked(paths.lock(".user-ranges"), who="making the ranges of user ids anew"):
        ranges = {}
        for name in observe.names(paths):
            try:
                base = observe.record(paths, name).user_base
            except ContainerError:
                base = None
            base = base if base is not None else _owner(paths.state(name))
            if base is not None:
                ranges[name] = base
        for name in _states(paths):
            base = _owner(paths.state(name))
            if base is not None:
                ranges.setdefault(name, base)
        if text is None and not ranges:
            return []  # nobody has had one so far
        if text is not None:
            write_atomically(f"{paths.user_ranges}.damaged", text)
        write_atomically(paths.user_ranges, json.dumps(ranges, indent=1, sort_keys=True) + "\n")
    return [f"made {paths.user_ranges} anew from the records; {why}"]


def _states(paths: Paths) -> list[str]:
    try:
        return sorted(entry for entry in os.listdir(paths.states) if not entry.startswith("."))
    except FileNotFoundError:
        return []


def _owner(state: str) -> int | None:
    """The range that the files of a state belong to, where nspawn changed their owners; where it maps them no range is needed."""
    try:
        owner = os.lstat(state).st_uid
    except OSError:
        return None
    return owner - owner % _WIDTH if owner >= _WIDTH else None


def _conf_files(paths: Paths) -> list[str]:
    """NAME.conf, which other programs read, from NAME.json."""
    done = []
    for name in observe.names(paths):
        try:
            wanted = records.conf_text(observe.record(paths, name).container)
            if read_text(paths.record(name)) == wanted:
                continue
            with locked(paths.lock(name), who=records.command_line()):
                wanted = records.conf_text(observe.record(paths, name).container)
                if read_text(paths.record(name)) != wanted:
                    write_atomically(paths.record(name), wanted)
                    done.append(f"wrote {paths.record(name)} anew")
        except (ContainerError, OSError):
            continue
    return done
