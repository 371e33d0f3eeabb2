"""Containers of hosts whose init is systemd: their unit files kept right, and what systemctl does with them.

The texts are plan/units.py's. Not for hosts with another init: see start.py and stop.py.
"""

from __future__ import annotations

import os
import time
from functools import partial
from typing import TYPE_CHECKING

from ..base import process
from ..base.errors import ContainerError, HostError
from ..base.files import read_text, remove, symlink_atomically, write_atomically
from ..base.own import own_program
from ..kernel import processes
from ..observe import containers as observe
from ..plan.disk import disk_size
from ..plan.service_config import STOP_TIMEOUT
from ..plan.units import (
    DROP_IN,
    MARK,
    RULES_UNIT,
    SHARED_UNITS,
    TEMPLATE,
    drop_in,
    drop_in_of,
    resolver_units,
    rules_unit,
    template_unit,
    unit_of,
)
from . import events, forwarding, halting
from .readiness import StartFailed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..base.paths import Paths
    from ..declare.container import Container, Record

_LOG_TAIL_LINES = "15"
_TARGET = "machines.target"
# Where units may be written, as systemd orders them (systemd.unit(5)).
DIRECTORIES = ("/etc/systemd/system", "/run/systemd/system")


def sync(paths: Paths, names: Iterable[str] | None = None) -> bool:
    """Make the unit files of the containers `names`, by default of all, match the records; tell whether any changed.

    Those of containers that exist no longer go, and the template with the last of them. Raises HostError when the
    template's place is taken by another program.
    """
    directory = units_directory()
    template = f"{directory}/{TEMPLATE}"
    for place in dict.fromkeys((template, f"{DIRECTORIES[0]}/{TEMPLATE}")):  # the latter goes before all others
        text = read_text(place)
        if text is not None and not text.startswith(MARK):
            raise HostError(
                f"{place} is not ours", hint="containers of another program use this name: move its unit away, or keep to that program"
            )
    present = read_text(template)
    known = observe.names(paths)
    wanted_names = {*known, *_with_drop_in(directory)} if names is None else set(names)
    changed = False
    for name in sorted(wanted_names):
        changed = _sync_container(paths, directory, name, exists=name in known) or changed
    if known:
        wanted = {TEMPLATE: template_unit(own_program(), run=paths.run, records=paths.records, unshare=_tool("unshare"), shell="/bin/sh")}
        wanted |= resolver_units(own_program(), files=(paths.resolv_conf, paths.upstream_servers))
        wanted[RULES_UNIT] = rules_unit(own_program())
        for unit, text in wanted.items():
            if read_text(f"{directory}/{unit}") != text:
                write_atomically(f"{directory}/{unit}", text)
                changed = True
    elif present is not None:
        _remove_shared(directory)
        changed = True
    _have_them_read(paths, directory, wanted_names, changed=changed)
    return changed


def _have_them_read(paths: Paths, directory: str, names: Iterable[str], *, changed: bool) -> None:
    """Let systemd read the unit files when they changed, or when a command was killed between writing them and this."""
    stamp, began = f"{paths.shared}/units-read", time.time()
    places = [directory, f"{directory}/{_TARGET}.wants", f"{directory}/{TEMPLATE}", *(f"{directory}/{drop_in_of(name)}" for name in names)]
    if not changed:
        read = _modified(stamp) or time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)  # at the boot it read all that was there
        if all(_modified(place) <= read for place in places):
            return
    process.run(["systemctl", "daemon-reload"])
    os.makedirs(paths.shared, mode=0o755, exist_ok=True)
    with open(stamp, "w", encoding="ascii"):
        pass
    os.utime(stamp, (began, began))


def _modified(path: str) -> float:
    """When the file or directory was last written; 0.0 when it is not there."""
    try:
        return os.stat(path).st_mtime
    except OSError:
        return 0.0


def remove_all() -> None:
    """Remove every unit file of ours: the end of the program on this host. Containers that run are not touched."""
    directory = units_directory()
    for name in _with_drop_in(directory):
        _remove_container(directory, name)
    _remove_shared(directory)
    process.run(["systemctl", "daemon-reload"], check=False)


def _remove_shared(directory: str) -> None:
    """Remove what all containers have in common, if it is ours."""
    for unit in SHARED_UNITS:
        if (read_text(f"{directory}/{unit}") or "").startswith(MARK):
            remove(f"{directory}/{unit}")


def units_directory() -> str:
    """Where unit files go: the administrator's directory, or on a host that keeps it read-only the one for this boot."""
    for directory in DIRECTORIES:
        if os.access(directory, os.W_OK):
            return directory
    raise HostError("no directory of systemd units can be written", hint="run it as root")


def _with_drop_in(directory: str) -> list[str]:
    prefix, suffix = "container@", ".service.d"
    return [
        entry[len(prefix) : -len(suffix)]
        for entry in os.listdir(directory)
        if entry.startswith(prefix) and entry.endswith(suffix) and os.path.exists(f"{directory}/{entry}/{DROP_IN}")
    ]


