"""The shell functions of a launcher that concern limits, as text: writing them, and what happens when memory ran out."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .cgroup_files import Write

# Partitions are no devices of their own to the kernel's throttling: it wants the disk.
_DISK = """\
# The number of the disk that the path $1 is, or lies on.
disk() {
  if [ -b "$1" ]; then number=$(stat -L -c %Hr:%Lr "$1"); else number=$(stat -L -c %Hd:%Ld "$1"); fi || return 1
  [ ! -e "/sys/dev/block/$number/partition" ] || read -r number < "/sys/dev/block/$number/../dev"
}
""".splitlines()


def limits_function(limits: tuple[Write, ...]) -> list[str]:
    """The function `limit`, which writes `limits`; one that is needed and cannot be set ends it."""
    if not limits:
        return []
    q = shlex.quote
    lines = ["limit() {"]
    for write in limits:
        value = q(write.value)
        failed = f"echo {q(f'cannot set {write.file}')} >&2"
        failed = f"{{ {failed}; return 1; }}" if write.needed else failed
        if write.device:
            value = '"$number ' + write.value.partition(" ")[2] + '"'
            lines.append(f"  {{ disk {q(write.device)} && echo {value} > {q(write.file)}; }} || {failed}")
        else:
            lines.append(f"  echo {value} > {q(write.file)} || {failed}")
    return [*(_DISK if any(write.device for write in limits) else ()), *lines, "}", ""]


@dataclass(frozen=True, slots=True)
class Oom:
    """When memory runs out: systemd's OOMPolicy=, the cgroup file with the line `oom_kill`, and the score of the guest's processes."""

    policy: str | None = None
    counter: str | None = None
    score: int | None = None


def watch_function(oom: Oom) -> list[str]:
    """The function `oom_watch`, which carries out the policy; empty when that is to go on.

    The kernel tells a shell nothing: it looks once a second.
    """
    policy, counter = oom.policy, oom.counter
    if policy in (None, "continue") or counter is None:
        return []
    # nspawn passes an orderly end on to its guest; the main loop ends what is left of a killed one.
    act = 'kill -TERM "$pid"' if policy == "stop" else 'kill -KILL "$pid"'
    return [
        "# Ends the guest when the kernel has killed something in it for want of memory; the main loop takes that for a failure.",
        "oom_count() {",
        "  count=0",
        f'  while read -r word number; do [ "$word" != oom_kill ] || count=$number; done < {shlex.quote(counter)}',
        "}",
        "oom_watch() {",
        "  nap=; trap '[ -z \"$nap\" ] || kill $nap 2>/dev/null; exit 0' TERM",
        "  oom_count; before=$count",
        "  while :; do",
        "    sleep 1 & nap=$!; wait $nap",
        '    oom_count; [ "$count" = "$before" ] || break',
        "  done 2>/dev/null",
        f"  echo 'out of memory: the policy is to {policy} the container' >&2",
        f"  touch out-of-memory; read -r pid < nspawn.pid && {act}",
        "}",
        "",
    ]
