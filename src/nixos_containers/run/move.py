"""What belongs to a container on this host, copied or moved to another name. The caller holds the locks; nothing runs."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ..base import process
from ..base.errors import ContainerError
from ..base.files import sync_directory
from ..build import profiles
from ..kernel import mounts
from ..plan.mounts import journal_path
from . import disk, events, files, hosts, records, units

if TYPE_CHECKING:
    from ..base.paths import Paths
    from ..plan.facts import Host


def check_movable(paths: Paths, name: str) -> None:
    """Raise ContainerError when something is mounted in the container's state: that is never copied or moved."""
    state = paths.state(name)
    found = sorted(mounts.beneath(state)) if os.path.isdir(state) else []
    if found:
        raise ContainerError(f"{state} holds mount points", details="\n".join(found), hint="unmount them first")


def copy_state(paths: Paths, old: str, new: str) -> None:
    """Copy `old`'s state to `new`, sharing blocks where the file system can; a failure leaves nothing. Raises ContainerError."""
    check_movable(paths, old)
    if not os.path.isdir(paths.state(old)):
        return  # it was never started
    # run/repair.py knows the name, should we be killed.
    if disk.exists(paths, old):
        disk.copy(paths, old, new)
    fresh = f"{paths.states}/.copy-{new}-{os.getpid()}"
    try:
        process.run(["cp", "--archive", "--reflink=auto", "--one-file-system", "--no-target-directory", paths.state(old), fresh])
        os.rename(fresh, paths.state(new))
    except BaseException:
        files.remove_state(fresh)
        disk.discard(paths, new)
        raise
    sync_directory(paths.states)


def remove_copy(paths: Paths, new: str) -> None:
    """Remove a copy that got no container."""
    files.remove_state(paths.state(new))
    disk.discard(paths, new)
    records.release_user_base(paths, new)


def _has_files(paths: Paths, name: str) -> bool:
    return disk.has_files(paths.state(name))


def take_over(paths: Paths, host: Host, old: str, new: str) -> None:
    """Give `new`, which exists and has no state, all that `old` had: state, journal, generations, console log; then forget `old`.

    Raises ContainerError, and changes nothing, when `new` got files meanwhile: a boot may have started it.
    """
    if any(all(has(paths, name) for name in (old, new)) for has in (disk.exists, _has_files)):
        raise ContainerError(f"both have files: {paths.state(old)} and {paths.state(new)}", hint=f"nixos-container destroy {new}")
    disk.rename(paths, old, new)
    for kept, place in ((paths.state(old), paths.state(new)), (journal_path(paths.states, old), journal_path(paths.states, new))):
        if os.path.isdir(kept):
            os.rename(kept, place)
            sync_directory(os.path.dirname(place))
    profiles.adopt(paths, old, new)
    for suffix in ("", ".1"):
        try:
            os.rename(paths.log(old) + suffix, paths.log(new) + suffix)
        except FileNotFoundError:
            pass
    profiles.remove_profile(paths, old)
    records.forget(paths, old)
    events.emit(paths, "rename", old, to=new)
    files.remove_run_state(paths.run_state(old))
    if host.systemd:
        units.sync(paths, [old])
    records.release_user_base(paths, old)
    hosts.refresh_if_stale(paths)
