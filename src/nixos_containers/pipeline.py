"""The whole story: declare -> evaluate -> lock -> build -> observe -> plan -> run.

Read this first. Each function is one thing a person asks for, told in the rooms' own words. Not for parsing
arguments (cli/), for printing answers, for containers that a command makes (imperative.py) or for going back (history.py).
"""

from __future__ import annotations

import os
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .base import log
from .base.errors import DefinitionError
from .base.files import locked
from .build import store
from .evaluate.evaluate import Request, evaluate, may_remember
from .evaluate.flake import read_flakes
from .evaluate.options import declared_options, option_value
from .observe import containers as observe
from .observe.host import host_facts, init_is_systemd
from .observe.limits import unkept_limits
from .packages import importer, resolve, roots
from .packages import lock as locking
from .packages.apt import Apt
from .packages.index import ensure_index
from .packages.lock import Lock, path_beside
from .plan.actions import Create, Reload, Update
from .plan.addresses import with_reserved
from .plan.claims import route_warnings
from .plan.compare import Changes, compare_packages, compare_records, units_of
from .plan.limits import systemd_names
from .plan.service_config import without_effect
from .plan.switch import plan_switch
from .plan.universe import universe_line
from .run import addresses
from .run.execute import execute
from .run.records import command_line
from .run.reload import dry_activate
from .run.repair import repair_all

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from .base.paths import Paths
    from .declare.container import Spec
    from .declare.option import Option, OptionValue
    from .packages.index import Index
    from .plan.actions import Action


# How many containers one line of progress names.
_NAMED = 12


@dataclass(frozen=True, slots=True)
class Built:
    """A definition whose systems are all in the store."""

    source: str
    spec: Spec


def switch(
    paths: Paths,
    definition: str,
    *,
    names: tuple[str, ...] = (),
    dry_run: bool = False,
    purge: bool = False,
    nixpkgs: str | None = None,
    nix_options: tuple[str, ...] = (),
) -> list[Action]:
    """Make the host match `definition`; return the actions, which a dry run only names.

    `nixpkgs` is the tree for containers that name none, `nix_options` go to Nix where it evaluates a flake.
    Raises ContainerError; until everything is evaluated and built the host's containers are not touched.
    """
    source = os.path.abspath(definition)
    with locked(paths.lock(".switch"), who=command_line()):
        spec, lock = evaluate_locked(paths, source, names=names, nixpkgs=nixpkgs, nix_options=nix_options)
        with nullcontext() if dry_run else rooted(paths, spec):
            if not dry_run:
                build_systems(paths, spec, lock)
            host = host_facts()
            if not dry_run:
                repair_all(paths, host)
                addresses.reserve(paths, spec)
            seen = observe.observe(paths, spec)
            plan = plan_switch(spec, seen, host, source=source, names=names, purge=purge)
            for sentence in route_warnings(plan, seen.network):
                log.warn(sentence)
            if not dry_run:
                execute(paths, host, plan, observed_at=seen.at)
    return plan


@dataclass(frozen=True, slots=True)
class Preview:
    """What a switch would do: its actions, and what they change in each container."""

    actions: list[Action]
    changes: list[Changes]


