"""After all other boot tests: no process, mount, interface, nft element or cgroup of theirs is left."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from .conftest import Host

PREFIX = "nct"
_PLACES = (
    "/var/lib/nixos-containers",
    "/var/lib/nixos-containers/.disks",
    "/etc/nixos-containers",
    "/nix/var/nix/profiles/per-container",
    "/nix/var/nix/gcroots/per-container",
)


def output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


@pytest.mark.flaky(reruns=0)  # what is left is left
def test_nothing_is_left(host: Host) -> None:
    assert not [name for name in host.succeed("list").split() if name.startswith(PREFIX)]
    assert f"machine={PREFIX}" not in output("ps", "-ewwo", "args=")
    assert f"/run/nixos-containers/.{PREFIX}" not in output("ps", "-ewwo", "args=")
    assert PREFIX not in output("findmnt", "-rno", "TARGET")
    assert f"/{PREFIX}" not in output("losetup", "--list", "--noheadings", "--output", "BACK-FILE")
    links = output("ip", "-o", "link")
    assert f" ve-{PREFIX}" not in links and f" vb-{PREFIX}" not in links
    table = output("nft", "list", "table", "inet", "nixos-containers")
    assert "10.213." not in table, "every address of the tests begins so"
    assert not list(Path("/sys/fs/cgroup").glob(f"**/machine.slice/{PREFIX}*"))
    for place in _PLACES:
        assert not list(Path(place).glob(f"{PREFIX}*")), place
