"""Upstream's life-cycle tests that need systemd on the host (nixos/tests/containers-*.nix), re-created with its assertions."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator

import pytest

from nixos_containers.base.paths import Paths

from .conftest import SystemdHost, build, wait_until

BIND, PLAIN, CHECKED, NEEDY = "nctu17", "nctu18", "nctchecked", "nctneedy"
DEFINITION = f"""
{{
  containers.{BIND} = {{
    privateNetwork = true; hostAddress = "10.213.17.1"; localAddress = "10.213.17.2";
    bindMounts."/srv/data" = {{ hostPath = "/srv/data"; isReadOnly = false; }};
    config.system.stateVersion = "24.11";
  }};
  containers.{PLAIN} = {{
    autoStart = true;
    privateNetwork = true; hostAddress = "10.213.18.1"; localAddress = "10.213.18.2";
    config.system.stateVersion = "24.11";
  }};
  containers.{CHECKED} = {{
    healthChecks.file = {{ command = "test -e /root/ready"; interval = "200ms"; startPeriod = "1min"; }};
    config.system.stateVersion = "24.11";
  }};
  containers.{NEEDY} = {{
    requires = [ "{CHECKED}" ]; timeoutStartSec = 5;
    config.system.stateVersion = "24.11";
  }};
}}
"""
MOUNT = """\
[Unit]
Description=Data that is mounted when somebody needs it

[Mount]
What=none
Where=/srv/data
Type=tmpfs
"""


@pytest.fixture(scope="module")
def containers(systemd_host: SystemdHost, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SystemdHost]:
    directory = tmp_path_factory.mktemp("definition")
    build(directory, DEFINITION, systemd_host.root)
    shutil.copytree(Paths().cache, systemd_host.file(Paths().cache), symlinks=True, dirs_exist_ok=True)
    systemd_host.disk["/srv"].joinpath("data").mkdir(exist_ok=True)
    systemd_host.file("/etc/systemd/system/srv-data.mount").write_text(MOUNT)
    systemd_host.succeed("systemctl", "daemon-reload")
    systemd_host.succeed("nixos-container", "switch")
    try:
        yield systemd_host
    finally:
        for name in (BIND, PLAIN, CHECKED, NEEDY):
            for place in (Paths().profiles(name), Paths().gcroots(name)):
                shutil.rmtree(place, ignore_errors=True)


def state(host: SystemdHost, unit: str) -> str:
    return host.run("systemctl", "is-active", unit).stdout.strip()


def leader(host: SystemdHost, name: str) -> int:
    return int(json.loads(host.succeed("nixos-container", "status", name, "--json"))["leader"])


def test_u17_require_bind_mounts(containers: SystemdHost) -> None:
    """A start pulls the mount that a bind comes from; unmounting it stops the container."""
    assert state(containers, "srv-data.mount") == "inactive"
    containers.succeed("nixos-container", "start", BIND)
    assert state(containers, "srv-data.mount") == "active"
    assert state(containers, f"container@{BIND}") == "active"
    containers.succeed("nixos-container", "run", BIND, "--", "touch", "/srv/data/file")
    containers.succeed("test", "-e", "/srv/data/file")
    containers.succeed("systemctl", "stop", "srv-data.mount")
    assert wait_until(lambda: state(containers, f"container@{BIND}") == "inactive")
    assert containers.succeed("nixos-container", "status", BIND) == "down\n"


def test_u18_a_restart_of_the_hosts_network_leaves_containers_alone(containers: SystemdHost) -> None:
    before = leader(containers, PLAIN)
    containers.succeed("ping", "-c", "1", "-W", "5", "10.213.18.2") if containers.run("which", "ping").returncode == 0 else None
    containers.succeed("systemctl", "restart", "systemd-networkd")
    containers.succeed("nixos-container", "switch")
    assert leader(containers, PLAIN) == before
    assert "10.213.18.1" in containers.succeed("ip", "address", "show", f"ve-{PLAIN}")
    assert "state UP" in containers.succeed("ip", "link", "show", f"ve-{PLAIN}")
    routed = containers.succeed("ip", "route", "get", "10.213.18.2")
    assert f"dev ve-{PLAIN}" in routed


def test_u07_stopped_while_machined_is_down(containers: SystemdHost) -> None:
    containers.succeed("systemctl", "stop", "systemd-machined.service")
    containers.succeed("nixos-container", "stop", PLAIN)
    assert containers.succeed("nixos-container", "status", PLAIN) == "down\n"
    containers.succeed("nixos-container", "start", PLAIN)
    assert containers.succeed("nixos-container", "run", PLAIN, "--", "uname") == "Linux\n"


@pytest.mark.parametrize("delay", (0, 0.2, 0.4, 0.6, 0.8))
def test_u07_stopped_while_it_boots(containers: SystemdHost, delay: float) -> None:
    containers.succeed("nixos-container", "stop", PLAIN)
    containers.succeed("systemctl", "start", "--no-block", f"container@{PLAIN}")
    assert wait_until(lambda: state(containers, f"container@{PLAIN}") in ("activating", "active"))
    time.sleep(delay)
    began = time.monotonic()
    containers.succeed("nixos-container", "stop", PLAIN)
    assert time.monotonic() - began < 60, "nspawn's one signal was dropped, and systemd killed the guest after 90 s"
    assert wait_until(lambda: state(containers, f"container@{PLAIN}") == "inactive"), "exited successfully, not failed"
    containers.succeed("nixos-container", "start", PLAIN)
    assert containers.succeed("nixos-container", "status", PLAIN) == "up\n"


def test_a_unit_waits_until_its_dependency_is_healthy(containers: SystemdHost) -> None:
    containers.succeed("systemctl", "start", "--no-block", f"container@{NEEDY}")
    assert wait_until(lambda: state(containers, f"container@{CHECKED}") == "active")
    assert wait_until(lambda: state(containers, f"container@{NEEDY}") == "activating")
    time.sleep(7)
    assert state(containers, f"container@{NEEDY}") == "activating", "longer than its own time-out: that is for the guest"
    containers.succeed("nixos-container", "run", CHECKED, "--", "touch", "/root/ready")
    assert wait_until(lambda: state(containers, f"container@{NEEDY}") == "active")
    assert "waits until" in containers.succeed("journalctl", "--no-pager", "-u", f"container@{NEEDY}")