def preview(
    paths: Paths,
    definition: str,
    *,
    names: tuple[str, ...] = (),
    purge: bool = False,
    imperative: bool = False,
    nixpkgs: str | None = None,
    nix_options: tuple[str, ...] = (),
) -> Preview:
    """What `switch` of `definition` would change, or `update` when it is `imperative`. The systems are built, nothing is touched."""
    source = os.path.abspath(definition)
    spec, lock = evaluate_locked(paths, source, names=names, nixpkgs=nixpkgs, nix_options=nix_options)
    build_systems(paths, spec, lock)
    seen = observe.observe(paths, spec)
    spec = with_reserved(spec, seen.addresses)
    plan = plan_switch(spec, seen, host_facts(), source=None if imperative else source, names=names, purge=purge, start=not imperative)
    changes = []
    for name in dict.fromkeys(action.name for action in plan):
        if name not in spec.containers:
            continue
        # With the addresses that the plan chose.
        planned = (action.record.container for action in plan if action.name == name and isinstance(action, Create | Update))
        container = next(planned, spec.containers[name])
        old = seen.running[name].system if name in seen.running else seen.profiles.get(name)
        new = None if container.system.path is None else seen.finished.get(container.system.path, container.system.path)
        in_place = new is not None and any(isinstance(action, Reload) for action in plan if action.name == name)
        options, network = compare_records(seen.records.get(name), container)
        changes.append(
            Changes(
                name,
                old,
                new,
                packages=()
                if old == new
                else compare_packages(
                    store.packages_of(old) if old else (), store.packages_of(new) if new else (), frozenset(lock.packages)
                ),
                units=units_of(dry_activate(paths, name, new) or "") if in_place and new is not None else None,
                options=options,
                network=network,
            )
        )
    return Preview(plan, changes)


def build(
    paths: Paths,
    definition: str,
    *,
    names: tuple[str, ...] = (),
    nixpkgs: str | None = None,
    nix_options: tuple[str, ...] = (),
) -> Built:
    """Evaluate and build `definition` without touching the host's containers."""
    source = os.path.abspath(definition)
    spec, lock = evaluate_locked(paths, source, names=names, nixpkgs=nixpkgs, nix_options=nix_options)
    build_systems(paths, spec, lock)
    return Built(source, spec)


def evaluate_locked(
    paths: Paths,
    source: str,
    *,
    names: tuple[str, ...] = (),
    nixpkgs: str | None = None,
    nix_options: tuple[str, ...] = (),
) -> tuple[Spec, Lock]:
    """Evaluate `source` with the closure of its packages locked beside it.

    The first evaluation tells which packages are wanted. When the lock has their closure already, that was all: one Nix
    process. Otherwise apt resolves, the lock file is written, and a second evaluation uses it.
    """
    apt = Apt(paths)
    index = ensure_index(paths, apt=apt)
    lock_file = path_beside(source)
    lock = locking.read(lock_file)
    ready = importer.ensure_bootstrap(paths, lock, apt)
    with locking.put_back_on_failure(lock_file):
        for _ in range(3):
            if ready != lock:
                locking.write(lock_file, ready)
                lock = ready
            memory = f"{paths.cache}/evaluations" if may_remember(nix_options) else None
            spec = _evaluate(source, index, lock_file, names, nixpkgs, expected=len(names) or len(lock.systems), memory=memory)
            for name in names:
                if name not in spec.declared:
                    raise DefinitionError(
                        f"{source} declares no container ‘{name}’", hint=f"it declares: {', '.join(spec.declared) or 'none'}"
                    )
            ready = resolve.update_lock(lock, _wanted(spec), index, apt, keep_others=bool(names))
            if ready == lock:
                spec = read_flakes(spec, nix_options, directory=os.path.dirname(source))
                _tell(spec, archive=f"{index.origin} {index.suite}", source=source, lock_file=lock_file)
                return spec, lock
        raise DefinitionError(
            "which packages the definition wants changes with the packages it gets", hint="does it read the package set's own closure?"
        )


def upgrade(paths: Paths, definition: str, *, dry_run: bool = False) -> tuple[locking.Move, ...]:
    """Move the lock of `definition` to the archive's current packages; return what moves. Raises ContainerError.

    Nothing is built and no container touched: `switch` does that, with the new lock.
    """
    source = os.path.abspath(definition)
    with locked(paths.lock(".switch"), who=command_line()):
        apt = Apt(paths)
        with log.step("asking the archive for news"):
            index = ensure_index(paths, refresh=True, apt=apt)
        lock_file = path_beside(source)
        lock = locking.read(lock_file)
        wanted = {name: frozenset(system.roots) for name, system in lock.systems.items()}
        upgraded = resolve.update_lock(lock, wanted, index, apt, upgrade=True)
        if not dry_run:
            locking.write(lock_file, upgraded)
        return locking.diff(lock, upgraded)


