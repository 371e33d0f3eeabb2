"""Record and host facts in, every text of a launch out: kept as files to be read and compared.

A case is a directory below launch/ with `case.json` (`record`, `host`: v1, hybrid, v2 or systemd) and the texts it gives. After a
change that is meant, `UPDATE_GOLDEN=1 make unit` writes them anew: read the difference before you commit it.
"""

from __future__ import annotations

import json
import os
import shlex
from pathlib import Path

import pytest

from nixos_containers.base.errors import ContainerError
from nixos_containers.declare.codec import decode
from nixos_containers.declare.container import Record
from nixos_containers.plan.facts import Cgroups, Host
from nixos_containers.plan.launch import plan_launch
from nixos_containers.plan.units import drop_in

CASES = sorted(path.parent for path in (Path(__file__).parent / "launch").glob("*/case.json"))
UPDATE = os.environ.get("UPDATE_GOLDEN") == "1"

_V1 = {
    "name=systemd": "/sys/fs/cgroup/systemd",
    "cpu": "/sys/fs/cgroup/cpu,cpuacct",
    "cpuacct": "/sys/fs/cgroup/cpu,cpuacct",
    "cpuset": "/sys/fs/cgroup/cpuset",
    "memory": "/sys/fs/cgroup/memory",
    "pids": "/sys/fs/cgroup/pids",
}
HOSTS = {
    "v1": Host(cgroups=Cgroups(v1=_V1)),
    "hybrid": Host(cgroups=Cgroups(v1=_V1, v2="/sys/fs/cgroup/unified")),
    "v2": Host(cgroups=Cgroups(v2="/sys/fs/cgroup", v2_controllers=frozenset({"cpu", "cpuset", "io", "memory", "pids"}))),
    "systemd": Host(cgroups=Cgroups(v2="/sys/fs/cgroup"), systemd=True),
}


def texts(case: dict) -> dict[str, str]:
    """File name -> text of everything that the case's launch is made of; `error` alone when it is refused."""
    record = decode(Record, case["record"])
    name = record.container.name
    root = f"/run/nixos-containers/{name}" if record.container.ephemeral else f"/var/lib/nixos-containers/{name}"
    try:
        launch = plan_launch(
            record,
            HOSTS[case["host"]],
            state=f"/run/nixos-containers/.{name}",
            root=root,
            busybox=record.busybox,
            system=record.container.system.path or "",
            events="/var/log/nixos-containers/events.jsonl",
        )
    except ContainerError as failure:
        return {"error": f"{failure}\n"}
    files = {path.replace("/", "-"): text for path, text in launch.files.items()}
    if HOSTS[case["host"]].systemd:
        files["drop-in"] = drop_in(record.container, state=root)
    return {"command": shlex.join(launch.command) + "\n", **files}


@pytest.mark.parametrize("directory", CASES, ids=[path.name for path in CASES])
def test_launch(directory: Path) -> None:
    made = texts(json.loads((directory / "case.json").read_text(encoding="utf-8")))
    kept = {path.name for path in directory.iterdir()} - {"case.json"}
    if UPDATE:
        for name in kept - set(made):
            (directory / name).unlink()
        for name, text in made.items():
            (directory / name).write_text(text, encoding="utf-8")
        kept = set(made)
    assert set(made) == kept
    for name, text in made.items():
        assert text == (directory / name).read_text(encoding="utf-8"), f"{directory.name}/{name} (UPDATE_GOLDEN=1 writes it anew)"


def test_there_are_cases_for_every_kind_of_host() -> None:
    hosts = {json.loads((path / "case.json").read_text(encoding="utf-8"))["host"] for path in CASES}
    assert hosts == set(HOSTS)
