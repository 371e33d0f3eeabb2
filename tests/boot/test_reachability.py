"""`doctor` follows the way of packets to and from a running container and names the first step that fails."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from .conftest import Host, wait_until
from .machines import sh

NAME = "nctreach"
DEFINITION = f"""{{
  containers.{NAME} = {{
    privateNetwork = true;
    hostAddress = "10.213.76.1"; localAddress = "10.213.76.2";
    forwardPorts = [ {{ hostPort = 28476; containerPort = 80; }} {{ hostPort = 28477; containerPort = 81; }} ];
    config = {{ pkgs, ... }}: {{
      system.stateVersion = "24.11";
      systemd.services.web = {{
        wantedBy = [ "multi-user.target" ];
        serviceConfig.ExecStart = "${{pkgs.staticBusybox}}/bin/busybox httpd -f -p 80";
      }};
    }};
  }};
}}"""


@pytest.fixture(scope="module")
def reached(host: Host) -> Iterator[Host]:
    host.define(DEFINITION)
    host.switch()
    host.succeed("start", NAME)
    yield host


def steps(host: Host) -> dict[str, dict[str, Any]]:
    answer = json.loads(host.run("doctor", "--json").stdout)
    (found,) = [reach for reach in answer["reachability"] if reach["container"] == NAME]
    return {step["name"]: step for step in found["steps"]}


def test_every_step_of_a_container_that_is_well(reached: Host) -> None:
    assert wait_until(lambda: not steps(reached)["forward 28476"]["problem"])
    found = steps(reached)
    for name in ("interface", "host's end", "guest's address", "ping 10.213.76.2", "default route", "forwarding", "packet filter"):
        assert found[name]["problem"] == "", found[name]
    assert "nothing listens on port 81" in found["forward 28477"]["problem"] and found["forward 28477"]["notice"]
    assert f"container ‘{NAME}’: forward 28477: nothing listens on port 81 of the guest" in reached.run("doctor").stdout


def test_the_step_that_fails_is_named_with_the_remedy(reached: Host) -> None:
    reached.inside(NAME, "ip", "address", "del", "10.213.76.2/32", "dev", "eth0")
    try:
        said = reached.run("doctor")
        assert said.returncode == 1
        assert f"container ‘{NAME}’: guest's address: the guest does not have 10.213.76.2" in said.stdout
        assert f"nixos-container restart {NAME}" in said.stdout
        assert "packet filter" not in steps(reached), "what comes after it fails because of it"
    finally:
        reached.succeed("restart", NAME)
    reached.inside(NAME, "ip", "route", "del", "default")
    assert steps(reached)["default route"]["problem"] == "the guest has none any more"
    reached.succeed("restart", NAME)


def test_forwarding_that_somebody_turned_off(reached: Host) -> None:
    before = sh("cat /proc/sys/net/ipv4/ip_forward")
    sh("echo 0 > /proc/sys/net/ipv4/ip_forward")
    try:
        found = steps(reached)["forwarding"]
        assert found["problem"] == "somebody has set net.ipv4.ip_forward to 0"
        assert found["remedy"] == "sysctl -w net.ipv4.ip_forward=1"
    finally:
        sh(f"echo {before.strip()} > /proc/sys/net/ipv4/ip_forward")
