"""The dashboard itself: a table of containers, graphs and the log of the chosen one, and keys to act on it."""

from __future__ import annotations

import re
import sys
import time
from typing import TYPE_CHECKING, Any, ClassVar

from textual import work
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import DataTable, Footer, Header, RichLog, Sparkline, Static

from ..base import process
from ..base.quantities import percent, size, span
from ..base.stranger import plain
from ..observe.processes import printable

if TYPE_CHECKING:
    from .source import Log, Source

_COLUMNS = ("NAME", "STATE", "HEALTH", "CPU", "MEMORY", "NET IN", "NET OUT", "TASKS", "UP")
# What a guest's console has between its words (ECMA-48): not for this screen, where it would only be in the way.
_COLOUR = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_GRAPHS = {"cpuPercent": "CPU", "memory": "memory", "network": "network", "io": "disk"}


class Dashboard(App[None]):
    """All containers of the host, refreshed every `interval` seconds."""

    TITLE = "containers"
    CSS = """
    DataTable { height: 1fr; }
    #detail { height: 1fr; border-top: solid $primary; }
    #graphs { width: 36; padding: 0 1; }
    Sparkline { height: 2; margin-bottom: 1; }
    RichLog { width: 1fr; }
    .-low Sparkline { height: 1; margin-bottom: 0; }
    """
    # Windows with fewer lines have room for flat graphs only.
    VERTICAL_BREAKPOINTS = [(0, "-low"), (32, "-high")]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q", "quit", "Quit"),
        Binding("s", "act('start')", "Start"),
        Binding("x", "act('stop')", "Stop"),
        Binding("r", "act('restart')", "Restart"),
        Binding("l", "log", "Log"),
        Binding("e", "shell", "Shell"),
    ]

    def __init__(self, source: Source, *, interval: float = 1.0) -> None:
        super().__init__()
        self._source = source
        self._interval = interval
        self._rows: dict[str, dict[str, Any]] = {}
        self._shown: tuple[str, str] | None = None  # whose log, and the state that it was in
        self._reader: Log | None = None

    def compose(self) -> ComposeResult:
        yield Header(show_clock=True)
        yield DataTable(id="table", cursor_type="row", zebra_stripes=True)
        with Horizontal(id="detail"):
            with Vertical(id="graphs"):
                for graph in _GRAPHS:
                    yield Static(id=f"label-{graph}")
                    yield Sparkline([], id=f"graph-{graph}")
            yield RichLog(id="log", wrap=True, min_width=0, markup=False, highlight=False)
        yield Footer()

    def on_mount(self) -> None:
        table = self.query_one("#table", DataTable)
        for column in _COLUMNS:
            table.add_column(column, key=column)
        table.focus()
        self.measure()
        self.set_interval(self._interval, self.measure)

    def measure(self) -> None:
        """Take a sample and show it."""
        if not self.query("#table"):
            return  # it is ending
        rows = self._source.rows()
        table = self.query_one("#table", DataTable)
        found = {row["name"]: row for row in rows}
        for gone in self._rows.keys() - found.keys():
            table.remove_row(gone)
        for name, row in found.items():
            cells = _cells(row)
            if name not in self._rows:
                table.add_row(*cells, key=name)
            else:
                for column, cell in zip(_COLUMNS, cells, strict=True):
                    table.update_cell(name, column, cell, update_width=True)
        self._rows = found
        name = self.chosen()
        if name is not None and self._shown != (name, found[name]["state"]):
            self.action_log()
        up = [row for row in rows if row["state"] == "up"]
        cpu = sum(row.get("cpuPercent") or 0 for row in up)
        self.sub_title = f"{len(up)} of {len(rows)} up, CPU {percent(cpu)}, memory {size(sum(row.get('memory') or 0 for row in up))}"
        self._draw_graphs()

    def chosen(self) -> str | None:
        """The name of the container that the cursor is on."""
        table = self.query_one("#table", DataTable)
        if not table.row_count:
            return None
        return table.coordinate_to_cell_key(table.cursor_coordinate).row_key.value

    def _draw_graphs(self) -> None:
        name = self.chosen()
        past = self._source.history.get(name or "", {})
        for graph, title in _GRAPHS.items():
            values = list(past.get(graph, ()))
            last = values[-1] if values else None
            text = percent(last) if graph == "cpuPercent" else size(last) + ("/s" if graph in ("network", "io") and values else "")
            self.query_one(f"#label-{graph}", Static).update(f"{title} {text}")
            self.query_one(f"#graph-{graph}", Sparkline).data = values

    def on_data_table_row_highlighted(self, event: DataTable.RowHighlighted) -> None:
        """The cursor moved: show that container."""
        if event.row_key is not None and (self._shown is None or event.row_key.value != self._shown[0]):
            self._draw_graphs()
            self.action_log()

    def action_log(self) -> None:
        """Show the end of the chosen container's log, and what comes while it runs."""
        name = self.chosen()
        if name is None or name not in self._rows:
            return
        self._shown = (name, self._rows[name]["state"])
        self._close_log()
        self._reader = self._source.log(name, follow=self._shown[1] == "up")
        self.query_one("#log", RichLog).clear()
        self._read_log(self._reader)

    @work(thread=True, group="log")
    def _read_log(self, log: Log) -> None:
        for text in log:
            if log is not self._reader:
                return  # the cursor has moved on
            self.call_from_thread(self._show_log, log, text)

    def _show_log(self, log: Log, text: str) -> None:
        if log is self._reader:
            for line in text.split("\n"):
                self.query_one("#log", RichLog).write(printable(_COLOUR.sub("", line.rstrip("\r"))))

    def _close_log(self) -> None:
        if self._reader is not None:
            self._reader.close()
        self._reader = None

    def on_unmount(self) -> None:
        """The dashboard ends: nothing of it stays."""
        self._close_log()

    def action_act(self, verb: str) -> None:
        """Start, stop or restart the chosen container, in the background."""
        name = self.chosen()
        if name is not None:
            self.notify(f"{verb} {name}")
            self._act(verb, name)

    @work(thread=True, group="act")
    def _act(self, verb: str, name: str) -> None:
        said = self._source.act(verb, name)
        if said:
            self.call_from_thread(self.notify, plain(said), severity="error", timeout=10, markup=False)
        self.call_from_thread(self.measure)

    def action_shell(self) -> None:
        """Root's shell in the chosen container, on the whole terminal, until it ends."""
        name = self.chosen()
        if name is None or self._rows.get(name, {}).get("state") != "up":
            self.notify("it is not running", severity="warning")
            return
        with self.suspend():
            sys.stdout.write(f"\x1b[H\x1b[J{name}: root's shell; ‘exit’ brings the dashboard back\n")
            sys.stdout.flush()
            process.interactive(self._source.command("root-login", name))
        self.refresh()


def _cells(row: dict[str, Any]) -> list[str]:
    started = row.get("started")
    rate = {key: size(row[key]) + "/s" if row.get(key) is not None else "-" for key in ("networkReceivedPerSecond", "networkSentPerSecond")}
    return [
        row["name"],
        row["state"],
        row["health"] or "-",
        percent(row.get("cpuPercent")),
        size(row.get("memory")),
        rate["networkReceivedPerSecond"],
        rate["networkSentPerSecond"],
        str(row.get("tasks") or "-"),
        span(None if started is None else time.time() - started),
    ]
