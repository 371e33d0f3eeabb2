"""Giving up, before a container is entered, what its own processes do not have (capabilities(7), keyrings(7)).

nsenter(1) brings a process into namespaces with everything that it was allowed outside: without a user namespace of its
own a container's root would run what we start with more rights than it has itself. What cannot be had this way is the
container's seccomp filter. Imports nothing that costs: every `run` comes by here.
"""

from __future__ import annotations

import os

from .proc import read

# setns(2) takes these: nsenter itself needs them, and without them no system boots in a container anyway.
_FOR_NSENTER = (1 << 18) | (1 << 19) | (1 << 21)  # SYS_CHROOT, SYS_PTRACE, SYS_ADMIN
# setns(2): cgroup, uts, ipc, pid (of children) and net. Afterwards the host's nsenter must still be found.
_OTHER_NAMESPACES = 0x02000000 | 0x04000000 | 0x08000000 | 0x20000000 | 0x40000000
_CLONE_NEWUSER = 0x10000000
_PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS = 24, 38
_KEYCTL = {"x86_64": 250, "aarch64": 219, "riscv64": 219, "i686": 288, "armv7l": 311}
_KEYCTL_JOIN_SESSION_KEYRING = 1


def surplus(leader: int, status: str | None = None, own: str | None = None) -> tuple[list[int], bool]:
    """Numbers of the capabilities that we may gain and process `leader` may not; and whether it has no_new_privs.

    `status` and `own` are the two texts of /proc/PID/status, for tests.
    """
    theirs = _fields(read(f"/proc/{leader}/status") if status is None else status)
    ours = _fields(read("/proc/self/status") if own is None else own)
    bounds = int(ours.get("CapBnd", "0"), 16) & ~(int(theirs.get("CapBnd", "0"), 16) | _FOR_NSENTER)
    return [number for number in range(64) if bounds >> number & 1], theirs.get("NoNewPrivs") == "1"


def _fields(status: str) -> dict[str, str]:
    found = {}
    for line in status.splitlines():
        key, _, value = line.partition(":")
        found[key] = value.strip()
    return found


def enter(leader: int) -> list[str]:
    """Join the namespaces of process `leader` that one may join and still run nsenter(1), and keep no right that it lacks.

    Return nsenter's words for what is left, in a child. Capabilities shrink at the next execve(2); our session's keys
    stay behind. Raises OSError when the kernel refuses.
    """
    drop, no_new_privileges = surplus(leader)
    words = [f"--target={leader}", "--mount"]
    flags = _OTHER_NAMESPACES
    private = os.readlink(f"/proc/{leader}/ns/user") != os.readlink("/proc/self/ns/user")
    if private:
        flags |= _CLONE_NEWUSER
    descriptor = os.pidfd_open(leader)
    _call("setns", descriptor, flags)
    os.close(descriptor)
    if private:
        # Joining gave every capability there is in that namespace, and root is another user there.
        os.setgroups([])
        os.setgid(0)
        os.setuid(0)
    for number in drop:
        _call("prctl", _PR_CAPBSET_DROP, number, 0, 0, 0)
    if no_new_privileges:
        _call("prctl", _PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    leave_keys()
    return words


def leave_keys() -> None:
    """Let this thread, and what it starts from now on, have a session keyring of its own instead of the one that it was given."""
    keyctl = _KEYCTL.get(os.uname().machine)
    if keyctl is not None:
        try:
            _call("syscall", keyctl, _KEYCTL_JOIN_SESSION_KEYRING, 0, 0, 0, 0)
        except OSError:
            pass  # no more keys for this user, or a kernel without: what is held outside can then be had inside


def prefix(leader: int) -> list[str]:
    """The same for a program that a child of ours becomes: words of setpriv(1) to put before it. Our own keys are left at once."""
    leave_keys()
    drop, no_new_privileges = surplus(leader)
    words = [f"--bounding-set={','.join(f'-cap_{number}' for number in drop)}"] if drop else []
    words += ["--no-new-privs"] if no_new_privileges else []
    return ["setpriv", *words, "--"] if words else []


def _call(function: str, *arguments: int) -> None:
    # ctypes itself costs half as much as the whole interpreter; what it is built on costs nothing.
    import _ctypes

    program = _ctypes.dlopen(None, 0)  # type: ignore[arg-type]  # None is this process itself
    address = _ctypes.dlsym(program, function)
    if _ctypes.call_function(address, arguments) == -1:
        raise OSError(f"{function}{arguments} was refused")
