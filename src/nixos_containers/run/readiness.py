"""Running a container's launcher, and waiting until its guest says that it is ready. Imports next to nothing: every start goes
through here. Not for making what the launcher needs: run/start.py does that."""

from __future__ import annotations

import os
import select
import socket
import time

from ..base import log, process
from ..base.errors import ContainerError
from ..base.files import read_end, read_text, remove
from ..kernel import confine

TYPE_CHECKING = False  # importing typing costs more than all that is done here
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ..base.paths import Paths


# What nspawn says when a bind's file system has no ID-mapped mounts (mount_setattr(2)), before the mount point.
_NOT_MAPPED = "Failed to map ids for bind mount "


class StartFailed(ContainerError):
    """The guest did not come up; its log's tail is in `details`."""


def launch_until_ready(
    paths: Paths,
    name: str,
    command: Sequence[str],
    *,
    timeout: float,
    undo: Callable[[], None],
    meanwhile: Callable[[], None] | None = None,
) -> None:
    """Run the launcher's `command` and return when the guest of container `name` is ready.

    `timeout` is in seconds; `meanwhile` is called while the guest boots. Raises StartFailed after `undo`, which ends what was
    started; any other end of the wait calls it too.
    """
    notify = f"{paths.run_state(name)}/notify"
    with _Listener(notify) as listener:
        launcher = _spawn(paths, name, command, notify)
        try:
            if meanwhile is not None:
                meanwhile()
            _wait(paths, name, launcher, listener, timeout)
        except BaseException as failure:
            from . import autopsy

            trouble = autopsy.what_hangs(paths, name) if isinstance(failure, ContainerError) else ""
            undo()
            if isinstance(failure, ContainerError) and not failure.details:
                failure.details = autopsy.log_tail(paths, name) + trouble
                failure.hint = autopsy.advice(paths, name, failure.details) or failure.hint
            raise
    _tell_failed_units(paths, name)


def _tell_failed_units(paths: Paths, name: str) -> None:
    """A guest is ready when all its units have been tried: say which did not start, as far as the console has it by now."""
    console = read_end(paths.log(name))
    if "FAILED" in console:
        from . import autopsy

        failed = autopsy.failed_units(console)
        if failed:
            log.warn(f"{name} is up, but {'; '.join(failed)}: nixos-container run {name} -- systemctl --failed")


class _Listener:
    """A notification socket (sd_notify(3)) that exists while the block runs."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)

    def __enter__(self) -> socket.socket:
        remove(self._path)
        self._socket.bind(self._path)
        return self._socket

    def __exit__(self, *_: object) -> None:
        self._socket.close()
        remove(self._path)


def _spawn(paths: Paths, name: str, command: Sequence[str], notify: str) -> int:
    os.makedirs(paths.logs, mode=0o750, exist_ok=True)
    path = paths.log(name)
    try:
        os.replace(path, path + ".1")
    except FileNotFoundError:
        pass
    # Nothing that the launcher starts, health checks inside the guest among it, is to have the keys of the session that we run in.
    confine.leave_keys()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o640)
    try:
        return process.detached(command, output=descriptor, env={"NOTIFY_SOCKET": notify})
    finally:
        os.close(descriptor)


def _wait(paths: Paths, name: str, launcher: int, listener: socket.socket, timeout: float) -> None:
    deadline = time.monotonic() + timeout
    pidfd = os.pidfd_open(launcher)
    try:
        while True:
            readable, _, _ = select.select([listener, pidfd], [], [], max(0.0, deadline - time.monotonic()))
            if listener in readable:
                message = listener.recv(4096).decode(errors="replace").split("\n")
                log.debug("notified: " + " ".join(message))
                if "READY=1" in message:
                    return
            elif pidfd in readable:
                os.waitpid(launcher, 0)
                status = (read_text(f"{paths.run_state(name)}/ended") or "").strip()
                raise StartFailed(
                    f"container ‘{name}’ ended before it was ready" + (f" (status {status})" if status not in ("", "0") else ""),
                    hint=_hint(paths, name),
                )
            else:
                raise StartFailed(
                    f"container ‘{name}’ was not ready within {timeout:g} s and was stopped again",
                    hint=f"set containers.{name}.timeoutStartSec higher, or look into {paths.log(name)}",
                )
    finally:
        os.close(pidfd)


def _hint(paths: Paths, name: str) -> str:
    text = read_end(paths.log(name))
    if _NOT_MAPPED not in text:
        return f"the whole log is {paths.log(name)}"
    place = text.rpartition(_NOT_MAPPED)[2].partition(":")[0].removeprefix(paths.state(name)).removeprefix(paths.ephemeral_root(name))
    return (
        f"the file system behind {place} cannot map owners: "
        f'containers.{name}.bindMounts."{place}".idmap = "noidmap" shows it as it is, nobody\'s inside'
    )
