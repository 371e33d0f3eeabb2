"""The host's side of what is mounted in a container: directories of ours made, those of people made or asked for."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ..base import log
from ..base.errors import HostError
from ..plan.mounts import JOURNAL, directories, kept_paths, kept_place
from . import files

if TYPE_CHECKING:
    from ..base.paths import Paths
    from ..declare.container import Container

# Journals of earlier boots of an ephemeral guest, of 8 MiB and more each.
_JOURNALS = 3


def prepare(paths: Paths, container: Container) -> None:
    """Make what `container` mounts and may be made; raise HostError for a path of the host that is missing."""
    name = container.name
    for bind in container.binds:
        if os.path.exists(bind.source):
            continue
        if not bind.create:
            raise HostError(
                f"containers.{name}.bindMounts: {bind.source} does not exist",
                hint=f'mkdir -p {bind.source}, or set containers.{name}.bindMounts."{bind.mount_point}".create = true',
            )
        os.makedirs(bind.source, mode=0o755)
        log.say(f"made {bind.source}, which {name} mounts")
    for overlay in container.overlays:
        for path in (*overlay.lower, *([] if overlay.upper is None else [overlay.upper])):
            if not os.path.isdir(path):
                raise HostError(f"containers.{name}.overlays: {path} is no directory", hint=f"mkdir -p {path}")
    for path in directories(container, paths.states):
        _refuse_links(f"{paths.state(name)}/", path)
        if not os.path.isdir(path):
            # Other users of the host have no business there: what the guest's root writes belongs to root here as well.
            os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
            os.makedirs(path, mode=0o755, exist_ok=True)
    if JOURNAL in kept_paths(container):
        _forget_old_journals(kept_place(container, paths.states, JOURNAL))


def _refuse_links(state: str, path: str) -> None:
    """Raise HostError for a link on the way to `path` below `state`: that was a guest's root when it was not ephemeral yet."""
    if not path.startswith(state):
        return
    for place in (os.path.dirname(path), path):
        if os.path.islink(place):
            raise HostError(
                f"{place} is a link, made by the guest when it had this state as its root: what it leads to is not given to it",
                hint=f"look where it leads, then remove it: rm {place}",
            )


def _forget_old_journals(directory: str) -> None:
    """Every boot of an ephemeral guest has a machine id of its own, and journald looks after its own only: keep the newest.

    The entries are the guest's: a link is removed as such.
    """
    entries = sorted(os.scandir(directory), key=lambda entry: entry.stat(follow_symlinks=False).st_mtime)
    for entry in entries[: max(0, len(entries) - _JOURNALS)]:
        if entry.is_dir(follow_symlinks=False):
            files.remove_state(entry.path)
        else:
            os.unlink(entry.path)
