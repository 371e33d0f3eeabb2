"""Events: what happened to containers, one JSON object a line, and the shell text that writes those that no Python sees.

Every line is written with one append, so that all writers share the file without a lock; the reader is observe/events.py.
"""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .facts import Cgroups

# Kind -> what it means, for the manual and the schema.
KINDS = {
    "create": "a container exists that did not",
    "destroy": "it exists no longer",
    "rename": "it has another name now (`to`)",
    "switch": "another system is its newest generation (`system`)",
    "reload": "the running guest was switched to a system in place (`system`)",
    "rollback": "it went back to generation `generation`",
    "start": "a start begins",
    "ready": "the guest said that it is ready (after `seconds`)",
    "start-failed": "a start failed",
    "restart": "it is stopped, to be started again",
    "reboot": "the guest asked for a reboot, and is started again",
    "stop": "it ended: somebody stopped it, or the guest shut itself down",
    "died": "it ended in any other way (`status`: of systemd-nspawn; null: not known)",
    "oom": "the kernel killed `count` processes of it for want of memory, during one boot of the guest",
    "health": "the result of a health check changed (`check`, `health`)",
}


def line(time: str, event: str, container: str, fields: dict[str, Any]) -> str:
    """One line of the file."""
    return json.dumps({"time": time, "event": event, "container": container, **fields}, ensure_ascii=True) + "\n"


def event_function(file: str, name: str) -> list[str]:
    """The shell function `event KIND [MORE]`, where MORE is further JSON text such as `,"status":1`."""
    if not file:
        return ["event() { :; }", ""]
    # The name is one of check_name's: nothing in it means anything to JSON or to printf.
    form = f'{{"time":"%s","event":"%s","container":"{name}"%s}}\\n'
    return [
        "event() {",
        f'  printf {shlex.quote(form)} "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$1" "${{2:-}}" >> {shlex.quote(file)}',
        "} 2> /dev/null",
        "",
    ]


def oom_function(files: list[str]) -> list[str]:
    """The shell function `oom`: an event for the processes that were killed for want of memory since it was called last.

    `files` have a line `oom_kill NUMBER`: memory.oom_control of cgroup v1, memory.events of v2.
    """
    return [
        "oom_seen=0",
        "oom() {",
        "  count=0",
        f"  for file in {' '.join(map(shlex.quote, files))}; do" if files else "  for file in; do",
        '    [ ! -e "$file" ] || while read -r key value; do [ "$key" != oom_kill ] || count=$((count + value)); done < "$file"',
        "  done",
        '  [ "$count" -le "$oom_seen" ] || event oom ",\\"count\\":$((count - oom_seen))"',
        "  oom_seen=$count",
        "}",
        "",
    ]


def oom_files(cgroups: Cgroups, group: str) -> list[str]:
    """Where the kernel counts the kills in the cgroup `group`."""
    if "memory" in cgroups.v1:
        return [f"{cgroups.v1['memory']}/{group}/memory.oom_control"]
    return [] if cgroups.v2 is None else [f"{cgroups.v2}/{group}/memory.events"]


def end_lines() -> list[str]:
    """For the launcher, at its end: the event that says how the last boot of the guest ended."""
    return [
        'if [ -e stopping ] || [ "$status" = 0 ]; then event stop',
        'elif [ "$status" = unknown ]; then event died \',"status":null\'',
        'else event died ",\\"status\\":$status"; fi',
    ]


def unit_end_lines(reboot: int) -> list[str]:
    """The same for ExecStopPost= of a unit, which systemd tells the result (systemd.exec(5)); `reboot` is nspawn's status for it."""
    return [
        '  case "${SERVICE_RESULT:-}:${EXIT_STATUS:-}" in',
        f"    *:{reboot}) event reboot ;;",
        "    success:*) event stop ;;",
        '    *:[0-9]*) event died ",\\"status\\":$EXIT_STATUS" ;;',
        "    *) event died ',\"status\":null' ;;",
        "  esac",
    ]
