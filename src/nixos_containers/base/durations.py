"""Time spans as systemd writes them (systemd.time(7)): `90`, `1min`, `1min 30s`, `500ms`."""

from __future__ import annotations

import re

from .errors import DefinitionError

_SECONDS = {
    **dict.fromkeys(("", "s", "sec", "second", "seconds"), 1.0),
    **dict.fromkeys(("ms", "msec"), 0.001),
    **dict.fromkeys(("us", "usec", "µs"), 0.000001),
    **dict.fromkeys(("m", "min", "minute", "minutes"), 60.0),
    **dict.fromkeys(("h", "hr", "hour", "hours"), 3600.0),
    **dict.fromkeys(("d", "day", "days"), 86400.0),
    **dict.fromkeys(("w", "week", "weeks"), 604800.0),
}
_PART = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([a-zµ]*)\s*")


def parse_duration(text: str, where: str = "the time span") -> float:
    """Seconds in `text`; `infinity` counts as a year. Raises DefinitionError."""
    if text.strip() == "infinity":
        return 365 * 86400.0
    total, position = 0.0, 0
    while position < len(text):
        part = _PART.match(text, position)
        if part is None or part[2] not in _SECONDS:
            raise DefinitionError(f"{where}: ‘{text}’ is not a time span", hint="write seconds, or for example 1min 30s")
        total += float(part[1]) * _SECONDS[part[2]]
        position = part.end()
    if not text.strip():
        raise DefinitionError(f"{where} is empty", hint="write seconds, or for example 1min 30s")
    return total
