"""The dashboard, driven by Textual's own pilot: no terminal, no containers."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

pytest.importorskip("textual", reason="the optional library of the dashboard is not installed: make test-setup")

from textual.pilot import Pilot
from textual.widgets import DataTable, RichLog, Sparkline

from nixos_containers.ui.app import Dashboard
from nixos_containers.ui.source import GRAPHS


class Fake:
    """Two containers; remembers what was asked of it."""

    def __init__(self) -> None:
        self.names = ["db", "web"]
        self.up = {"web"}
        self.done: list[tuple[str, str]] = []
        self.samples = 0
        self.history: dict[str, dict[str, deque[float]]] = {}

    def rows(self) -> list[dict[str, Any]]:
        self.samples += 1
        found = []
        for name in self.names:
            row: dict[str, Any] = {"name": name, "state": "up" if name in self.up else "down", "health": None}
            if name in self.up:
                row |= {"cpuPercent": 12.5, "memory": 5 << 20, "networkReceivedPerSecond": 0.0, "networkSentPerSecond": 0.0, "tasks": 7}
                row |= {"started": 0.0, "health": "healthy"}
            past = self.history.setdefault(name, {graph: deque() for graph in GRAPHS})
            for graph in GRAPHS:
                past[graph].append(float(self.samples))
            found.append(row)
        return found

    def log(self, name: str) -> str:
        return f"log of {name}\n\x1b[2Jnot a command"

    def act(self, verb: str, name: str) -> str:
        self.done.append((verb, name))
        if verb == "start":
            self.up.add(name)
        return "" if verb == "start" else "it failed"

    def command(self, *words: str) -> list[str]:
        return ["true", *words]


def drive(story: Callable[[Pilot[None], Dashboard, Fake], Awaitable[None]]) -> None:
    async def run() -> None:
        source = Fake()
        app = Dashboard(source, interval=0.05)  # type: ignore[arg-type]
        async with app.run_test(size=(120, 40)) as pilot:
            await pilot.pause()
            await story(pilot, app, source)

    asyncio.run(run())


async def until(pilot: Pilot[None], check: Callable[[], bool]) -> None:
    for _ in range(100):
        if check():
            return
        await pilot.pause(0.05)
    raise AssertionError("it did not happen")


def test_it_shows_all_containers_and_refreshes_them() -> None:
    async def story(pilot: Pilot[None], app: Dashboard, source: Fake) -> None:
        table = app.query_one("#table", DataTable)
        assert [table.get_row("web")[:5], table.get_row("db")[:2]] == [["web", "up", "healthy", "12.5%", "5.0M"], ["db", "down"]]
        assert app.sub_title == "1 of 2 up, CPU 12.5%, memory 5.0M"
        source.names = ["new", "web"]
        await until(pilot, lambda: {row.value for row in table.rows} == {"new", "web"})
        assert len(list(app.query_one("#graph-memory", Sparkline).data or ())) > 1

    drive(story)


def test_the_log_is_that_of_the_chosen_one_and_commands_no_terminal() -> None:
    async def story(pilot: Pilot[None], app: Dashboard, source: Fake) -> None:
        log = app.query_one("#log", RichLog)
        await until(pilot, lambda: bool(log.lines) and log.lines[0].text == "log of db")
        await pilot.press("down")
        await until(pilot, lambda: bool(log.lines) and log.lines[0].text == "log of web")
        assert "\x1b" not in log.lines[1].text

    drive(story)


def test_keys_act_on_the_chosen_one_and_failures_are_shown() -> None:
    async def story(pilot: Pilot[None], app: Dashboard, source: Fake) -> None:
        await pilot.press("s")
        await until(pilot, lambda: source.done == [("start", "db")])
        table = app.query_one("#table", DataTable)
        await until(pilot, lambda: table.get_row("db")[1] == "up")
        await pilot.press("down", "x")
        await until(pilot, lambda: ("stop", "web") in source.done)
        await until(pilot, lambda: any(note.message == "it failed" for note in app._notifications))
        await pilot.press("q")
        assert not app.is_running or app._exit

    drive(story)
