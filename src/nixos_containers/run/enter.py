"""Running commands inside a container: upstream's `nsenter --all … su root -l`, inside its cgroup, with a terminal
of the guest's own when there is one outside.

Speed matters here (`run NAME -- true`): nothing is imported that can be done without.
"""

from __future__ import annotations

import os

from ..base.errors import HostError
from ..base.programs import GUEST_PATH
from ..kernel import cgroups, confine
from ..kernel.proc import read

_LOOK = 0.2  # seconds between two looks whether a stopped command's guest shuts down

TYPE_CHECKING = False  # importing typing costs more than all that is done here
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import NoReturn

    from .relay import Relay


def quote(word: str) -> str:
    """`word` for a POSIX shell, always in single quotes as upstream does (shlex would cost an import of re)."""
    return "'" + word.replace("'", "'\\''") + "'"


def su_command(arguments: Sequence[str]) -> list[str]:
    """`su` for a root login shell, or for `arguments` in one; every word is quoted as upstream does."""
    if not arguments:
        return ["su", "root", "-l"]
    return ["su", "root", "-l", "-c", "exec " + " ".join(map(quote, arguments))]


def enter(name: str, leader: int, command: Sequence[str], *, terminal: bool, tame: bool = False) -> int:
    """Run `command` in the namespaces and the cgroup of the container whose first process is `leader`.

    What the container itself may not (capabilities, no_new_privs), the command may not either; its seccomp filter alone
    does not hold for it. Without `terminal` this does not return, and our status is the command's. With it,
    the command gets a terminal of the guest's and its exit status (128 + signal number) is returned. `tame` takes away what
    would command our terminal, of what the guest says by itself.
    """
    env = {"PATH": GUEST_PATH, "TERM": os.environ.get("TERM", "dumb"), "LANG": "C.UTF-8"}
    join_cgroup(name)
    take_limits(leader)
    if not terminal:
        if tame and os.isatty(1):
            env["SYSTEMD_COLORS"] = "16"
        become(leader, command, env, relay=_relay(tame=tame))
    from . import terminal as pseudo

    return pseudo.run_on_terminal(lambda: become(leader, command, env), leader)


def inside() -> NoReturn:
    """The program that run/inside.py puts before a command: its words are a container, its first process, how much of the
    command's output is taken ("-": all), and the command."""
    import sys

    name, leader, most, *command = sys.argv[1:]
    env = {"PATH": GUEST_PATH, "HOME": "/root", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"}
    join_cgroup(name)
    relay = _relay(tame=True, most=None if most == "-" else int(most))
    try:
        become(int(leader), command, env, relay=relay)
    except HostError as failure:
        os.write(2, f"{failure}\n".encode())
        os._exit(1)


def _relay(*, tame: bool, most: int | None = None) -> Relay | None:
    """What stands between the guest and our terminal, if there is one; with `most`, between it and whoever reads."""
    terminal = any(map(os.isatty, (0, 1, 2))) or _is_controlled()
    if most is None and not terminal:
        return None
    from .relay import Relay

    return Relay(tame=tame, most=most, leave=terminal)


def _is_controlled() -> bool:
    """Whether our session has a terminal, which a program needs no descriptor of ours to open."""
    try:
        os.close(os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY | os.O_CLOEXEC))
    except OSError:
        return False
    return True


def become(leader: int, command: Sequence[str], env: dict[str, str], *, relay: Relay | None = None) -> NoReturn:
    """Have `command` in the namespaces of `leader`, with its rights and not with ours, in our place.

    Raises HostError as long as the files are still the host's. Afterwards nothing leaves this: Python would read its modules, for
    a message or a traceback, from the guest's.
    """
    try:
        first = os.open(f"/proc/{leader}/comm", os.O_RDONLY | os.O_CLOEXEC)
    except OSError as failure:
        raise HostError(f"cannot enter the container: {failure.strerror}", hint="has it just ended? Are you root?") from None
    try:
        _end_as(_stay_for(leader, command, env, relay, first))
    except BaseException as failure:
        os.write(2, f"nixos-container: cannot run this in the container: {failure}\n".encode(errors="replace"))
    finally:
        os._exit(1)


