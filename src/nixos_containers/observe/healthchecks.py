"""The health of running containers, from the results that the script of plan/health.py writes. Looks only."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..base.durations import parse_duration
from ..base.files import read_text
from ..plan.health import RESULTS
from .live import nspawn_and_leader

if TYPE_CHECKING:
    from ..base.paths import Paths
    from ..declare.container import Container, HealthCheck

STARTING, HEALTHY, UNHEALTHY = "starting", "healthy", "unhealthy"
# Seconds that an attempt may come late: on a busy machine, or while an action waits for the guest's end (plan/health.py).
_GRACE = 120.0


@dataclass(frozen=True, slots=True)
class Check:
    """One check's result: its state, since when, how many failures in a row, and when it was made last (seconds since the epoch)."""

    state: str
    since: float | None = None
    failed: int = 0
    checked: float | None = None


def checks(paths: Paths, container: Container) -> dict[str, Check]:
    """The results of `container`'s checks by name, while it runs; nothing for one that is down or has no checks.

    A result that is older than it can be, because nobody makes attempts any more, says nothing: the check is starting.
    """
    if not container.health_checks or nspawn_and_leader(paths, container.name) is None:
        return {}
    booted = time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)
    directory = f"{paths.run_state(container.name)}/{RESULTS}"
    found = {name: _read(f"{directory}/{name}", booted) for name in sorted(container.health_checks)}
    return {name: Check(STARTING) if _is_silent(container.health_checks[name], check) else check for name, check in found.items()}


def silent(paths: Paths, container: Container) -> bool:
    """Whether one of the checks of `container`, which runs, makes no attempts any more."""
    booted = time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)
    directory = f"{paths.run_state(container.name)}/{RESULTS}"
    return any(_is_silent(check, _read(f"{directory}/{name}", booted)) for name, check in container.health_checks.items())


def _is_silent(check: HealthCheck, result: Check) -> bool:
    most = parse_duration(check.interval) + parse_duration(check.timeout) + _GRACE
    return result.checked is not None and time.time() - result.checked > most


def _read(path: str, booted: float) -> Check:
    for _ in range(3):
        words = (read_text(path) or "").split()
        if len(words) == 4 and all(word.isdigit() for word in words[1:]):
            return Check(words[0], booted + int(words[1]), int(words[2]), booted + int(words[3]))
        if not os.path.exists(path):
            break
        time.sleep(0.001)  # it is being written at this moment
    return Check(STARTING)


def health(paths: Paths, container: Container) -> str | None:
    """`healthy`, `starting` or `unhealthy`: the worst of the checks; None for a container without checks, or one that is down."""
    return overall(checks(paths, container))


def overall(found: dict[str, Check]) -> str | None:
    """The worst of the states."""
    states = {check.state for check in found.values()}
    return next((state for state in (UNHEALTHY, STARTING, HEALTHY) if state in states), None)
