"""Containers as the host holds them: records, what runs, generations, states. Reads only."""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from ..base import log
from ..base.errors import ContainerError, HostError
from ..base.files import read_text
from ..declare.codec import DecodeError, decode
from ..declare.container import Container, Record
from ..kernel import cgroups, proc
from ..plan.facts import Cgroups, HostNetwork, Observed, Running
from ..plan.launch import cgroup_of
from ..plan.limits import CgroupLimits, live_digest
from ..plan.order import Dependencies
from .live import names, nspawn_and_leader

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..base.paths import Paths
    from ..declare.container import Spec

# Seconds by which the time of a file may be behind the clock: the kernel takes that of its last tick.
_TICK = 0.02

__all__ = [
    "NoSuchContainer",
    "Started",
    "dependencies",
    "dependencies_of",
    "disk_size",
    "is_auto_start",
    "is_imperative",
    "leftovers",
    "names",
    "observe",
    "orphaned",
    "profile_system",
    "record",
    "record_path",
    "run_states",
    "running",
    "started",
    "started_as_written",
    "supervisor",
    "system_link",
    "system_of",
    "user_ranges",
]


@dataclass(frozen=True, slots=True)
class Started:
    """What a start wrote down about itself (run state `started.json`)."""

    params: str
    system: str
    busybox: str
    limits: CgroupLimits | None = None
    container: Container | None = None
    # Networks that a killed command may have left in part.
    also: tuple[Container, ...] = ()


class NoSuchContainer(ContainerError):
    """The name is not that of a container of this host."""

    def __init__(self, name: str, known: list[str]) -> None:
        # difflib is loaded on this path only.
        import difflib

        close = difflib.get_close_matches(name, known, n=2)
        hint = f"did you mean {' or '.join(close)}?" if close else "‘nixos-container list’ shows those that exist"
        super().__init__(f"container ‘{name}’ does not exist", hint=hint)


def record_path(paths: Paths, name: str) -> str:
    """The JSON record beside upstream's NAME.conf."""
    return f"{paths.records}/{name}.json"


def record(paths: Paths, name: str) -> Record:
    """The record of container `name`. Raises NoSuchContainer, or HostError for a damaged record."""
    try:
        text = read_text(record_path(paths, name))
    except OSError as failure:
        raise _damaged(paths, name, str(failure.strerror)) from None
    if text is None:
        known = names(paths)
        if name not in known:
            raise NoSuchContainer(name, known)
        raise HostError(
            f"{paths.record(name)} stands alone: {record_path(paths, name)} is missing",
            hint=f"‘nixos-container update {name}’ writes it anew"
            if is_imperative(paths, name)
            else "was it made by another program? ‘nixos-container switch’ takes it over when the definition declares it",
        )
    try:
        found = _record_of(text)
        if found.container.name != name:
            raise DecodeError(f"it is of ‘{found.container.name}’")
        return found
    except (ValueError, DecodeError) as failure:
        raise _damaged(paths, name, str(failure)) from None


@lru_cache(1024)
def _record_of(text: str) -> Record:
    """A command looks at a record several times: what it says is read each time, and decoded once."""
    return decode(Record, json.loads(text))


def _damaged(paths: Paths, name: str, why: str) -> HostError:
    verb = f"update {name}" if is_imperative(paths, name) else "switch"
    return HostError(
        f"the record {record_path(paths, name)} is damaged: {why}",
        hint=f"‘nixos-container {verb}’ writes it anew from the definition; the container's state is not touched",
    )


def is_imperative(paths: Paths, name: str) -> bool:
    """Whether a command made the container: then its definition stands beside its record, also when that is damaged."""
    return os.path.exists(paths.imperative(name))


def records(paths: Paths) -> dict[str, Record]:
    """The records of all containers; one that cannot be read is warned of and left out, so that it can be replaced."""
    found = {}
    for name in names(paths):
        try:
            found[name] = record(paths, name)
        except HostError as failure:
            log.warn(str(failure))
    return found


