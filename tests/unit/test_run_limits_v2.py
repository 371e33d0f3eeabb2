"""Limits on cgroup v2 carried out: by the launcher's shell and on a running container, on a tree of files that stands for the kernel's."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from nixos_containers.base.paths import Paths
from nixos_containers.declare.container import Limits
from nixos_containers.plan.cgroup_files import cgroup_writes
from nixos_containers.plan.facts import Cgroups, Host
from nixos_containers.plan.launcher_limits import limits_function
from nixos_containers.plan.limits import container_limits
from nixos_containers.run.limits import set_limits

from .samples import container

CONTROLLERS = frozenset({"cpu", "cpuset", "memory", "pids", "io"})
LIMITS = Limits(cpu_quota="50%", cpu_weight=200, allowed_cpus="0", memory_max="1G", memory_high="512M", memory_swap_max=0, tasks_max=100)
WRITTEN = {
    "cpu.max": "50000 100000",
    "cpu.weight": "200",
    "cpuset.cpus": "0",
    "memory.max": str(1 << 30),
    "memory.high": str(1 << 29),
    "memory.swap.max": "0",
    "pids.max": "100",
}
# What a fresh cgroup has (admin-guide/cgroup-v2).
FRESH = {
    "cpu.max": "max 100000", "cpu.weight": "100", "cpuset.cpus": "", "cpuset.mems": "", "memory.max": "max", "memory.high": "max",
    "memory.swap.max": "max", "pids.max": "max", "io.weight": "default 100", "io.bfq.weight": "default 100", "io.max": "",
}  # fmt: skip


@pytest.fixture
def group(tmp_path: Path) -> Path:
    made = tmp_path / "machine.slice/web"
    made.mkdir(parents=True)
    for file, value in FRESH.items():
        (made / file).write_text(value + "\n")
    return made


def held(group: Path) -> dict[str, str]:
    return {file: (group / file).read_text().strip() for file in FRESH}


def host(group: Path) -> Host:
    return Host(cgroups=Cgroups(v2=str(group.parents[1]), v2_controllers=CONTROLLERS))


def test_a_launcher_writes_them(group: Path) -> None:
    writes = cgroup_writes(container_limits(container(limits=LIMITS))[0], host(group).cgroups, "machine.slice/web")
    subprocess.run(["sh", "-euc", "\n".join([*limits_function(writes), "limit"])], check=True)
    assert held(group) == FRESH | WRITTEN


def test_a_running_container_gets_them_and_is_freed_of_them(group: Path, tmp_path: Path) -> None:
    paths = Paths(root=str(tmp_path / "host"))
    set_limits(paths, host(group), "web", container_limits(container(limits=LIMITS))[0])
    assert held(group) == FRESH | WRITTEN
    set_limits(paths, host(group), "web", container_limits(container(limits=Limits(tasks_max=7)))[0])
    # A quota without a period keeps the kernel's; an empty cpuset is the parent's.
    assert held(group) == FRESH | {"cpu.max": "max", "pids.max": "7"}


def test_disks_are_named_by_their_numbers(group: Path, tmp_path: Path) -> None:
    limits = container_limits(container(limits=Limits(io_weight=50, io_read_bandwidth_max={str(tmp_path): "1M"})))[0]
    set_limits(Paths(root=str(tmp_path / "host")), host(group), "web", limits)
    assert held(group)["io.weight"] == "default 50"
    assert held(group)["io.max"] == "" or held(group)["io.max"].endswith(" rbps=1000000")
