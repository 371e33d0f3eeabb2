"""Which containers start, stop and restart together, as actions in their order. Pure.

Propagation is systemd's (systemd.unit(5)): a start brings along what is required and wanted, a stop or restart takes
those with it that require the container.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..base.errors import DefinitionError
from .actions import Reload, Restart, Start, Stop
from .order import brought_along, dependents, in_order, predecessors

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from .order import Ordered

# What concerns a guest, and not what is written down about it.
Live = Start | Stop | Restart | Reload


@dataclass(frozen=True, slots=True)
class Step:
    """An action, or the half of a restart, that begins when the steps at the positions `after` and `needs` have ended.

    It is left out when one that it `needs` failed; `verb` says what was then not done with the container.
    """

    action: Live
    after: frozenset[int] = frozenset()
    needs: frozenset[int] = frozenset()

    @property
    def verb(self) -> str:
        return "stopped" if isinstance(self.action, Stop) else "started"


def up_actions(
    wanted: Mapping[str, Start | Restart | Reload], graph: Mapping[str, Ordered], running: Collection[str]
) -> list[Start | Restart | Reload]:
    """`wanted` and all that goes with it, in order. `graph` holds every container that may be concerned.

    Raises DefinitionError when one that is to start requires what is not there.
    """
    actions = dict(wanted)
    for name, gone in dependents([n for n, action in wanted.items() if isinstance(action, Restart)], graph).items():
        if name in running and not isinstance(actions.get(name), Restart):
            actions[name] = Restart(name, f"it requires ‘{gone}’, which restarts")
    starting = [name for name, action in actions.items() if not isinstance(action, Reload)]
    for name, reason in brought_along(starting, graph.get).items():
        if name not in running and name not in actions:
            actions[name] = Start(name, reason)
    for name, action in actions.items():
        missing = [other for other in graph[name].requires if other not in graph]
        if missing and not isinstance(action, Reload):
            raise DefinitionError(
                f"container ‘{name}’ requires ‘{missing[0]}’, which does not exist",
                hint=f"create it, or take it out of containers.{name}.requires",
            )
    return [actions[name] for name in in_order(actions, predecessors({name: graph[name] for name in actions}))]


def down_actions(wanted: Mapping[str, str], graph: Mapping[str, Ordered], running: Collection[str]) -> list[Stop]:
    """Stops of the `wanted` containers (name -> reason) and of those running that require them, in order."""
    reasons = dict(wanted)
    for name, gone in dependents(wanted, graph).items():
        if name in running and name not in reasons:
            reasons[name] = f"it requires ‘{gone}’, which stops"
    order = in_order(reasons, predecessors({name: graph[name] for name in reasons if name in graph}))
    return [Stop(name, reasons[name]) for name in reversed(order)]


def live_steps(actions: Sequence[Live], graph: Mapping[str, Ordered]) -> list[Step]:
    """`actions`, one for a container, as steps that wait for each other as little as `graph` allows.

    A restart of a container that others are ordered with is a stop and a start: the others stop before, and start after.
    """
    by_name = {action.name: action for action in actions}
    before = predecessors({name: graph[name] for name in by_name})
    order = in_order(by_name, before)
    # Of a cycle, which plans refuse, only what the order can keep.
    before = {name: before[name] & set(order[:position]) for position, name in enumerate(order)}
    later: dict[str, set[str]] = {name: {other for other in order if name in before[other]} for name in order}
    steps: list[Step] = []
    downs: dict[str, int] = {}
    for name in reversed(order):
        action = by_name[name]
        if isinstance(action, Stop) or (isinstance(action, Restart) and (before[name] or later[name])):
            downs[name] = len(steps)
            stop = action if isinstance(action, Stop) else Stop(name, action.reason and f"to restart it: {action.reason}")
            steps.append(Step(stop, frozenset(downs[other] for other in later[name] if other in downs)))
    ups: dict[str, int] = {}
    for name in order:
        action = by_name[name]
        if isinstance(action, Stop):
            continue
        needs = {ups[other] for other in graph[name].requires if other in before[name] and isinstance(by_name[other], Start | Restart)}
        after = {ups[other] for other in before[name] if other in ups}
        if name in downs:
            needs.add(downs[name])
            action = Start(name, action.reason and "to restart it")
        ups[name] = len(steps)
        steps.append(Step(action, frozenset(after), frozenset(() if isinstance(action, Reload) else needs)))
    return steps
