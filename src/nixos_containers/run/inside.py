"""The words before a program of the guest's that our commands run: in the container's cgroup, namespaces and rights.

For programs that a child of ours becomes and whose answer we wait for; run/enter.py is for commands of a person, where every
millisecond counts.
"""

from __future__ import annotations

import os

from ..base import process
from ..kernel import confine
from .enter import cgroup_places

# The shell moves itself: what is written is 0, for who writes (cgroups(7)).
_JOIN = 'while [ "$1" != -- ]; do echo 0 > "$1"; shift; done 2> /dev/null; shift; exec "$@"'
# The shell forks, the first process in the container's pid namespace, and stays for it: run/enter.py says why nsenter may not.
_STAY = '"$@"; exit $?'
_SPACES = ("--uts", "--ipc", "--net", "--cgroup", "--pid")


def joined(name: str) -> list[str]:
    """The argv to put before a command of the host so that it runs in the cgroup of container `name`."""
    return ["/bin/sh", "-c", _JOIN, "sh", *(f"{place}/cgroup.procs" for place in cgroup_places(name)), "--"]


def inside(name: str, leader: int) -> list[str]:
    """The argv to put before a command so that it runs in container `name`, whose first process is `leader`.

    Its memory, processor time and tasks count to the container, whose limits hold for it, and it may do no more than the
    container's own processes. Raises HostError without nsenter, OSError when it has just ended.
    """
    nsenter = process.find("nsenter")
    if nsenter is None:
        raise process.missing("nsenter")
    user = ["--user"] if os.readlink(f"/proc/{leader}/ns/user") != os.readlink("/proc/self/ns/user") else []
    return [
        *joined(name),
        *(nsenter, f"--target={leader}", *user, *_SPACES, "--no-fork", "--"),
        # Joining a user namespace gives every capability there is in it: they are given up afterwards.
        *confine.prefix(leader),
        *("/bin/sh", "-c", _STAY, "sh", nsenter, f"--target={leader}", "--mount", "--"),
    ]