def dependencies_of(paths: Paths, name: str) -> Dependencies | None:
    """The dependencies of container `name` from its record, or None when there is no record that can be read."""
    declared = _declared(paths, name)
    try:
        return None if declared is None else Dependencies(*(tuple(declared.get(option, ())) for option in Dependencies.__slots__))
    except TypeError:
        return None


def is_auto_start(paths: Paths, name: str) -> bool:
    """Whether container `name` starts with the host."""
    return bool((_declared(paths, name) or {}).get("autoStart"))


def _declared(paths: Paths, name: str) -> dict[str, Any] | None:
    """The container's options in its record as they stand there, which costs a fraction of decoding it all."""
    text = read_text(record_path(paths, name))
    try:
        found = None if text is None else json.loads(text)["container"]
    except (ValueError, TypeError, KeyError):
        return None
    return found if isinstance(found, dict) else None


def dependencies(paths: Paths) -> dict[str, Dependencies]:
    """The dependencies of all containers; those with a damaged record have none."""
    return {name: dependencies_of(paths, name) or Dependencies() for name in names(paths)}


def running(paths: Paths, name: str) -> Running | None:
    """The processes behind container `name`, or None when it does not run."""
    found = nspawn_and_leader(paths, name)
    if found is None:
        return None
    nspawn, leader = found
    known = _started(paths.run_state(name))
    return Running(
        leader=leader,
        nspawn=nspawn,
        supervisor=supervisor(paths, name),
        system=known.system if known else None,
        params=known.params if known else "",
        limits=live_digest(known.limits) if known and known.limits else None,
        container=known.container if known else None,
    )


def running_or_refuse(paths: Paths, name: str) -> Running:
    """The processes behind `name`. Raises ContainerError with what to type when it does not run, or does not exist."""
    found = running(paths, name)
    if found is not None:
        return found
    known = names(paths)
    if name not in known:
        raise NoSuchContainer(name, known)
    raise ContainerError(f"container ‘{name}’ is not running", hint=f"nixos-container start {name}")


def supervisor(paths: Paths, name: str) -> int | None:
    """The pid of the container's launcher, or None when it is not there; 1 where a unit of systemd takes its place."""
    state = paths.run_state(name)
    if os.path.exists(f"{state}/unit"):
        return 1
    launcher = proc.read_pid(f"{state}/launcher.pid")
    if launcher is None or f"{state}/launch" not in proc.arguments(launcher):
        return None
    return launcher


def started(paths: Paths, name: str) -> Started | None:
    """What the last start of container `name` wrote down, and what was changed since; None when there was none."""
    return _started(paths.run_state(name))


def _started(state: str) -> Started | None:
    text = read_text(f"{state}/started.json")
    if text is None:
        return None
    try:
        return decode(Started, json.loads(text))
    except (ValueError, DecodeError):
        return None


