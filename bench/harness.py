"""Measuring: interleaved runs, medians, ratios against a base, JSON and a table. Knows no containers."""

from __future__ import annotations

import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


class Skipped(Exception):
    """A contestant cannot run here; the text says why."""


def end(child: subprocess.Popen[bytes], *, seconds: float = 20) -> None:
    """End a container's nspawn as a supervisor does: asked first, killed when it does not listen."""
    child.send_signal(signal.SIGTERM)
    try:
        child.wait(seconds)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


@dataclass
class Contestant:
    """Something to time. `once` does the work once and returns its seconds, or raises Skipped."""

    name: str
    once: Callable[[], float]
    note: str = ""
    seconds: list[float] = field(default_factory=list)
    skipped: str = ""


@dataclass(frozen=True)
class Result:
    """One benchmark: what was compared, with the first contestant as the base of the ratios."""

    title: str
    contestants: list[Contestant]
    facts: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Every measurement, so that medians can be made again."""
        base = median(self.contestants[0])
        rows = []
        for contestant in self.contestants:
            middle = median(contestant)
            rows.append(
                {
                    "name": contestant.name,
                    "note": contestant.note,
                    "skipped": contestant.skipped or None,
                    "median": middle,
                    "ratio": round(middle / base, 2) if middle and base else None,
                    "seconds": [round(second, 4) for second in contestant.seconds],
                }
            )
        return {"title": self.title, "contestants": rows, "facts": self.facts}

    def table(self) -> str:
        """The same for people."""
        lines = [self.title]
        for row in self.as_json()["contestants"]:
            if row["skipped"]:
                lines.append(f"  {row['name']:<44} skipped: {row['skipped']}")
                continue
            seconds = row["seconds"]
            spread = f"{min(seconds) * 1000:.0f} to {max(seconds) * 1000:.0f}"
            lines.append(
                f"  {row['name']:<44} {row['median'] * 1000:>8.0f} ms   x{row['ratio'] or 0:<6.2f} ({spread} ms, {len(seconds)} runs)"
                + (f"  {row['note']}" if row["note"] else "")
            )
        lines += [f"  {name}: {value}" for name, value in self.facts.items()]
        return "\n".join(lines)


def median(contestant: Contestant) -> float | None:
    """The middle of the contestant's times, or None when it has none."""
    return round(statistics.median(contestant.seconds), 4) if contestant.seconds else None


def compete(title: str, contestants: list[Contestant], *, runs: int, warm: bool = True) -> Result:
    """Let everybody run `runs` times in turn, so that what else the machine does falls on all alike.

    With `warm` there is one round before that does not count.
    """
    for number in range(runs + warm):
        for contestant in contestants:
            if contestant.skipped:
                continue
            try:
                seconds = contestant.once()
            except Skipped as reason:
                contestant.skipped = str(reason)
                continue
            if number or not warm:
                contestant.seconds.append(seconds)
            print(f"  {contestant.name}: {seconds:.3f} s", file=sys.stderr)
    return Result(title, contestants)


def timed(work: Callable[[], object]) -> float:
    """Seconds that `work` takes."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun
