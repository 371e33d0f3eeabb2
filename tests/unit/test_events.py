"""Events: lines that Python and the launcher's shell write alike, read back, filtered and followed across a rotation."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from nixos_containers.base.errors import UsageError
from nixos_containers.base.paths import Paths
from nixos_containers.cli.events import parse_since
from nixos_containers.main import main
from nixos_containers.observe import events
from nixos_containers.plan.events import KINDS, end_lines, event_function, oom_function, unit_end_lines
from nixos_containers.run import events as writing


def shell(*lines: str, env: dict[str, str] | None = None, cwd: Path | None = None) -> None:
    subprocess.run(["/bin/sh", "-uc", "\n".join(lines)], check=True, env={"PATH": "/usr/bin:/bin", **(env or {})}, cwd=cwd)


def test_what_python_and_the_shell_write_reads_alike(tmp_path: Path) -> None:
    paths = Paths(str(tmp_path))
    writing.emit(paths, "ready", "web", seconds=0.25)
    shell(*event_function(paths.events, "web-2"), "event stop", "event died ',\"status\":1'")
    first, second, third = events.past(paths)
    assert (first["event"], first["container"], first["seconds"]) == ("ready", "web", 0.25)
    assert (second["event"], second["container"]) == ("stop", "web-2")
    assert (third["event"], third["status"]) == ("died", 1)
    assert 0 <= events.moment(second) - events.moment(first) + 1 < 60
    assert {"ready", "stop", "died"} <= KINDS.keys()


def test_no_file_no_events(tmp_path: Path) -> None:
    shell(*event_function("", "web"), "event stop", cwd=tmp_path)
    assert not list(tmp_path.iterdir()) and not list(events.past(Paths(str(tmp_path))))


def test_lines_that_are_no_events_are_passed_over(tmp_path: Path) -> None:
    paths = Paths(str(tmp_path))
    writing.emit(paths, "stop", "web")
    with open(paths.events, "a", encoding="ascii") as file:
        file.write('{"half": \n[]\n{"time": 7, "event": "x", "container": "web"}\n')
    assert [event["event"] for event in events.past(paths)] == ["stop", "x"]
    assert [events.moment(event) for event in events.past(paths)][1] == 0.0


@pytest.mark.parametrize(
    ("status", "stopping", "event"),
    [
        ("0", False, {"event": "stop"}),
        ("1", True, {"event": "stop"}),
        ("137", False, {"event": "died", "status": 137}),
        ("unknown", False, {"event": "died", "status": None}),
    ],
)
def test_how_a_run_ended(tmp_path: Path, status: str, stopping: bool, event: dict[str, object]) -> None:
    if stopping:
        (tmp_path / "stopping").touch()
    shell(*event_function(str(tmp_path / "events"), "web"), f"status={status}", *end_lines(), cwd=tmp_path)
    (found,) = [json.loads(line) for line in (tmp_path / "events").read_text().splitlines()]
    assert {key: value for key, value in found.items() if key not in ("time", "container")} == event


@pytest.mark.parametrize(
    ("result", "status", "event"),
    [
        ("success", "0", "stop"),
        ("exit-code", "133", "reboot"),
        ("success", "133", "reboot"),
        ("exit-code", "1", "died"),
        ("signal", "KILL", "died"),
        ("", "", "died"),
    ],
)
def test_how_a_unit_ended(tmp_path: Path, result: str, status: str, event: str) -> None:
    env = {"SERVICE_RESULT": result, "EXIT_STATUS": status} if result else {}
    shell(*event_function(str(tmp_path / "events"), "web"), *unit_end_lines(133), env=env)
    assert json.loads((tmp_path / "events").read_text())["event"] == event


def test_kills_for_want_of_memory_are_told_once(tmp_path: Path) -> None:
    counter = tmp_path / "memory.events"
    counter.write_text("oom 9\noom_kill 2\n")
    function = [*event_function(str(tmp_path / "events"), "web"), *oom_function([str(counter), str(tmp_path / "none")])]
    shell(*function, "oom; oom", f"echo 'oom_kill 5' > {counter}", "oom")
    assert [json.loads(line)["count"] for line in (tmp_path / "events").read_text().splitlines()] == [2, 3]


def test_the_file_is_rotated_and_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = Paths(str(tmp_path))
    following = events.follow(paths)
    assert next(following) is None
    monkeypatch.setattr(events, "_PAUSE", 0)
    monkeypatch.setattr(writing, "_MOST_BYTES", 150)
    seen = []
    for number in range(6):
        writing.emit(paths, "switch", "web", system=str(number))
        while (event := next(following)) is None:
            pass
        seen.append(event["system"])
    assert seen == list("012345")
    assert Path(paths.events + ".1").exists()
    assert list(events.past(paths))[-1]["system"] == "5"


def test_since() -> None:
    assert parse_since("10min", 1000.0) == 400.0 and parse_since("10min ago", 1000.0) == 400.0
    assert parse_since("1970-01-01T00:00:10+00:00", 1000.0) == 10.0
    with pytest.raises(UsageError, match="yesterday"):
        parse_since("yesterday", 0)


def test_a_kind_that_there_is_not_is_refused_and_not_waited_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["events", "-f", "-e", "oom", "-e", "crashed"]) == 1
    said = capsys.readouterr().err
    assert "--event crashed: there is no such event" in said and "died" in said
