"""Limits of a container that runs: changed in its cgroup, without a restart."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

from ..base import log, process
from ..base.errors import ContainerError
from ..base.files import write_atomically
from ..declare.codec import encode
from ..kernel import cgroups, disks
from ..observe import containers as observe
from ..plan.cgroup_files import EVERY_DEVICE, PARENT, Write, live_writes
from ..plan.launch import CGROUP_PARENT, cgroup_of
from ..plan.limits import CgroupLimits, changed_limits, container_limits
from ..plan.units import unit_of
from . import again, units

if TYPE_CHECKING:
    from ..base.paths import Paths
    from ..plan.facts import Host

# Properties that know no "infinity": an empty value lifts them (systemd.resource-control(5)).
_RESET_BY_NOTHING = frozenset(("CPUQuota", "CPUWeight", "AllowedCPUs", "AllowedMemoryNodes", "IOWeight"))
# Where systemd keeps what `systemctl set-property --runtime` said.
_FOR_THE_MOMENT = "/run/systemd/system.control"


def set_limits(paths: Paths, host: Host, name: str, limits: CgroupLimits) -> None:
    """Give the running container `name` these limits and no others, and remember that it has them.

    Raises ContainerError when one cannot be set, for example memory below what cannot be taken back; the others are set.
    """
    if host.systemd:
        shutil.rmtree(f"{_FOR_THE_MOMENT}/{unit_of(name)}.d", ignore_errors=True)
        units.sync(paths, [name])
        # systemd gives running units the limits of changed files when it reads them again.
        process.run(["systemctl", "daemon-reload"])
        _lift_cpusets(name, limits, host)
    else:
        _write(name, live_writes(limits, host.cgroups, cgroup_of(name)))
    _note(paths, name, limits)


def change_limits(paths: Paths, host: Host, name: str, changes: list[tuple[str, str]]) -> CgroupLimits:
    """Change some limits of the running container `name` until it stops, or until a switch; return what it has now.

    `changes` are as plan.limits.assignments gives them. Raises ContainerError.
    """
    if observe.running(paths, name) is None:
        raise ContainerError(f"container ‘{name}’ is not running", hint=f"set containers.{name}.limits, or: nixos-container start {name}")
    limits = changed_limits(applied(paths, name), changes)
    if host.systemd:
        words = [f"{key}={'' if value == 'infinity' and key in _RESET_BY_NOTHING else value}" for key, value in changes]
        done = process.run(["systemctl", "set-property", "--runtime", unit_of(name), *words], check=False)
        if done.returncode != 0:
            raise ContainerError(f"systemd refuses the limits of container ‘{name}’", details=done.stderr.strip())
        _lift_cpusets(name, limits, host)
    else:
        _write(name, live_writes(limits, host.cgroups, cgroup_of(name)))
    _note(paths, name, limits)
    return limits


def _lift_cpusets(name: str, limits: CgroupLimits, host: Host) -> None:
    """Give back all that systemd cannot: it takes the limit away, which the kernel refuses as long as there are processes (Linux 6.1)."""
    group = f"{host.cgroups.v2}/{CGROUP_PARENT}/{unit_of(name)}"
    for file, wanted in (("cpuset.cpus", limits.allowed_cpus), ("cpuset.mems", limits.allowed_memory_nodes)):
        if wanted is None and host.cgroups.v2 is not None and cgroups.value(f"{group}/{file}"):
            cgroups.write(f"{group}/{file}", cgroups.parents_cpuset(group, file))


def applied(paths: Paths, name: str) -> CgroupLimits:
    """The limits that the running container `name` has: of its start, or of the last change."""
    started = observe.started(paths, name)
    if started is not None and started.limits is not None:
        return started.limits
    return container_limits(observe.record(paths, name).container)[0]


def _note(paths: Paths, name: str, limits: CgroupLimits) -> None:
    started = observe.started_as_written(paths, name)
    if started:
        write_atomically(f"{paths.run_state(name)}/started.json", json.dumps({**started, "limits": encode(limits)}))
    again.forget(paths, name)  # the next start has the declared ones, and says so


def _write(name: str, writes: tuple[Write, ...]) -> None:
    failures = []
    for write in writes:
        try:
            _write_one(write)
        except OSError as failure:
            if write.needed:
                failures.append(f"{write.file}: {failure.strerror}")
            elif write.device not in ("", EVERY_DEVICE):
                log.warn(f"{write.device}: not limited: {failure.strerror}")
            else:
                log.debug(f"{write.file}: {failure.strerror}")
    if failures:
        raise ContainerError(
            f"not every limit of container ‘{name}’ could be set",
            details="\n".join(failures),
            hint="memory that is in use cannot always be taken back: a restart helps",
        )


def _write_one(write: Write) -> None:
    directory, _, file = write.file.rpartition("/")
    if file in ("cpuset.cpus", "cpuset.mems"):
        if not directory.endswith("/launcher"):
            value = cgroups.parents_cpuset(directory, file) if write.value == PARENT else write.value
            cgroups.write_cpuset(directory, file, value)
    elif write.device == EVERY_DEVICE:
        for number in {line.split()[0] for line in cgroups.value(write.file).splitlines() if ":" in line.partition(" ")[0]}:
            cgroups.write(write.file, write.value.format(number))
    elif write.device:
        cgroups.write(write.file, write.value.format(disks.disk_of(write.device)))
    else:
        cgroups.write(write.file, write.value)
