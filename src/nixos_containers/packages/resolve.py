"""Brings a lock up to date with what containers ask for, moving as little as possible.

Not for evaluating (evaluate/) or fetching (importer.py). `update_lock` writes nothing; the caller does.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ..base import log
from ..base.errors import DefinitionError
from .lock import Bootstrap, Lock, Package, System, closure_key
from .roots import BUILD_SET

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .apt import Apt
    from .index import Index

# apt computes on one core; more at a time than this only crowds a small host.
_PARALLEL = 2
# Moved packages can pull others along; a lock that does not settle after this is contradictory.
_ROUNDS = 8


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Root sets by closure key: of systems and of builds' tools."""

    systems: dict[str, System]
    sets: dict[str, frozenset[str]]


def update_lock(
    lock: Lock,
    wanted: Mapping[str, frozenset[str]],
    index: Index,
    apt: Apt,
    *,
    upgrade: bool = False,
    keep_others: bool = False,
) -> Lock:
    """A lock that answers `wanted` (container -> roots, see roots.archive_roots).

    Closures whose roots did not change stay as they are. New root sets are resolved by apt with the locked
    versions kept where the archive still has them; which had to move is said in one line. `upgrade` moves
    everything to the archive's present versions. `keep_others` keeps systems that `wanted` does not name.
    Raises DefinitionError (unknown package, conflict, lock of another archive) and HostError.
    """
    if lock.systems and not upgrade:
        _check_archive(lock, index)
    others = {name: system for name, system in lock.systems.items() if name not in wanted} if keep_others else {}
    asked = _sets(wanted)
    for name, system in others.items():
        more = _sets({name: frozenset(system.roots)})
        asked.systems.update(more.systems)
        asked.sets.update(more.sets)
    closures: dict[str, tuple[str, ...]] = {}
    packages: dict[str, Package] = {} if upgrade else dict(lock.packages)
    if not upgrade:
        closures = {key: lock.closures[key] for key in asked.sets if key in lock.closures}
    for _ in range(_ROUNDS):
        missing = {key: roots for key, roots in asked.sets.items() if key not in closures}
        if not missing:
            break
        if not upgrade:
            apt.refresh_if_old()
        moved = _resolve(missing, packages, closures, apt)
        # A closure with a package that moved may lack what the new version needs.
        for key in [key for key, names in closures.items() if key not in missing and not moved.isdisjoint(names)]:
            del closures[key]
    used = {name for names in closures.values() for name in names}
    result = replace(
        lock,
        bootstrap=_kept_bootstrap(lock, index) if upgrade else lock.bootstrap,
        suite=index.suite,
        architecture=index.architecture,
        packages={name: package for name, package in packages.items() if name in used},
        systems=asked.systems,
        closures=closures,
    )
    if not upgrade:
        _tell(lock, result)
    return result


def _kept_bootstrap(lock: Lock, index: Index) -> Bootstrap | None:
    """The busybox of the lock while the archive has it; else None, which makes the next command take the new one."""
    if lock.bootstrap is None:
        return None
    present = {name: index.entry(name) for name in lock.bootstrap.packages}
    same = all(entry and entry["sha256"] == lock.bootstrap.packages[name].sha256 for name, entry in present.items())
    return lock.bootstrap if same else None


def _check_archive(lock: Lock, index: Index) -> None:
    for what, locked, present in (
        ("release", lock.suite, index.suite),
        ("architecture", lock.architecture, index.architecture),
    ):
        if locked != present:
            raise DefinitionError(
                f"the lock file is for the archive's {what} ‘{locked}’, this host's archive is ‘{present}’",
                hint="‘nixos-container upgrade’ moves everything to it, or name the old archive in archive.sources",
            )


def _sets(wanted: Mapping[str, frozenset[str]]) -> _Wanted:
    systems: dict[str, System] = {}
    sets: dict[str, frozenset[str]] = {}
    for name, roots in wanted.items():
        own = frozenset(root for root in roots if not root.startswith(BUILD_SET))
        key = closure_key(own)
        sets[key] = own
        systems[name] = System(tuple(sorted(roots)), key)
        for root in roots - own:
            tools = frozenset(root[len(BUILD_SET) :].split(","))
            sets[closure_key(tools)] = tools
    return _Wanted(systems, sets)


def _resolve(
    missing: Mapping[str, frozenset[str]],
    packages: dict[str, Package],
    closures: dict[str, tuple[str, ...]],
    apt: Apt,
) -> frozenset[str]:
    """Resolve root sets into `packages` and `closures`; the names of packages whose version changed."""
    pins = {name: package.version for name, package in packages.items()}
    count = sum(1 for roots in missing.values() if roots)
    with log.step(f"resolving {count} set{'s' * (count != 1)} of packages"), ThreadPoolExecutor(_PARALLEL) as pool:
        answers = list(pool.map(lambda roots: apt.resolve(roots, pins), missing.values()))
    moved = set()
    for key, answer in zip(missing, answers, strict=True):
        closures[key] = tuple(sorted(item.name for item in answer))
        for item in answer:
            found = Package(item.version, item.sha256, item.size, item.file)
            if item.name in packages and packages[item.name].sha256 != found.sha256:
                moved.add(item.name)
            if item.name not in packages or item.name in moved:
                packages[item.name] = found
    return frozenset(moved)


def _tell(old: Lock, new: Lock) -> None:
    """One line about packages that did not stay, because the archive replaced them."""
    moved = [
        f"{name} {package.version} -> {new.packages[name].version}"
        for name, package in sorted(old.packages.items())
        if name in new.packages and new.packages[name].version != package.version
    ]
    if moved:
        log.warn(f"the archive no longer has these locked versions, so they move: {', '.join(moved)}")
