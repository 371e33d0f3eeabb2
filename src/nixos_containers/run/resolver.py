"""Guests' name servers kept right: the host's are written into the run state, where guests read them, and again when they change.

Which ones: plan/resolver.py. systemd's path unit (run/units.py) or, on hosts without systemd, one small shell for all containers
notices changes; any command of ours does, too.
"""

from __future__ import annotations

import json
import os
import shlex
from typing import TYPE_CHECKING, Any

from ..base import log, process
from ..base.errors import ContainerError
from ..base.files import locked, read_text, remove
from ..kernel import proc
from ..plan.resolver import FOLLOW_SCRIPT, guest_resolver, network_servers, resolved_text, watcher_script
from . import bridges
from .hosts import replace

if TYPE_CHECKING:
    from ..base.paths import Paths
    from ..declare.container import Container
    from ..plan.facts import Host

_WHO = "writing name servers"
_TIMEOUT = 30.0  # seconds for a guest to take over new name servers


def write_guest(paths: Paths, container: Container, *, tell: bool = True) -> None:
    """Write the name servers for a start of `container`, or take away those of an earlier one. `tell` warns of unreachable ones."""
    guest = f"{paths.run_state(container.name)}/guest"
    if not container.copy_resolv_conf:
        for name in ("resolv.conf", "resolv.conf.before", "resolved.conf"):
            remove(f"{guest}/{name}")
        return
    own = read_text(paths.resolv_conf) or ""
    found = guest_resolver(own, read_text(paths.upstream_servers), private=container.network.separate, servers=network_servers(container))
    if found.unreachable and tell:
        log.warn(
            f"{container.name}: the host's name server {found.unreachable[0]} cannot be reached from a private network; "
            f"set containers.{container.name}.config.networking.nameservers, or let {paths.resolv_conf} name another server"
        )
    before = read_text(f"{guest}/resolv.conf")
    if before != found.text:
        replace(f"{guest}/resolv.conf.before", found.text if before is None else before)
        replace(f"{guest}/resolv.conf", found.text)
        replace(f"{guest}/resolved.conf", resolved_text(found))


def follow(paths: Paths) -> list[str]:
    """Bring the host's name servers to every guest that runs and has others; return the names of those guests."""
    from ..observe import containers as observe

    changed = []
    with locked(paths.lock(".resolver"), who=_WHO):
        stamp = _stamp(paths)
        bridges.follow_servers(paths)
        for name in observe.run_states(paths):
            path = f"{paths.run_state(name)}/guest/resolv.conf"
            before = read_text(path)
            if before is None and observe.running(paths, name) is None:
                continue
            try:
                record = observe.record(paths, name)
                write_guest(paths, record.container, tell=False)
            except (ContainerError, OSError):
                continue  # damaged, or just taken away: no reason for other guests to wait
            running = observe.running(paths, name)  # asked last: who begins to run after this reads what was written
            if running is None or before is None or read_text(path) == before:
                continue
            from .inside import inside

            command = [*inside(name, running.leader), record.busybox, "sh", "-s", record.busybox]
            try:
                done = process.run(command, stdin=FOLLOW_SCRIPT, check=False, timeout=_TIMEOUT)
            except ContainerError as failure:  # it hangs; its file is right already
                log.warn(f"{name}: the guest did not take over the host's name servers: {failure.what}")
                continue
            log.debug(done.stderr)
            changed.append(name)
        os.makedirs(paths.shared, mode=0o755, exist_ok=True)
        replace(f"{paths.shared}/resolver.json", json.dumps(stamp))
    return changed


def follow_if_changed(paths: Paths, host: Host) -> None:
    """`follow` when the host's files changed since the last look; a watcher that was killed is started again."""
    from ..observe.live import names

    if not any(os.path.exists(f"{paths.run_state(name)}/nspawn.pid") for name in names(paths)):
        return
    text = read_text(f"{paths.shared}/resolver.json")
    try:
        known = None if text is None else json.loads(text)
    except ValueError:
        known = None
    if known != _stamp(paths):
        follow(paths)
    watch(paths, host)


def watch(paths: Paths, host: Host) -> None:
    """Make sure that somebody watches the host's name servers while containers run: a unit of systemd, or a shell of ours."""
    if host.systemd or not os.path.exists(paths.resolv_conf):
        return
    pid_file, script = f"{paths.shared}/resolver.pid", f"{paths.shared}/watch-resolver"
    pid = proc.read_pid(pid_file)
    if pid is not None and script in proc.arguments(pid):
        return
    from ..base.own import own_program

    with locked(paths.lock(".watch"), who=_WHO):
        pid = proc.read_pid(pid_file)
        if pid is not None and script in proc.arguments(pid):
            return
        os.makedirs(paths.shared, mode=0o755, exist_ok=True)
        root = f"NIXOS_CONTAINERS_ROOT={shlex.quote(paths.root)} " if paths.root else ""
        command = root + shlex.join([*own_program(), "unit", "resolver"]) + " > /dev/null 2>&1"
        replace(script, watcher_script(shlex.quote(paths.resolv_conf), shlex.quote(paths.run), command))
        started = process.spawn(["/bin/sh", script], stdout=process.DEVNULL, stderr=process.DEVNULL, detach=True)
        replace(pid_file, f"{started.pid}\n")


def _stamp(paths: Paths) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for path in (paths.resolv_conf, paths.upstream_servers):
        try:
            status = os.stat(path)
            found[path] = [status.st_mtime_ns, status.st_size, status.st_ino]
        except OSError:
            found[path] = None
    return found
