"""Spec and observed host in, actions out: what makes the host match a definition. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ..base.errors import DefinitionError
from ..declare.container import Record
from .actions import Action, Create, Forget, GrowDisk, Keep, Purge, Reconnect, Reload, Restart, SetLimits, SetProfile, Start, Update
from .activation import PARAMETERS, choose
from .addresses import with_reserved
from .claims import Ledger, check_host
from .compare import compare_containers
from .disk import check_disk, disk_size
from .launch import limits_digest, params_digest, plan_launch
from .life import down_actions, up_actions
from .order import check, dependents
from .reconnect import obstacle
from .shared import settle
from .users import check_number

if TYPE_CHECKING:
    from collections.abc import Collection

    from ..declare.container import Container, Spec
    from .facts import Host, Observed


def plan_switch(
    spec: Spec,
    observed: Observed,
    host: Host,
    *,
    source: str | None,
    names: tuple[str, ...] = (),
    purge: bool = False,
    start: bool = True,
) -> list[Action]:
    """The actions that make the host match `spec`, which came from the definition file `source`; None for an imperative container's own.

    Only containers that `source` declared before are removed; `names` limits everything to some containers. Raises
    DefinitionError when a name belongs to another definition, or when a container cannot be run as asked.
    """
    leaving = [
        name
        for name, record in sorted(observed.records.items())
        if source is not None and record.declared_by == source and name not in spec.declared and (not names or name in names)
    ]
    staying = {name: record.container for name, record in observed.records.items() if name not in leaving}
    # First those that leave: a container that was given another name takes over its old one's addresses and ports.
    actions = removal_actions(leaving, observed, reason=f"no longer declared in {source}", purge=purge)
    spec = with_reserved(spec, observed.addresses)
    spec = settle(spec, {name: observed.records[name] for name in staying}, routed=observed.network.routes)
    chosen = [name for name in sorted(spec.containers) if not names or name in names]
    for name in chosen:
        _check_owner(name, observed, source)
    _check_claims(spec, staying, names)
    ups: dict[str, Start | Restart | Reload] = {}
    for name in chosen:
        container = spec.containers[name]
        before = observed.records.get(name)
        check_host(container, observed.network, before=before.container if before is not None else None)
        kept, up = _container_actions(container, observed, host, source=source, busybox=spec.busybox.path, start=start)
        actions += kept
        if up is not None:
            ups[name] = up
    graph = {**staying, **spec.containers}
    check(graph, chosen, spec.declared)
    _check_leaving(leaving, staying, chosen)
    return [*actions, *up_actions(ups, graph, observed.running)]


def _check_leaving(leaving: list[str], staying: dict[str, Container], chosen: list[str]) -> None:
    left = {name: container for name, container in staying.items() if name not in chosen}
    for name, gone in dependents(leaving, left).items():
        raise DefinitionError(
            f"container ‘{name}’ requires ‘{gone}’, which the definition has no longer",
            hint=f"take ‘{gone}’ out of containers.{name}.requires first",
        )


def _check_owner(name: str, observed: Observed, source: str | None) -> None:
    known = observed.records.get(name)
    if known is None or known.declared_by == source or name in observed.orphaned:
        return
    if known.declared_by is None:
        raise DefinitionError(
            f"container ‘{name}’ exists already: it was made by ‘nixos-container create’",
            hint=f"choose another name, or remove that one first: nixos-container destroy {name}",
        )
    raise DefinitionError(
        f"container ‘{name}’ exists already and belongs to {known.declared_by}",
        hint=f"choose another name, or take it out of that file and then: nixos-container switch -c {known.declared_by}",
    )


def _check_claims(spec: Spec, staying: dict[str, Container], names: tuple[str, ...]) -> None:
    ledger = Ledger()
    mine = {name: container for name, container in spec.containers.items() if not names or name in names}
    others = {
        name: spec.containers.get(name, container)
        for name, container in (staying | spec.containers).items()
        # Only some were evaluated: the record of another one may be out of date.
        if name not in mine and not (name in spec.declared and name not in spec.containers)
    }
    for name, container in sorted(mine.items()):
        ledger.enter(name, container)
    for name, container in sorted(others.items()):
        ledger.check(name, container)


def _container_actions(
    container: Container, observed: Observed, host: Host, *, source: str | None, busybox: str, start: bool
) -> tuple[list[Action], Start | Restart | Reload | None]:
    """What is written down about the container, and what is then done with it."""
    name = container.name
    path = container.system.path
    system = observed.finished.get(path, path) if path is not None else None
    known = observed.records.get(name)
    record = Record(container=container, busybox=busybox, declared_by=source, user_base=observed.user_ranges.get(name))
    # Contradictions surface here, before anything is done.
    check_number(name, container.private_users, observed.user_ranges)
    plan_launch(record, host, state="/run", root="/", busybox="busybox", system=system or "/nix/store")
    size = observed.disks.get(name)
    grows = check_disk(container, size, has_directory=size is None and name in observed.states)
    actions: list[Action] = []
    if known is None:
        actions.append(Create(name, "declared, and not there yet", record))
    elif known.container != container:
        actions.append(Update(name, "its definition changed", record))
    elif known.declared_by != source:
        actions.append(Update(name, f"it is declared in {source} now", record))
    if grows:
        actions.append(GrowDisk(name, "limits.diskMax is more than it has", disk_size(container) or 0))
    # A profile that somebody else keeps is followed; everything else gets a profile of its own, which also roots it.
    ours = container.system.drv is not None or (path is not None and path.startswith("/nix/store/"))
    if system is not None and ours and observed.profiles.get(name) != system:
        actions.append(SetProfile(name, "the system changed" if name in observed.profiles else "the first system", system))
    running = observed.running.get(name)
    if running is None:
        return actions, Start(name, "autoStart is set") if container.auto_start and start else None
    parameters_changed = running.params != params_digest(container, host)
    why = PARAMETERS
    if parameters_changed and container.restart_if_changed and container.activation in ("auto", "reload"):
        change = network_change(running.container, container, host)
        if isinstance(change, Reconnect):
            actions.append(change)
            parameters_changed = False
        why = change if isinstance(change, str) else why
    if not parameters_changed and running.limits not in (None, limits_digest(container)):
        actions.append(SetLimits(name, "its limits changed"))
    changed = system if running.system != system else None
    chosen = choose(container, changed, parameters_changed=parameters_changed, written=bool(actions), why=why)
    if isinstance(chosen, Keep):
        return [*actions, chosen], None
    return actions, chosen


def network_change(running: Container | None, container: Container, host: Host) -> Reconnect | str | None:
    """What gives a container that was started as `running` its new network, if nothing else changed; why that needs a restart."""
    if running is None or params_digest(replace(running, network=container.network), host) != params_digest(container, host):
        return None
    changed = [change.option for change in compare_containers(running, container)[1]]
    what = f"{', '.join(changed[:4])}{' and more' if len(changed) > 4 else ''} changed"
    hindrance = obstacle(running, container)
    return Reconnect(container.name, what) if hindrance is None else f"{what}: {hindrance}"


def removal_actions(names: Collection[str], observed: Observed, *, reason: str, purge: bool) -> list[Action]:
    """Stop, forget and, when `purge`, delete: the end of containers."""
    graph = {name: record.container for name, record in observed.records.items() if name in names}
    actions: list[Action] = [*down_actions({name: reason for name in names if name in observed.running}, graph, ())]
    for name in names:
        actions.append(Forget(name, reason if purge else f"{reason}; its state directory is kept"))
        if purge and (name in observed.states or name in observed.disks):
            actions.append(Purge(name, "--purge"))
    return actions
