"""What was begun with several files of a container and was not finished, noted before the first of them is touched.

A note stands beside the records as long as the work goes on. One that nobody works on any more is from a command that was
killed, or from before a power cut: the next command ends what it began, or undoes it. Not for what runs (repair.py), and not
for single files, which are replaced atomically.
"""

from __future__ import annotations

import json
import os
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..base import log
from ..base.errors import ContainerError
from ..base.files import locked_if_free, read_text, remove, write_atomically
from ..base.paths import UNFINISHED
from ..build import profiles
from ..declare.codec import DecodeError, decode, encode
from ..observe import containers as observe
from . import disk, files, move, records, stop, units

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..base.paths import Paths
    from ..plan.facts import Host

CREATE, COPY, RENAME, FORGET, DESTROY, CHANGE = "create", "copy", "rename", "forget", "destroy", "change"


@dataclass(frozen=True, slots=True)
class Work:
    """One of the six kinds of work; `source` is the container whose copy or new name is being made.

    Of a change: the `system` that becomes the newest generation, and the texts of `record`, `conf` and `definition` as they were.
    """

    kind: str
    source: str | None = None
    system: str | None = None
    record: str | None = None
    conf: str | None = None
    definition: str | None = None


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


@contextmanager
def changing(paths: Paths, host: Host, name: str, *, system: str | None = None, definition: str | None = None) -> Iterator[None]:
    """While the block runs, container `name` is changed: record, definition and newest generation together, or none of them.

    `system` is to be the newest generation; `definition` is the text of an imperative container's before. A block that
    fails is undone, unless all was written. Blocks may be nested; the inner one decides. The caller holds the container's lock.
    """
    outer = _read(paths, name)
    if outer is not None and outer.kind != CHANGE:
        yield  # it is only being made, and would be undone as a whole
        return
    if outer is not None:
        definition = outer.definition
    record, conf = read_text(observe.record_path(paths, name)), read_text(paths.record(name))
    begin(paths, name, Work(CHANGE, system=system, record=record, conf=conf, definition=definition))
    try:
        yield
    except BaseException:
        with suppress(ContainerError):  # as on a full disk: the note stays, and the next command does it
            go_back(paths, host, name)
        raise
    end(paths, name)


def go_back(paths: Paths, host: Host, name: str) -> bool:
    """Undo the noted change of container `name` unless all of it was written; tell whether something was undone.

    The caller holds the container's lock. Raises HostError when a file cannot be written.
    """
    work = _read(paths, name)
    if work is None or work.kind != CHANGE:
        return False
    texts = {observe.record_path(paths, name): work.record, paths.record(name): work.conf}
    if work.definition is not None:
        texts[paths.imperative(name)] = work.definition
    half = not _is_made(paths, name, work) and any(read_text(path) != text for path, text in texts.items())
    if half and work.record is None and work.conf is None:
        forget(paths, host, name)  # there was none before
        if not os.path.isdir(paths.state(name)):
            records.release_user_base(paths, name)
    elif half:
        for path, text in texts.items():
            if text is None:
                remove(path)
            elif read_text(path) != text:
                write_atomically(path, text)
        if host.systemd:
            units.sync(paths, [name])
    end(paths, name)
    return half


def _is_made(paths: Paths, name: str, work: Work) -> bool:
    if work.system is not None:
        return observe.profile_system(paths, name) == work.system
    return read_text(observe.record_path(paths, name)) != work.record


def settle_change(paths: Paths, host: Host, name: str) -> None:
    """Undo a change of container `name` that a power cut left half written, unless a command is at it. For a start at boot."""
    work = _read(paths, name)
    if work is not None and (work.record is not None or work.conf is not None):  # one that was not there before has no system
        with locked_if_free(paths.lock(name), who=records.command_line()) as free:
            if free:
                go_back(paths, host, name)


def begin(paths: Paths, name: str, work: Work) -> None:
    """Note that `work` on container `name` begins."""
    write_atomically(paths.unfinished(name), json.dumps(encode(work)) + "\n")


def end(paths: Paths, name: str) -> None:
    """The work on container `name` is finished, or undone."""
    remove(paths.unfinished(name))


def settle_all(paths: Paths, host: Host) -> list[str]:
    """End or undo the work of commands that were killed; return what was done, one sentence each."""
    try:
        entries = os.listdir(paths.records)
    except FileNotFoundError:
        return []
    done = []
    for entry in sorted(entries):
        if entry.startswith(".") and entry.endswith(UNFINISHED):
            name = entry[1 : -len(UNFINISHED)]
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
        if os.path.exists(paths.unfinished(name)):
            try:
                return settle(paths, host, name)
            except (ContainerError, OSError) as failure:
                if work is not None and work.kind != CHANGE:
                    end(paths, name)  # a person has to see to it: not every command from now on
                return f"what a killed command had begun with container ‘{name}’ cannot be ended: {failure}"
    return None


def _read(paths: Paths, name: str) -> Work | None:
    text = read_text(paths.unfinished(name))
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
    if work.kind == CHANGE:
        return f"undid the change of container ‘{name}’ that a killed command had begun" if go_back(paths, host, name) else None
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
        if work.kind == RENAME and work.source is not None:
            from . import addresses

            addresses.move(paths, name, work.source)
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
    if host.systemd:
        units.halt(name)  # systemd may have started it: at the next boot, or again because it failed
    elif observe.running(paths, name) is not None or observe.leftovers(paths, host.cgroups, name):
        stop.terminate(paths, name, host.cgroups)
    profiles.remove_profile(paths, name)
    records.forget(paths, name)
    files.remove_run_state(paths.run_state(name))
    if host.systemd:
        units.sync(paths, [name])


def purge(paths: Paths, name: str) -> None:
    """Remove the state of container `name` and give its range of user ids back; idempotent. What is mounted in it stays whole."""
    files.destroy_state(paths.state(name))
    disk.discard(paths, name)
    remove(f"{paths.states}/.#{name}.lck")  # systemd-nspawn's own, which it leaves when it is killed
    records.release_user_base(paths, name)
