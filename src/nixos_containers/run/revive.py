"""Health checks that make no attempts any more, because somebody killed their shells: started again by the next command."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

from ..base import log, process
from ..base.errors import ContainerError
from ..base.files import locked
from ..observe import containers as observe
from ..observe import healthchecks
from .inside import joined
from .records import command_line

if TYPE_CHECKING:
    from ..base.paths import Paths


def revive_checks(paths: Paths) -> list[str]:
    """Start the checks of every running container that has silent ones; return what was done, one sentence each."""
    done = []
    for name in observe.names(paths):
        if not os.path.exists(f"{paths.run_state(name)}/health") or not _silent(paths, name):
            continue
        with locked(paths.lock(name), who=command_line()):
            running = observe.running(paths, name)
            if running is None or not _silent(paths, name):
                continue
            _end(paths.run_state(name))
            script = ["/bin/sh", f"{paths.run_state(name)}/health", str(running.nspawn)]
            process.spawn([*joined(name), *script], stdout=process.DEVNULL, stderr=process.DEVNULL, detach=True)
        done.append(f"the health checks of container ‘{name}’ had been killed; they are made again")
        log.warn(done[-1])
    return done


def _silent(paths: Paths, name: str) -> bool:
    try:
        return healthchecks.silent(paths, observe.record(paths, name).container)
    except ContainerError:
        return False


def _end(state: str) -> None:
    """Kill what is left of the script in the run-state directory `state`, so that no check is made twice."""
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            with open(f"/proc/{entry}/cmdline", "rb") as file:
                words = file.read().split(b"\0")
            if len(words) > 2 and words[1].endswith(b"/health") and os.readlink(f"/proc/{entry}/cwd") == os.path.realpath(state):
                os.kill(int(entry), signal.SIGKILL)
        except OSError:
            continue  # it has ended
