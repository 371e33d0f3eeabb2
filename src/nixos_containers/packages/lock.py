"""The lock file: which archive packages, in which versions, every container of a definition file uses.

JSON beside the definition file (`configuration.nix` -> `configuration.lock`), sorted, one package to a line,
so that a version control system shows what moved. Not for deciding what moves (resolve.py).
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from ..base import files
from ..base.errors import DefinitionError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

VERSION = 1


@dataclass(frozen=True, slots=True)
class Package:
    """An exact package: SHA-256 of its .deb (hex), size in bytes, path below the archive's base."""

    version: str
    sha256: str
    size: int
    file: str


@dataclass(frozen=True, slots=True)
class Bootstrap:
    """The static busybox that builders run: its store `name`, the SHA-256 of its tree (hex), where it is from."""

    name: str
    version: str
    sha256: str
    packages: Mapping[str, Package] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class System:
    """What one container asks for by name (`roots`), and the key of the closure that answers it."""

    roots: tuple[str, ...]
    closure: str


@dataclass(frozen=True, slots=True)
class Lock:
    """The whole file. `closures` maps a key to package names; equal sets of roots share one."""

    suite: str = ""
    architecture: str = ""
    bootstrap: Bootstrap | None = None
    packages: Mapping[str, Package] = field(default_factory=dict)
    systems: Mapping[str, System] = field(default_factory=dict)
    closures: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def closure(self, name: str) -> tuple[str, ...]:
        """The packages of container `name`; () while nothing is locked for it."""
        system = self.systems.get(name)
        return () if system is None else self.closures.get(system.closure, ())

    def to_json(self) -> dict[str, Any]:
        """The file's content; also what the Nix side gets as `lock`."""
        content: dict[str, Any] = {
            "version": VERSION,
            "archive": {"suite": self.suite, "architecture": self.architecture},
            "bootstrap": {},
            "packages": {name: _package_json(package) for name, package in sorted(self.packages.items())},
            "systems": {name: {"roots": list(system.roots), "closure": system.closure} for name, system in sorted(self.systems.items())},
            "closures": {key: list(names) for key, names in sorted(self.closures.items())},
        }
        if self.bootstrap is not None:
            content["bootstrap"]["busybox"] = {
                "name": self.bootstrap.name,
                "version": self.bootstrap.version,
                "sha256": self.bootstrap.sha256,
                "packages": {name: _package_json(item) for name, item in sorted(self.bootstrap.packages.items())},
            }
        return content

    def with_bootstrap(self, bootstrap: Bootstrap) -> Lock:
        """The same lock with another busybox."""
        return replace(self, bootstrap=bootstrap)


def closure_key(roots: Iterable[str]) -> str:
    """The key of the closure of `roots`; nix/pkgs computes the same for the inputs of a build."""
    return hashlib.sha256("\n".join(sorted(roots)).encode()).hexdigest()[:16]


def path_beside(definition: str) -> str:
    """Where the lock of a definition file is: `….nix` -> `….lock`."""
    return (definition[: -len(".nix")] if definition.endswith(".nix") else definition) + ".lock"


def _package_json(package: Package) -> dict[str, object]:
    return {"version": package.version, "size": package.size, "sha256": package.sha256, "file": package.file}


