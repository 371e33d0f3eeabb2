"""Names of containers kept right: the marked block of the host's /etc/hosts, and the hosts file of every guest that runs.

A guest's file stands in its run state, which it sees read-only: so what is replaced here is seen there at once, nobody has to
enter the guest, and no link that a guest made is ever followed. Texts are plan/hosts.py's.
"""

from __future__ import annotations

import errno
import json
import os
from typing import TYPE_CHECKING, Any

from ..base import log
from ..base.errors import ContainerError
from ..base.files import locked, read_text
from ..plan.hosts import guest_text, names_text, with_block
from . import bridges

if TYPE_CHECKING:
    from ..base.paths import Paths
    from ..declare.container import Container

_WHO = "writing the names of containers"
_LONGEST_OWN = 1 << 20


def refresh(paths: Paths, *, planned: dict[str, Container | None] | None = None) -> None:
    """Make every hosts file match the records. `planned` are records that are about to be written, or removed (None)."""
    with locked(paths.lock(".names"), who=_WHO):
        _refresh(paths, planned or {})


def refresh_if_stale(paths: Paths) -> None:
    """`refresh` if a command was killed before it did, or if somebody changed the host's file. Costs two stats otherwise."""
    stamp = _stamp(paths)
    cached = _cached(paths)
    if cached is None and stamp["records"] is None:
        return
    if cached is None or {key: cached.get(key) for key in stamp} != stamp:
        refresh(paths)


def write_guest(paths: Paths, name: str, system: str) -> None:
    """Write the hosts file of container `name`, which starts with `system` or is switched to it."""
    with locked(paths.lock(".names"), who=_WHO):
        cached = _cached(paths)
        if cached is None:  # the first after the host's own start; later on, who writes records sees to it
            _refresh(paths, {})
            cached = _cached(paths) or {}
        replace(f"{paths.run_state(name)}/guest/hosts", guest_text(_own(system), _known(cached)))


def link_in_guest(paths: Paths, name: str, leader: int) -> None:
    """Lead the guest's /etc/hosts to its file again, after a NixOS activation has made it a link into its own tree."""
    from ..base import process
    from ..observe import containers as observe
    from ..plan.launch import is_nixos
    from ..plan.nspawn import GUEST_DIRECTORY
    from .inside import inside

    record = observe.record(paths, name)
    if is_nixos(record.container):
        process.run([*inside(name, leader), record.busybox, "ln", "-sfn", f"{GUEST_DIRECTORY}/hosts", "/etc/hosts"], check=False)


def _refresh(paths: Paths, planned: dict[str, Container | None]) -> None:
    from ..observe import containers as observe
    from ..plan.hosts import addresses

    stamp = _stamp(paths)
    containers = {name: record.container for name, record in observe.records(paths).items()}
    for name, container in planned.items():
        containers.pop(name, None)
        if container is not None:
            containers[name] = container
    known = {}
    for name, container in containers.items():
        try:
            known[name] = addresses(container)
        except ContainerError:
            continue  # said where it is declared or started
    _write_host(paths, {name: at for name, at in known.items() if containers[name].hosts})
    before = _cached(paths)
    if planned:
        stamp["records"] = None  # what the records say is not what was written: looked at again by the next
    cache = {**stamp, **_stamp_of_host(paths), "known": known}
    if before == json.loads(json.dumps(cache)):
        return
    os.makedirs(paths.shared, mode=0o755, exist_ok=True)
    replace(f"{paths.shared}/names.json", json.dumps(cache))
    if before is not None and _known(before) == known:
        return
    replace(f"{paths.shared}/hosts", names_text(known))
    bridges.tell_names(paths, containers)
    for name in observe.run_states(paths):
        path = f"{paths.run_state(name)}/guest/hosts"
        started = observe.started_as_written(paths, name)
        if started and os.path.exists(path):
            replace(path, guest_text(_own(started.get("system", "")), known))


def _stamp(paths: Paths) -> dict[str, Any]:
    try:
        records: int | None = os.stat(paths.records).st_mtime_ns
    except FileNotFoundError:
        records = None
    return {"records": records, **_stamp_of_host(paths)}


def _stamp_of_host(paths: Paths) -> dict[str, Any]:
    try:
        found = os.stat(paths.hosts)
    except OSError:
        return {"host": None}
    return {"host": [found.st_mtime_ns, found.st_size, found.st_ino]}


def _cached(paths: Paths) -> dict[str, Any] | None:
    text = read_text(f"{paths.shared}/names.json")
    try:
        found = None if text is None else json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _known(cached: dict[str, Any]) -> dict[str, tuple[str, ...]]:
    return {name: tuple(at) for name, at in cached.get("known", {}).items()}


def _own(system: str) -> str | None:
    """What the system itself says. It may be a stranger's: a link out of the store leads to a file of the host."""
    path = os.path.realpath(f"{system}/etc/hosts")
    if not path.startswith("/nix/store/") or not os.path.isfile(path):
        return None
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read(_LONGEST_OWN)


def replace(path: str, text: str) -> None:
    """In one step, for readers; lost with the host's reboot anyway, so without fsync."""
    temporary = f"{path}.{os.getpid()}.tmp"
    with open(temporary, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(temporary, 0o644)
    os.replace(temporary, path)


def _write_host(paths: Paths, known: dict[str, tuple[str, ...]]) -> None:
    """The block in the host's file. That file is the person's: everything else in it, its owner, mode and labels stay."""
    path = os.path.realpath(paths.hosts)
    before = read_text(path)
    after = with_block(before or "", known, host_name=os.uname().nodename.partition(".")[0])
    if after == (before or ""):
        return
    if path.startswith("/nix/store/"):
        log.warn(f"{paths.hosts} is NixOS's own: the names of containers are not written to it")
        return
    try:
        _put(path, after, exists=before is not None)
    except OSError as failure:
        log.warn(
            f"the names of containers cannot be written to {path}: {failure.strerror}; networking.containers.hosts = false leaves it alone"
        )


def _put(path: str, text: str, *, exists: bool) -> None:
    data = text.encode("utf-8", "surrogateescape")
    temporary = f"{os.path.dirname(path)}/.{os.path.basename(path)}.{os.getpid()}.tmp"
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
        try:
            if exists:
                _take_after(path, descriptor)
            else:
                os.fchmod(descriptor, 0o644)
            with open(descriptor, "wb", closefd=False) as file:
                file.write(data)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        os.replace(temporary, path)
    except OSError as failure:
        try:
            os.unlink(temporary)
        except OSError:
            pass
        if not exists or failure.errno not in (errno.EBUSY, errno.EROFS):
            raise
        # A mount of its own, as container engines make it, has no name to exchange.
        with open(path, "r+b") as file:
            file.write(data)
            file.truncate()
            os.fsync(file.fileno())


def _take_after(path: str, descriptor: int) -> None:
    """Owner, mode and extended attributes (the labels of SELinux) of the file that is replaced."""
    found = os.stat(path)
    os.fchown(descriptor, found.st_uid, found.st_gid)
    os.fchmod(descriptor, found.st_mode & 0o7777)
    for attribute in os.listxattr(path):
        try:
            os.setxattr(descriptor, attribute, os.getxattr(path, attribute))
        except OSError:
            continue
