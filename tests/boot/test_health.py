"""Health checks of real containers: each kind, what is seen of them, what is waited for, what is done about it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from nixos_containers.observe.metrics import METRICS
from tests.schema import problems

from .conftest import Host, wait_until

NAME = "ncthealth"
DEFINITION = """{
  containers.ncthealth = {
    privateNetwork = true;
    hostAddress = "10.213.72.1";
    localAddress = "10.213.72.2";
    healthChecks = {
      page = { http = "http://localhost:8000/"; interval = "200ms"; retries = 1; };
      port = { tcp = 8000; interval = "1s"; };
      unit = { unit = "web.service"; interval = "1s"; };
      file = { command = "test ! -e /root/broken"; interval = "200ms"; retries = 2; action = "restart"; };
    };
    config = { pkgs, ... }: {
      system.stateVersion = "23.11";
      systemd.services.web = {
        wantedBy = [ "multi-user.target" ];
        serviceConfig.ExecStart = "${pkgs.busybox}/bin/busybox httpd -f -p 8000 -h ${pkgs.writeTextDir "index.html" "hello"}";
      };
    };
  };
}
"""


@pytest.fixture(scope="module")
def checked(host: Host) -> Iterator[Host]:
    host.define(DEFINITION)
    host.switch()
    host.succeed("start", NAME)
    yield host


def test_a_container_becomes_healthy_and_shows_it(checked: Host) -> None:
    checked.succeed("wait", NAME, "--for", "healthy", "--timeout", "20s")
    (row,) = [line.split() for line in checked.succeed("list", "--long").splitlines() if line.startswith(f"{NAME} ")]
    assert row[-1] == "healthy"
    found = checked.json("status", NAME)
    assert found["health"] == "healthy" and sorted(found["healthChecks"]) == ["file", "page", "port", "unit"]
    assert checked.json("inspect", NAME)["healthChecks"]["page"]["state"] == "healthy"
    said = [json.loads(line) for line in checked.succeed("events", NAME, "-e", "health", "--json").splitlines()]
    assert {event["check"]: event["health"] for event in said} == dict.fromkeys(("file", "page", "port", "unit"), "healthy")
    checked.succeed("wait", NAME, "--for", "ready", "--timeout", "5s")


def test_a_check_has_no_more_rights_than_the_container(checked: Host) -> None:
    checked.define(
        DEFINITION.replace(
            "test ! -e /root/broken",
            "grep ^CapBnd /proc/1/status > /run/first; grep ^CapBnd /proc/self/status > /run/new; mv /run/new /run/check; setsid sleep 7777 &",
        )
    )
    checked.switch()
    checked.succeed("wait", NAME, "--for", "healthy", "--timeout", "20s")
    assert checked.inside(NAME, "cat", "/run/first") == checked.inside(NAME, "cat", "/run/check") != ""
    # Five attempts a second: what one leaves in the background ends with it.
    assert checked.succeed("ps", NAME).count("sleep 7777") <= 1
    wait_until(lambda: "sleep 7777" not in checked.succeed("ps", NAME))
    checked.define(DEFINITION)
    checked.switch()
    checked.succeed("wait", NAME, "--for", "healthy", "--timeout", "20s")


def test_it_becomes_unhealthy_and_healthy_again(checked: Host) -> None:
    checked.inside(NAME, "systemctl", "stop", "web")
    wait_until(lambda: checked.json("status", NAME)["health"] == "unhealthy")
    assert checked.json("status", NAME)["healthChecks"]["file"]["state"] == "healthy"
    assert "the time is over" in checked.fail("wait", NAME, "--for", "healthy", "--timeout", "300ms")
    checked.inside(NAME, "systemctl", "start", "web")
    checked.succeed("wait", NAME, "--for", "healthy", "--timeout", "20s")


def test_the_action_restarts_it_without_any_python(checked: Host) -> None:
    before = checked.json("inspect", NAME)["running"]
    checked.inside(NAME, "sh", "-c", "(sleep 1.5; rm -f /root/broken) & touch /root/broken")
    # The file would stay: it goes when the guest shuts down.
    wait_until(lambda: (checked.json("inspect", NAME)["running"] or before)["leader"] != before["leader"])
    after = checked.json("inspect", NAME)["running"]
    assert after["supervisor"] == before["supervisor"], "the same launcher"
    kinds = [json.loads(line) for line in checked.succeed("events", NAME, "--json", "--since", "1min").splitlines()]
    assert any(event["event"] == "restart" and event.get("reason") == "health" for event in kinds)
    checked.run("run", NAME, "--", "rm", "-f", "/root/broken")
    checked.succeed("wait", NAME, "--for", "healthy", "--timeout", "20s")


def test_killed_checks_are_made_again_by_the_next_command(checked: Host) -> None:
    def shells() -> list[int]:
        found = subprocess.run(["pgrep", "-f", "/bin/sh .*/health [0-9]+$"], capture_output=True, text=True, check=False).stdout.split()
        own = []
        for pid in found:
            try:
                if os.readlink(f"/proc/{pid}/cwd").endswith(f"/.{NAME}"):
                    own.append(int(pid))
            except OSError:
                continue  # it has just ended
        return own

    for pid in shells():
        os.kill(pid, signal.SIGKILL)
    for result in Path(f"/run/nixos-containers/.{NAME}/health.d").iterdir():
        result.write_text("healthy 1 0 1\n", encoding="ascii")  # long ago
    assert checked.json("status", NAME)["health"] == "starting", "nobody knows"
    assert "health checks" in checked.succeed("doctor")
    checked.succeed("wait", NAME, "--for", "healthy", "--timeout", "20s")
    alive = set(shells())
    time.sleep(1.5)
    alive &= set(shells())  # what one of them forks for a moment has the same words
    assert len(alive) >= 4
    checked.succeed("doctor")
    assert alive <= set(shells()), "once"


def test_nothing_of_the_checks_outlives_the_container(checked: Host) -> None:
    checked.succeed("stop", NAME)
    assert not list(Path("/sys/fs/cgroup").glob(f"*/machine.slice/{NAME}"))
    assert checked.json("status", NAME)["health"] is None
    checked.succeed("wait", NAME, "--for", "stopped", "--timeout", "1s")


def test_what_cannot_be_checked_is_refused_before_anything_is_touched(checked: Host) -> None:
    checked.define(DEFINITION.replace('unit = "web.service";', ""))
    done = checked.run("switch", "-c", str(checked.definition))
    assert done.returncode == 1 and "containers.ncthealth.healthChecks.unit: exactly one of" in done.stderr
    checked.define(DEFINITION)


def test_metrics_are_printed_and_served(checked: Host) -> None:
    checked.succeed("start", NAME)
    checked.succeed("wait", NAME, "--for", "healthy", "--timeout", "20s")
    printed = checked.succeed("metrics")
    assert f'nixos_container_up{{name="{NAME}"}} 1' in printed
    assert f'nixos_container_healthy{{name="{NAME}",check="page"}} 1' in printed
    assert f'nixos_container_network_receive_bytes_total{{name="{NAME}",interface="eth0"}} ' in printed
    names = {line.split()[2] for line in printed.splitlines() if line.startswith("# TYPE")}
    assert METRICS.keys() - names <= {"nixos_container_memory_limit_bytes", "nixos_container_tasks_limit"}, "no limits are set here"
    server = subprocess.Popen(checked.command("metrics", "--listen", "127.0.0.1:0"), stderr=subprocess.PIPE, text=True)
    try:
        assert server.stderr is not None
        where = server.stderr.readline().split()[-1]
        with urllib.request.urlopen(where, timeout=10) as answer:
            assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
            assert f'nixos_container_up{{name="{NAME}"}} 1' in answer.read().decode()
        with pytest.raises(urllib.error.HTTPError):
            urllib.request.urlopen(where + "x", timeout=10)
    finally:
        server.terminate()
        server.wait()


def samples_of(printed: str) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """What Prometheus would read, by its own library; the rules that it does not hold are held here."""
    parser = pytest.importorskip("prometheus_client.parser", reason="the reader of the tests is not installed: make test-setup")
    found: dict[tuple[str, frozenset[tuple[str, str]]], float] = {}
    for family in parser.text_string_to_metric_families(printed):
        assert family.documentation and family.type in ("gauge", "counter"), family
        for sample in family.samples:
            key = (sample.name, frozenset(sample.labels.items()))
            assert key not in found, "a duplicate"
            found[key] = sample.value
    assert printed.endswith("\n") and "\n\n" not in printed
    headers = [line.split()[2] for line in printed.splitlines() if line.startswith("# TYPE ")]
    assert len(headers) == len(set(headers)), "each metric stands in one place"
    return found


def test_prometheus_reads_every_metric(checked: Host) -> None:
    found = samples_of(checked.succeed("metrics"))
    own = {name: value for (name, labels), value in found.items() if ("name", NAME) in labels}
    assert own["nixos_container_up"] == 1 and own["nixos_container_tasks"] > 1
    assert found[("nixos_container_healthy", frozenset({("name", NAME), ("check", "unit")}))] == 1
    listed = {(row["metric"], row["value"]) for row in checked.json("metrics") if row["metric"] in ("nixos_container_up",)}
    assert ("nixos_container_up", 1) in listed


@pytest.mark.parametrize("place", ["127.0.0.1:0", "[::1]:0", "0"])
def test_slow_clients_hold_nobody_up(checked: Host, place: str) -> None:
    if ":" in place and place.startswith("[") and not Path("/proc/net/if_inet6").exists():
        pytest.skip("this machine has no IPv6")
    server = subprocess.Popen(checked.command("metrics", "--listen", place), stderr=subprocess.PIPE, text=True)
    slow: list[socket.socket] = []
    try:
        assert server.stderr is not None
        where = server.stderr.readline().split()[-1]
        parts = urllib.parse.urlsplit(where)
        assert parts.hostname is not None and parts.port is not None
        for said in (b"", b"GET /met", b"GET /metrics HTTP/1.1\r\n"):
            for _ in range(5):
                client = socket.create_connection((parts.hostname, parts.port), timeout=10)
                client.sendall(said)
                slow.append(client)
        with urllib.request.urlopen(where, timeout=10) as answer:
            assert samples_of(answer.read().decode())
        server.send_signal(signal.SIGINT)
        assert server.wait(timeout=60) == 0, "nor its end"
    finally:
        for client in slow:
            client.close()
        server.kill()
        server.wait()


def test_systemd_starts_the_server_when_somebody_asks(checked: Host) -> None:
    program = shutil.which("systemd-socket-activate")
    if program is None:
        pytest.skip("systemd-socket-activate is not installed")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    listener = subprocess.Popen(
        [program, "--listen", f"127.0.0.1:{port}", *checked.command("metrics", "--listen", "127.0.0.1:9713")], stderr=subprocess.PIPE
    )
    try:
        assert listener.stderr is not None and b"Listening" in listener.stderr.readline()
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
            assert samples_of(answer.read().decode())
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
            assert answer.status == 200, "and it stays"
    finally:
        listener.terminate()
        listener.wait(timeout=60)


def test_the_server_takes_a_socket_of_systemd(checked: Host) -> None:
    listening = socket.create_server(("127.0.0.1", 0))
    number = listening.fileno()
    # As systemd does it: the socket is descriptor 3, and LISTEN_PID says for whom.
    code = "import os, sys; os.dup2(int(sys.argv[1]), 3); os.environ.update(LISTEN_FDS='1', LISTEN_PID=str(os.getpid())); os.execv(sys.argv[2], sys.argv[2:])"
    wrapper = [sys.executable, "-c", code, str(number)]
    server = subprocess.Popen(
        [*wrapper, *checked.command("metrics", "--listen", "127.0.0.1:1")], pass_fds=[number], stderr=subprocess.DEVNULL
    )
    try:
        where = f"http://127.0.0.1:{listening.getsockname()[1]}/metrics"
        with urllib.request.urlopen(where, timeout=10) as answer:
            assert "nixos_container_up" in answer.read().decode()
    finally:
        server.terminate()
        server.wait()
        listening.close()


def test_what_is_printed_as_json_is_as_documented(checked: Host) -> None:
    checked.succeed("start", NAME)
    checked.succeed("wait", NAME, "--for", "healthy", "--timeout", "20s")
    found = problems(checked.json("inspect", NAME), "inspect") + problems(checked.json("status", NAME), "list")
    for verb, name in (("list", "list"), ("stats", "stats")):
        found += [problem for row in checked.json(verb) for problem in problems(row, name)]
    found += [problem for row in checked.json("ps", NAME) for problem in problems(row, "ps")]
    for line in checked.succeed("events", "--json").splitlines():
        found += problems(json.loads(line), "event")
    assert found == []
    checked.succeed("stop", NAME)
    assert problems(checked.json("inspect", NAME), "inspect") == []
