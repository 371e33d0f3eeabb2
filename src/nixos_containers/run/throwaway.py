"""Containers that live as long as one command of ours: a marker file says so, and its lock says whether that command lives.

The lock is the kernel's, so that after kill -9 the next command finds the marker unheld and removes the container.
Not for making them: that is cli/shell.py.
"""

from __future__ import annotations

import fcntl
import os
import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ..base import log
from ..base.errors import ContainerError
from ..base.files import locked, remove
from ..build import profiles
from ..observe import containers as observe
from . import disk, events, files, hosts, records, stop, units
from .enter import enter

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..base.paths import Paths
    from ..plan.facts import Host

_SUFFIX = ".throwaway"


def marker(paths: Paths, name: str) -> str:
    """The file whose lock is held as long as container `name` is wanted."""
    return f"{paths.records}/.{name}{_SUFFIX}"


@contextmanager
def wanted(paths: Paths, host: Host, name: str) -> Iterator[None]:
    """While the block runs, container `name` is wanted; afterwards, or after our death, it is removed with all it had."""
    os.makedirs(paths.records, exist_ok=True)
    path = marker(paths, name)
    fresh = f"{path}.{os.getpid()}.tmp"
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        # Held before anybody can see it.
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        os.rename(fresh, path)
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, _end)
        yield
    finally:
        discard(paths, host, name)
        os.close(descriptor)


def _end(number: int, _frame: object) -> None:
    raise SystemExit(128 + number)


def discard(paths: Paths, host: Host, name: str) -> None:
    """End container `name` and remove all that it had, the marker last; idempotent."""
    with locked(paths.lock(name), who=records.command_line()):
        if not host.systemd:
            stop.terminate(paths, name, host.cgroups)
        elif observe.running(paths, name) is not None or observe.supervisor(paths, name) is not None:
            units.terminate(name)
        profiles.remove_profile(paths, name)
        records.forget(paths, name)
        events.emit(paths, "destroy", name)
        if host.systemd:
            units.sync(paths, [name])
        files.remove_state(paths.state(name))
        disk.discard(paths, name)
        records.release_user_base(paths, name)
        for path in (paths.log(name), paths.log(name) + ".1", marker(paths, name)):
            remove(path)
    hosts.refresh_if_stale(paths)


def discard_unwanted(paths: Paths, host: Host) -> list[str]:
    """Remove the throw-away containers whose command was killed; return what was done, one sentence each."""
    try:
        entries = os.listdir(paths.records)
    except FileNotFoundError:
        return []
    done = []
    for entry in sorted(entries):
        if not entry.startswith(".") or not entry.endswith(_SUFFIX) or _held(f"{paths.records}/{entry}"):
            continue
        name = entry[1 : -len(_SUFFIX)]
        try:
            discard(paths, host, name)
        except (ContainerError, OSError) as failure:  # no reason for other commands to fail
            log.warn(f"the throw-away container ‘{name}’, whose command had been killed, cannot be removed: {failure}")
            continue
        done.append(f"removed the throw-away container ‘{name}’, whose command had been killed")
        log.warn(done[-1])
    return done


def _held(path: str) -> bool:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return True  # removed by its own command meanwhile
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def run_inside(paths: Paths, name: str, command: Sequence[str], *, terminal: bool) -> int:
    """Run `command` in container `name` from a child of ours, since who enters belongs to the container; its exit status."""
    running = observe.running(paths, name)
    if running is None:
        raise ContainerError(f"container ‘{name}’ has ended")
    child = os.fork()
    if child == 0:
        status = 1
        try:
            # The lock is our parent's alone: this process lives on when that one is killed.
            os.closerange(3, os.sysconf("SC_OPEN_MAX"))
            for number in (signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, signal.SIG_DFL)
            status = enter(name, running.leader, command, terminal=terminal)
        finally:
            os._exit(status)
    _, ended = os.waitpid(child, 0)
    status = os.waitstatus_to_exitcode(ended)
    return status if status >= 0 else 128 - status
