"""Whether a container runs, and which processes are behind it. Imports next to nothing: every `run` asks."""

from __future__ import annotations

import errno
import os

from ..kernel import proc

TYPE_CHECKING = False  # importing typing costs more than all that is done here
if TYPE_CHECKING:
    from ..base.paths import Paths


def names(paths: Paths) -> list[str]:
    """The containers that exist, sorted: one NAME.conf each, as upstream."""
    try:
        entries = os.listdir(paths.records)
    except (FileNotFoundError, NotADirectoryError):
        return []
    return sorted(entry[:-5] for entry in entries if entry.endswith(".conf") and not entry.startswith("."))


def nspawn_and_leader(paths: Paths, name: str) -> tuple[int, int] | None:
    """Pids of container `name`'s systemd-nspawn and of the guest's first process, or None when it does not run.

    Raises PermissionError for users who may not know.
    """
    state = paths.run_state(name)
    nspawn = proc.read_pid(f"{state}/nspawn.pid")
    if nspawn is None:
        if os.path.isdir(state) and not os.access(state, os.X_OK):
            raise PermissionError(errno.EACCES, "only root may look", state)
        return None
    arguments = proc.arguments(nspawn)
    if not arguments or not arguments[0].endswith("systemd-nspawn") or f"--machine={name}" not in arguments:
        return None
    leader = proc.namespace_leader(nspawn)
    return None if leader is None else (nspawn, leader)
