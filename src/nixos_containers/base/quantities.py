"""Quantities as people read them: sizes, rates, spans of time. Not for JSON, which has plain numbers."""

from __future__ import annotations

_UNITS = ("B", "K", "M", "G", "T", "P")


def size(count: float | None) -> str:
    """Bytes with a binary unit, as `free -h` and systemd write them: `512B`, `9.1M`, `1.5G`; `-` for None."""
    if count is None:
        return "-"
    value, unit = float(count), 0
    while value >= 1024 and unit < len(_UNITS) - 1:
        value, unit = value / 1024, unit + 1
    return f"{value:.0f}{_UNITS[unit]}" if unit == 0 or value >= 100 else f"{value:.1f}{_UNITS[unit]}"


def percent(value: float | None) -> str:
    """`12.5%`; `-` for None."""
    return "-" if value is None else f"{value:.1f}%"


def pair(first: str, second: str) -> str:
    """Two values of one column: `1.0K / 2.0K`, or one `-` when there is neither."""
    return "-" if first == second == "-" else f"{first} / {second}"


def span(seconds: float | None) -> str:
    """A time span in its two largest units, as systemd writes it: `5s`, `3min 2s`, `2d 4h`; `-` for None."""
    if seconds is None:
        return "-"
    left = int(max(0, seconds))
    parts: list[str] = []
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60), ("s", 1)):
        if left >= length or (unit == "s" and not parts):
            parts.append(f"{left // length}{unit}")
            left %= length
        elif parts:
            break
    return " ".join(parts[:2])
