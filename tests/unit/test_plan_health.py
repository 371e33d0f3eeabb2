"""Health checks: what is run, what is refused, and the script's states, with a shell and processes of the tests' own."""

from __future__ import annotations

import json
import shlex
import subprocess
import time
from pathlib import Path

import pytest

from nixos_containers.base.errors import DefinitionError
from nixos_containers.declare.container import HealthCheck
from nixos_containers.observe import healthchecks
from nixos_containers.observe.healthchecks import Check, overall
from nixos_containers.plan.health import attempt, health_script

from .samples import BUSYBOX, container


@pytest.mark.parametrize(
    ("check", "command"),
    [
        (HealthCheck(command="a && b"), ["/bin/sh", "-c", "a && b"]),
        (HealthCheck(unit="nginx.service"), ["systemctl", "is-active", "--quiet", "--", "nginx.service"]),
        (HealthCheck(tcp=80), [BUSYBOX, "nc", "-w", "5", "localhost", "80", "-e", BUSYBOX, "true"]),
        (HealthCheck(tcp="[::1]:80", timeout="2s"), [BUSYBOX, "nc", "-w", "2", "::1", "80", "-e", BUSYBOX, "true"]),
        (HealthCheck(http="http://localhost/"), [BUSYBOX, "wget", "-q", "-O", "/dev/null", "--", "http://localhost/"]),
    ],
)
def test_each_kind_is_one_command(check: HealthCheck, command: list[str]) -> None:
    assert attempt(check, "here", busybox=BUSYBOX) == command


@pytest.mark.parametrize(
    ("check", "said"),
    [
        (HealthCheck(), "healthChecks.main: exactly one of command, http, tcp, unit is needed, not none"),
        (HealthCheck(tcp=1, unit="a"), "not tcp and unit"),
        (HealthCheck(tcp="http"), "healthChecks.main.tcp: ‘http’ is not a port"),
        (HealthCheck(http="localhost"), "healthChecks.main.http: ‘localhost’ is not an address"),
        (HealthCheck(unit="a", interval="soon"), "healthChecks.main.interval: ‘soon’ is not a time span"),
        (HealthCheck(unit="a", interval="0"), "healthChecks.main.interval: ‘0’ is too short"),
    ],
)
def test_what_is_refused_names_the_option(check: HealthCheck, said: str) -> None:
    with pytest.raises(DefinitionError, match=said.replace(".", r"\.")):
        health_script(container(health_checks={"main": check}), state="/run/s", busybox=BUSYBOX, events="", systemd_unit=None)


def test_names_become_files() -> None:
    with pytest.raises(DefinitionError, match="not a name for a check"):
        health_script(container(health_checks={"../x": HealthCheck(unit="a")}), state="/s", busybox="b", events="", systemd_unit=None)


def test_no_checks_no_script() -> None:
    assert health_script(container(), state="/run/s", busybox=BUSYBOX, events="", systemd_unit=None) is None


def started(tmp_path: Path, check: HealthCheck) -> tuple[subprocess.Popen[bytes], subprocess.Popen[bytes]]:
    """A process in nspawn's place, and the script at work on it; attempts run here instead of in a guest."""
    text = health_script(
        container(health_checks={"main": check}), state=str(tmp_path), busybox="busybox", events=str(tmp_path / "events"), systemd_unit=None
    )
    assert text is not None
    enters = '"$enter" $spaces --target="$leader" -- "$@"'
    assert enters in text
    text = text.replace(enters, 'env PATH=/usr/bin:/bin "$@"').replace("find_leader || return 1", "leader=$$")
    (tmp_path / "health").write_text(text)
    nspawn = subprocess.Popen(["sleep", "60"])
    return nspawn, subprocess.Popen(["/bin/sh", str(tmp_path / "health"), str(nspawn.pid)])


def events(tmp_path: Path) -> list[str]:
    try:
        lines = (tmp_path / "events").read_text().splitlines()
    except FileNotFoundError:
        return []
    return [json.loads(line)["health"] for line in lines]


def until(tmp_path: Path, wanted: list[str]) -> None:
    deadline = time.monotonic() + 10
    while events(tmp_path) != wanted:
        assert time.monotonic() < deadline, events(tmp_path)
        time.sleep(0.02)


def test_states_follow_the_attempts_and_end_with_the_container(tmp_path: Path) -> None:
    flag = tmp_path / "flag"
    nspawn, script = started(
        tmp_path, HealthCheck(command=f"test -e {shlex.quote(str(flag))}", interval="100ms", retries=2, start_period="0")
    )
    try:
        until(tmp_path, ["unhealthy"])
        flag.touch()
        until(tmp_path, ["unhealthy", "healthy"])
        state, _, failed, _ = (tmp_path / "health.d" / "main").read_text().split()
        assert (state, failed) == ("healthy", "0")
    finally:
        nspawn.kill()
        nspawn.wait()
    assert script.wait(timeout=5) == 0, "it needs nobody to end it"


def test_failures_do_not_count_in_the_start_period(tmp_path: Path) -> None:
    nspawn, script = started(tmp_path, HealthCheck(command="false", interval="100ms", retries=1, start_period="30s"))
    try:
        time.sleep(0.5)
        assert events(tmp_path) == []
        words = [(tmp_path / "health.d" / "main").read_text().split() for _ in range(5)]
        assert {line[0] for line in words if line} <= {"starting"}, "empty while it is being written"
    finally:
        nspawn.kill()
        nspawn.wait()
        script.wait(timeout=5)


def test_an_attempt_that_hangs_has_failed(tmp_path: Path) -> None:
    check = HealthCheck(command="sleep 47 & sleep 47", interval="100ms", timeout="300ms", retries=1, start_period="0", action="stop")
    nspawn, script = started(tmp_path, check)
    try:
        until(tmp_path, ["unhealthy"])
        assert nspawn.wait(timeout=5) == -15 and (tmp_path / "stopping").exists(), "the action: it is told to shut down"
    finally:
        nspawn.kill()
        nspawn.wait()
        script.wait(timeout=5)
    left = subprocess.run(["pgrep", "-f", "^sleep 47$"], capture_output=True, text=True, check=False).stdout
    assert left == "", "all of the attempt's processes ended"


def test_the_worst_check_counts() -> None:
    assert overall({}) is None
    assert overall({"a": Check("healthy"), "b": Check("starting")}) == "starting"
    assert overall({"a": Check("unhealthy"), "b": Check("starting"), "c": Check("healthy")}) == "unhealthy"


def test_a_result_that_is_too_old_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    check = HealthCheck(unit="a", interval="1min", timeout="5s")
    monkeypatch.setattr(healthchecks.time, "time", lambda: 10_000.0)
    assert not healthchecks._is_silent(check, healthchecks.Check("healthy", 1.0, 0, 10_000.0 - 180))
    assert healthchecks._is_silent(check, healthchecks.Check("healthy", 1.0, 0, 10_000.0 - 190))
    assert not healthchecks._is_silent(check, healthchecks.Check("starting")), "it has not been made yet"
