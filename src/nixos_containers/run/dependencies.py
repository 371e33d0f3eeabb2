"""Waiting until what a container depends on does its work, before it starts: see plan/order.py for who depends on whom.

A dependency with health checks is ready when they succeed. Not for the order of starts, which is plan/life.py's.
"""

from __future__ import annotations

import os
import socket
import time
from typing import TYPE_CHECKING

from ..base import log
from ..base.durations import parse_duration
from ..base.errors import ContainerError, HostError
from ..observe import containers as observe
from ..observe import healthchecks

if TYPE_CHECKING:
    from ..base.paths import Paths
    from ..declare.container import Container

_PAUSE = 0.1  # seconds between two looks
_EXTENSION = 20  # seconds of more time that systemd is asked for, each time


def await_healthy(paths: Paths, container: Container) -> None:
    """Return when all that `container` requires, wants or comes after, and that runs, is healthy.

    Each is waited for as long as its own start may take (`timeoutStartSec`). Checks with `readiness = false` do not count.
    Raises ContainerError when a required one is not healthy; others are only reported.
    """
    for name in dict.fromkeys((*container.requires, *container.after, *container.wants)):
        if name in container.before:
            continue
        try:
            dependency = observe.record(paths, name).container
        except (ContainerError, HostError):
            continue  # gone, or damaged: said elsewhere
        awaited = {check for check, settings in dependency.health_checks.items() if settings.readiness}
        problem = _wait(paths, dependency, awaited, container.name) if awaited else None
        if problem is None:
            continue
        if name in container.requires:
            raise ContainerError(
                f"container ‘{container.name}’ is not started: it requires ‘{name}’, which {problem}",
                hint=f"nixos-container status {name}; containers.{name}.healthChecks.<name>.readiness = false lets nobody wait for a check",
            )
        log.say(f"‘{name}’ {problem}: ‘{container.name}’ starts nevertheless")


def _wait(paths: Paths, dependency: Container, awaited: set[str], waiting: str) -> str | None:
    """What is wrong with `dependency`, in words; None when it is healthy, or does not run at all."""
    deadline = time.monotonic() + parse_duration(dependency.timeout_start)
    said = extended = 0.0
    while True:
        found = healthchecks.checks(paths, dependency)
        state = healthchecks.overall({name: check for name, check in found.items() if name in awaited})
        if state == healthchecks.HEALTHY:
            return None
        if state is None:
            return "ended meanwhile" if said else None
        bad = ", ".join(sorted(name for name in awaited if found[name].state == state))
        if state == healthchecks.UNHEALTHY:
            return f"is unhealthy ({bad})"
        now = time.monotonic()
        if now >= deadline:
            return f"was not healthy within {dependency.timeout_start} ({bad})"
        if not said:
            log.say(f"‘{waiting}’ waits until ‘{dependency.name}’ is healthy")
            said = now
        if now >= extended:
            _ask_for_time()
            extended = now + _EXTENSION / 4
        time.sleep(_PAUSE)


def _ask_for_time() -> None:
    """Tell systemd, where it started this process, that the start takes longer (sd_notify(3), EXTEND_TIMEOUT_USEC=)."""
    place = os.environ.get("NOTIFY_SOCKET")
    if place is None:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
        try:
            sender.sendto(f"EXTEND_TIMEOUT_USEC={_EXTENSION * 1_000_000}".encode(), "\0" + place[1:] if place[0] == "@" else place)
        except OSError as error:
            log.debug(f"NOTIFY_SOCKET: {error}")
