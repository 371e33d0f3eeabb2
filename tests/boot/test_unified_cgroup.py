"""A host that has cgroup v2 alone and no systemd: a mount namespace in which nothing else is to be seen.

Controllers that the machine keeps in v1 are not in its v2 tree: what limits do there is shown by the unit tests of their writes.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from nixos_containers.kernel import cgroups, device_filter

from .conftest import Host, wait_until

NAME = "nctvtwo"
DEFINITION = f"""{{
  containers.{NAME} = {{
    additionalCapabilities = [ "CAP_MKNOD" ];
    allowedDevices = [ {{ node = "char-mem"; modifier = "r"; }} ];
    devices."/dev/fuse" = {{ permissions = "rw"; }};
    @MORE@
    config.system.stateVersion = "23.11";
  }};
}}
"""


class UnifiedHost(Host):
    """The host without its cgroup v1 hierarchies, in a mount namespace that `holder` keeps."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        mounts = """set -e
            mount --make-rprivate /
            umount --recursive /sys/fs/cgroup
            mount -t cgroup2 cgroup2 /sys/fs/cgroup
            echo ready; exec sleep infinity"""
        self.holder = subprocess.Popen(["unshare", "--mount", "sh", "-c", mounts], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
        assert self.holder.stdout is not None
        if self.holder.stdout.readline() != b"ready\n":
            pytest.skip("no namespace with cgroup v2 alone can be made here")

    def within(self, *words: str) -> list[str]:
        return ["nsenter", "--mount", f"--target={self.holder.pid}", f"--wdns={self.directory}", "--", *words]

    def command(self, *words: str) -> list[str]:
        return self.within(*super().command(*words))

    def outside(self, *words: str) -> str:
        return subprocess.run(self.within(*words), capture_output=True, text=True, check=False).stdout

    def end(self) -> None:
        self.holder.terminate()
        self.holder.wait()
        # systemd-nspawn makes the same cgroup in the hierarchy name=systemd, which nobody in the namespace sees.
        cgroups.remove(tuple(f"{mount}/machine.slice/{NAME}" for mount in cgroups.hierarchies()[0].values()))


@pytest.fixture(scope="module")
def unified(tmp_path_factory: pytest.TempPathFactory) -> Iterator[UnifiedHost]:
    if Path("/run/systemd/system").exists():
        pytest.skip("units of systemd have their own tests (tests/host)")
    made = UnifiedHost(tmp_path_factory.mktemp("unified"))
    try:
        made.define(DEFINITION.replace("@MORE@", ""))
        made.switch()
        made.succeed("start", NAME)
        yield made
        made.remove_everything()
    finally:
        made.end()


def reach(host: UnifiedHost, script: str) -> list[str]:
    """What `script` says in a session and in a unit of the guest."""
    ways: tuple[list[str], ...] = ([], ["systemd-run", "--quiet", "--pipe", "--wait"])
    said = {host.run("run", NAME, "--", *way, "sh", "-c", script).stdout for way in ways}
    assert len(said) == 1, said
    return said.pop().split()


def check_devices(host: UnifiedHost) -> None:
    device = os.stat("/nix").st_dev
    disk = f"cd /root; rm -f d; mknod d b {os.major(device)} {os.minor(device)} && echo made; head -c 1 d | wc -c"
    assert reach(host, disk) == ["0"], "not even its node can be made"
    assert reach(host, "head -c 3 /dev/zero | wc -c; echo x > /dev/null && echo written; head -c 2 /dev/urandom | wc -c") == [
        "3",
        "written",
        "2",
    ]
    # As the options say: reading of the class, making of the node that was handed in and no other.
    assert reach(host, "cd /root; rm -f m; mknod m c 1 1 && echo made; : < /dev/fuse && echo opened") == ["opened"]


def test_the_device_policy_is_closed_even_to_who_can_make_nodes(unified: UnifiedHost) -> None:
    if device_filter.refusal() is not None:
        pytest.skip(f"this kernel has no device policy on cgroup v2: {device_filter.refusal()}")
    check_devices(unified)


def test_it_still_is_after_a_reboot_and_after_a_start_that_repeats(unified: UnifiedHost) -> None:
    if device_filter.refusal() is not None:
        pytest.skip(f"this kernel has no device policy on cgroup v2: {device_filter.refusal()}")
    before = unified.json("status", NAME)["leader"]
    unified.run("run", NAME, "--", "systemctl", "reboot")
    wait_until(lambda: unified.json("status", NAME).get("leader") not in (None, before))
    unified.succeed("wait", NAME, "--for", "running", "--timeout", "20s")
    check_devices(unified)
    unified.succeed("restart", NAME)
    check_devices(unified)


def test_limits_that_the_tree_has_no_controller_for_are_said(unified: UnifiedHost) -> None:
    controllers = unified.outside("cat", "/sys/fs/cgroup/cgroup.controllers").split()
    if "memory" in controllers:
        pytest.skip("this machine's cgroup v2 has the controllers: tests/boot/test_limits.py hits the limits")
    unified.define(DEFINITION.replace("@MORE@", 'limits.memoryMax = "200M";'))
    said = unified.switch().stderr
    assert f"containers.{NAME}.limits.memoryMax: not kept, since this kernel offers no ‘memory’ cgroup controller" in said
    assert "limits of these have no effect" in unified.run("doctor").stdout


def test_it_ends_and_leaves_no_cgroup(unified: UnifiedHost) -> None:
    unified.succeed("stop", NAME)
    assert unified.outside("find", "/sys/fs/cgroup", "-name", NAME) == ""
