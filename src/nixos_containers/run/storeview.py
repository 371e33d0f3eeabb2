"""Which part of the store a container sees when it starts or is switched: build/view.py makes it, the record says how much."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ..base.errors import HostError
from ..base.nix import STORE
from ..build import view

if TYPE_CHECKING:
    from ..base.paths import Paths
    from ..declare.container import Record


_DAEMON = "/nix/var/nix/daemon-socket/socket"


def ensure(paths: Paths, record: Record, system: str, *, running: bool = False, starting: bool = False) -> str | tuple[str, ...]:
    """What to mount as the store of `record`'s container, made so that `system` can run on it.

    A directory (the whole store when that is declared), or single store paths where no view can be had (build/view.py).
    Raises ContainerError. The caller holds the container's lock.
    """
    container = record.container
    if container.nix_daemon and starting and not os.path.exists(_DAEMON):
        raise HostError(f"containers.{container.name}.nixDaemon: no Nix daemon listens on {_DAEMON}", hint="start nix-daemon on the host")
    if container.nix_store == "shared":
        if not running:
            view.remove(paths, container.name)
        return STORE
    # Beside the system: the program that runs the guest's first script, and what is bound onto a place in the store.
    bound = (bind.source for bind in container.binds if bind.mount_point.startswith(f"{STORE}/"))
    own = (os.path.dirname(os.path.dirname(record.busybox)), *bound)
    roots = (os.path.realpath(system), *("/".join(path.split("/")[:4]) for path in own if path.startswith(f"{STORE}/")))
    return view.ensure(paths, container.name, roots, running=running)
