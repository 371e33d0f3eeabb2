"""Jobs in processes of their own: order, bounds, failures, Ctrl-C."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from nixos_containers.base.errors import ContainerError
from nixos_containers.run.jobs import Job, run_jobs

SOURCE = Path(__file__).parents[2] / "src"


def note(log: Path, name: str, *, seconds: float = 0.0, failing: bool = False) -> None:
    with log.open("a") as file:
        file.write(f"+{name}\n")
    time.sleep(seconds)
    if failing:
        raise ContainerError(f"container ‘{name}’ did not start", hint="look", details="its log", exit_code=3)
    with log.open("a") as file:
        file.write(f"-{name}\n")


def job(log: Path, name: str, *, after: set[int] = frozenset(), needs: set[int] = frozenset(), **how: object) -> Job:  # type: ignore[assignment]
    return Job(name, lambda: note(log, name, **how), frozenset(after), frozenset(needs), verb="started")  # type: ignore[arg-type]


def test_jobs_wait_for_those_before_them_and_run_beside_the_others(tmp_path: Path) -> None:
    log = tmp_path / "log"
    began = time.monotonic()
    run_jobs([job(log, "a", seconds=1), job(log, "b", seconds=1), job(log, "c", after={0, 1})], limit=4)
    assert time.monotonic() - began < 1.9
    lines = log.read_text().split()
    assert lines[-2:] == ["+c", "-c"]
    assert set(lines[:2]) == {"+a", "+b"}


def test_no_more_than_the_limit_at_a_time(tmp_path: Path) -> None:
    log = tmp_path / "log"
    run_jobs([job(log, str(number), seconds=0.1) for number in range(9)], limit=3)
    now = most = 0
    for line in log.read_text().split():
        now += 1 if line[0] == "+" else -1
        most = max(most, now)
    assert most == 3


def test_what_needs_a_failed_one_is_left_out_and_the_rest_is_done(tmp_path: Path) -> None:
    log = tmp_path / "log"
    jobs = [job(log, "db", failing=True), job(log, "web", needs={0}), job(log, "log", after={0}), job(log, "top", needs={1})]
    with pytest.raises(ContainerError) as failure:
        run_jobs(jobs, limit=2)
    text = str(failure.value)
    assert "3 of 4 containers failed: db, web, top" in text
    assert "container ‘db’ did not start\nits log\nhint: look" in text
    assert "container ‘web’ was not started: it requires ‘db’, which failed" in text
    assert "container ‘top’ was not started: it requires ‘web’, which failed" in text
    assert failure.value.exit_code == 3
    assert log.read_text().split() == ["+db", "+log", "-log"]


def test_one_failure_is_told_as_it_is(tmp_path: Path) -> None:
    with pytest.raises(ContainerError) as failure:
        run_jobs([job(tmp_path / "log", "db", failing=True), job(tmp_path / "log", "web")], limit=2)
    assert (failure.value.what, failure.value.details, failure.value.hint) == ("container ‘db’ did not start", "its log", "look")


def test_a_killed_child_is_a_failure(tmp_path: Path) -> None:
    dying = Job("db", lambda: os.kill(os.getpid(), signal.SIGKILL))
    with pytest.raises(ContainerError, match="was killed"):
        run_jobs([dying, job(tmp_path / "log", "web")], limit=2)


SLOW = """
import os, sys, time
def print(*words, **_):
    os.write(1, (" ".join(words) + "\\n").encode())
sys.path.insert(0, {source!r})
from nixos_containers.run.jobs import Job, run_jobs
def work(name):
    try:
        print("began", name, flush=True)
        for _ in range(300):  # a signal between two calls is seen by the next
            time.sleep(0.1)
    except BaseException as failure:
        time.sleep(0.2)
        print("undone", name, type(failure).__name__, flush=True)
        raise
try:
    run_jobs([Job(n, lambda n=n: work(n)) for n in "ab"] + [Job("c", lambda: work("c"), frozenset({{0}}))], limit=2)
except KeyboardInterrupt:
    print("interrupted")
"""


@pytest.mark.parametrize("whole_group", [False, True])
def test_ctrl_c_lets_every_job_undo_what_it_began(whole_group: bool) -> None:
    """The signal comes from the terminal to all processes, or from `kill -INT` to one."""
    child = subprocess.Popen(
        [sys.executable, "-c", SLOW.format(source=str(SOURCE))], stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert child.stdout is not None
    assert {child.stdout.readline(), child.stdout.readline()} == {"began a\n", "began b\n"}
    (os.killpg if whole_group else os.kill)(child.pid, signal.SIGINT)
    output, _ = child.communicate(timeout=10)
    assert sorted(output.split("\n")[:2]) == ["undone a KeyboardInterrupt", "undone b KeyboardInterrupt"]
    assert output.endswith("interrupted\n")
    assert "began c" not in output
