"""Running commands inside a container: upstream's `nsenter --all … su root -l`, inside its cgroup, with a terminal
of the guest's own when there is one outside.

Speed matters here (`run NAME -- true`): nothing heavy is imported, and without a terminal nsenter replaces us.
"""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING

from ..base import process
from ..kernel import cgroups

if TYPE_CHECKING:
    from collections.abc import Sequence

# Where both kinds of systems keep su and login: NixOS's wrappers and profile, then the merged /usr.
_GUEST_PATH = "/run/wrappers/bin:/run/current-system/sw/bin:/usr/bin:/usr/sbin:/bin"


def su_command(arguments: Sequence[str]) -> list[str]:
    """`su` for a root login shell, or for `arguments` in one; every word is quoted as upstream does."""
    if not arguments:
        return ["su", "root", "-l"]
    return ["su", "root", "-l", "-c", "exec " + " ".join(shlex.quote(word) for word in arguments)]


def enter(name: str, leader: int, command: Sequence[str], *, terminal: bool) -> int:
    """Run `command` in the namespaces and the cgroup of the container whose first process is `leader`.

    Without `terminal` this does not return: nsenter takes our place, and its status is the command's. With it,
    the command gets a terminal of the guest's and its exit status (128 + signal number) is returned.
    """
    nsenter = ["nsenter", "--all", f"--target={leader}", "--", *command]
    env = {"PATH": _GUEST_PATH, "TERM": os.environ.get("TERM", "dumb"), "LANG": "C.UTF-8"}
    program = process.find("nsenter")
    if program is None:
        raise process.missing("nsenter")
    nsenter[0] = program
    join_cgroup(name)
    if not terminal:
        process.execute(nsenter, env)
    from . import terminal as pseudo

    return pseudo.run_on_terminal(nsenter, env, leader)


def join_cgroup(name: str) -> None:
    """Move this process into the container's cgroups, so that its limits hold and nothing outlives it."""
    v1, v2 = cgroups.hierarchies()
    pid = str(os.getpid())
    places = [f"{mount}/machine.slice/{name}" for mount in dict.fromkeys(v1.values())]
    if v2 is not None:
        # cgroup v2 allows processes in leaves only (no internal process constraint, cgroups(7)).
        leaf = f"{v2}/machine.slice/{name}/exec"
        try:
            os.mkdir(leaf)
        except OSError:
            pass
        places.append(leaf)
    for place in places:
        try:
            with open(f"{place}/cgroup.procs", "w", encoding="ascii") as file:
                file.write(pid)
        except OSError:
            continue  # a hierarchy that the host's init manages in its own way
