"""What the dashboard shows and does: rows of containers with their recent past, their logs, and commands of ours. No Textual here."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from ..base import process
from ..base.errors import ContainerError
from ..base.own import own_program
from ..observe import containers as observe
from ..observe import healthchecks
from ..observe.stats import Sampler, rates

if TYPE_CHECKING:
    from ..base.paths import Paths

HISTORY = 120  # samples that a graph shows
GRAPHS = ("cpuPercent", "memory", "network", "io")
_LOG_LINES = "200"
_LOG_SECONDS = 10.0


class Source:
    """The containers of this host."""

    def __init__(self, paths: Paths) -> None:
        self._paths = paths
        self._sampler = Sampler(paths)
        self._before = self._sampler.sample()
        self.history: dict[str, dict[str, deque[float]]] = {}

    def rows(self) -> list[dict[str, Any]]:
        """One row per container, in the order of their names; the history grows by one sample."""
        now = self._sampler.sample()
        found = []
        for name in observe.names(self._paths):
            row: dict[str, Any] = {"name": name, "state": "up" if name in now else "down", "health": None}
            if name in now:
                row |= rates(self._before.get(name), now[name])
                row["health"] = self._health(name)
            self._remember(name, row)
            found.append(row)
        self.history = {row["name"]: self.history[row["name"]] for row in found}
        self._before = now
        return found

    def _health(self, name: str) -> str | None:
        try:
            return healthchecks.health(self._paths, observe.record(self._paths, name).container)
        except ContainerError:
            return None

    def _remember(self, name: str, row: dict[str, Any]) -> None:
        past = self.history.setdefault(name, {graph: deque(maxlen=HISTORY) for graph in GRAPHS})
        network = (row.get("networkReceivedPerSecond") or 0) + (row.get("networkSentPerSecond") or 0)
        disk = (row.get("ioReadPerSecond") or 0) + (row.get("ioWrittenPerSecond") or 0)
        values = {"cpuPercent": row.get("cpuPercent"), "memory": row.get("memory"), "network": network, "io": disk}
        for graph in GRAPHS:
            past[graph].append(float(values[graph] or 0))

    def command(self, *words: str) -> list[str]:
        """The argv of a command of ours."""
        return [*own_program(), *words]

    def log(self, name: str) -> str:
        """The end of the container's log, or why there is none."""
        try:
            done = process.run(self.command("logs", name, "--lines", _LOG_LINES), check=False, timeout=_LOG_SECONDS)
        except ContainerError as failure:
            return str(failure)
        return done.stdout or done.stderr

    def act(self, verb: str, name: str) -> str:
        """Carry out `verb` for the container; what it said when it failed, or nothing."""
        done = process.run(self.command(verb, name), check=False)
        return "" if done.returncode == 0 else done.stderr.strip() or f"{verb} {name} failed with status {done.returncode}"
