"""Seeing what goes on: the table, what containers use, their processes."""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import subprocess
import time
from collections.abc import Iterator

import pytest

from tests.terminal import Terminal

from .conftest import Host, wait_until

NAME = "nctsee"
DEFINITION = """{
  containers.nctsee = {
    privateNetwork = true;
    hostAddress = "10.213.71.1";
    localAddress = "10.213.71.2";
    localAddress6 = "fd00:213:71::2";
    limits.memoryMax = "300M";
    config = { pkgs, ... }: {
      system.stateVersion = "23.11";
      users.users.alice = { isNormalUser = true; };
      systemd.services.busy = {
        serviceConfig.ExecStart = "/bin/sh -c 'while :; do :; done'";
        serviceConfig.User = "alice";
      };
    };
  };
  containers.nctseedown.config.system.stateVersion = "23.11";
}
"""


@pytest.fixture(scope="module")
def seen(host: Host) -> Iterator[Host]:
    host.define(DEFINITION)
    host.switch()
    host.succeed("start", NAME)
    host.inside(NAME, "systemctl", "start", "busy")
    yield host


def test_the_table_of_all_containers(seen: Host) -> None:
    # The machine's owner may have containers, too.
    assert [name for name in seen.succeed("list").split() if name.startswith(NAME)] == [NAME, "nctseedown"]
    headings, *lines = seen.succeed("list", "--long").splitlines()
    up, down = (line for line in lines if line.startswith(NAME))
    assert headings.split() == ["NAME", "STATE", "UNIVERSE", "GEN", "ADDRESSES", "CPU", "MEMORY", "UP", "HEALTH"]
    assert up.split()[:6] == [NAME, "up", "embedded", "1", "10.213.71.2", "fd00:213:71::2"]
    assert down.split()[:4] == ["nctseedown", "down", "embedded", "1"]
    rows = {row["name"]: row for row in seen.json("list")}
    assert rows[NAME]["cpuPercent"] > 5, "it is busy, though others may be, too"
    assert rows[NAME]["memoryMax"] == 300 * 1024**2
    assert 0 <= time.time() - rows[NAME]["started"] < 300


def test_on_a_terminal_the_list_is_the_table_and_for_scripts_the_names(seen: Host) -> None:
    for words, table in ((("list",), True), (("list", "--names"), False)):
        terminal = Terminal(seen.command(*words), env={"TERM": "xterm"}, columns=160)
        try:
            assert terminal.ended() == 0
            lines = [line.split() for line in terminal.screen.splitlines() if line.strip()]
            (row,) = [line for line in lines if line[0] == NAME]
            assert (lines[0][0] == "NAME" and "up" in row) if table else row == [NAME], terminal.screen
        finally:
            terminal.close()
    assert NAME in seen.succeed("list").splitlines()


def test_stats(seen: Host) -> None:
    row = next(row for row in seen.json("stats", "--interval", "200ms") if row["name"] == NAME)
    assert row["cpuPercent"] > 5 and 1 << 20 < row["memory"] < 300 << 20 and row["tasks"] >= 4
    before = row["interfaces"]["eth0"]["received"]
    subprocess.run(["ping", "-q", "-c", "3", "-i", "0.2", "-s", "1000", "10.213.71.2"], check=True, capture_output=True)
    (row,) = seen.json("stats", NAME, "--interval", "100ms")
    assert row["interfaces"]["eth0"]["received"] >= before + 3000, "as the guest sees it"
    headings, line = seen.succeed("stats", NAME, "--interval", "100ms").splitlines()
    assert headings.startswith("NAME") and line.split()[0] == NAME and " / 300M" in line
    assert "not running: nctseedown" in seen.fail("stats", "nctseedown")
    assert "does not exist" in seen.fail("stats", "nctnosuch")


def test_stats_stream_one_object_a_line(seen: Host) -> None:
    lines = seen.succeed("stats", NAME, "--json", "--count", "3", "--interval", "100ms").splitlines()
    times = [json.loads(line)["time"] for line in lines]
    assert len(lines) == 3 and times == sorted(times)
    endless = subprocess.Popen(seen.command("stats", "--watch", "--json", "--interval", "100ms"), stdout=subprocess.PIPE, text=True)
    assert endless.stdout is not None and endless.stdout.readline().startswith("{")
    endless.send_signal(signal.SIGINT)
    assert endless.wait(timeout=60) == 130


def test_ps_knows_both_sides(seen: Host) -> None:
    rows = seen.json("ps", NAME)
    assert rows[0]["pid"] == 1 and rows[0]["hostPid"] == seen.json("inspect", NAME)["running"]["leader"]
    (busy,) = [row for row in rows if row["command"].startswith("/bin/sh -c while")]
    assert busy["user"] == "alice" and busy["cpuPercent"] > 10
    assert os.path.exists(f"/proc/{busy['hostPid']}")
    assert seen.inside(NAME, "cat", f"/proc/{busy['pid']}/comm") == "sh\n"
    text = seen.succeed("ps", NAME)
    assert text.splitlines()[0].split() == ["PID", "HOST", "PID", "USER", "CPU", "MEMORY", "COMMAND"]
    assert "nspawn" not in text and "launch" not in text, "the container's own only"
    assert "is not running" in seen.fail("ps", "nctseedown")


