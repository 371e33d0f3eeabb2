"""The dashboard, driven by Textual's own pilot: no terminal, no containers."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest

pytest.importorskip("textual", reason="the optional library of the dashboard is not installed: make test-setup")

from textual.pilot import Pilot
from textual.widgets import DataTable, RichLog, Sparkline

from nixos_containers.ui.app import Dashboard
from nixos_containers.ui.source import GRAPHS

# With the end of a guest's console in it, who writes what it likes.
FAILED = "it failed: [FAILED] unit [@click=app.quit]here[/] [/none \x1b]0;title"


class FakeLog:
    def __init__(self, texts: list[str]) -> None:
        self.texts = texts
        self.closed = False

    def __iter__(self) -> Iterator[str]:
        return iter(self.texts)

    def close(self) -> None:
        self.closed = True


class Fake:
    """Two containers; remembers what was asked of it."""

    def __init__(self) -> None:
        self.names = ["db", "web"]
        self.up = {"web"}
        self.done: list[tuple[str, str]] = []
        self.logs: list[FakeLog] = []
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

    def log(self, name: str, *, follow: bool) -> FakeLog:
        self.logs.append(FakeLog([f"log of {name}, {'going on' if follow else 'at its end'}\n\x1b[2J\x1bcnot a command\r"]))
        return self.logs[-1]

    def act(self, verb: str, name: str) -> str:
        self.done.append((verb, name))
        if verb == "start":
            self.up.add(name)
        return "" if verb == "start" else FAILED

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
        await until(pilot, lambda: bool(log.lines) and log.lines[0].text == "log of db, at its end")
        await pilot.press("down")
        await until(pilot, lambda: bool(log.lines) and log.lines[0].text == "log of web, going on")
        assert log.lines[1].text == "\N{REPLACEMENT CHARACTER}cnot a command"
        await pilot.press("up")
        await until(pilot, lambda: log.lines[0].text == "log of db, at its end" if log.lines else False)
        source.up.add("db")
        await until(pilot, lambda: log.lines[0].text == "log of db, going on" if log.lines else False)
        assert [log.closed for log in source.logs] == [True, True, True, False]

    drive(story)


def test_keys_act_on_the_chosen_one_and_failures_are_shown() -> None:
    async def story(pilot: Pilot[None], app: Dashboard, source: Fake) -> None:
        await pilot.press("s")
        await until(pilot, lambda: source.done == [("start", "db")])
        table = app.query_one("#table", DataTable)
        await until(pilot, lambda: table.get_row("db")[1] == "up")
        await pilot.press("down", "x")
        await until(pilot, lambda: ("stop", "web") in source.done)
        await until(
            pilot,
            lambda: any(
                (note.message, note.markup) == (FAILED.replace("\x1b", "\N{REPLACEMENT CHARACTER}"), False) for note in app._notifications
            ),
        )
        await pilot.press("q")
        assert not app.is_running or app._exit

    drive(story)


def test_a_small_window_shows_all_graphs() -> None:
    async def story(pilot: Pilot[None], app: Dashboard, source: Fake) -> None:
        bottom = app.query_one("#graph-io", Sparkline)
        assert bottom.region.height == 2
        await pilot.resize_terminal(80, 24)
        await until(pilot, lambda: bottom.region.height == 1 and app.screen.region.contains_region(bottom.region))
        assert bottom.region.bottom <= 23, "above the keys"

    drive(story)
