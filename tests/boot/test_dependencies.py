"""Containers that depend on one another: who is started with whom, in which order, and what a failure means for the others."""

from __future__ import annotations

import re
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from .conftest import Host, wait_until

# nctdb is slow to become ready; nctlone has nothing to do with the others.
DEFINITION = """
let
  small = { system.stateVersion = "23.11"; };
  slow = seconds: {
    systemd.services.slow = {
      wantedBy = [ "multi-user.target" ];
      before = [ "multi-user.target" ];
      serviceConfig.Type = "oneshot";
      serviceConfig.ExecStart = "/usr/bin/sleep ${toString seconds}";
    };
  };
in
{
  containers.nctdb = { config.imports = [ small (slow SECONDS) ]; TMPFS timeoutStartSec = TIMEOUT; };
  containers.nctapp = { config = small; requires = [ "nctdb" ]; wants = [ "nctwish" ]; autoStart = AUTO; };
  containers.nctweb = { config = small; requires = [ "nctapp" ]; EXTRA };
  containers.nctwish = { config = small; };
  containers.nctlone = { config = small; autoStart = AUTO; };
}
"""
ALL = {"nctdb", "nctapp", "nctweb", "nctwish", "nctlone"}


def definition(*, seconds: float = 0.7, timeout: int = 60, auto: bool = False, tmpfs: str = "", extra: str = "") -> str:
    text = DEFINITION.replace("SECONDS", str(seconds)).replace("TIMEOUT", str(timeout)).replace("AUTO", str(auto).lower())
    return text.replace("TMPFS", f"tmpfs = [ {tmpfs} ];").replace("EXTRA", extra)


@pytest.fixture(scope="module")
def shop(host: Host) -> Iterator[Host]:
    host.define(definition())
    host.switch()
    yield host


@pytest.fixture(autouse=True)
def all_down(shop: Host) -> Iterator[None]:
    yield
    shop.run("stop", *ALL)


def up(host: Host) -> set[str]:
    return {name for name in ALL if host.succeed("status", name) == "up\n"}


def monotonic(host: Host, name: str, unit: str, key: str) -> int:
    """A moment of the guest, in microseconds of the clock that all containers share."""
    return int(host.inside(name, "systemctl", "show", "--value", "--property", key, *([unit] if unit else [])))


def test_a_start_brings_along_what_is_required_and_waits_until_that_is_ready(shop: Host) -> None:
    done = shop.run("start", "nctweb")
    assert done.returncode == 0, done.stderr
    assert up(shop) == {"nctdb", "nctapp", "nctweb", "nctwish"}
    assert "start nctdb (‘nctapp’ requires it)" in done.stderr
    assert "start nctwish (‘nctapp’ wants it)" in done.stderr
    ready = monotonic(shop, "nctdb", "multi-user.target", "ActiveEnterTimestampMonotonic")
    assert monotonic(shop, "nctapp", "", "UserspaceTimestampMonotonic") > ready
    app_ready = monotonic(shop, "nctapp", "multi-user.target", "ActiveEnterTimestampMonotonic")
    assert monotonic(shop, "nctweb", "", "UserspaceTimestampMonotonic") > app_ready

    done = shop.run("stop", "nctdb")
    assert done.returncode == 0, done.stderr
    assert up(shop) == {"nctwish"}
    stops = [line for line in done.stderr.splitlines() if line.startswith("stop ")]
    assert stops == ["stop nctweb (it requires ‘nctapp’, which stops)", "stop nctapp (it requires ‘nctdb’, which stops)"]


def test_restart_takes_dependents_that_run_along(shop: Host) -> None:
    shop.succeed("start", "nctapp")
    before = {name: shop.json("inspect", name)["running"]["leader"] for name in ("nctdb", "nctapp")}
    shop.succeed("restart", "nctdb")
    assert up(shop) == {"nctdb", "nctapp", "nctwish"}
    after = {name: shop.json("inspect", name)["running"]["leader"] for name in before}
    assert all(before[name] != after[name] for name in before)


def test_all_and_auto(shop: Host) -> None:
    shop.define(definition(auto=True))
    shop.switch()
    assert up(shop) == ALL - {"nctweb"}
    shop.succeed("stop", "nctlone", "nctdb")
    started = shop.json("start", "--auto")
    assert {name: state for name, state in started.items() if name.startswith("nct")} == {"nctapp": "up", "nctlone": "up"}
    assert up(shop) == ALL - {"nctweb"}
    assert shop.run("start", "--auto").stderr == ""
    assert "either names, or --all" in shop.fail("stop", "--all", "nctdb")
    assert "--all takes all of them" in shop.fail("stop")
    shop.define(definition())
    shop.switch()


