"""What a killed command left: temporary files, parts of a record, user ids and addresses that nobody uses. Idempotent.

Every temporary file of ours has the pid of its maker in its name: what belongs to a living process is not touched.
Not for processes, cgroups and interfaces (repair.py), nor for work that spans several files (unfinished.py).
"""

from __future__ import annotations

import json
import os
import re
from contextlib import ExitStack
from typing import TYPE_CHECKING

from ..base import log
from ..base.errors import ContainerError
from ..base.files import locked_if_free, read_text, remove
from ..base.stranger import plain
from ..kernel import proc
from ..observe import containers as observe
from . import files, records, stop, units

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..base.paths import Paths

_TEMPORARY = re.compile(r".+\.(\d+)\.tmp")
_UNFINISHED_COPY = re.compile(r"\.copy-.+-(\d+)")
_UNFINISHED_ROOT = re.compile(r"\.new-.+-(\d+)")
_LONGEST_CONSOLE = 64 << 20  # bytes
_ROOTS = re.compile(r"\.building-(\d+)(?:-[\w-]+)?")
_SCRATCH = re.compile(r"(?:bootstrap|resolve)\.(\d+)(?:\..*)?")


def remove_debris(paths: Paths) -> list[str]:
    """Remove all of it; return what was done, one sentence each."""
    done = []
    for directory, entry, pattern in _candidates(paths):
        match = pattern.fullmatch(entry)
        if match is None or proc.command_name(int(match[1])):
            continue
        path = f"{directory}/{entry}"
        if pattern is _UNFINISHED_ROOT:
            stop.remove_unfinished(path)
        else:
            files.remove_entry(directory, entry)
        done.append(f"removed {plain(path)}, which a killed command had left")
    return done + _release_ranges(paths) + _release_addresses(paths) + _remove_parts(paths) + _cut_consoles(paths)


def _cut_consoles(paths: Paths) -> list[str]:
    """Empty console logs that a guest has flooded: nobody watches it, and nspawn appends what it writes."""
    done = []
    for name in observe.names(paths):
        try:
            if os.stat(paths.log(name)).st_size > _LONGEST_CONSOLE:
                os.truncate(paths.log(name), 0)
                done.append(f"emptied {paths.log(name)}, which the console of ‘{name}’ had filled with more than 64 MiB")
                log.warn(done[-1])
        except OSError:
            continue  # it has none
    return done


def _candidates(paths: Paths) -> Iterator[tuple[str, str, re.Pattern[str]]]:
    known = observe.names(paths)
    for pattern, directories in (
        (
            _TEMPORARY,
            [
                paths.records,
                paths.states,
                os.path.dirname(paths.disk("x")),
                paths.cache,
                f"{paths.cache}/shell",
                f"{paths.cache}/index",
                f"{paths.cache}/oci",
                os.path.dirname(paths.store_view("x")),
                *_private(paths, known),
            ],
        ),
        (_UNFINISHED_ROOT, [paths.states]),
        (_UNFINISHED_COPY, [paths.states]),
        (_SCRATCH, [f"{paths.cache}/apt"]),
        (_ROOTS, [os.path.dirname(paths.gcroots("x"))]),
    ):
        for directory in directories:
            for entry in _entries(directory):
                yield directory, entry, pattern
    for directory, beginning in _among_others(paths, known):
        for entry in _entries(directory):
            if entry.startswith(beginning):
                yield directory, entry, _TEMPORARY


def _private(paths: Paths, names: list[str]) -> Iterator[str]:
    for name in names:
        yield from (paths.profiles(name), paths.gcroots(name), paths.run_state(name))


def _among_others(paths: Paths, names: list[str]) -> set[tuple[str, str]]:
    """Directories where not all is ours, and what the names of our temporary files there begin with."""
    hosts = os.path.realpath(paths.hosts)
    found = {(os.path.dirname(hosts), f".{os.path.basename(hosts)}.")}
    for directory in units.DIRECTORIES:
        found |= {(directory, ".container@."), (directory, ".nixos-container-"), (f"{directory}/machines.target.wants", "container@")}
        found |= {(f"{directory}/container@{name}.service.d", ".50-nixos-container.") for name in names}
    for name in names:
        try:
            source = observe.record(paths, name).declared_by
        except ContainerError:  # a damaged record tells nothing
            continue
        if source is not None:
            directory, file = os.path.split(source)
            found.add((directory, f".{file.removesuffix('.nix')}.lock."))
    return found


def _entries(directory: str) -> list[str]:
    try:
        return sorted(os.listdir(directory))
    except OSError:
        return []


def _release_ranges(paths: Paths) -> list[str]:
    """Ranges of user ids that were chosen for a container which then was not made."""
    done = []
    try:
        ranges = observe.user_ranges(paths)
    except ContainerError:
        return []  # doctor makes them anew
    for name in ranges:
        if _unused(paths, name):
            with locked_if_free(paths.lock(name), who=records.command_line()) as free:
                if free and _unused(paths, name):
                    records.release_user_base(paths, name)
                    done.append(f"released the user ids of ‘{name}’, which does not exist")
    return done


def _release_addresses(paths: Paths) -> list[str]:
    """Addresses that were chosen for a container which then was not made. Whoever chooses some has one of these locks until it is."""
    try:
        unused = [name for name in json.loads(read_text(paths.addresses) or "{}") if _unused(paths, name)]
    except (ValueError, TypeError):
        return []  # said by who needs one
    done = []
    for name in unused:
        from . import addresses  # rarely needed, and every command comes by

        with ExitStack() as held:
            locks = (".move", ".switch", ".shell", f".create-{name}", name)
            free = all(held.enter_context(locked_if_free(paths.lock(lock), who=records.command_line())) for lock in locks)
            if free and _unused(paths, name):
                try:
                    addresses.release(paths, name)
                except ContainerError:
                    break  # damaged: said by who needs one
                done.append(f"released the addresses of ‘{name}’, which does not exist")
    return done


def _unused(paths: Paths, name: str) -> bool:
    return not any(
        os.path.lexists(path) for path in (paths.record(name), observe.record_path(paths, name), paths.state(name), paths.unfinished(name))
    )


def _remove_parts(paths: Paths) -> list[str]:
    """Records without NAME.conf, which makes a container exist: their first switch was killed before it made anything else."""
    done = []
    for entry in _entries(paths.records):
        name = entry.removesuffix(".json")
        path = observe.record_path(paths, name)
        if entry.startswith(".") or name == entry or not _alone(paths, name):
            continue
        with locked_if_free(paths.lock(name), who=records.command_line()) as free:
            if free and _alone(paths, name):
                remove(path)
                done.append(f"removed {path}, which a killed command had left")
    return done


def _alone(paths: Paths, name: str) -> bool:
    return not any(
        os.path.lexists(path)
        for path in (paths.record(name), paths.imperative(name), paths.state(name), paths.profile(name), paths.unfinished(name))
    )
