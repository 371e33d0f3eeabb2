"""`nixos-container stats [NAME...]`: what running containers use, once or again and again."""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING, Any

from ..base.durations import parse_duration
from ..base.errors import ContainerError, UsageError
from ..base.paths import Paths, check_name
from ..base.quantities import pair, percent, size
from ..observe import containers as observe
from ..observe.stats import Sampler, rates, sort_value
from .output import emit_json, table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .parse import Arguments

COLUMNS = ("NAME", "CPU", "MEMORY", "DISK READ / WRITTEN", "NET IN / OUT", "TASKS")
_INTERRUPTED = 130


def run(arguments: Arguments) -> int:
    """Carry the verb out."""
    paths = Paths()
    names = wanted_names(paths, arguments.names)
    seconds = interval(arguments)
    key = arguments.text("sort") or "name"
    count = arguments.text("count")
    if count is not None and (not count.isdigit() or count == "0"):
        raise UsageError(f"--count {count}: expected a number above 0")
    watch = arguments.flag("watch") or count is not None
    left = int(count) if count is not None else None
    try:
        for rows in samples(paths, names, seconds):
            rows.sort(key=lambda row: sort_value(row, key))
            _show(rows, as_json=arguments.json, watch=watch)
            left = None if left is None else left - 1
            if not watch or left == 0:
                return 0
    except KeyboardInterrupt:  # the way to end --watch
        return _INTERRUPTED
    return 0


def wanted_names(paths: Paths, given: Sequence[str]) -> list[str] | None:
    """The containers of the command line, or None for all; raises when one does not exist or, alone, does not run."""
    known = observe.names(paths)
    for name in given:
        if check_name(name) not in known:
            raise observe.NoSuchContainer(name, known)
    if given and all(observe.running(paths, name) is None for name in given):
        raise ContainerError(f"not running: {', '.join(given)}", hint=f"nixos-container start {given[0]}")
    return list(given) or None


def interval(arguments: Arguments) -> float:
    """The seconds of `--interval`. Raises UsageError when that is too short to measure anything."""
    seconds = parse_duration(arguments.text("interval") or "1s", "--interval")
    if seconds < 0.05:
        raise UsageError("--interval: at least 50ms")
    return seconds


def samples(paths: Paths, names: list[str] | None, seconds: float) -> Iterator[list[dict[str, Any]]]:
    """After every interval, one row per running container; the first interval begins now."""
    sampler = Sampler(paths)
    before, due = sampler.sample(names), time.monotonic()
    while True:
        due = max(due + seconds, time.monotonic())
        time.sleep(max(0.0, due - time.monotonic()))
        now = sampler.sample(names)
        yield [rates(before.get(name), sample) for name, sample in now.items()]
        before = now


def cells(row: dict[str, Any]) -> list[str]:
    """One row of the table."""
    return [
        row["name"],
        percent(row["cpuPercent"]),
        size(row["memory"]) + (f" / {size(row['memoryMax'])}" if row["memoryMax"] is not None else ""),
        pair(_rate(row["ioReadPerSecond"]), _rate(row["ioWrittenPerSecond"])),
        pair(_rate(row["networkReceivedPerSecond"]), _rate(row["networkSentPerSecond"])),
        ("-" if row["tasks"] is None else str(row["tasks"])) + (f" / {row['tasksMax']}" if row["tasksMax"] is not None else ""),
    ]


def _rate(value: float | None) -> str:
    return "-" if value is None else f"{size(value)}/s"


def _show(rows: list[dict[str, Any]], *, as_json: bool, watch: bool) -> None:
    if as_json and watch:
        stamp = round(time.time(), 3)
        for row in rows:
            sys.stdout.write(json.dumps({"time": stamp, **row}, sort_keys=True) + "\n")
    elif as_json:
        emit_json(rows)
    else:
        if watch and sys.stdout.isatty():
            sys.stdout.write("\x1b[H\x1b[J")
        print(table(COLUMNS, [cells(row) for row in rows]))
    sys.stdout.flush()
