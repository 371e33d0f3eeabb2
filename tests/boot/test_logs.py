"""Logs of containers that run, that died, that are ephemeral, and of starts that fail."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from .conftest import Host, wait_until

NAME = "nctlogs"
STATE = Path("/var/lib/nixos-containers") / NAME
DEFINITION = """{
  containers.nctlogs = {
    ephemeral = true;
    privateNetwork = true;
    hostAddress = "10.213.74.1";
    localAddress = "10.213.74.2";
    timeoutStartSec = "8s";
    config = { pkgs, ... }: {
      system.stateVersion = "23.11";
      systemd.services.talks = {
        wantedBy = [ "multi-user.target" ];
        serviceConfig = { Type = "oneshot"; ExecStart = "/bin/sh -c 'echo said once; echo \\"<3>said loudly\\"'"; };
      };
    };
  };
}
"""


@pytest.fixture(scope="module")
def talking(host: Host) -> Iterator[Host]:
    host.define(DEFINITION)
    host.switch()
    host.succeed("start", NAME)
    host.succeed("wait", NAME, "--for", "running", "--timeout", "20s")
    yield host


def messages(host: Host, *words: str) -> list[str]:
    return [json.loads(line)["MESSAGE"] for line in host.succeed("logs", NAME, "--json", *words).splitlines()]


def test_entries_are_chosen_by_unit_priority_and_time(talking: Host) -> None:
    wait_until(lambda: "said once" in messages(talking))
    assert "said once" in messages(talking, "--unit", "talks")
    assert messages(talking, "--unit", "talks", "-p", "err") == ["said loudly"]
    assert messages(talking, "--unit", "talks", "--since", "2100-01-01") == []
    assert messages(talking, "--unit", "talks", "--since", "1h", "-n", "1")
    assert messages(talking, "--unit", "talks", "--until", "1h") == [], "an hour ago it was not there"
    assert messages(talking, "--unit", "talks", "--until", "2100-01-01")


def test_the_journal_of_an_ephemeral_container_outlives_it(talking: Host) -> None:
    talking.inside(NAME, "journalctl", "--flush", "--sync")
    for process in ("launcher", "nspawn"):  # the launcher would start it again
        os.kill(int(Path(f"/run/nixos-containers/.{NAME}/{process}.pid").read_text()), signal.SIGKILL)
    wait_until(lambda: talking.succeed("status", NAME) == "down\n")
    assert "said loudly" in messages(talking)
    assert talking.succeed("logs", NAME, "--unit", "talks", "-p", "err").count("said loudly") == 1
    talking.succeed("start", NAME)
    assert not talking.inside(NAME, "find", "/var/lib", "-name", "left").strip(), "nothing but the journal is kept"


def test_the_journal_of_an_ephemeral_container_goes_with_its_name(talking: Host) -> None:
    old, new = "nctlogold", "nctlognew"
    talking.succeed("create", old, "--config", '{ system.stateVersion = "23.11"; }', "--set", "ephemeral=true")
    try:
        talking.succeed("start", old)
        talking.inside(old, "sh", "-c", "echo by its old name | systemd-cat && journalctl --flush --sync")
        talking.succeed("stop", old)
        talking.succeed("rename", old, new)
        assert "by its old name" in talking.succeed("logs", new)
        assert not (STATE.parent / ".journals" / old).exists()
    finally:
        talking.run("destroy", old)
        talking.run("destroy", new)
    assert not (STATE.parent / ".journals" / new).exists()


def test_old_journals_go(talking: Host) -> None:
    for _ in range(4):
        talking.succeed("restart", NAME)
    talking.succeed("stop", NAME)
    assert len(list((STATE.parent / ".journals" / NAME).iterdir())) <= 4


def test_a_start_that_hangs_says_which_unit_it_was(talking: Host) -> None:
    slow = (
        'systemd.services.bad = { wantedBy = [ "multi-user.target" ]; serviceConfig = { Type = "oneshot"; ExecStart = "/bin/false"; }; };'
    )
    slow += 'systemd.services.stuck = { wantedBy = [ "multi-user.target" ]; before = [ "multi-user.target" ]; serviceConfig = { Type = "oneshot"; ExecStart = "/bin/sleep 60"; TimeoutStartSec = "infinity"; }; };'
    talking.define(DEFINITION.replace('system.stateVersion = "23.11";', 'system.stateVersion = "23.11"; ' + slow).replace('"8s"', '"3s"'))
    talking.switch()
    said = talking.fail("start", NAME)
    assert "was not ready within 3 s" in said
    failed, _, waiting = said.partition("what it was waiting for:")
    assert "bad.service" in failed.partition("units that failed:")[2]
    assert "stuck.service" in waiting
    assert "\x1b" not in said
    talking.define(DEFINITION)
    talking.switch()


def test_without_keep_journal_nothing_is_kept(talking: Host) -> None:
    talking.define(DEFINITION.replace("ephemeral = true;", "ephemeral = true; keepJournal = false;"))
    talking.switch()
    talking.succeed("start", NAME)
    assert talking.run("run", NAME, "--", "grep", "-q", " /var/log/journal ", "/proc/self/mountinfo").returncode == 1, "it is in memory"