def started_as_written(paths: Paths, name: str) -> dict[str, Any]:
    """The same as it stands there, for who adds to it; empty when there is none, or a damaged one."""
    try:
        found = json.loads(read_text(f"{paths.run_state(name)}/started.json") or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def leftovers(paths: Paths, layout: Cgroups, name: str) -> list[str]:
    """What a container that does not run has left behind, in words; empty when the host is clean."""
    if running(paths, name) is not None or supervisor(paths, name) is not None:
        return []  # with a launcher but without nspawn, the guest is rebooting or ending: the launcher sees to it
    found = []
    state = paths.run_state(name)
    groups = layout.paths(cgroup_of(name))
    if cgroups.processes(groups):
        found.append("processes without their supervisor")
    elif cgroups.present(groups):
        found.append("cgroups")
    if os.path.exists(f"{state}/nspawn.pid") or os.path.exists(f"{state}/launcher.pid"):
        found.append("run-time files")
    elif os.path.exists(f"{paths.shared}/forwarding/users/{name}"):
        found.append("kernel settings")
    return found


def run_states(paths: Paths) -> list[str]:
    """Names that have a run-state directory, whether or not a record still exists."""
    try:
        entries = os.listdir(paths.run)
    except FileNotFoundError:
        return []
    return sorted(entry[1:] for entry in entries if entry.startswith(".") and os.path.isdir(f"{paths.run}/{entry}/guest"))


def user_ranges(paths: Paths) -> dict[str, int]:
    """Container -> first uid of its recorded range. Raises HostError when the file is damaged."""
    text = read_text(paths.user_ranges)
    if text is None:
        return {}
    try:
        return decode(dict[str, int], json.loads(text), paths.user_ranges)
    except (ValueError, DecodeError) as failure:
        raise HostError(
            f"{paths.user_ranges} is damaged: {failure}",
            hint="‘nixos-container doctor’ makes it anew from the records",
        ) from None


def profile_system(paths: Paths, name: str) -> str | None:
    """The store path that the container's profile points at, or None."""
    profile = paths.profile(name)
    return os.path.realpath(profile) if os.path.islink(profile) else None


def system_of(paths: Paths, record: Record) -> str:
    """The store path that a start of this container runs: its profile's newest, or what a profile it was given has now."""
    name, link = record.container.name, system_link(paths, record)
    if link != paths.profile(name):
        return os.path.realpath(link)
    system = profile_system(paths, name)
    if system is None:
        raise HostError(
            f"container ‘{name}’ has no system yet",
            hint="‘nixos-container switch’ builds it" if record.declared_by else f"nixos-container update {name}",
        )
    return system


def system_link(paths: Paths, record: Record) -> str:
    """The link that leads to the system which a start of this container runs: its own profile, or the one it was given."""
    given = record.container.system
    if given.drv is None and given.path is not None and not given.path.startswith("/nix/store/"):
        return given.path
    return paths.profile(record.container.name)


def orphaned(record: Record) -> bool:
    """Whether the file that declared the container is gone: nothing can take the container out of it any more."""
    return record.declared_by is not None and not os.path.exists(record.declared_by)


def disk_size(paths: Paths, name: str) -> int | None:
    """How many bytes the disk of container `name` has; None where its root is a directory, or not there yet."""
    try:
        return os.stat(paths.disk(name)).st_size
    except FileNotFoundError:
        return None


def _disks(paths: Paths, wanted: Iterable[str]) -> dict[str, int]:
    found = {name: disk_size(paths, name) for name in wanted}
    return {name: size for name, size in found.items() if size is not None}


def observe(paths: Paths, spec: Spec | None = None) -> Observed:
    """Everything that the planner of a switch needs to know about the host's containers, and about the paths in `spec`."""
    at = time.time() - _TICK
    live, profiles = {}, {}
    for name in names(paths):
        found = running(paths, name)
        if found is not None:
            live[name] = found
        system = profile_system(paths, name)
        if system is not None:
            profiles[name] = system
    try:
        states = frozenset(entry for entry in os.listdir(paths.states) if not entry.startswith("."))
    except FileNotFoundError:
        states = frozenset()
    known = records(paths)
    given = [container.system.path for container in spec.containers.values()] if spec is not None else []
    network, addresses = HostNetwork(), {}
    if spec is not None and any(container.network.private for container in spec.containers.values()):
        from . import reserved
        from .network import host_network

        network = host_network()
        addresses = reserved.with_reservations(spec, reserved.reserved(paths), known, network=network)
    return Observed(
        records=known,
        running=live,
        profiles=profiles,
        states=states,
        disks=_disks(paths, {*known, *(spec.containers if spec is not None else ())}),
        user_ranges=user_ranges(paths),
        addresses=addresses,
        network=network,
        finished={path: os.path.realpath(path) for path in given if path is not None},
        orphaned=frozenset(name for name, record in known.items() if orphaned(record)),
        at=at,
    )
