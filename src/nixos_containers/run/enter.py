"""Running commands inside a container: upstream's `nsenter --all … su root -l`, inside its cgroup, with a terminal
of the guest's own when there is one outside.

Speed matters here (`run NAME -- true`): nothing is imported that can be done without.
"""

from __future__ import annotations

import os

from ..base.errors import HostError
from ..base.programs import GUEST_PATH, find
from ..kernel import cgroups, confine
from ..kernel.proc import read

TYPE_CHECKING = False  # importing typing costs more than all that is done here
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import NoReturn


def quote(word: str) -> str:
    """`word` for a POSIX shell, always in single quotes as upstream does (shlex would cost an import of re)."""
    return "'" + word.replace("'", "'\\''") + "'"


def su_command(arguments: Sequence[str]) -> list[str]:
    """`su` for a root login shell, or for `arguments` in one; every word is quoted as upstream does."""
    if not arguments:
        return ["su", "root", "-l"]
    return ["su", "root", "-l", "-c", "exec " + " ".join(map(quote, arguments))]


def enter(name: str, leader: int, command: Sequence[str], *, terminal: bool) -> int:
    """Run `command` in the namespaces and the cgroup of the container whose first process is `leader`.

    What the container itself may not (capabilities, no_new_privs), the command may not either; its seccomp filter alone
    does not hold for it. Without `terminal` this does not return, and our status is the command's. With it,
    the command gets a terminal of the guest's and its exit status (128 + signal number) is returned.
    """
    env = {"PATH": GUEST_PATH, "TERM": os.environ.get("TERM", "dumb"), "LANG": "C.UTF-8"}
    program = find("nsenter")
    if program is None:
        raise HostError("the program ‘nsenter’ is not installed", hint="apt-get install util-linux")
    join_cgroup(name)
    take_limits(leader)
    if not terminal:
        become(program, leader, command, env)
    from . import terminal as pseudo

    return pseudo.run_on_terminal(lambda: become(program, leader, command, env), leader)


def become(nsenter: str, leader: int, command: Sequence[str], env: dict[str, str]) -> NoReturn:
    """Have `command` in the namespaces of `leader`, with its rights and not with ours, in our place."""
    try:
        words = confine.enter(leader)
    except OSError as failure:
        raise HostError(f"cannot enter the container’s namespaces: {failure}", hint="has it just ended? Are you root?") from None
    child = os.fork()  # the first one in the container's pid namespace
    if child == 0:
        try:
            os.execve(nsenter, [nsenter, *words, "--", *command], env)
        finally:
            os._exit(127)
    _stay_for(child)


def _stay_for(child: int) -> NoReturn:
    """End as `child` does, and with it.

    Not nsenter's own fork: that one stops when its child is stopped, as a guest that shuts down does with every process
    (systemd-shutdown), and nobody continues it; the guest then waits a minute and a half for a child that nobody reaps.
    """
    import _signal  # type: ignore[import-not-found]  # without the enums of signal

    for number in (_signal.SIGHUP, _signal.SIGTERM):
        _signal.signal(number, lambda signal, _: os.kill(child, signal))
    for number in (_signal.SIGINT, _signal.SIGQUIT):
        _signal.signal(number, _signal.SIG_IGN)  # a terminal sends them to the child as well
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code < 0:
        if -code not in (_signal.SIGKILL, _signal.SIGSTOP):
            _signal.signal(-code, _signal.SIG_DFL)
        os.kill(os.getpid(), -code)
        code = 128 - code
    os._exit(code)


def take_limits(leader: int) -> None:
    """Give this process the limits that the guest's first process has and its cgroup has not: open files, the OOM score."""
    import resource

    try:
        hard = resource.prlimit(leader, resource.RLIMIT_NOFILE)[1]
        own = resource.getrlimit(resource.RLIMIT_NOFILE)
        if hard != own[1]:
            # As systemd gives its services: the soft limit stays low for programs that use select(2).
            resource.setrlimit(resource.RLIMIT_NOFILE, (min(own[0], hard), hard))
        score = read(f"/proc/{leader}/oom_score_adj")
        if score != read("/proc/self/oom_score_adj"):
            cgroups.write("/proc/self/oom_score_adj", score)
    except OSError:
        pass  # the guest has just ended, which nsenter says better


def join_cgroup(name: str) -> None:
    """Move this process into the container's cgroups, so that its limits hold and nothing outlives it."""
    pid = str(os.getpid()).encode()
    for place in cgroup_places(name):
        try:
            descriptor = os.open(f"{place}/cgroup.procs", os.O_WRONLY | os.O_CLOEXEC)
            try:
                os.write(descriptor, pid)
            finally:
                os.close(descriptor)
        except OSError:
            continue  # a hierarchy that the host's init manages in its own way


def cgroup_places(name: str) -> list[str]:
    """The directories of the container's cgroups that take a process of ours; the leaf of cgroup v2 is made."""
    v1, v2 = cgroups.hierarchies()
    mounts = [*dict.fromkeys(v1.values()), *([] if v2 is None else [v2])]
    # Where the launcher puts it, or where systemd does.
    known = (f"machine.slice/{name}", f"machine.slice/container@{name}.service")
    group = next((place for place in known if any(os.path.isdir(f"{mount}/{place}") for mount in mounts)), known[0])
    places = [f"{mount}/{group}" for mount in dict.fromkeys(v1.values())]
    if v2 is not None:
        # cgroup v2 allows processes in leaves only (no internal process constraint, cgroups(7)).
        leaf = f"{v2}/{group}/exec"
        try:
            os.mkdir(leaf)
        except OSError:
            pass
        places.append(leaf)
    return places
