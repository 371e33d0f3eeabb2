"""`nixos-container ps NAME` and `tree NAME`: the processes of a container, as a list or by its units."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from ..base.paths import Paths, check_name
from ..base.quantities import percent, size
from ..observe import containers as observe
from ..observe.processes import Group, Process, printable, processes_of, tree
from .output import emit_json, table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .parse import Arguments


def run(arguments: Arguments) -> int:
    """Carry `ps` or `tree` out."""
    paths = Paths()
    name = check_name(arguments.name)
    running = observe.running_or_refuse(paths, name)
    processes = processes_of(name, running.leader)
    if arguments.verb.name == "tree":
        group, by_pid = tree(name), {process.host_pid: process for process in processes}
        if arguments.json:
            emit_json(_tree_json(group, by_pid))
        else:
            print("\n".join(tree_lines(group, by_pid)))
        return 0
    now = time.time()
    if arguments.json:
        emit_json([_process_json(process, now) for process in processes])
    else:
        headings = ("PID", "HOST PID", "USER", "CPU", "MEMORY", "COMMAND")
        print(table(headings, [_cells(process, now) for process in processes]))
    return 0


def _percent(process: Process, now: float) -> float:
    return round(100 * process.cpu / max(now - process.started, 0.01), 1)


def _process_json(process: Process, now: float) -> dict[str, Any]:
    return {
        "pid": process.pid,
        "hostPid": process.host_pid,
        "user": process.user,
        "cpuPercent": _percent(process, now),
        "cpuSeconds": process.cpu,
        "memory": process.memory,
        "started": round(process.started, 2),
        "command": process.command,
    }


def _cells(process: Process, now: float) -> list[str]:
    share = percent(_percent(process, now))
    return [str(process.pid), str(process.host_pid), process.user, share, size(process.memory), process.command]


def tree_lines(group: Group, processes: Mapping[int, Process]) -> list[str]:
    """The tree as lines, drawn as systemd-cgls does; groups without processes are left out."""
    return [printable(group.name), *_below(group, processes, "")]


def _below(group: Group, processes: Mapping[int, Process], indent: str) -> list[str]:
    own = sorted((processes[pid] for pid in group.pids if pid in processes), key=lambda process: process.pid)
    groups = [below for below in group.groups if _inhabited(below, processes)]
    width = max((len(str(process.pid)) for process in own), default=0)
    entries: list[tuple[str, Group | None]] = [(f"{process.pid:>{width}} {process.command}", None) for process in own]
    entries += [(printable(below.name), below) for below in groups]
    lines = []
    for number, (text, below) in enumerate(entries):
        last = number == len(entries) - 1
        lines.append(f"{indent}{'└─' if last else '├─'}{text}")
        if below is not None:
            lines += _below(below, processes, indent + ("  " if last else "│ "))
    return lines


def _inhabited(group: Group, processes: Mapping[int, Process]) -> bool:
    return any(pid in processes for pid in group.pids) or any(_inhabited(below, processes) for below in group.groups)


def _tree_json(group: Group, processes: Mapping[int, Process]) -> dict[str, Any]:
    return {
        "name": group.name,
        "processes": [
            {"pid": processes[pid].pid, "hostPid": pid, "command": processes[pid].command} for pid in group.pids if pid in processes
        ],
        "groups": [_tree_json(below, processes) for below in group.groups],
    }
