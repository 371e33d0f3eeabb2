"""What was begun with several files of a container and was not finished, noted before the first of them is touched.

A note stands beside the records as long as the work goes on. One that nobody works on any more is from a command that was
killed: the next command ends what it began, or undoes it. Not for what runs (repair.py), and not for single files, which
are replaced atomically.
"""

from __future__ import annotations

import json
import os
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..base import log
from ..base.errors import ContainerError
from ..base.files import locked_if_free, read_text, remove, write_atomically
from ..build import profiles
from ..declare.codec import DecodeError, decode, encode
from ..observe import containers as observe
from . import disk, files, move, records, stop, units

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..base.paths import Paths
    from ..plan.facts import Host

_SUFFIX = ".unfinished"
CREATE, COPY, RENAME, FORGET, DESTROY = "create", "copy", "rename", "forget", "destroy"


@dataclass(frozen=True, slots=True)
class Work:
    """One of the five kinds of work; `source` is the container whose copy or new name is being made."""

    kind: str
    source: str | None = None


def note(paths: Paths, name: str) -> str:
    """The file that says that container `name` is being made, moved or removed."""
    return f"{paths.records}/.{name}{_SUFFIX}"


@contextmanager
def noted(paths: Paths, name: str, work: Work) -> Iterator[None]:
    """While the block runs, `work` on container `name` is unfinished. The block undoes what it cannot finish.

    The caller holds the container's lock, or for a copy and a new name the lock of all moves.
    """
    begin(paths, name, work)
    try:
        yield
    finally:
        end(paths, name)


def begin(paths: Paths, name: str, work: Work) -> None:
    """Note that `work` on container `name` begins."""
    write_atomically(note(paths, name), json.dumps(encode(work)) + "\n")


def end(paths: Paths, name: str) -> None:
    """The work on container `name` is finished, or undone."""
    remove(note(paths, name))


def settle_all(paths: Paths, host: Host) -> list[str]:
    """End or undo the work of commands that were killed; return what was done, one sentence each."""
    try:
        entries = os.listdir(paths.records)
    except FileNotFoundError:
        return []
    done = []
    for entry in sorted(entries):
        if entry.startswith(".") and entry.endswith(_SUFFIX):
            name = entry[1 : -len(_SUFFIX)]
            sentence = _settle_if_free(paths, host, name)
            if sentence is not None:
                log.warn(sentence)
                done.append(sentence)
    return done


def _settle_if_free(paths: Paths, host: Host, name: str) -> str | None:
    with ExitStack() as held:
        work = _read(paths, name)
        wanted = [name] if work is None or work.source is None else [".move", work.source, name]
        for each in wanted:
            if not held.enter_context(locked_if_free(paths.lock(each), who=records.command_line())):
                return None  # somebody is working on it
        if os.path.exists(note(paths, name)):
            try:
                return settle(paths, host, name)
            except ContainerError as failure:
                end(paths, name)  # a person has to see to it: not every command from now on
                return f"what a killed command had begun with container ‘{name}’ cannot be ended: {failure}"
    return None


def _read(paths: Paths, name: str) -> Work | None:
    text = read_text(note(paths, name))
    if text is None:
        return None
    try:
        return decode(Work, json.loads(text))
    except (ValueError, DecodeError):
        return None


def settle(paths: Paths, host: Host, name: str) -> str | None:
    """End or undo the noted work on container `name`, whose lock the caller holds; say what was done."""
    work = _read(paths, name)
    if work is None:
        end(paths, name)
        return None
    if work.kind in (FORGET, DESTROY):
        forget(paths, host, name)
        if work.kind == DESTROY:
            purge(paths, name)
        sentence = f"finished removing container ‘{name}’, which a killed command had begun"
    elif _is_whole(paths, name):
        sentence = f"container ‘{name}’ was made by a command that was killed afterwards"
        if work.kind == RENAME and work.source is not None:
            move.take_over(paths, host, work.source, name)
            sentence = f"finished renaming container ‘{work.source}’ to ‘{name}’, which a killed command had begun"
    else:
        forget(paths, host, name)
        if work.kind == COPY:
            files.remove_state(paths.state(name))
            disk.discard(paths, name)
        if not os.path.isdir(paths.state(name)):
            records.release_user_base(paths, name)
        sentence = f"removed what a killed command had made of container ‘{name}’"
    end(paths, name)
    return sentence


def _is_whole(paths: Paths, name: str) -> bool:
    """Whether everything that makes a container is there."""
    try:
        record = observe.record(paths, name)
        observe.system_of(paths, record)
    except ContainerError:
        return False
    return name in observe.names(paths)


def forget(paths: Paths, host: Host, name: str) -> None:
    """Remove all but the state of container `name`, which does not run; idempotent."""
    if not host.systemd and (observe.running(paths, name) is not None or observe.leftovers(paths, host.cgroups, name)):
        stop.terminate(paths, name, host.cgroups)
    profiles.remove_profile(paths, name)
    records.forget(paths, name)
    files.remove_run_state(paths.run_state(name))
    if host.systemd:
        units.forget(paths, name)


def purge(paths: Paths, name: str) -> None:
    """Remove the state of container `name` and give its range of user ids back; idempotent. What is mounted in it stays whole."""
    files.destroy_state(paths.state(name))
    disk.discard(paths, name)
    remove(f"{paths.states}/.#{name}.lck")  # systemd-nspawn's own, which it leaves when it is killed
    records.release_user_base(paths, name)