def _sync_container(paths: Paths, directory: str, name: str, *, exists: bool) -> bool:
    if not exists:
        return _remove_container(directory, name)
    try:
        container = observe.record(paths, name).container
    except HostError:
        return False  # damaged: said elsewhere, and its unit is left as it was
    changed = False
    path, text = f"{directory}/{drop_in_of(name)}", drop_in(container, state=paths.state(name), disk=_has_disk(paths, container))
    if read_text(path) != text:
        os.makedirs(os.path.dirname(path), mode=0o755, exist_ok=True)
        write_atomically(path, text)
        changed = True
    link = f"{directory}/{_TARGET}.wants/{unit_of(name)}"
    if container.auto_start and not os.path.islink(link):
        os.makedirs(os.path.dirname(link), mode=0o755, exist_ok=True)
        symlink_atomically(f"{directory}/{TEMPLATE}", link)
        changed = True
    elif not container.auto_start and os.path.islink(link):
        remove(link)
        changed = True
    if container.auto_start:
        changed = _enable_target(directory) or changed
    return changed


def _has_disk(paths: Paths, container: Container) -> bool:
    return disk_size(container) is not None or observe.disk_size(paths, container.name) is not None


def _enable_target(directory: str) -> bool:
    """Let multi-user.target pull in machines.target, as upstream does; other machines may need that too: it stays."""
    link = f"{directory}/multi-user.target.wants/{_TARGET}"
    if os.path.lexists(link):
        return False
    os.makedirs(os.path.dirname(link), mode=0o755, exist_ok=True)
    symlink_atomically(f"/lib/systemd/system/{_TARGET}", link)
    return True


def _remove_container(directory: str, name: str) -> bool:
    drop_ins = f"{directory}/{os.path.dirname(drop_in_of(name))}"
    found = [path for path in (f"{drop_ins}/{DROP_IN}", f"{directory}/{_TARGET}.wants/{unit_of(name)}") if os.path.lexists(path)]
    for path in found:
        remove(path)
    try:
        os.rmdir(drop_ins)
    except OSError:
        pass  # a drop-in of the administrator's own is kept
    return bool(found)


def _tool(name: str) -> str:
    path = process.find(name)
    if path is None:
        raise process.missing(name)
    return path


def start(paths: Paths, record: Record) -> None:
    """Start the container's unit and wait until the guest is ready. Raises StartFailed; then the unit is stopped."""
    name = record.container.name
    sync(paths, [name])
    # A unit that failed too often in a row would be refused: a person who asks means it.
    process.run(["systemctl", "reset-failed", unit_of(name)], check=False)
    done = process.run(["systemctl", "start", unit_of(name)], check=False)
    if done.returncode == 0:
        forwarding.forget_flows(paths, name, started=True)
        return
    details = _journal(name)
    events.emit(paths, "start-failed", name)
    process.run(["systemctl", "stop", unit_of(name)], check=False)
    raise StartFailed(
        f"container ‘{name}’ was not ready within {record.container.timeout_start}, or ended before it was",
        details=details or done.stderr.strip(),
        hint=f"journalctl -u {unit_of(name)} has the whole log; containers.{name}.timeoutStartSec gives it more time",
    )


def stop(paths: Paths, name: str) -> None:
    """Shut the guest down cleanly; systemd kills it when that takes too long. Raises ContainerError."""
    heard = halting.listener(paths, name) is not None
    stopping = process.spawn(["systemctl", "stop", unit_of(name)], stdout=process.DEVNULL, stderr=process.PIPE)
    halting.wait_for_end(paths, name, partial(processes.wait_until_gone, stopping.pid), heard=heard, timeout=STOP_TIMEOUT)
    _, said = stopping.communicate()  # how long a guest may take, systemd decides
    if stopping.returncode != 0:
        raise _refused(name, "stop", said.decode(errors="replace"))
    # To systemd, a unit that is stopped before it has begun has failed; whoever asked for a stop got one.
    process.run(["systemctl", "reset-failed", unit_of(name)], check=False)


def halt(name: str) -> None:
    """Stop the unit of a container that is about to exist no longer, be it up or about to be started again."""
    process.run(["systemctl", "stop", unit_of(name)], check=False)


def terminate(name: str) -> None:
    """End everything of the container at once."""
    # First the job, so that systemd does not take the end for a failure that asks for another start.
    process.run(["systemctl", "stop", "--no-block", unit_of(name)], check=False)
    process.run(["systemctl", "kill", "--signal=KILL", unit_of(name)], check=False)
    done = process.run(["systemctl", "stop", unit_of(name)], check=False)
    if done.returncode != 0:
        raise _refused(name, "terminate", done.stderr)
    process.run(["systemctl", "reset-failed", unit_of(name)], check=False)


def _refused(name: str, verb: str, said: str) -> ContainerError:
    return ContainerError(f"failed to {verb} container ‘{name}’", details=said.strip(), hint=f"systemctl status {unit_of(name)} says more")


def _journal(name: str) -> str:
    command = ["journalctl", "--no-pager", "--output=cat", "--lines", _LOG_TAIL_LINES, "--unit", unit_of(name)]
    done = process.run(command, check=False)
    return "\n".join(f"  {line}" for line in done.stdout.splitlines())