def test_a_guest_cannot_lead_ps_to_files_of_the_host(seen: Host) -> None:
    seen.inside(
        NAME, "sh", "-c", "cp -L /etc/passwd /etc/passwd.kept; ln -sf /proc/1/environ /etc/passwd.new; mv -T /etc/passwd.new /etc/passwd"
    )
    try:
        (busy,) = [row for row in seen.json("ps", NAME) if row["command"].startswith("/bin/sh -c while")]
        assert busy["user"].isdigit()
    finally:
        leader = seen.json("inspect", NAME)["running"]["leader"]
        subprocess.run(["nsenter", "--all", f"--target={leader}", "/bin/mv", "/etc/passwd.kept", "/etc/passwd"], check=True)


def test_tree(seen: Host) -> None:
    text = seen.succeed("tree", NAME)
    assert text.startswith(f"{NAME}\n├─init.scope\n│ └─1 ")
    assert "└─busy.service\n" in text or "├─busy.service\n" in text
    found = seen.json("tree", NAME)
    slice_ = next(group for group in found["groups"] if group["name"] == "system.slice")
    assert any(group["name"] == "busy.service" and group["processes"] for group in slice_["groups"])


def test_top_draws_on_a_terminal_and_q_ends_it(seen: Host) -> None:
    assert "stats --watch" in seen.fail("top")
    ours, theirs = pty.openpty()
    watching = subprocess.Popen(
        seen.command("top", "--interval", "200ms"),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, "TERM": "xterm", "LINES": "24", "COLUMNS": "100"},
    )
    os.close(theirs)
    drawn = b""

    def shows_it() -> bool:
        nonlocal drawn
        if select.select([ours], [], [], 0)[0]:
            drawn += os.read(ours, 65536)
        return NAME.encode() in drawn and b"CPU" in drawn

    try:
        wait_until(shows_it)
        os.write(ours, b"mq")
        assert watching.wait(timeout=60) == 0
    finally:
        watching.kill()
        watching.wait()
        os.close(ours)


def test_names_of_200_containers_are_listed_at_once(seen: Host, tmp_path: object) -> None:
    root = f"{tmp_path}"
    os.makedirs(f"{root}/etc/nixos-containers")
    for number in range(200):
        with open(f"{root}/etc/nixos-containers/c{number}.conf", "w", encoding="ascii"):
            pass
    best = 9.9
    for _ in range(5):
        before = os.times()
        done = subprocess.run(
            seen.command("list"), env={**os.environ, "NIXOS_CONTAINERS_ROOT": root}, capture_output=True, text=True, check=True
        )
        after = os.times()
        best = min(best, after.children_user + after.children_system - before.children_user - before.children_system)
    assert len(done.stdout.split()) == 200
    assert best < 0.1, "seconds of a processor, however busy the machine is"


def events(host: Host, *words: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in host.succeed("events", NAME, "--json", *words).splitlines()]


def test_events_of_a_life(seen: Host) -> None:
    kinds = [event["event"] for event in events(seen)]
    assert [kind for kind in kinds if kind != "health"][-4:] == ["create", "switch", "start", "ready"]
    following = subprocess.Popen(seen.command("events", "-f", "--json", NAME), stdout=subprocess.PIPE, text=True)
    assert following.stdout is not None

    def next_event() -> dict[str, object]:
        assert following.stdout is not None
        found: dict[str, object] = json.loads(following.stdout.readline())
        return found

    try:
        time.sleep(0.7)
        seen.succeed("restart", NAME)
        assert [next_event()["event"] for _ in range(4)] == ["restart", "stop", "start", "ready"]
        seen.inside(NAME, "systemctl", "reboot")
        assert next_event()["event"] == "reboot", "which no Python saw"
        wait_until(lambda: seen.run("run", NAME, "--", "true").returncode == 0)
        os.kill(seen.json("inspect", NAME)["running"]["nspawn"], signal.SIGKILL)
        died = next_event()
        assert (died["event"], died["status"]) == ("died", 137)
    finally:
        following.kill()
        following.wait()
    assert [event["event"] for event in events(seen, "-e", "died", "--since", "1min")] == ["died"]
    assert len(events(seen, "-n", "2")) == 2
    assert "no time" in seen.fail("events", "--since", "yesterday")
    seen.succeed("start", NAME)


def test_a_kill_for_want_of_memory_is_an_event(seen: Host) -> None:
    following = subprocess.Popen(seen.command("events", "-f", "--json", "-e", "oom", NAME), stdout=subprocess.PIPE, text=True)
    try:
        time.sleep(0.7)
        seen.run("run", NAME, "--", "sh", "-c", "x=$(head -c 400000000 /dev/zero | tr '\\0' a); echo ${#x}")
        assert following.stdout is not None and json.loads(following.stdout.readline())["count"] >= 1, "at once"
    finally:
        following.kill()
        following.wait()
    assert seen.json("stats", NAME)[0]["oomKills"] >= 1
    seen.succeed("restart", NAME)
    assert [event["event"] for event in events(seen, "--since", "1min", "-e", "oom")] == ["oom"], "written down when the guest ended"
