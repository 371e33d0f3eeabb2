"""How much disk space containers take: states, volumes, and what of the store is there for them. Looks only."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..base import process
from ..base.errors import ContainerError
from ..plan.mounts import volume_path
from . import containers as observe

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..base.paths import Paths


@dataclass(frozen=True, slots=True)
class Usage:
    """Bytes of one container: its state, its volumes, the closure of its system, and the part of that which no other container uses.

    None is what cannot be told: a container that was never started has no state, one without a system no closure.
    """

    name: str
    state: int | None
    volumes: int
    store: int | None
    exclusive: int | None


@dataclass(frozen=True, slots=True)
class Volume:
    """A volume, its bytes on the disk, and the containers that declare it."""

    name: str
    path: str
    size: int
    containers: tuple[str, ...]


def usage(paths: Paths, names: Iterable[str]) -> list[Usage]:
    """What each of the containers `names` takes. Raises ContainerError for one that does not exist."""
    records = {name: observe.record(paths, name) for name in observe.names(paths)} | {name: observe.record(paths, name) for name in names}
    closures = {}
    for name, record in records.items():
        try:
            closures[name] = _closure(observe.system_of(paths, record))
        except ContainerError:
            closures[name] = frozenset()
    sizes = _store_sizes(frozenset().union(*closures.values()))
    found = []
    for name in names:
        own = closures[name]
        others = frozenset().union(*(closure for other, closure in closures.items() if other != name))
        volumes = {volume_path(paths.states, volume) for volume in records[name].container.volumes.values()}
        found.append(
            Usage(
                name,
                state=_state(paths, name),
                volumes=sum(_disk(path) or 0 for path in volumes),
                store=sum(sizes[path] for path in own) if own else None,
                exclusive=sum(sizes[path] for path in own - others) if own else None,
            )
        )
    return found


def volumes(paths: Paths) -> list[Volume]:
    """All volumes of this host, also those that no container uses any more."""
    directory = volume_path(paths.states, "")
    try:
        names = sorted(os.listdir(directory))
    except FileNotFoundError:
        return []
    users: dict[str, list[str]] = {}
    for name, record in observe.records(paths).items():
        running = observe.running(paths, name)
        # A guest that was not restarted since has what its start was given.
        given = [record.container, *([running.container] if running is not None and running.container is not None else [])]
        for volume in {volume for container in given for volume in container.volumes.values()}:
            users.setdefault(volume, []).append(name)
    return [Volume(name, directory + name, _disk(directory + name) or 0, tuple(users.get(name, ()))) for name in names]


def _state(paths: Paths, name: str) -> int | None:
    """A disk takes what of it was ever written and not freed again."""
    try:
        image = os.stat(paths.disk(name)).st_blocks * 512
    except FileNotFoundError:
        return _disk(paths.state(name))
    return image + (_disk(paths.state(name)) or 0)


def _disk(path: str) -> int | None:
    """Bytes that the tree at `path` occupies on its own file system; nothing that is mounted in it."""
    if not os.path.isdir(path):
        return None
    done = process.run(["du", "-s", "-x", "-B1", "--", path], check=False)
    number = done.stdout.partition("\t")[0]
    return int(number) if number.isdigit() else None


def _closure(system: str) -> frozenset[str]:
    done = process.run(["nix-store", "--query", "--requisites", system], check=False)
    return frozenset(done.stdout.split()) if done.returncode == 0 else frozenset()


def _store_sizes(store_paths: frozenset[str]) -> dict[str, int]:
    if not store_paths:
        return {}
    ordered = sorted(store_paths)
    done = process.run(["nix-store", "--query", "--size", *ordered])
    return dict(zip(ordered, map(int, done.stdout.split()), strict=True))
