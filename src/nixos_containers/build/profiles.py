"""Generations of a container's system: Nix's own profile format (nix-env(1)), `system-N-link` beside `system`."""

from __future__ import annotations

import os
import re
import shutil

from ..base.files import symlink_atomically
from ..base.paths import Paths
from . import view

_GENERATION = re.compile(r"system-(\d+)-link")


def generations(paths: Paths, name: str) -> dict[int, str]:
    """Number -> store path of every generation, oldest first."""
    found = {}
    try:
        entries = os.listdir(paths.profiles(name))
    except FileNotFoundError:
        return {}
    for entry in entries:
        match = _GENERATION.fullmatch(entry)
        # A guest that is NixOS may write here (run/start.py): what is no link is no generation.
        if match and os.path.islink(f"{paths.profiles(name)}/{entry}"):
            found[int(match[1])] = os.readlink(f"{paths.profiles(name)}/{entry}")
    return dict(sorted(found.items()))


def current(paths: Paths, name: str) -> int | None:
    """The number of the generation that the profile points at, or None."""
    try:
        match = _GENERATION.fullmatch(os.readlink(paths.profile(name)))
    except OSError:
        return None
    return int(match[1]) if match else None


def made_at(paths: Paths, name: str, number: int) -> float:
    """When generation `number` was made, in seconds since the epoch."""
    return os.lstat(f"{paths.profiles(name)}/system-{number}-link").st_mtime


def activate(paths: Paths, name: str, number: int) -> None:
    """Make an existing generation the current one: one atomic rename."""
    symlink_atomically(f"system-{number}-link", paths.profile(name))


def remove_generation(paths: Paths, name: str, number: int) -> None:
    """Remove one generation; its store paths stay until the garbage is collected."""
    os.unlink(f"{paths.profiles(name)}/system-{number}-link")


def set_profile(paths: Paths, name: str, system: str) -> int:
    """Make store path `system` the newest generation, or the current one if it already is; return its number.

    Each step is one atomic rename, so a crash leaves the old generation or the new.
    """
    directory = paths.profiles(name)
    os.makedirs(directory, mode=0o755, exist_ok=True)
    known = generations(paths, name)
    number = max(known, default=0)
    if known.get(number) != system:
        number += 1
        symlink_atomically(system, f"{directory}/system-{number}-link")
    if not os.path.islink(paths.profile(name)) or os.readlink(paths.profile(name)) != f"system-{number}-link":
        symlink_atomically(f"system-{number}-link", paths.profile(name))
    return number


def adopt(paths: Paths, old: str, new: str) -> None:
    """Give container `new` the generations of `old` as older ones, with their dates; its own system stays the current one."""
    history, own = generations(paths, old), current(paths, new)
    if not history or own is None:
        return
    system, last = generations(paths, new)[own], max(history)
    symlink_atomically(system, f"{paths.profiles(new)}/system-{last + 1}-link")
    activate(paths, new, last + 1)
    for number, older in history.items():
        link = f"{paths.profiles(new)}/system-{number}-link"
        symlink_atomically(older, link)
        made = made_at(paths, old, number)
        os.utime(link, (made, made), follow_symlinks=False)


def remove_profile(paths: Paths, name: str) -> None:
    """Remove all generations and garbage collector roots of the container, and its view of the store."""
    view.remove(paths, name)
    for directory in (paths.profiles(name), paths.gcroots(name)):
        # A guest may have made directories of its own here; links are removed, never followed.
        if os.path.isdir(directory) and not os.path.islink(directory):
            shutil.rmtree(directory)
