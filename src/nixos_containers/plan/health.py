"""The shell script that checks the health of a running container, as text.

It runs on the host beside the launcher, one shell per check, and enters the guest for each attempt: so it works for every
system, also for one that came as a finished path, it notices a guest that hangs, and no Python stays behind. A check that
the guest made itself could do neither. What the guest says is an exit status only.
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from ..base.durations import parse_duration
from ..base.errors import DefinitionError
from ..base.programs import GUEST_PATH
from .events import event_function

if TYPE_CHECKING:
    from ..declare.container import Container, HealthCheck
    from .facts import Cgroups

# Where the results stand in the run-state directory: one file per check, `STATE SINCE FAILED CHECKED`, times in seconds of uptime.
RESULTS = "health.d"
_NAME = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")
_WAYS = ("command", "http", "tcp", "unit")
# setns(2) takes CAP_SYS_CHROOT, CAP_SYS_PTRACE and CAP_SYS_ADMIN, which no container's first process lacks.
_FOR_NSENTER = (1 << 18) | (1 << 19) | (1 << 21)
# As long as systemd gives a unit to stop (DefaultTimeoutStopSec=).
_STOP_SECONDS = 90


def attempt(check: HealthCheck, where: str, *, busybox: str) -> list[str]:
    """The command that makes one attempt of `check`, inside the guest. Raises DefinitionError at `where`."""
    given = [way for way in _WAYS if getattr(check, way) is not None]
    if len(given) != 1:
        said = " and ".join(given) or "none"
        raise DefinitionError(f"{where}: exactly one of {', '.join(_WAYS)} is needed, not {said}", hint=f'{where}.unit = "nginx.service";')
    if check.command is not None:
        return ["/bin/sh", "-c", check.command]
    seconds = str(max(1, round(parse_duration(check.timeout, f"{where}.timeout"))))
    if check.http is not None:
        if not check.http.startswith(("http://", "https://")):
            raise DefinitionError(f"{where}.http: ‘{check.http}’ is not an address", hint=f'{where}.http = "http://localhost/";')
        return [busybox, "wget", "-q", "-O", "/dev/null", "--", check.http]
    if check.tcp is not None:
        host, _, port = str(check.tcp).rpartition(":")
        if not port.isdigit() or not 0 < int(port) < 65536:
            raise DefinitionError(f"{where}.tcp: ‘{check.tcp}’ is not a port", hint=f"{where}.tcp = 5432; or HOST:PORT")
        return [busybox, "nc", "-w", seconds, host.strip("[]") or "localhost", port, "-e", busybox, "true"]
    return ["systemctl", "is-active", "--quiet", "--", str(check.unit)]


def attempts_group(cgroups: Cgroups, cgroup: str) -> str:
    """Where the attempts of the container whose `cgroup` is given relative to every hierarchy have cgroups of their own, or nothing.

    Below what start_function and the unit put the script into. Not a cpuset of cgroup v1, which takes nothing until it is filled.
    """
    if cgroups.v2 is not None:
        return f"{cgroups.v2}/{cgroup}/health"
    mount = cgroups.v1.get("name=systemd") or cgroups.v1.get("pids")
    return "" if mount is None else f"{mount}/{cgroup}"


def health_script(
    container: Container, *, state: str, busybox: str, events: str, systemd_unit: str | None, attempts: str = ""
) -> str | None:
    """The script for /bin/sh, whose argument is the pid of nspawn; None for a container without checks.

    `systemd_unit` is the unit that runs the container, or None where the launcher does; `attempts` is what attempts_group says.
    Raises DefinitionError.
    """
    if not container.health_checks:
        return None
    q = shlex.quote
    lines = [
        "#!/bin/sh",
        f"# Checks the health of the container {container.name}; made by nixos-container, run with the pid of its nspawn.",
        "set -u",
        "umask 022",
        f"cd {q(state)} || exit 1",
        "nspawn=$1",
        f"attempts={q(attempts)}",
        f"rm -rf {RESULTS} restarting; mkdir {RESULTS}",
        *event_function(events, container.name),
        *_FUNCTIONS,
        *_actions(systemd_unit),
    ]
    for name, check in sorted(container.health_checks.items()):
        where = f"containers.{container.name}.healthChecks.{name}"
        if not name or not _NAME.issuperset(name):
            raise DefinitionError(f"{where}: not a name for a check", hint="letters, digits, - and _")
        command = attempt(check, where, busybox=busybox)
        interval = _seconds(check.interval, f"{where}.interval", least=0.1)
        period = _seconds(check.start_period, f"{where}.startPeriod", least=0)
        timeout = _seconds(check.timeout, f"{where}.timeout", least=0.1)
        settings = (name, f"{interval:g}", f"{min(interval, 1):g}", str(round(period)), str(check.retries), check.action, f"{timeout:g}")
        lines.append("watch " + " ".join(map(q, (*settings, *command))) + " &")
    return "\n".join([*lines, "wait"]) + "\n"


def _seconds(text: str, where: str, *, least: float) -> float:
    found = parse_duration(text, where)
    if found < least:
        raise DefinitionError(f"{where}: ‘{text}’ is too short", hint=f"at least {least:g} s")
    return found


_FUNCTIONS = f"""\
limit=$(command -v timeout) && enter=$(command -v nsenter) && setpriv=$(command -v setpriv) && env=$(command -v env) || exit 1
known= spaces="--mount --uts --ipc --net --pid --cgroup"
# The guest's first process: nspawn's child that is pid 1 of a namespace of its own.
find_leader() {{
  leader=; children=
  read -r children < "/proc/$nspawn/task/$nspawn/children"
  for child in $children; do
    while read -r line; do
      case $line in NSpid:*[0-9]*[!0-9]1) leader=$child ;; esac
    done < "/proc/$child/status"
  done
  # As long as it is still nspawn's own program, neither its root nor its rights are the guest's.
  [ -n "$leader" ] && [ -e "/proc/$leader/exe" ] && ! [ "/proc/$leader/exe" -ef "/proc/$nspawn/exe" ]
}} 2> /dev/null
# setpriv's words: an attempt may do no more than the container's own processes. kernel/confine.py does the same, and says why.
find_rights() {{
  theirs=0 ours=0 plain=0 drop= number=0
  while read -r key value; do
    case $key in CapBnd:) theirs=$((0x$value)) ;; NoNewPrivs:) plain=$value ;; esac
  done < "/proc/$leader/status"
  while read -r key value; do [ "$key" != CapBnd: ] || ours=$((0x$value)); done < "/proc/$$/status"
  surplus=$((ours & ~(theirs | {_FOR_NSENTER})))
  while [ "$number" -lt 63 ]; do
    [ $((surplus >> number & 1)) = 0 ] || drop=$drop,-cap_$number
    number=$((number + 1))
  done
  rights=
  [ -z "$drop" ] || rights="--bounding-set=${{drop#,}}"
  [ "$plain" != 1 ] || rights="$rights --no-new-privs"
  [ -z "$rights" ] || rights="$setpriv $rights --"
  # Joining a user namespace gives every capability there is in it: they are given up afterwards.
  [ "/proc/$leader/ns/user" -ef "/proc/$$/ns/user" ] || rights="$enter --user --target=$leader -- $rights"
  known=$leader
}}
now() {{ read -r now rest < /proc/uptime; now=${{now%.*}}; }}
note() {{ echo "$state $since $failed $now" > {RESULTS}/$name; }}
settle() {{
  [ "$state" != "$1" ] || return 1
  state=$1 since=$now
  note
  event health ",\\"check\\":\\"$name\\",\\"health\\":\\"$state\\""
}}
# Inside, but in the launcher's part of the container's cgroup: the container's limits hold. What an attempt started ends with it,
# however it detached itself: it is all in a cgroup below.
try() {{ ask "$@" > /dev/null; }}
ask() {{
  find_leader || return 1
  [ "$known" = "$leader" ] || find_rights || return 1
  leaf=$attempts/check-$name
  [ -z "$attempts" ] || [ -d "$leaf" ] || mkdir "$leaf"
  ( [ ! -d "$leaf" ] || echo 0 > "$leaf/cgroup.procs"
    exec "$env" -i PATH={GUEST_PATH} HOME=/root LANG=C.UTF-8 \\
      "$limit" -s KILL "$timeout" $rights "$enter" $spaces --target="$leader" -- "$@" )
  status=$? round=0
  while [ -d "$leaf" ] && [ "$round" -lt 20 ] && read -r pid < "$leaf/cgroup.procs"; do
    if [ -e "$leaf/cgroup.kill" ]; then echo 1 > "$leaf/cgroup.kill"
    else while read -r pid; do kill -9 "$pid"; done < "$leaf/cgroup.procs"
    fi
    sleep 0.05; round=$((round + 1))
  done
  return $status
}} < /dev/null 2> /dev/null
stops() {{
  [ -d "/proc/$nspawn" ] && [ ! -e stopping ] || return 0
  timeout=3; word=$(ask systemctl is-system-running | head -c 20)
  timeout=$patience
  [ "$word" = stopping ] || [ ! -d "/proc/$nspawn" ]
}}
# NAME INTERVAL EAGER PERIOD RETRIES ACTION TIMEOUT COMMAND...
watch() {{
  name=$1 interval=$2 eager=$3 period=$4 retries=$5 action=$6 timeout=$7 patience=$7; shift 7
  state=starting failed=0; now; since=$now; until=$((now + period))
  note
  while [ -d "/proc/$nspawn" ]; do
    if try "$@"; then
      now; failed=0
      settle healthy || note
    else
      # A guest that shuts down fails its checks, and is neither unhealthy for it nor to be started again.
      ! stops || return 0
      now
      if [ "$state" != starting ] || [ "$now" -ge "$until" ]; then failed=$((failed + 1)); fi
      note
      if [ "$failed" -ge "$retries" ] && settle unhealthy; then act "$action"; fi
    fi
    if [ "$state" = starting ]; then sleep "$eager"; else sleep "$interval"; fi
  done
}}
""".splitlines()


def _actions(systemd_unit: str | None) -> list[str]:
    if systemd_unit is not None:
        unit = shlex.quote(systemd_unit)
        return [f'act() {{ [ "$1" = none ] || ! systemctl --quiet is-active {unit} || systemctl --no-block "$1" {unit}; }}', ""]
    return [
        "act() {",
        "  case $1 in restart) : > restarting ;; stop) : > stopping ;; *) return ;; esac",
        '  kill -TERM "$nspawn" # which shuts the guest down',
        "  left=" + str(_STOP_SECONDS),
        '  while [ "$left" -gt 0 ] && [ -d "/proc/$nspawn" ]; do sleep 1; left=$((left - 1)); done',
        '  [ ! -d "/proc/$nspawn" ] || kill -KILL "$nspawn"',
        "}",
        "",
    ]


def start_function() -> list[str]:
    """The launcher's shell function that starts the script for the nspawn of its argument.

    In the container's cgroups, so that clear_groups ends it: on cgroup v2 in a leaf, because nspawn passes controllers on.
    """
    return [
        "health() {",
        "  read -r self rest < /proc/self/stat",
        "  for group in $groups; do",
        '    place=$group; [ ! -e "$group/cgroup.controllers" ] || place=$group/health',
        '    mkdir -p "$place" && echo "$self" > "$place/cgroup.procs" || exit 1',
        "  done",
        '  exec /bin/sh ./health "$1"',
        "}",
        "",
    ]
