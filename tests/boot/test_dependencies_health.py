"""Containers that depend on one with health checks start when it is healthy, and not just up."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator

import pytest

from .conftest import Host, wait_until

DEFINITION = """
let small = { system.stateVersion = "23.11"; }; in
{
  containers.ncthdb = {
    config = small; timeoutStartSec = TIMEOUT;
    healthChecks.file = { command = "test -e /root/ready"; interval = "200ms"; retries = RETRIES; startPeriod = PERIOD; };
    healthChecks.never = { command = "false"; readiness = false; };
  };
  containers.ncthapp = { config = small; requires = [ "ncthdb" ]; };
  containers.ncthwish = { config = small; wants = [ "ncthdb" ]; };
  containers.ncthlate = { config = small; after = [ "ncthdb" ]; };
}
"""
ALL = ("ncthdb", "ncthapp", "ncthwish", "ncthlate")


def definition(*, timeout: int = 60, period: int = 60, retries: int = 3) -> str:
    return DEFINITION.replace("TIMEOUT", str(timeout)).replace("PERIOD", str(period)).replace("RETRIES", str(retries))


@pytest.fixture(scope="module")
def shop(host: Host) -> Iterator[Host]:
    host.define(definition())
    host.switch()
    yield host


@pytest.fixture(autouse=True)
def all_down(shop: Host) -> Iterator[None]:
    yield
    shop.run("stop", *ALL)


def state(host: Host, name: str) -> str:
    return host.succeed("status", name).strip()


def test_a_dependant_starts_when_its_dependency_is_healthy(shop: Host) -> None:
    starting = subprocess.Popen(shop.command("start", "ncthapp", "ncthlate"), stderr=subprocess.PIPE, text=True, cwd=shop.directory)
    wait_until(lambda: state(shop, "ncthdb") == "up")
    time.sleep(1)
    assert state(shop, "ncthapp") == state(shop, "ncthlate") == "down", "up is not healthy"
    shop.inside("ncthdb", "touch", "/root/ready")
    _, said = starting.communicate(timeout=30)
    assert starting.returncode == 0, said
    assert "‘ncthapp’ waits until ‘ncthdb’ is healthy" in said
    assert state(shop, "ncthapp") == state(shop, "ncthlate") == "up"
    # A start that repeats an earlier one waits as well, and not for a check that is healthy.
    shop.succeed("stop", "ncthlate")
    assert "waits" not in shop.run("start", "ncthlate").stderr
    shop.inside("ncthdb", "rm", "/root/ready")


def test_what_does_not_get_healthy_in_time_keeps_out_what_requires_it(shop: Host) -> None:
    shop.define(definition(timeout=4))
    shop.switch()
    assert (begun := time.monotonic()) and state(shop, "ncthdb") == "down"
    said = shop.fail("start", "ncthapp", "ncthwish")
    assert time.monotonic() - begun < 20
    assert "container ‘ncthapp’ is not started: it requires ‘ncthdb’, which was not healthy within 4 (file)" in said
    assert "readiness = false" in said
    assert "‘ncthdb’ was not healthy within 4 (file): ‘ncthwish’ starts nevertheless" in said
    assert [state(shop, name) for name in ALL] == ["up", "down", "up", "down"]


def test_an_unhealthy_dependency_is_not_waited_for(shop: Host) -> None:
    shop.define(definition(period=0, retries=1))
    shop.switch()
    shop.succeed("start", "ncthdb")
    wait_until(lambda: shop.json("status", "ncthdb")["healthChecks"]["file"]["state"] == "unhealthy")
    assert "which is unhealthy (file)" in shop.fail("start", "ncthapp")
    # And one that runs is not taken down for a restart that would not come up again.
    shop.inside("ncthdb", "touch", "/root/ready")
    wait_until(lambda: shop.json("status", "ncthdb")["healthChecks"]["file"]["state"] == "healthy")
    shop.succeed("start", "ncthapp")
    shop.inside("ncthdb", "rm", "/root/ready")
    wait_until(lambda: shop.json("status", "ncthdb")["healthChecks"]["file"]["state"] == "unhealthy")
    assert "which is unhealthy (file)" in shop.fail("restart", "ncthapp")
    assert state(shop, "ncthapp") == "up"