def _evaluate(
    source: str,
    index: Index,
    lock_file: str,
    names: tuple[str, ...],
    nixpkgs: str | None,
    *,
    expected: int,
    memory: str | None,
) -> Spec:
    request = Request(modules=(source,), index=index.path, lock=lock_file, names=names or None, nixpkgs=nixpkgs, expected=expected)
    return evaluate(request, suggest=index.suggest, memory=memory)


def _wanted(spec: Spec) -> dict[str, frozenset[str]]:
    """Container -> the archive packages that its system names, for those of the embedded universe."""
    return {
        name: roots.archive_roots(container.system.drv)
        for name, container in spec.containers.items()
        if container.universe == "embedded" and container.system.drv is not None
    }


def _tell(spec: Spec, *, archive: str, source: str, lock_file: str) -> None:
    if not spec.declared:
        log.say(f"{source} declares no containers")
        if spec.warnings:  # but options of a host
            log.say(f"to run what it declares as one: nixos-container create NAME --config-file {source}")
    universe = universe_line(spec, archive=archive, lock_file=lock_file)
    if universe is not None:
        log.say(universe)
    attributed = {warning for container in spec.containers.values() for warning in container.system.warnings}
    for warning in spec.warnings:
        # A system traces its own warnings while it is evaluated: said below, with the container's name.
        if not any(known.startswith(warning) for known in attributed):
            log.warn(warning)
    for name, container in sorted(spec.containers.items()):
        for warning in container.system.warnings:
            log.warn(f"{name}: {warning}")
        for warning in (
            *unkept_limits([container]),
            *without_effect(container, systemd_names(), systemd=init_is_systemd()),
        ):
            log.warn(warning)
        if container.private_users is None and not container.network.private:
            log.say(f"{name}: on the host's network, so without private users: root inside is root outside")


def rooted(paths: Paths, spec: Spec, *, apart: str = "") -> AbstractContextManager[None]:
    """While the block runs, no garbage collection takes the systems of `spec`: each gets a generation only in its turn.

    `apart` tells several such blocks of one process apart.
    """
    built = [spec.busybox.path, *(container.system.path for container in spec.containers.values() if container.system.drv is not None)]
    return store.rooted(paths.building(os.getpid(), apart), (path for path in built if path is not None))


def build_systems(paths: Paths, spec: Spec, lock: Lock) -> None:
    """Bring every system of `spec` into the store: fetch what the archive has to give, then build."""
    systems = [container.system for container in spec.containers.values() if container.system.drv is not None]
    wanted = [spec.busybox.path, *(system.path for system in systems)]
    if all(path is not None and os.path.exists(path) for path in wanted):
        return
    embedded = [spec.busybox.drv]
    foreign: list[str] = []
    for container in spec.containers.values():
        if container.system.drv is not None:
            (embedded if container.universe == "embedded" else foreign).append(container.system.drv)
    with log.step("fetching packages"):
        importer.prepare(paths, lock, embedded)
    names = sorted(spec.containers)
    if len(names) > _NAMED:
        names[_NAMED:] = [f"and {len(names) - _NAMED} more"]
    with log.step(f"building {', '.join(names) or 'nothing'}"):
        store.realise(embedded)
        store.realise(foreign, substitute=True)


def options() -> list[Option]:
    """Every public option of host and guest, with its documentation."""
    return declared_options()


def option(paths: Paths, source: str, name: str) -> OptionValue:
    """The option `name` of the definition file `source`: its value, and who defined it."""
    index = ensure_index(paths)
    request = Request(modules=(source,), index=index.path, lock=path_beside(source))
    return option_value(request, name, suggest=index.suggest)
