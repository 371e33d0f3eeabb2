"""Waiting for what happens to a container: it comes up, its units have started, it ends. Changes nothing."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from ..base import process
from ..base.errors import ContainerError, HostError
from ..kernel import processes
from ..observe import containers as observe
from ..observe import healthchecks
from .inside import inside

if TYPE_CHECKING:
    from ..base.paths import Paths

_PAUSE = 0.1  # seconds between two looks at what the kernel does not announce


def wait_for(paths: Paths, name: str, state: str, *, deadline: float) -> None:
    """Return when container `name` is in `state`, one of cli/verbs_lifecycle.py's WAIT_STATES; `deadline` is of the monotonic clock.

    Raises ContainerError when the deadline passes, when a guest that should be `running` has failed units, or when one that
    should be `healthy` has no health checks.
    """
    while not _reached(paths, name, state, deadline):
        if time.monotonic() >= deadline:
            raise ContainerError(f"container ‘{name}’ is not {state} yet, and the time is over", hint=f"nixos-container logs {name}")
        time.sleep(_PAUSE)


def _reached(paths: Paths, name: str, state: str, deadline: float) -> bool:
    running = observe.running(paths, name)
    if state in ("down", "stopped"):
        if running is None:
            return observe.supervisor(paths, name) is None
        left = min(max(0.0, deadline - time.monotonic()), 3600.0)
        # A guest that reboots gets another nspawn from the same supervisor.
        processes.wait_until_gone(running.supervisor or running.nspawn, left)
        return observe.running(paths, name) is None
    if running is None or state == "up":
        return running is not None
    if state == "healthy":
        return _healthy(paths, name)
    said = _systemd_says(name, running.leader, timeout=max(0.1, deadline - time.monotonic()))
    if state == "ready":
        return said in ("running", "degraded")
    if said == "degraded":
        raise ContainerError(
            f"container ‘{name}’ has started, but some units failed", hint=f"nixos-container run {name} -- systemctl --failed"
        )
    return said == "running"


def _healthy(paths: Paths, name: str) -> bool:
    found = healthchecks.health(paths, observe.record(paths, name).container)
    if found is None and observe.running(paths, name) is not None:
        raise ContainerError(f"container ‘{name}’ has no health checks", hint=f"containers.{name}.healthChecks, or wait --for ready")
    return found == healthchecks.HEALTHY


def _systemd_says(name: str, leader: int, *, timeout: float) -> str:
    """What systemd says of itself inside, or "" when it says nothing within `timeout` seconds."""
    command = [*inside(name, leader), "systemctl", "is-system-running"]
    try:
        return process.run(command, check=False, timeout=min(timeout, 3600.0)).stdout.strip()
    except HostError:
        return ""
