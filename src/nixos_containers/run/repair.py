"""What a killed process of ours left behind, found and put right by the next command. Idempotent.

Nothing here touches what is not ours: cgroups, interfaces, rules and files that carry our names.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from ..base import log, process
from ..base.errors import HostError
from ..base.files import locked, remove
from ..kernel import proc
from ..observe import containers as observe
from . import files, hosts, stop, throwaway, units
from .records import command_line

if TYPE_CHECKING:
    from ..base.paths import Paths
    from ..plan.facts import Host

_TEMPORARY = re.compile(r"\..+\.(\d+)\.tmp")
_UNFINISHED_COPY = re.compile(r"\.copy-.+-(\d+)")
_UNFINISHED_ROOT = re.compile(r"\.new-.+-(\d+)")


def repair_all(paths: Paths, host: Host) -> list[str]:
    """Repair every container and the shared directories; return what was done, one sentence each."""
    done = []
    for name in sorted({*observe.names(paths), *observe.run_states(paths)}):
        if not needs_repair(paths, host, name):
            continue
        with locked(paths.lock(name), who=command_line()):
            sentence = repair(paths, host, name)
        if sentence:
            done.append(sentence)
    hosts.refresh_if_stale(paths)
    try:
        if host.systemd and units.sync(paths):
            done.append("wrote the unit files of the containers anew")
    except HostError as failure:
        log.warn(str(failure))  # what runs can still be stopped
    return done + throwaway.discard_unwanted(paths, host) + _remove_temporary_files(paths)


def needs_repair(paths: Paths, host: Host, name: str) -> bool:
    """Whether `repair` would do something: looked up without a lock, so that commands do not wait for each other."""
    running = observe.running(paths, name)
    if running is not None:
        return running.supervisor is None
    return bool(observe.leftovers(paths, host.cgroups, name))


def repair(paths: Paths, host: Host, name: str) -> str | None:
    """Repair container `name`, whose lock the caller holds; say what was wrong, or return None."""
    running = observe.running(paths, name)
    if running is not None:
        if running.supervisor is not None:
            return None
        _adopt(paths, name)
        sentence = f"the supervisor of container ‘{name}’ had been killed; another one watches it now"
    else:
        left = observe.leftovers(paths, host.cgroups, name)
        if not left:
            return None
        stop.terminate(paths, name, host.cgroups)
        sentence = f"container ‘{name}’ had ended without cleaning up ({', '.join(left)}); repaired"
    log.warn(sentence)
    return sentence


def _adopt(paths: Paths, name: str) -> None:
    descriptor = os.open(paths.log(name), os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o640)
    try:
        process.spawn(["/bin/sh", f"{paths.run_state(name)}/launch", "adopt"], stdout=descriptor, stderr=descriptor, detach=True)
    finally:
        os.close(descriptor)


def _remove_temporary_files(paths: Paths) -> list[str]:
    done = []
    for directory, pattern in (
        (paths.records, _TEMPORARY),
        (paths.states, _TEMPORARY),
        (paths.states, _UNFINISHED_ROOT),
        (paths.states, _UNFINISHED_COPY),
    ):
        try:
            entries = os.listdir(directory)
        except FileNotFoundError:
            continue
        for entry in entries:
            match = pattern.fullmatch(entry)
            if match is None or proc.command_name(int(match[1])):
                continue
            path = f"{directory}/{entry}"
            if pattern is _UNFINISHED_COPY:
                files.remove_state(path)
            elif os.path.isdir(path):
                stop.remove_unfinished(path)
            else:
                remove(path)
            done.append(f"removed {path}, which a killed command had left")
    return done