def test_independent_containers_start_at_the_same_time(shop: Host) -> None:
    shop.succeed("start", "nctdb", "nctlone", "nctwish")
    # The slow one needs 0.7 s: the others did not wait for it.
    ready = monotonic(shop, "nctdb", "multi-user.target", "ActiveEnterTimestampMonotonic")
    assert monotonic(shop, "nctlone", "", "UserspaceTimestampMonotonic") < ready
    assert monotonic(shop, "nctwish", "", "UserspaceTimestampMonotonic") < ready


def test_when_a_required_container_fails_its_dependents_are_not_started_and_the_others_are(shop: Host) -> None:
    shop.define(definition(seconds=30, timeout=2))
    shop.switch()
    said = shop.fail("start", "nctweb", "nctlone")
    assert "container ‘nctdb’ was not ready within 2 s" in said
    assert "container ‘nctapp’ was not started: it requires ‘nctdb’, which failed" in said
    assert "container ‘nctweb’ was not started: it requires ‘nctapp’, which failed" in said
    assert "hint: when ‘nctapp’ is well again: nixos-container start nctweb" in said
    assert up(shop) == {"nctwish", "nctlone"}
    shop.define(definition())
    shop.switch()


def test_new_parameters_of_one_restart_those_that_require_it_in_order(shop: Host) -> None:
    shop.succeed("start", "nctweb")
    shop.define(definition(tmpfs='"/scratch"'))
    done = shop.switch("--dry-run")
    assert re.findall(r"(restart \S+) \((.*)\)", done.stdout) == [
        ("restart nctdb", "the container's own parameters changed"),
        ("restart nctapp", "it requires ‘nctdb’, which restarts"),
        ("restart nctweb", "it requires ‘nctapp’, which restarts"),
    ]
    done = shop.switch()
    assert up(shop) == {"nctdb", "nctapp", "nctweb", "nctwish"}
    assert shop.inside("nctdb", "findmnt", "-no", "FSTYPE", "/scratch") == "tmpfs\n"
    words = [line.split()[:2] for line in done.stderr.splitlines() if line.startswith(("stop ", "start "))]
    assert words == [["stop", name] for name in ("nctweb", "nctapp", "nctdb")] + [["start", name] for name in ("nctdb", "nctapp", "nctweb")]
    assert "nothing to do" in shop.switch().stderr + shop.switch().stdout
    shop.define(definition())
    shop.switch()


@pytest.mark.parametrize(
    ("extra", "expected"),
    [
        ('before = [ "nctdb" ]', "containers wait for each other: nctapp -> nctdb -> nctweb -> nctapp"),
        ('after = [ "nctbd" ]', "containers.nctweb.after names ‘nctbd’, which is no container of this host\nhint: did you mean nctdb"),
        ('wants = [ "nctweb" ]', "containers.nctweb.wants names the container itself"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_touched(shop: Host, extra: str, expected: str) -> None:
    try:
        shop.define(definition(extra=extra + ";", auto=True))
        assert expected in shop.fail("switch", "-c", str(shop.definition))
        assert up(shop) == set()
    finally:
        shop.define(definition())


def test_a_required_container_is_not_destroyed_or_left_behind(shop: Host) -> None:
    shop.succeed("create", "nctmine", "--set", 'requires=[ "nctlone" ]', "--use-host-network")
    try:
        shop.define(re.sub(r"containers.nctlone = .*", "", definition()))
        said = shop.fail("switch", "-c", str(shop.definition))
        assert "container ‘nctmine’ requires ‘nctlone’, which the definition has no longer" in said
        shop.succeed("create", "nctyours", "--set", 'requires=[ "nctmine" ]', "--use-host-network")
        assert "container ‘nctmine’ is required by ‘nctyours’" in shop.fail("destroy", "nctmine")
    finally:
        shop.define(definition())
        shop.run("destroy", "nctyours")
        shop.succeed("destroy", "nctmine")


def test_ctrl_c_undoes_what_was_begun(shop: Host) -> None:
    shop.define(definition(seconds=30))
    shop.switch()
    command = subprocess.Popen(shop.command("start", "nctdb", "nctlone"), stderr=subprocess.PIPE, text=True, start_new_session=True)
    wait_until(lambda: shop.succeed("status", "nctlone") == "up\n" and Path("/run/nixos-containers/.nctdb/nspawn.pid").exists())
    time.sleep(0.5)
    command.send_signal(signal.SIGINT)
    _, said = command.communicate(timeout=20)
    assert command.returncode == 130, said
    assert up(shop) <= {"nctlone"}
    assert "all is well" in shop.succeed("doctor") or not shop.json("doctor").get("repaired")
    shop.define(definition())
    shop.switch()