def dump(lock: Lock) -> str:
    """The file's text."""
    lines = []
    content = lock.to_json()
    for key, value in content.items():
        if key != "packages" or not value:
            body = json.dumps(value, indent=2, ensure_ascii=False).replace("\n", "\n  ")
        else:
            rows = (f"    {json.dumps(name)}: {json.dumps(item, ensure_ascii=False)}" for name, item in value.items())
            body = "{\n" + ",\n".join(rows) + "\n  }"
        lines.append(f"  {json.dumps(key)}: {body}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def write(path: str, lock: Lock) -> None:
    """Write the file, all or nothing; an unchanged one is not touched. Raises HostError."""
    text = dump(lock)
    if files.read_text(path) != text:
        files.write_atomically(path, text)
    _written[path] = text


# What this process wrote last, by the file.
_written: dict[str, str] = {}


@contextlib.contextmanager
def put_back_on_failure(path: str) -> Iterator[None]:
    """Leave the file as it was when the block fails: a definition that does not evaluate locks nothing.

    What another command has written there meanwhile stays.
    """
    before = files.read_text(path)
    try:
        yield
    except BaseException:
        now = files.read_text(path)
        if now != before and now == _written.get(path):
            if before is None:
                files.remove(path)
            else:
                files.write_atomically(path, before)
        raise


def read(path: str) -> Lock:
    """The lock at `path`, or an empty one where there is no file yet.

    Raises DefinitionError for a file that is damaged, or that a newer version wrote.
    """
    text = files.read_text(path)
    if text is None:
        return Lock()
    try:
        content = json.loads(text)
    except ValueError as failure:
        raise _broken(path, f"it is not JSON ({failure})") from failure
    if not isinstance(content, dict) or not isinstance(content.get("version"), int):
        raise _broken(path, "it has no number at ‘version’")
    if content["version"] > VERSION:
        raise DefinitionError(
            f"{path} was written by a newer nixos-containers (lock version {content['version']}, known is {VERSION})",
            hint="update nixos-containers on this host",
        )
    try:
        return _decode(content)
    except _Damage as damage:
        raise _broken(path, str(damage)) from None


class _Damage(Exception):
    """Where the content is not what a lock has."""


def _broken(path: str, why: str) -> DefinitionError:
    return DefinitionError(
        f"the lock file {path} is damaged: {why}",
        hint="take it from version control, or remove it: it is then written anew, with the archive's present versions",
    )


def _get(content: Any, where: str, kind: type) -> Any:
    key = where.rsplit(".", 1)[-1]
    if not isinstance(content, dict) or not isinstance(content.get(key), kind):
        raise _Damage(f"‘{where}’ is missing or not a {kind.__name__}")
    return content[key]


def _decode(content: dict[str, Any]) -> Lock:
    archive = _get(content, "archive", dict)
    packages = _get(content, "packages", dict)
    systems = _get(content, "systems", dict)
    closures = _get(content, "closures", dict)
    lock = Lock(
        suite=_get(archive, "archive.suite", str),
        architecture=_get(archive, "archive.architecture", str),
        bootstrap=_decode_bootstrap(content.get("bootstrap") or {}),
        packages={name: _decode_package(item, f"packages.{name}") for name, item in packages.items()},
        systems={name: _decode_system(item, name) for name, item in systems.items()},
        closures={key: _strings(names, f"closures.{key}") for key, names in closures.items()},
    )
    for name, system in lock.systems.items():
        missing = [package for package in lock.closure(name) if package not in lock.packages]
        if system.closure not in lock.closures or missing:
            raise _Damage(f"‘systems.{name}’ needs what is not there: {', '.join(missing) or system.closure}")
    return lock


def _decode_bootstrap(content: Any) -> Bootstrap | None:
    if not content:
        return None
    item = _get(content, "busybox", dict)
    where = "bootstrap.busybox"
    packages = item.get("packages") or {}
    return Bootstrap(
        name=_get(item, f"{where}.name", str),
        version=_get(item, f"{where}.version", str),
        sha256=_get(item, f"{where}.sha256", str),
        packages={name: _decode_package(value, f"{where}.packages.{name}") for name, value in packages.items()},
    )


def _decode_package(item: Any, where: str) -> Package:
    def of(key: str, kind: type) -> Any:
        if not isinstance(item, dict) or not isinstance(item.get(key), kind):
            raise _Damage(f"‘{where}.{key}’ is missing or not a {kind.__name__}")
        return item[key]

    return Package(of("version", str), of("sha256", str), of("size", int), of("file", str))


def _decode_system(item: Any, name: str) -> System:
    if not isinstance(item, dict):
        raise _Damage(f"‘systems.{name}’ is not an object")
    return System(_strings(item.get("roots"), f"systems.{name}.roots"), _get(item, f"systems.{name}.closure", str))


def _strings(value: Any, where: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise _Damage(f"‘{where}’ is not a list of strings")
    return tuple(value)


@dataclass(frozen=True, slots=True)
class Move:
    """One package that differs between two locks; "" for a version on the side that has none."""

    name: str
    old: str
    new: str

    def __str__(self) -> str:
        if not self.old:
            return f"+ {self.name} {self.new}"
        if not self.new:
            return f"- {self.name} {self.old}"
        return f"  {self.name} {self.old} -> {self.new}"


def diff(old: Lock, new: Lock) -> tuple[Move, ...]:
    """What moves between two locks, by name: changed versions, then what is new, then what is gone."""
    moves = []
    for name in sorted({*old.packages, *new.packages}):
        before, after = old.packages.get(name), new.packages.get(name)
        if before != after:
            moves.append(Move(name, before.version if before else "", after.version if after else ""))
    return tuple(sorted(moves, key=lambda move: (not move.old, not move.new, move.name)))
