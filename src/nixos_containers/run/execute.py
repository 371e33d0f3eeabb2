"""Carries out a plan: one match over its actions, each announced by its own line and done under the container's lock.

What starts, stops or switches a guest is done for several containers at once, in the order of their dependencies.
"""

from __future__ import annotations

import dataclasses
import math
import os
import time
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING, assert_never

from ..base import log
from ..base.errors import ContainerError
from ..base.files import locked, read_text
from ..build import profiles, store
from ..observe import containers as observe
from ..plan import actions as act
from ..plan.launch import private_users
from ..plan.launcher import REBOOT
from ..plan.life import Live, live_steps
from ..plan.limits import container_limits
from ..plan.order import Dependencies
from . import (
    dependencies,
    disk,
    events,
    files,
    hosts,
    jobs,
    limits,
    reconnect,
    records,
    reload,
    repair,
    start,
    stop,
    storeview,
    unfinished,
    units,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..base.paths import Paths
    from ..declare.container import Record
    from ..plan.facts import Host


_LIVE = (act.Start, act.Stop, act.Restart, act.Reload)


@dataclass(frozen=True, slots=True)
class _Command:
    """What holds for all actions of one plan: who is purged, whose record changes, and when the host was looked at for it."""

    purged: frozenset[str] = frozenset()
    planned: frozenset[str] = frozenset()
    observed_at: float = math.inf


def execute(
    paths: Paths, host: Host, plan: Iterable[act.Action], *, already_locked: str | None = None, observed_at: float = math.inf
) -> None:
    """Carry out `plan` in order. A failure ends it, except that guests do not wait for each other without need.

    What was done before stays and is consistent. `already_locked` names the container whose lock the caller holds; `observed_at`
    is `Observed.at` of what the plan was made from: what other commands have written down since is looked at again.
    Raises ContainerError.
    """
    plan = list(plan)
    changed = {
        action.name: None if isinstance(action, act.Forget) else action.record.container
        for action in plan
        if isinstance(action, act.Create | act.Update | act.Forget)
    }
    command = _Command(
        purged=frozenset(action.name for action in plan if isinstance(action, act.Purge)),
        planned=frozenset(changed),
        observed_at=observed_at,
    )
    for name in command.purged:
        files.check_removable(paths.state(name))
    if changed:
        # At once and not one by one: containers that start on the way find the names of all others.
        hosts.refresh(paths, planned=changed)
    try:
        for live, actions in groupby(plan, key=lambda action: isinstance(action, _LIVE)):
            if live:
                _carry_out_at_once(paths, host, [action for action in actions if isinstance(action, _LIVE)], already_locked, command)
                continue
            for _, its in groupby(actions, key=lambda action: action.name):
                _under_lock(paths, host, tuple(its), already_locked, command)
    finally:
        hosts.refresh_if_stale(paths)


def _under_lock(paths: Paths, host: Host, actions: tuple[act.Action, ...], already_locked: str | None, command: _Command) -> None:
    """Carry out `actions`, all of one container. A new record and the system that it is for are written both or neither."""
    name = actions[0].name
    cut = 1 + max((at for at, action in enumerate(actions) if isinstance(action, act.SetProfile)), default=-1)
    with ExitStack() as held:
        if name != already_locked:
            held.enter_context(locked(paths.lock(name), who=records.command_line()))
        if cut:
            with unfinished.changing(paths, host, name, system=next(a.system for a in actions if isinstance(a, act.SetProfile))):
                _carry_out_all(paths, host, actions[:cut], command)
        _carry_out_all(paths, host, actions[cut:], command)


def _carry_out_all(paths: Paths, host: Host, actions: Iterable[act.Action], command: _Command) -> None:
    for action in actions:
        if action.reason:
            log.say(f"{action.describe()} ({action.reason})")
        _carry_out(paths, host, action, command)


def _carry_out_at_once(paths: Paths, host: Host, actions: list[Live], already_locked: str | None, command: _Command) -> None:
    if len(actions) == 1:
        _under_lock(paths, host, (actions[0],), already_locked, command)
        return
    start.make_room(paths)
    start.ensure_machine_id()
    graph = {action.name: observe.dependencies_of(paths, action.name) or Dependencies() for action in actions}
    planned = []
    for step in live_steps(actions, graph):
        work = partial(_under_lock, paths, host, (step.action,), already_locked, command)
        planned.append(jobs.Job(step.action.name, work, step.after, step.needs, step.verb))
    jobs.run_jobs(planned, limit=jobs.at_once())


def _carry_out(paths: Paths, host: Host, action: act.Action, command: _Command) -> None:
    match action:
        case act.Create() | act.Update():
            records.write_unclaimed(paths, with_users(paths, action.record), planned=command.planned, since=command.observed_at)
            if isinstance(action, act.Create):
                events.emit(paths, "create", action.name)
            if host.systemd:
                units.sync(paths, [action.name])
        case act.SetProfile():
            # Before it is anybody's generation, so that a full disk changes nothing; a start then finds it made.
            running = observe.running(paths, action.name) is not None
            storeview.ensure(paths, observe.record(paths, action.name), action.system, running=running)
            profiles.set_profile(paths, action.name, action.system)
            events.emit(paths, "switch", action.name, system=action.system)
        case act.Start():
            if not start_container(paths, host, action.name) and not action.reason:
                log.say(f"container ‘{action.name}’ is already up")
        case act.Stop():
            stop_container(paths, host, action.name)
        case act.Restart():
            restart_container(paths, host, action.name)
        case act.Reload():
            try:
                reload.reload(paths, action.name, action.system)
            except reload.RestartNeeded as refusal:
                if not action.may_restart:
                    raise
                log.say(f"{refusal.what}: restarting it")
                restart_container(paths, host, action.name)
        case act.Reconnect():
            reconnect.reconnect(paths, host, action.name)
        case act.Keep():
            pass  # it was said
        case act.SetLimits():
            limits.set_limits(paths, host, action.name, container_limits(observe.record(paths, action.name).container)[0])
        case act.GrowDisk():
            disk.grow(paths, action.name, action.size)
        case act.Forget():
            # What is to be purged stays noted until it is: a command that is killed in between is finished by the next one.
            purged = action.name in command.purged
            unfinished.begin(paths, action.name, unfinished.Work(unfinished.DESTROY if purged else unfinished.FORGET))
            unfinished.forget(paths, host, action.name)
            events.emit(paths, "destroy", action.name)
            if not purged:
                if not any(map(os.path.lexists, (paths.state(action.name), paths.disk(action.name)))):
                    records.release_user_base(paths, action.name)  # it never ran: there is no file that could keep them
                unfinished.end(paths, action.name)
        case act.Purge():
            try:
                unfinished.purge(paths, action.name)
            finally:
                unfinished.end(paths, action.name)
        case _:
            assert_never(action)


def with_users(paths: Paths, record: Record) -> Record:
    """`record` with the first uid of its recorded range, when it has private users of its own."""
    if private_users(record.container) != "pick":
        return dataclasses.replace(record, user_base=None)
    return dataclasses.replace(record, user_base=records.user_base(paths, record.container.name))


def start_container(paths: Paths, host: Host, name: str) -> bool:
    """Start container `name` from its record; False when it is up already. Raises ContainerError when it cannot start."""
    repair.repair(paths, host, name)
    if not host.systemd:
        stop.wait_for_launcher(paths, name, host.cgroups)
    if observe.running(paths, name) is not None:
        return False
    record, system = _startable(paths, name)
    if host.systemd:
        units.start(paths, record)  # whose unit calls prepare_container
    else:
        dependencies.await_healthy(paths, record.container)
        _add_roots(paths, record, system)
        events.emit(paths, "start", name)
        began = time.monotonic()
        try:
            start.start(paths, record, host, busybox=record.busybox, system=system)
        except ContainerError:
            events.emit(paths, "start-failed", name)
            raise
        events.emit(paths, "ready", name, seconds=round(time.monotonic() - began, 3))
    return True


def prepare_container(paths: Paths, host: Host, name: str) -> None:
    """Make what a unit of systemd needs to start container `name`, from its record alone. Raises ContainerError."""
    unfinished.settle_change(paths, host, name)
    record, system = _startable(paths, name)
    # A guest that restarts itself waits for nobody, as with the launcher.
    if (read_text(f"{paths.run_state(name)}/ended") or "").strip() != str(REBOOT):
        dependencies.await_healthy(paths, record.container)
    _add_roots(paths, record, system)
    stop.wait_for_links(paths, name)
    events.emit(paths, "start", name)
    start.prepare(paths, record, host, busybox=record.busybox, system=system)


def _startable(paths: Paths, name: str) -> tuple[Record, str]:
    record = observe.record(paths, name)
    system = observe.system_of(paths, record)
    if not os.path.exists(f"{system}/init"):
        raise ContainerError(
            f"the system of container ‘{name}’ is gone from the store: {system}",
            hint="‘nixos-container switch’ builds it again" if record.declared_by else f"nixos-container update {name}",
        )
    return record, system


def _add_roots(paths: Paths, record: Record, system: str) -> None:
    gcroots = paths.gcroots(record.container.name)
    store.add_root(system, f"{gcroots}/running")
    store.add_root(os.path.dirname(os.path.dirname(record.busybox)), f"{gcroots}/busybox")


def stop_container(paths: Paths, host: Host, name: str) -> None:
    """Shut container `name` down cleanly; one that does not run is cleaned up after if need be."""
    if host.systemd:
        units.stop(paths, name)
        return
    running = observe.running(paths, name)
    if running is None:
        if observe.supervisor(paths, name) is not None:
            stop.terminate(paths, name, host.cgroups)
        else:
            repair.repair(paths, host, name)
        return
    stop.stop(paths, name, running, host.cgroups)


def restart_container(paths: Paths, host: Host, name: str) -> None:
    """Stop container `name`, if it runs, and start it. Raises ContainerError when it cannot start."""
    dependencies.await_healthy(paths, observe.record(paths, name).container)  # while there is still something that runs
    events.emit(paths, "restart", name)
    stop_container(paths, host, name)
    start_container(paths, host, name)


def terminate_container(paths: Paths, host: Host, name: str) -> None:
    """End container `name` at once, without a shutdown."""
    if host.systemd:
        units.terminate(name)
        return
    if observe.running(paths, name) is not None:
        events.emit(paths, "died", name, status=None, reason="terminated")
    stop.terminate(paths, name, host.cgroups)
