"""`nixos-container shell -p PACKAGE...`: a root shell in a container that is gone afterwards."""

from __future__ import annotations

import hashlib
import os
import re
from contextlib import ExitStack
from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING

from .. import imperative
from ..base import log
from ..base.errors import UsageError
from ..base.files import locked
from ..base.paths import Paths, check_name
from ..observe import containers as observe
from ..observe.host import host_facts
from ..packages import lock as locking
from ..packages.index import ensure_index
from ..plan.imperative import Wish, definition_text, nix_string
from ..run import throwaway
from ..run.addresses import reserve_pairs
from ..run.enter import su_command
from ..run.execute import start_container
from ..run.records import command_line
from ..run.repair import repair_all

if TYPE_CHECKING:
    from .parse import Arguments

_PACKAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9+._-]*")


def run(arguments: Arguments) -> int:
    """Carry the verb out."""
    paths, host = Paths(), host_facts()
    packages = tuple(sorted({check_package(name) for name in arguments.names}))
    wish = arguments.text("run")
    repair_all(paths, host)
    with ExitStack() as scope:
        with locked(paths.lock(".shell"), who=command_line()):
            name = _name(paths, arguments.text("machine"))
            scope.enter_context(throwaway.wanted(paths, host, name))
            _create(paths, name, packages)
        with locked(paths.lock(name), who=command_line()):
            start_container(paths, host, name)
        command = su_command(() if wish is None else ("sh", "-c", wish))
        return throwaway.run_inside(paths, name, command, terminal=os.isatty(0) and os.isatty(1))


def _name(paths: Paths, asked: str | None) -> str:
    known = observe.names(paths)
    if asked is None:
        return next(name for number in count(1) if (name := f"shell-{number}") not in known)
    if check_name(asked) in known:
        raise UsageError(f"container ‘{asked}’ already exists", hint="choose another --machine, or none")
    return asked


def _create(paths: Paths, name: str, packages: tuple[str, ...]) -> None:
    """Make the container; what was locked for the same packages before is used again, so that nothing is resolved twice."""
    index = ensure_index(paths)
    key = hashlib.sha256("\n".join((str(os.stat(index.path).st_mtime_ns), *packages)).encode()).hexdigest()[:16]
    kept = f"{paths.cache}/shell/{key}.lock"
    lock_file = locking.path_beside(paths.imperative(name))
    before = locking.read(kept)
    quiet = log.quiet
    if before.systems:
        (system,) = before.systems.values()
        locking.write(lock_file, replace(before, systems={name: system}))
        log.quiet = not log.debugging
    addresses = reserve_pairs(paths, name)
    text = definition_text(name, Wish(settings=("ephemeral=true",)), addresses, configuration(packages))
    try:
        imperative.create(paths, name, text)
    finally:
        log.quiet = quiet
    locking.write(kept, locking.read(lock_file))


def check_package(name: str) -> str:
    """`name` if it can name a package of the archive. Raises UsageError."""
    if not _PACKAGE.fullmatch(name):
        raise UsageError(f"‘{name}’ is no name of a package", hint="for example: nixos-container shell -p vim curl")
    return name


def configuration(packages: tuple[str, ...]) -> str:
    """The guest's configuration: these packages. All shells with the same ones share one system, whatever they are called."""
    names = " ".join(f"pkgs.{nix_string(name)}" for name in packages)
    return f'networking.hostName = lib.mkForce "shell";\nenvironment.systemPackages = [ {names} ];'
