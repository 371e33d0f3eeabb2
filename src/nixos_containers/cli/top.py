"""`nixos-container top`: `stats` refreshed on a terminal."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

from ..base.errors import ContainerError
from ..base.paths import Paths
from ..base.quantities import percent, size
from ..observe.stats import Sampler, rates, sort_value
from .output import table
from .stats import COLUMNS, cells, interval, wanted_names

if TYPE_CHECKING:
    import curses

    from .parse import Arguments

_KEYS = {"c": "cpu", "m": "memory", "i": "io", "n": "network", "t": "tasks", "a": "name"}
_FIRST = 0.2  # seconds of the first interval, so that there is something to see at once


def run(arguments: Arguments) -> int:
    """Carry the verb out. Raises ContainerError where there is no terminal."""
    paths = Paths()
    names, seconds = wanted_names(paths, arguments.names), interval(arguments)
    if not (os.isatty(0) and os.isatty(1)):
        raise ContainerError("top needs a terminal", hint="nixos-container stats --watch")
    import curses

    try:
        curses.wrapper(lambda screen: _watch(screen, Sampler(paths), names, seconds, arguments.text("sort") or "cpu"))
    except curses.error as failure:
        raise ContainerError(f"this terminal (TERM={os.environ.get('TERM', '')}) cannot be drawn on: {failure}") from None
    except KeyboardInterrupt:
        pass
    return 0


def _watch(screen: curses.window, sampler: Sampler, names: list[str] | None, seconds: float, key: str) -> None:
    import curses

    try:
        curses.curs_set(0)
    except curses.error:
        pass  # a terminal that cannot hide its cursor
    before, due = sampler.sample(names), time.monotonic() + min(_FIRST, seconds)
    rows: list[dict[str, Any]] = []
    while True:
        screen.timeout(max(1, int((due - time.monotonic()) * 1000)))
        pressed = screen.getch()
        if pressed == ord("q"):
            return
        key = _KEYS.get(chr(pressed), key) if 0 <= pressed < 256 else key
        if time.monotonic() >= due:
            now = sampler.sample(names)
            rows = [rates(before.get(name), sample) for name, sample in now.items()]
            before, due = now, time.monotonic() + seconds
        _draw(screen, screen_lines(rows, key))


def screen_lines(rows: list[dict[str, Any]], key: str) -> list[str]:
    """What is on the screen: a line about all of them, an empty one, the table."""
    ordered = sorted(rows, key=lambda row: sort_value(row, key))
    cpu = sum(row["cpuPercent"] or 0 for row in rows)
    memory = sum(row["memory"] or 0 for row in rows)
    load = " ".join(f"{value:.2f}" for value in os.getloadavg())
    about = f"{time.strftime('%H:%M:%S')}  {len(rows)} up  CPU {percent(cpu)}  memory {size(memory)}  load {load}  by {key}"
    return [about + "  (q: quit, c m i n t a: sort)", "", *table(COLUMNS, [cells(row) for row in ordered]).splitlines()]


def _draw(screen: curses.window, lines: list[str]) -> None:
    import curses

    height, width = screen.getmaxyx()
    screen.erase()
    for number, line in enumerate(lines[:height]):
        screen.addnstr(number, 0, line, max(1, width - 1), curses.A_REVERSE if number == 2 else curses.A_NORMAL)
    screen.refresh()
