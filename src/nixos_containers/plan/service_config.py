"""What `systemd.services."container@NAME"` says about a container, taken apart: limits, what every host keeps, the rest. Pure.

Syntax is systemd's (systemd.service(5), systemd.unit(5)): an empty value takes back what was said before.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..base.durations import parse_duration
from ..base.errors import DefinitionError

if TYPE_CHECKING:
    from ..declare.container import Container

# What a launcher does as well as systemd; besides limits.
_EVERYWHERE = frozenset({"TimeoutStartSec", "TimeoutStopSec", "Restart", "RestartSec"})
# What would break the hand-shake between unit, launcher and guest.
_OURS = frozenset({"Type", "NotifyAccess", "ExecStart", "ExecStartPre", "ExecStopPost", "ExecReload", "Delegate", "PIDFile"})
_RESTARTS = ("no", "on-success", "on-failure", "on-abnormal", "on-watchdog", "on-abort", "always")
# As long as systemd gives a unit to stop (DefaultTimeoutStopSec=), in seconds.
STOP_TIMEOUT = 90.0


@dataclass(frozen=True, slots=True)
class RestartPolicy:
    """When a container that ended by itself is started again: systemd's Restart= and RestartSec= (seconds)."""

    when: str = "on-failure"
    delay: float = 0.1


def place(container: Container, key: str, section: str = "serviceConfig") -> str:
    """The option's path, for messages."""
    return f'systemd.services."container@{container.name}".{section}.{key}'


def _single(container: Container, key: str) -> str | None:
    values = container.service_config.get(key, ())
    return values[-1].strip() if values and values[-1].strip() else None


def restart_policy(container: Container) -> RestartPolicy:
    """When the launcher starts the container again. Raises DefinitionError for values that systemd does not have."""
    when = _single(container, "Restart") or "on-failure"
    if when not in _RESTARTS:
        raise DefinitionError(f"{place(container, 'Restart')}: ‘{when}’ is not among {', '.join(_RESTARTS)}")
    delay = _single(container, "RestartSec")
    return RestartPolicy(when, 0.1 if delay is None else parse_duration(delay, place(container, "RestartSec")))


def stop_timeout(container: Container) -> float:
    """Seconds that a guest has to shut down: TimeoutStopSec=, or systemd's own default."""
    said = _single(container, "TimeoutStopSec")
    return STOP_TIMEOUT if said is None else parse_duration(said, place(container, "TimeoutStopSec"))


def unit_lines(container: Container) -> list[str]:
    """The lines of the `[Unit]` section."""
    return [f"{key}={value}" for key, values in sorted(container.unit_config.items()) for value in values]


def service_lines(container: Container, limits: frozenset[str]) -> list[str]:
    """The lines of the `[Service]` section that are neither `limits` nor ours to say."""
    return [
        f"{key}={value}"
        for key, values in sorted(container.service_config.items())
        if key not in limits and key not in _OURS and key != "TimeoutStartSec"
        for value in values
    ]


def without_effect(container: Container, limits: frozenset[str], *, systemd: bool) -> list[str]:
    """A sentence for everything that is said about the unit and has no effect on this host."""
    said = [place(container, key) for key in sorted(container.service_config) if key in _OURS]
    said += [f'systemd.services."container@{container.name}".{key}' for key in container.unit_other]
    found = [f"{path} has no effect: the container's unit is made by this program" for path in said]
    if systemd:
        return found
    said = [place(container, key) for key in sorted(container.service_config) if key not in limits and key not in _EVERYWHERE | _OURS]
    said += [place(container, key, "unitConfig") for key in sorted(container.unit_config)]
    return found + [f"{path} has no effect on this host, where systemd is not the init" for path in said]