def _stay_for(leader: int, command: Sequence[str], env: dict[str, str], relay: Relay | None, first: int) -> int:
    """Run `command` inside and return its status, as waitpid(2) has it. `first` is open on the comm of `leader`."""
    import _signal  # type: ignore[import-not-found]  # without the enums of signal

    child = 0

    def tell(number: int) -> None:
        try:
            os.kill(child, number)
        except OSError:
            pass  # it has ended, or has rights that ours lacks

    def forward(number: int, _: object) -> None:
        # A terminal sends the last two to the child as well, unless it is kept from that terminal.
        if child and (relay is not None or number in (_signal.SIGHUP, _signal.SIGTERM)):
            tell(number)

    def child_changed(*_: object) -> None:
        try:
            state = os.waitid(os.P_PID, child, os.WSTOPPED | os.WCONTINUED | os.WNOHANG) if child else None
        except ChildProcessError:
            pass  # it was waited for
        else:
            if state is None:
                return  # it has ended, or one call before has seen what this one is for
            if state.si_code == os.CLD_STOPPED:
                _signal.setitimer(_signal.ITIMER_REAL, _LOOK, _LOOK)
                return
        _signal.setitimer(_signal.ITIMER_REAL, 0)

    def look(*_: object) -> None:
        if _shuts_down(first):
            tell(_signal.SIGCONT)

    for number in (_signal.SIGHUP, _signal.SIGTERM, _signal.SIGINT, _signal.SIGQUIT):
        _signal.signal(number, forward)
    _signal.signal(_signal.SIGALRM, look)
    _signal.signal(_signal.SIGCHLD, child_changed)
    confine.enter(leader)
    child = os.fork()  # the first one in the container's pid namespace
    if child == 0:
        try:
            os.close(first)
            for number in (_signal.SIGPIPE, _signal.SIGXFSZ):
                _signal.signal(number, _signal.SIG_DFL)  # which Python ignores
            if relay is not None:
                relay.hand_over()
            _execute(command, env)
        finally:
            os._exit(127)
    status = os.waitpid(child, 0)[1] if relay is None else relay.until_end(child)
    if _shuts_down(first):
        try:
            os.kill(leader, _signal.SIGCHLD)  # or it would see at its next look, ten seconds later: the child was ours
        except OSError:
            pass  # it has just ended
    return status


def _execute(command: Sequence[str], env: dict[str, str]) -> None:
    """Become `command`, found as execvp(3) finds it; os.execvpe would import, and the files are the guest's."""
    program, why, status = command[0], "No such file or directory", 127
    places = [program] if "/" in program else [f"{place}/{program}" for place in env["PATH"].split(":")]
    for place in places:
        try:
            os.execve(place, list(command), env)
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as failure:
            why, status = failure.strerror or "", 126
    os.write(2, f"{program}: {why}\n".encode(errors="replace"))
    os._exit(status)


def _end_as(status: int) -> NoReturn:
    """End as a command with this wait status did."""
    import _signal

    code = os.waitstatus_to_exitcode(status)
    if code < 0:
        try:
            _signal.signal(-code, _signal.SIG_DFL)
        except OSError:
            pass  # not for SIGKILL, nor for the two that the C library keeps for itself
        os.kill(os.getpid(), -code)
        code = 128 - code
    os._exit(code)


def _shuts_down(first: int) -> bool:
    """Whether the process whose comm `first` is, the guest's first one, is systemd-shutdown.

    It stops every process, asks it to end and continues it. Who is su(1) or nsenter(1) and sees its command stopped stops itself
    after that, and nobody continues it: the guest would wait a minute and a half for a command that is not reaped.
    """
    try:
        return os.pread(first, 64, 0) == b"systemd-shutdow\n"  # as much of a name as the kernel keeps
    except ProcessLookupError:
        return False


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
