"""What two states of a container differ in, for a person who wants to know before a switch: packages, units, options.

Pure: systems come in as the names of their store paths, units as the words of a dry activation.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..declare.codec import encode

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ..declare.container import Container, Record

_HASH = 33  # characters of a store path's name before the package's own: the hash and a dash
# nix-env(1): a version starts after the first dash that no letter follows.
_NAME = re.compile(r"(.+?)-([^a-zA-Z].*)")
# The sentences of switch-to-configuration's dry activation, which are NixOS's own.
_SENTENCE = re.compile(r"would (NOT stop|stop|reload|restart|start) the following (?:changed )?units: (.+)")
_KEYS = {"stop": "stop", "NOT stop": "keep", "reload": "reload", "restart": "restart", "start": "start"}
# Shown elsewhere, or not the person's doing.
_HIDDEN = ("name", "system", "network", "nixpkgsRelease")


@dataclass(frozen=True, slots=True)
class PackageChange:
    """A package that differs: its versions before and after, () on a side that has none."""

    name: str
    old: tuple[str, ...]
    new: tuple[str, ...]

    def __str__(self) -> str:
        if not self.old:
            return f"+ {self.name} {', '.join(self.new)}"
        if not self.new:
            return f"- {self.name} {', '.join(self.old)}"
        return f"~ {self.name} {', '.join(self.old)} -> {', '.join(self.new)}"


@dataclass(frozen=True, slots=True)
class FieldChange:
    """An option that differs; None is a side that does not have it. Values are as in the record's JSON."""

    option: str
    old: Any
    new: Any


@dataclass(frozen=True, slots=True)
class Changes:
    """All that changes for container `name`. `units` is None where no running guest could be asked."""

    name: str
    old_system: str | None = None
    new_system: str | None = None
    packages: tuple[PackageChange, ...] = ()
    units: dict[str, tuple[str, ...]] | None = None
    options: tuple[FieldChange, ...] = ()
    network: tuple[FieldChange, ...] = field(default=())

    @property
    def any(self) -> bool:
        """Whether there is something to show."""
        return bool(self.packages or self.units or self.options or self.network or self.old_system != self.new_system)


def package(path: str, known: frozenset[str] = frozenset()) -> tuple[str, str] | None:
    """Name and version of a store path, or None when it has no version; `known` names win over Nix's rule."""
    word = path.rsplit("/", 1)[-1][_HASH:]
    parts = word.split("-")
    for end in range(len(parts) - 1, 0, -1):
        name = "-".join(parts[:end])
        if name in known:
            return name, "-".join(parts[end:])
    match = _NAME.fullmatch(word)
    return (match[1], match[2]) if match else None


def compare_packages(old: Iterable[str], new: Iterable[str], known: frozenset[str] = frozenset()) -> tuple[PackageChange, ...]:
    """Which packages differ between the store paths of two systems, by name.

    A package that was rebuilt without another version is no change here.
    """
    before, after = _versions(old, known), _versions(new, known)
    changes = []
    for name in sorted({*before, *after}):
        was, will = before.get(name, frozenset()), after.get(name, frozenset())
        if was != will:
            changes.append(PackageChange(name, tuple(sorted(was)), tuple(sorted(will))))
    return tuple(changes)


def _versions(paths: Iterable[str], known: frozenset[str]) -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for path in paths:
        split = package(path, known)
        if split is not None:
            found[split[0]] = found.get(split[0], frozenset()) | {split[1]}
    return found


def units_of(dry_activation: str) -> dict[str, tuple[str, ...]]:
    """The units that a dry activation names: `stop`, `keep` (changed, but not stopped), `reload`, `restart`, `start`."""
    found: dict[str, tuple[str, ...]] = {}
    for line in dry_activation.splitlines():
        match = _SENTENCE.fullmatch(line.strip())
        if match:
            found[_KEYS[match[1]]] = tuple(match[2].split(", "))
    return found


def compare_records(old: Record | None, new: Container) -> tuple[tuple[FieldChange, ...], tuple[FieldChange, ...]]:
    """The options that differ, and those of the network, by their paths below `containers.<name>`."""
    return compare_containers(None if old is None else old.container, new)


def compare_containers(old: Container | None, new: Container) -> tuple[tuple[FieldChange, ...], tuple[FieldChange, ...]]:
    """As `compare_records`, for a container that runs."""
    before = {} if old is None else encode(old)
    after = encode(new)
    return (
        _fields({k: v for k, v in before.items() if k not in _HIDDEN}, {k: v for k, v in after.items() if k not in _HIDDEN}),
        _fields(before.get("network") or {}, after["network"]),
    )


def _fields(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[FieldChange, ...]:
    old, new = _flat(before), _flat(after)
    return tuple(FieldChange(path, old.get(path), new.get(path)) for path in sorted({*old, *new}) if old.get(path) != new.get(path))


def _flat(value: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """`{"limits": {"tasksMax": 1}}` -> `{"limits.tasksMax": 1}`; what says nothing (None, empty, false) is left out."""
    found: dict[str, Any] = {}
    for key, entry in value.items():
        if isinstance(entry, dict):
            found |= _flat(entry, f"{prefix}{key}.")
        elif entry not in (None, [], False, ""):
            found[prefix + key] = entry
    return found
