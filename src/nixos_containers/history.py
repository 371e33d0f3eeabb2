"""The story of going back: rollback of one container or of a whole definition, and the end of old generations."""

from __future__ import annotations

import os
import time
from functools import partial
from typing import TYPE_CHECKING

from .base.errors import ContainerError
from .base.files import locked
from .build import profiles
from .observe import containers as observe
from .plan.generations import old_generations
from .run import jobs
from .run.events import emit
from .run.records import command_line
from .run.reload import reload

if TYPE_CHECKING:
    from .base.paths import Paths


def rollback(paths: Paths, name: str, *, to: int | None = None) -> int:
    """Go back to generation `to` of container `name`, or to the one before the current; return its number.

    A running guest is switched in place. Raises ContainerError when there is no such generation.
    """
    with locked(paths.lock(name), who=command_line()):
        known = profiles.generations(paths, observe.record(paths, name).container.name)
        at = profiles.current(paths, name)
        number = to if to is not None else max((older for older in known if at is not None and older < at), default=None)
        if number is None or number not in known:
            wanted = "an older generation" if to is None else f"a generation {to}"
            raise ContainerError(f"container ‘{name}’ does not have {wanted}", hint=f"nixos-container generations {name}")
        profiles.activate(paths, name, number)
        emit(paths, "rollback", name, generation=number, system=known[number])
        if observe.running(paths, name) is not None:
            reload(paths, name, known[number])
    return number


def rollback_all(paths: Paths, definition: str, *, names: tuple[str, ...] = (), dry_run: bool = False) -> dict[str, int]:
    """Every container of `definition` one generation back, without looking into that file; return the generations by name.

    Those that have no older generation stay as they are; one whose guest does not follow keeps no other from it. Raises
    ContainerError when none has an older one, or, in the end, when a guest did not follow.
    """
    source, back = os.path.abspath(definition), {}
    with locked(paths.lock(".switch"), who=command_line()):
        for name, record in sorted(observe.records(paths).items()):
            at = profiles.current(paths, name)
            older = [number for number in profiles.generations(paths, name) if at is not None and number < at]
            if record.declared_by == source and (not names or name in names) and older:
                back[name] = max(older)
        if not back:
            raise ContainerError(f"no container of {source} has an older generation", hint="nixos-container generations NAME lists them")

        def go_back(name: str, number: int) -> None:
            rollback(paths, name, to=number)

        if not dry_run:
            work = [jobs.Job(name, partial(go_back, name, number), verb="rolled back") for name, number in back.items()]
            jobs.run_jobs(work, limit=jobs.at_once())
    return back


def prune(paths: Paths, name: str, *, keep: int | None, older_than: float | None) -> list[int]:
    """Remove old generations of container `name`; return their numbers.

    The newest `keep` stay, and those younger than `older_than` seconds; the current and the running one always stay.
    Raises NoSuchContainer.
    """
    if name not in observe.names(paths):
        raise observe.NoSuchContainer(name, observe.names(paths))
    with locked(paths.lock(name), who=command_line()):
        known = profiles.generations(paths, name)
        running = observe.running(paths, name)
        ages = {number: time.time() - profiles.made_at(paths, name, number) for number in known}
        busy = {profiles.current(paths, name)} | {number for number, system in known.items() if running and running.system == system}
        removed = old_generations(ages, keep=keep, older_than=older_than, busy=frozenset(busy))
        for number in removed:
            profiles.remove_generation(paths, name, number)
    return removed
