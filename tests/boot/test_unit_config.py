"""`systemd.services."container@NAME"` on a host without systemd: limits and restarts are the container's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from .conftest import Host, wait_until

NAME = "nctunit"
DEFINITION = """{
  containers.nctunit.config.system.stateVersion = "23.11";
  systemd.services."container@nctunit" = { SAID };
  systemd.services.nginx.after = [ "network.target" ];
}
"""


@pytest.fixture(scope="module")
def unit(host: Host) -> Iterator[Host]:
    host.define(
        DEFINITION.replace("SAID", 'serviceConfig = { TasksMax = 321; Restart = "always"; RestartSec = "200ms"; PrivateTmp = true; };')
    )
    yield host


def tasks_max() -> str:
    return next(Path("/sys/fs/cgroup").glob(f"*/machine.slice/{NAME}/pids.max")).read_text().strip()


def test_limits_and_restart_and_a_warning_for_the_rest(unit: Host) -> None:
    said = unit.switch().stderr
    assert 'systemd.services."container@nctunit".serviceConfig.PrivateTmp has no effect on this host' in said
    assert "these options of the host are left to the host's own system: systemd" in said
    assert "TasksMax" not in said
    unit.succeed("start", NAME)
    assert tasks_max() == "321"
    before = unit.json("inspect", NAME)["running"]["leader"]
    unit.inside(NAME, "systemctl", "poweroff")

    def again() -> bool:
        running = unit.json("inspect", NAME)["running"]
        return bool(running) and running["leader"] != before

    wait_until(again)  # Restart=always


def test_a_changed_limit_is_set_while_it_runs(unit: Host) -> None:
    wait_until(lambda: unit.run("run", NAME, "--", "true").returncode == 0)
    before = unit.json("inspect", NAME)["running"]["leader"]
    unit.define(DEFINITION.replace("SAID", "serviceConfig.TasksMax = 123;"))
    unit.switch()
    assert tasks_max() == "123"
    assert unit.json("inspect", NAME)["running"]["leader"] == before
    unit.succeed("stop", NAME)
    assert unit.succeed("status", NAME) == "down\n"
