"""Joining a container, with what its own processes may do and no more (capabilities(7), keyrings(7), setns(2)).

Who enters namespaces brings everything along that it was allowed outside: without a user namespace of its own a container's
root would run what we start with more rights than it has itself. What cannot be had this way is the container's seccomp
filter. Imports nothing that costs: every `run` comes by here.
"""

from __future__ import annotations

import os
import sys

from .proc import bits, fields, read

# setns(2): mount, cgroup, uts, ipc, pid (of children) and net.
_NAMESPACES = 0x00020000 | 0x02000000 | 0x04000000 | 0x08000000 | 0x20000000 | 0x40000000
_CLONE_NEWUSER = 0x10000000
_PR_SET_DUMPABLE, _PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS = 4, 24, 38
_CAPABILITY_VERSION = 0x20080522  # capget(2)
_KEYCTL = {"x86_64": 250, "aarch64": 219, "riscv64": 219, "i686": 288, "armv7l": 311}
_KEYCTL_JOIN_SESSION_KEYRING = 1


def surplus(leader: int, status: str | None = None, own: str | None = None) -> tuple[list[int], bool]:
    """Numbers of the capabilities that we may gain and process `leader` may not; and whether it has no_new_privs.

    `status` and `own` are the two texts of /proc/PID/status, for tests.
    """
    theirs = fields(read(f"/proc/{leader}/status") if status is None else status)
    ours = fields(read("/proc/self/status") if own is None else own)
    bounds = bits(ours, "CapBnd") & ~bits(theirs, "CapBnd")
    return [number for number in range(64) if bounds >> number & 1], theirs.get("NoNewPrivs") == "1"


def enter(leader: int) -> None:
    """Join all namespaces of process `leader`, and keep no right that it lacks; children are in its pid namespace as well.

    The mount namespace is joined here and not by a program that a child becomes: such a child is seen inside while it still
    stands in the host's files, and the guest's root could stop it there and look around through /proc/PID/root. From here on
    nothing may be imported: the files are the guest's. Our session's keys stay behind. Raises OSError when the kernel refuses.
    """
    drop, no_new_privileges = surplus(leader)
    private = os.readlink(f"/proc/{leader}/ns/user") != os.readlink("/proc/self/ns/user")
    own = fields(read("/proc/self/status"))
    kept = bits(own, "CapBnd" if private else "CapPrm") & bits(fields(read(f"/proc/{leader}/status")), "CapBnd")
    descriptor = os.pidfd_open(leader)
    # Not even its root may look at this process's memory, or take it over, before it has become one of the guest's programs.
    _call("prctl", _PR_SET_DUMPABLE, 0, 0, 0, 0)
    _call("setns", descriptor, _NAMESPACES | (_CLONE_NEWUSER if private else 0))
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
    # The bounding set holds for what is executed; what we are until then is taken to the same measure.
    _set_capabilities(kept)


def _set_capabilities(wanted: int) -> None:
    """Have the capabilities `wanted` permitted and effective, and none that is inherited (capset(2))."""
    low, high = wanted & 0xFFFFFFFF, wanted >> 32
    words = (low, low, 0, high, high, 0)
    data = b"".join(word.to_bytes(4, sys.byteorder) for word in words)
    _call("capset", _CAPABILITY_VERSION.to_bytes(4, sys.byteorder) + bytes(4), data)


def leave_keys() -> None:
    """Let this thread, and what it starts from now on, have a session keyring of its own instead of the one that it was given."""
    keyctl = _KEYCTL.get(os.uname().machine)
    if keyctl is not None:
        try:
            _call("syscall", keyctl, _KEYCTL_JOIN_SESSION_KEYRING, 0, 0, 0, 0)
        except OSError:
            pass  # no more keys for this user, or a kernel without: what is held outside can then be had inside


def _call(function: str, *arguments: int | bytes) -> None:
    # ctypes itself costs half as much as the whole interpreter; what it is built on costs nothing.
    import _ctypes

    program = _ctypes.dlopen(None, 0)  # type: ignore[arg-type]  # None is this process itself
    address = _ctypes.dlsym(program, function)
    if _ctypes.call_function(address, arguments) == -1:
        raise OSError(f"{function}{arguments} was refused")
