"""The only module that starts programs and waits for them.

Lists, never a shell; a small fixed environment; a command line that can be pasted when something fails.
Not for replacing the current process: run/enter.py does that. What `detached` does not need is imported late: it is all
that a start calls.
"""

from __future__ import annotations

import os

from . import log
from .errors import ContainerError, HostError
from .programs import find, search_path

TYPE_CHECKING = False  # importing typing costs more than a start does
if TYPE_CHECKING:
    import subprocess
    from collections.abc import Mapping, Sequence
    from typing import IO

# What a child may inherit: where to find things, how to reach the network, who is talking.
_KEPT = ("TERM", "HOME", "USER", "LOGNAME", "SSL_CERT_FILE", "NIX_PATH", "NIX_SSL_CERT_FILE", "NIX_REMOTE", "TMPDIR")
_KEPT_SUFFIX = ("_proxy", "_PROXY")
# What may take long, and what nobody wants any more once we are dead.
_LONG = frozenset({"nix", "strace", "nix-instantiate", "nix-store", "apt-get", "apt-cache", "/usr/lib/apt/apt-helper", "cp"})
# For `spawn`: a stream of the program that the caller reads while it runs, for stderr the same as stdout, and none
# (subprocess's own numbers).
PIPE = -1
STDOUT = -2
DEVNULL = -3
# What Python ignores and its children must not inherit so: SIGPIPE and SIGXFSZ (importing signal loads enum).
_IGNORED_SIGNALS = (13, 25)

__all__ = ["DEVNULL", "PIPE", "STDOUT", "CommandFailed", "detached", "environment", "find", "interactive", "missing", "run", "spawn"]


class CommandFailed(ContainerError):
    """A program ended with a status other than 0.

    `command` is its argv, `status` its exit status (negative: the signal that ended it), `stdout` and
    `stderr` what it said.
    """

    def __init__(self, command: Sequence[str], status: int, stdout: str = "", stderr: str = "") -> None:
        import shlex

        self.command = list(command)
        self.status = status
        self.stdout = stdout
        self.stderr = stderr
        ending = f"was ended by signal {-status}" if status < 0 else f"failed with status {status}"
        super().__init__(
            f"{command[0]} {ending}",
            details=stderr.strip(),
            hint=f"to see it again: {shlex.join(command)}",
        )


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment that children get: fixed locale and PATH, the few inherited names, and `extra`."""
    env = {"PATH": search_path(), "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"}
    for name, value in os.environ.items():
        if name in _KEPT or name.endswith(_KEPT_SUFFIX):
            env[name] = value
    if extra:
        env.update(extra)
    return env


def run(
    command: Sequence[str],
    *,
    stdin: str | bytes | None = None,
    env: Mapping[str, str] | None = None,
    check: bool = True,
    cwd: str | None = None,
    timeout: float | None = None,
    pass_stderr: bool = False,
) -> subprocess.CompletedProcess[str]:
    """Run `command` to its end and return what it printed.

    `pass_stderr` lets the program talk to the terminal itself (long downloads and builds).
    `timeout` is in seconds. Raises CommandFailed when `check` and the status is not 0, HostError when
    the program does not exist.
    """
    import shlex
    import subprocess

    log.debug("+ " + shlex.join(command))
    words = _leashed(command)
    data = stdin.encode() if isinstance(stdin, str) else stdin
    try:
        done = subprocess.run(
            words,
            input=data,
            stdin=subprocess.DEVNULL if data is None else None,
            stdout=subprocess.PIPE,
            stderr=None if pass_stderr else subprocess.PIPE,
            env=environment(env),
            check=False,
            cwd=cwd,
            timeout=timeout,
        )
    except (FileNotFoundError, PermissionError) as failure:
        raise _not_started(command[0], failure) from None
    except subprocess.TimeoutExpired:
        raise HostError(f"{command[0]} did not answer within {timeout:g} s", hint=shlex.join(command)) from None
    result = subprocess.CompletedProcess(
        list(command),
        done.returncode,
        done.stdout.decode(errors="replace"),
        "" if done.stderr is None else done.stderr.decode(errors="replace"),
    )
    if check and result.returncode != 0:
        if command[0].startswith("nix"):
            from .nix import disk_trouble

            trouble = disk_trouble(result.stderr)
            if trouble is not None:
                raise trouble
        raise CommandFailed(command, result.returncode, result.stdout, result.stderr)
    return result


def _leashed(command: Sequence[str]) -> list[str]:
    """`command` so that the kernel ends it when we are killed (prctl(2), PR_SET_PDEATHSIG), if it may take long."""
    words = list(command)
    if words[0] not in _LONG or (find(words[0]) is None and not os.path.exists(words[0])) or find("setpriv") is None:
        return words
    return ["setpriv", "--pdeathsig", "KILL", "--", *words]


def spawn(
    command: Sequence[str],
    *,
    stdin: int | IO[bytes] | None = None,
    stdout: int | IO[bytes] | None = None,
    stderr: int | IO[bytes] | None = None,
    env: Mapping[str, str] | None = None,
    detach: bool = False,
    pass_fds: tuple[int, ...] = (),
) -> subprocess.Popen[bytes]:
    """Start `command` and return at once; `detach` gives it a session of its own, out of Ctrl-C's reach. It inherits `pass_fds`."""
    import shlex
    import subprocess

    log.debug("+ " + shlex.join(command) + (" &" if detach else ""))
    try:
        return subprocess.Popen(
            list(command) if detach else _leashed(command),
            stdin=subprocess.DEVNULL if stdin is None else stdin,
            stdout=stdout,
            stderr=stderr,
            env=environment(env),
            start_new_session=detach,
            pass_fds=pass_fds,
        )
    except (FileNotFoundError, PermissionError) as failure:
        raise _not_started(command[0], failure) from None


def detached(command: Sequence[str], *, output: int, env: Mapping[str, str]) -> int:
    """Start `command` in a session of its own, its stdout and stderr the descriptor `output`; return its pid.

    The caller waits for it, or ends before it does. Raises HostError when the program does not exist.
    """
    program = command[0] if "/" in command[0] else find(command[0])
    if program is None:
        raise missing(command[0])
    log.debug(f"+ {' '.join(command)} &")
    streams = [(os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0), *((os.POSIX_SPAWN_DUP2, output, number) for number in (1, 2))]
    return os.posix_spawn(program, list(command), environment(env), file_actions=streams, setsid=True, setsigdef=_IGNORED_SIGNALS)


def interactive(command: Sequence[str]) -> int:
    """Run `command` on our terminal and return its status."""
    import subprocess

    log.debug(f"+ {' '.join(command)}")
    return subprocess.run(list(command), check=False, env=environment()).returncode


def _not_started(program: str, failure: OSError) -> OSError | HostError:
    """The error to raise: a PATH with a directory that we may not read makes "permission denied" of a missing program."""
    if isinstance(failure, PermissionError) and ("/" in program or find(program) is not None):
        return failure
    return missing(program)


def missing(program: str) -> HostError:
    """The error for a program that is not installed, with the package that has it."""
    package = {
        "nix-instantiate": "nix-bin",
        "nix-store": "nix-bin",
        "systemd-nspawn": "systemd-container",
        "nft": "nftables",
        "ip": "iproute2",
        "nsenter": "util-linux",
        "unshare": "util-linux",
        "setpriv": "util-linux",
        "apt-get": "apt",
        "dpkg-deb": "dpkg",
        "busybox": "busybox-static",
    }.get(program.rsplit("/", 1)[-1])
    hint = f"apt-get install {package}" if package else ""
    return HostError(f"the program ‘{program}’ is not installed", hint=hint)
