"""After all other boot tests: no process, mount, interface, nft element or cgroup of ours is left."""

from __future__ import annotations

import subprocess
from pathlib import Path

from .conftest import Host


def output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def test_nothing_is_left(host: Host) -> None:
    others = set(host.succeed("list").split())
    running = {entry["name"] for entry in host.json("list") if entry["state"] == "up"}
    test_names = others - {"mycontainer"}
    assert not test_names, f"tests left containers: {test_names}"
    if running:
        return  # the quickstart of `make run` may run beside the tests
    assert "systemd-nspawn" not in output("ps", "-eo", "comm=").split()
    assert "nixos-containers" not in output("findmnt", "-rno", "TARGET")
    links = output("ip", "-o", "link")
    assert " ve-" not in links and " vb-" not in links
    elements = output("nft", "list", "table", "inet", "nixos-containers")
    assert "elements" not in elements
    assert not [path for path in Path("/sys/fs/cgroup").glob("*/machine.slice/*") if path.is_dir()]
