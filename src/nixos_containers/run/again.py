"""A start that repeats an earlier one: nothing that it depends on has changed, so its scripts stand ready in the run state.

A start writes down what it was made from (`remember`). As long as all of that is the same, and the last run ended and cleaned
up, the next start runs the same launcher and loads no planner (`start_again`). Whatever has to happen at *every* start
therefore belongs into the launcher's script, or the launch must say that it is not `repeatable`. Not for hosts whose systemd
runs the containers: there a unit starts them.
"""

from __future__ import annotations

import os
import time

from ..base.files import locked, read_text, remove
from ..kernel import proc
from . import forwarding

TYPE_CHECKING = False  # importing typing costs more than all that is done here
if TYPE_CHECKING:
    from ..base.paths import Paths

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def remember(paths: Paths, name: str, *, command: tuple[str, ...], timeout: float, system_link: str, needed: tuple[str, ...]) -> None:
    """Write down how container `name` was just started, for a next start.

    `system_link` leads to the system that a start runs, `needed` are paths of the host that the start needs; `timeout` is
    in seconds.
    """
    head = [f"{timeout:g}", system_link, "\0".join(command), "\0".join(needed)]
    text = "\n".join([*head, _made_from(paths, name, system_link)])
    if text.count("\n") - _made_from(paths, name, system_link).count("\n") != len(head):
        return  # a path with a line break: that start takes the long way
    with open(_memory(paths, name), "w", encoding="utf-8") as file:  # lost with the host's reboot anyway
        file.write(text)


def forget(paths: Paths, name: str) -> None:
    """The next start of container `name` takes the long way."""
    remove(_memory(paths, name))


def start_again(paths: Paths, name: str) -> bool:
    """Start container `name` as it was started before, or return False when that does not fit, or when it runs.

    Raises StartFailed; nothing of the attempt is then left.
    """
    if not os.path.exists(_memory(paths, name)):
        return False
    with locked(paths.lock(name), who=f"(nixos-container start {name})"):
        text = read_text(_memory(paths, name))
        head, made_from = (text or "").split("\n", 4)[:4], (text or "").split("\n", 4)[4:]
        if len(head) != 4 or not _ended_cleanly(paths, name):
            return False
        timeout, system_link, command, needed = head
        if made_from != [_made_from(paths, name, system_link)] or not all(map(os.path.exists, filter(None, needed.split("\0")))):
            return False
        _launch(paths, name, command.split("\0"), float(timeout))
    return True


def _launch(paths: Paths, name: str, command: list[str], timeout: float) -> None:
    from .readiness import StartFailed, launch_until_ready

    def began() -> None:
        from . import events  # loaded while the guest boots

        events.emit(paths, "start", name)

    for stale in ("ended", "stopping", "out-of-memory"):
        remove(f"{paths.run_state(name)}/{stale}")
    begun = time.monotonic()
    try:
        forwarding.acquire(paths, name)
        launch_until_ready(paths, name, command, timeout=timeout, undo=lambda: _undo(paths, name), meanwhile=began)
        forwarding.forget_flows(paths, name, started=True)
    except StartFailed:
        from . import events

        events.emit(paths, "start-failed", name)
        raise
    from . import events

    events.emit(paths, "ready", name, seconds=round(time.monotonic() - begun, 3))


def _memory(paths: Paths, name: str) -> str:
    return f"{paths.run_state(name)}/again"


def _undo(paths: Paths, name: str) -> None:
    from ..observe.host import host_facts
    from .stop import terminate

    terminate(paths, name, host_facts().cgroups)


def _ended_cleanly(paths: Paths, name: str) -> bool:
    state = paths.run_state(name)
    if not os.path.exists(f"{state}/ended") or any(os.path.exists(f"{state}/{file}") for file in ("launcher.pid", "nspawn.pid")):
        return False
    return not any(os.path.exists(f"{mount}/machine.slice/{name}") for mount in _cgroup_mounts())


def _cgroup_mounts() -> list[str]:
    fields = (line.split(" ") for line in proc.read("/proc/self/mounts").splitlines())
    return [mount for _, mount, kind, *_ in fields if kind in ("cgroup", "cgroup2")]


def _made_from(paths: Paths, name: str, system_link: str) -> str:
    """Everything that a start depends on, as a text to compare.

    The host's name servers are among it: a start that repeats takes the guest's copy as it stands. So is whether somebody
    follows them.
    """
    roots = paths.gcroots(name)
    return "\n".join(
        [
            _identity(f"{paths.records}/{name}.json"),
            _identity(paths.resolv_conf),
            _identity(paths.upstream_servers),
            str(bool(proc.arguments(proc.read_pid(f"{paths.shared}/resolver.pid") or 0))),
            os.path.realpath(system_link),
            *(os.readlink(f"{roots}/{root}") if os.path.islink(f"{roots}/{root}") else "" for root in ("running", "busybox")),
            *_cgroup_mounts(),
            str(os.path.exists("/run/udev/control")),
            str(os.path.exists("/var/lib/lxcfs/proc/meminfo")),
            *(
                _identity(entry.path)
                for room in ("plan", "run", "declare")
                for entry in os.scandir(f"{_PACKAGE}/{room}")
                if entry.is_file()
            ),
        ]
    )


def _identity(path: str) -> str:
    try:
        found = os.stat(path)
    except FileNotFoundError:
        return f"{path} -"
    return f"{path} {found.st_ino} {found.st_size} {found.st_mtime_ns}"
