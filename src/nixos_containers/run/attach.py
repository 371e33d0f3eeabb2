"""`mount` and `umount`: a directory of the host in a container that runs, until that stops or it is taken away again."""

from __future__ import annotations

import errno
import os
import tempfile
from typing import TYPE_CHECKING

from ..base.errors import ContainerError, HostError, UsageError
from ..kernel import attach as kernel
from ..observe import containers as observe

if TYPE_CHECKING:
    from ..base.paths import Paths


def mount(paths: Paths, name: str, source: str, target: str, *, read_only: bool) -> None:
    """Show `source` of the host as `target` in the running container `name`. Raises ContainerError; then nothing is mounted."""
    leader = _leader(paths, name)
    source = os.path.abspath(source)
    if not os.path.exists(source):
        raise HostError(f"{source} does not exist")
    _check(target)
    try:
        with tempfile.TemporaryDirectory(prefix="mount-", dir=paths.run_state(name)) as between:
            kernel.attach(leader, source, target, read_only=read_only, between=between)
    except OSError as failure:
        hint = ""
        if failure.errno == errno.EINVAL:
            hint = f"the file system of {source} may not be one whose owners can be mapped into user namespaces"
        raise ContainerError(f"{source} cannot be mounted on {target} in container ‘{name}’: {failure.strerror}", hint=hint) from None


def umount(paths: Paths, name: str, target: str) -> None:
    """Unmount `target` in the running container `name`. Raises ContainerError."""
    leader = _leader(paths, name)
    _check(target)
    try:
        kernel.detach(leader, target)
    except OSError as failure:
        hint = "it is no mount point, or was there when the container started" if failure.errno == errno.EINVAL else ""
        hint = f"nixos-container run {name} -- fuser -m {target}" if failure.errno == errno.EBUSY else hint
        raise ContainerError(f"{target} cannot be unmounted in container ‘{name}’: {failure.strerror}", hint=hint) from None


def _check(target: str) -> None:
    if not target.startswith("/") or not target.strip("/"):
        raise UsageError(f"‘{target}’ is not a path in the container", hint="write it from the root on, as /srv/data")


def _leader(paths: Paths, name: str) -> int:
    observe.record(paths, name)
    running = observe.running(paths, name)
    if running is None:
        raise ContainerError(f"container ‘{name}’ is not running", hint=f"nixos-container start {name}")
    return running.leader
