"""kill -9 of anything at any moment: the next command finds out, says so, and repairs."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from .conftest import Host, wait_until

NAME = "nctcrash"
DEFINITION = f"""{{
  containers.{NAME} = {{
    privateNetwork = true;
    hostAddress = "10.213.77.1";
    localAddress = "10.213.77.2";
    forwardPorts = [ {{ hostPort = 17780; containerPort = 80; }} ];
    config.system.stateVersion = "23.11";
  }};
}}
"""
STATE = Path(f"/run/nixos-containers/.{NAME}")


@pytest.fixture(scope="module")
def crashing(host: Host) -> Iterator[Host]:
    host.define(DEFINITION)
    host.switch()
    yield host


def pid(name: str) -> int:
    return int((STATE / f"{name}.pid").read_text())


def groups() -> list[Path]:
    root = Path("/sys/fs/cgroup")  # not **: cgroups below go while it is being walked
    return [path for pattern in ("", "*/") for path in root.glob(f"{pattern}machine.slice/{NAME}") if path.is_dir()]


def assert_nothing_left() -> None:
    assert not groups()
    assert not Path(f"/sys/class/net/ve-{NAME}").exists()
    rules = subprocess.run(["nft", "list", "table", "inet", "nixos-containers"], capture_output=True, text=True, check=False).stdout
    assert "17780" not in rules and "10.213.77.2" not in rules
    machines = subprocess.run(["pgrep", "-fc", f"machine={NAME}"], capture_output=True, text=True, check=False).stdout
    assert machines.strip() == "0"


def test_a_killed_supervisor_is_replaced_and_the_guest_runs_on(crashing: Host) -> None:
    crashing.succeed("start", NAME)
    leader = crashing.json("status", NAME)["leader"]
    os.kill(pid("launcher"), signal.SIGKILL)
    said = crashing.run("doctor")
    assert "the supervisor" in said.stdout and "had been killed" in said.stdout
    assert crashing.json("status", NAME)["leader"] == leader
    crashing.run("run", NAME, "--", "systemctl", "poweroff")
    wait_until(lambda: crashing.succeed("status", NAME) == "down\n" and not groups())
    assert_nothing_left()


def test_a_container_whose_nspawn_was_killed_is_started_again(crashing: Host) -> None:
    crashing.succeed("start", NAME)
    before = crashing.json("status", NAME)["leader"]
    os.kill(pid("nspawn"), signal.SIGKILL)
    wait_until(lambda: crashing.json("status", NAME).get("leader") not in (None, before))
    wait_until(lambda: crashing.run("run", NAME, "--", "true").returncode == 0)
    crashing.succeed("stop", NAME)
    assert_nothing_left()


def test_one_that_dies_all_the_time_is_given_up_and_leaves_nothing(crashing: Host) -> None:
    crashing.succeed("start", NAME)
    killed: set[int] = set()

    def all_gone() -> bool:
        try:
            number = pid("nspawn")
            if number not in killed:
                os.kill(number, signal.SIGKILL)
                killed.add(number)
        except (OSError, ValueError):
            pass
        return not groups()

    wait_until(all_gone)
    assert len(killed) == 6, "systemd's limit: 5 more starts in 10 s"
    assert "not started again" in crashing.succeed("logs", NAME, "--console")
    assert crashing.succeed("status", NAME) == "down\n"
    assert_nothing_left()


def test_with_both_killed_the_next_command_repairs(crashing: Host) -> None:
    crashing.succeed("start", NAME)
    leader = crashing.json("status", NAME)["leader"]
    os.kill(pid("launcher"), signal.SIGKILL)
    os.kill(pid("nspawn"), signal.SIGKILL)
    wait_until(lambda: crashing.succeed("status", NAME) == "down\n")
    done = crashing.run("start", NAME)
    assert done.returncode == 0 and "had ended without cleaning up" in done.stderr
    assert crashing.json("status", NAME)["leader"] != leader
    crashing.succeed("stop", NAME)
    assert_nothing_left()


def test_our_own_process_killed_at_random_moments(crashing: Host) -> None:
    seed = random.randrange(1 << 30)
    print(f"seed {seed}")
    chance = random.Random(seed)
    for _ in range(8):
        verb = chance.choice(["start", "stop", "restart", "switch"])
        words = ("switch", "-c", str(crashing.definition)) if verb == "switch" else (verb, NAME)
        process = subprocess.Popen(crashing.command(*words), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(chance.uniform(0, 0.9))
        process.kill()
        process.wait()
        assert crashing.run("doctor").returncode == 0
        crashing.succeed("start", NAME)
        assert crashing.inside(NAME, "echo", "alive") == "alive\n"
    crashing.succeed("stop", NAME)
    assert_nothing_left()


def test_two_commands_at_once(crashing: Host) -> None:
    both = [subprocess.Popen(crashing.command("start", NAME), stderr=subprocess.PIPE, text=True) for _ in range(2)]
    said = [process.communicate(timeout=60)[1] for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert crashing.succeed("status", NAME) == "up\n"
    assert "already up" in "".join(said)
    crashing.succeed("stop", NAME)


def test_a_damaged_record_is_reported_with_the_way_out(crashing: Host) -> None:
    record = Path(f"/etc/nixos-containers/{NAME}.json")
    text = record.read_text()
    record.write_text(text[: len(text) // 2])
    try:
        said = crashing.fail("start", NAME)
        assert "damaged" in said and "switch" in said
    finally:
        record.write_text(text)
