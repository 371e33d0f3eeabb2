"""What the dashboard shows and does: rows of containers with their recent past, their logs, and commands of ours. No Textual here."""

from __future__ import annotations

import os
import signal
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from ..base import process
from ..base.errors import ContainerError
from ..base.own import own_program
from ..observe import containers as observe
from ..observe import healthchecks
from ..observe.stats import Sampler, rates

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..base.paths import Paths

HISTORY = 120  # samples that a graph shows
GRAPHS = ("cpuPercent", "memory", "network", "io")
_LOG_LINES = "200"


class Log:
    """What a command of ours prints, as it comes. `close` ends it, from any thread."""

    def __init__(self, command: Sequence[str]) -> None:
        # Out of the terminal's reach: Ctrl-C there is a key like any other.
        self._process = process.spawn(command, stdout=process.PIPE, stderr=process.STDOUT, detach=True)

    def __iter__(self) -> Iterator[str]:
        """Whole lines, as many as there are at a time."""
        assert self._process.stdout is not None
        rest = b""
        while got := os.read(self._process.stdout.fileno(), 1 << 16):
            whole, newline, rest = (rest + got).rpartition(b"\n")
            if newline:
                yield whole.decode(errors="replace")
        if rest:
            yield rest.decode(errors="replace")
        self._process.wait()

    def close(self) -> None:
        """No more of it: who reads comes to the end."""
        if self._process.poll() is None:
            with suppress(ProcessLookupError):  # who reads has just waited for its end
                os.killpg(self._process.pid, signal.SIGTERM)


class Source:
    """The containers of this host, or those `wanted`."""

    def __init__(self, paths: Paths, wanted: tuple[str, ...] = ()) -> None:
        self._paths = paths
        self._wanted = frozenset(wanted)
        self._sampler = Sampler(paths)
        self._before = self._sampler.sample()
        self.history: dict[str, dict[str, deque[float]]] = {}

    def rows(self) -> list[dict[str, Any]]:
        """One row per container, in the order of their names; the history grows by one sample."""
        now = self._sampler.sample()
        found = []
        for name in observe.names(self._paths):
            if self._wanted and name not in self._wanted:
                continue
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

    def log(self, name: str, *, follow: bool) -> Log:
        """The end of the container's log, or why there is none; with `follow` also what it says from now on."""
        return Log(self.command("logs", name, "--lines", _LOG_LINES, *(["--follow"] if follow else [])))

    def act(self, verb: str, name: str) -> str:
        """Carry out `verb` for the container; what it said when it failed, or nothing."""
        done = process.run(self.command(verb, name), check=False)
        return "" if done.returncode == 0 else done.stderr.strip() or f"{verb} {name} failed with status {done.returncode}"
