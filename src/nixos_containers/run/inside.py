"""The words before a program of the guest's that our commands run: in the container's cgroup, namespaces and rights.

For programs that a child of ours becomes and whose answer we wait for; run/enter.py is for commands of a person, and does the
work for both.
"""

from __future__ import annotations

import os
import sys

from .enter import cgroup_places

# The shell moves itself: what is written is 0, for who writes (cgroups(7)).
_JOIN = 'while [ "$1" != -- ]; do echo 0 > "$1"; shift; done 2> /dev/null; shift; exec "$@"'
_ENTER = (
    "import _signal, sys; _signal.signal(2, _signal.SIG_DFL); sys.path.insert(0, sys.argv.pop(1)); "
    "from nixos_containers.run.enter import inside; inside()"
)
# As much as any answer of a guest may be: it must not fill our memory.
ANSWER = 1 << 20


def joined(name: str) -> list[str]:
    """The argv to put before a command of the host so that it runs in the cgroup of container `name`."""
    return ["/bin/sh", "-c", _JOIN, "sh", *(f"{place}/cgroup.procs" for place in cgroup_places(name)), "--"]


def inside(name: str, leader: int, *, most: int | None = ANSWER) -> list[str]:
    """The argv to put before a command so that it runs in container `name`, whose first process is `leader`.

    Its memory, processor time and tasks count to the container, whose limits hold for it, and it may do no more than the
    container's own processes. Its environment is the guest's, nothing of ours. After `most` bytes on stdout or stderr nobody
    listens any more; None is for streams that go on to somebody else.
    """
    source = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    return [sys.executable, "-ISB", "-c", _ENTER, source, name, str(leader), "-" if most is None else str(most)]
