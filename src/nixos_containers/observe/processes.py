"""The processes of a running container, with their pids on both sides, and the tree of its units.

All of it is read from /proc and the cgroup file system; what a guest chose itself (command lines, names of cgroups, its
user names) is data: links of the guest are not followed, and what would move a terminal's cursor is replaced.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..kernel import accounting, cgroups, proc
from .rows import group_of

if TYPE_CHECKING:
    from collections.abc import Iterator

_PASSWD_LIMIT = 1 << 20  # bytes of a guest's /etc/passwd that are read
_LONGEST_COMMAND = 4096  # bytes of a command line that are shown: each may have megabytes
_DEEPEST = 64  # levels of cgroups that are told apart: a guest may nest them as deep as it likes


@dataclass(frozen=True, slots=True)
class Process:
    """One process: its pid inside and on the host, its user inside, seconds of CPU, bytes in memory, when it started
    (seconds since the epoch) and its command line."""

    pid: int
    host_pid: int
    user: str
    cpu: float
    memory: int
    started: float
    command: str


@dataclass(frozen=True, slots=True)
class Group:
    """One cgroup of a container: its last name, the host's pids in it, and the cgroups below."""

    name: str
    pids: tuple[int, ...] = ()
    groups: tuple[Group, ...] = field(default=())


def printable(text: str) -> str:
    """`text` on one line, without what a terminal would take for a command."""
    return "".join(character if character.isprintable() else "�" for character in text)


def processes_of(name: str, leader: int) -> list[Process]:
    """The processes of container `name`, whose first one is `leader`, by their pid inside."""
    v1, v2 = cgroups.hierarchies()
    mounts = (*dict.fromkeys(v1.values()), *([] if v2 is None else [v2]))
    group = group_of(name, mounts)
    users, base = _users(leader), _mapping(leader)
    space = _namespace(leader)
    found = []
    for pid in cgroups.processes(f"{mount}/{group}" for mount in mounts):
        # Also here: our launcher, and nspawn itself.
        if _namespace(pid) == space:
            made = _process(pid, base, users)
            if made is not None:
                found.append(made)
    return sorted(found, key=lambda process: process.pid)


def _namespace(pid: int) -> str:
    try:
        return os.readlink(f"/proc/{pid}/ns/pid")
    except OSError:
        return ""


def _process(pid: int, mapping: list[tuple[int, int, int]], users: dict[int, str]) -> Process | None:
    status = {key: value.split() for key, value in proc.fields(proc.read(f"/proc/{pid}/status")).items()}
    fields = proc.read(f"/proc/{pid}/stat").rpartition(")")[2].split()
    if not fields or "NSpid" not in status:
        return None
    ticks = accounting.ticks()
    uid = inside_uid(int(status["Uid"][1]), mapping)
    words = proc.arguments(pid, _LONGEST_COMMAND)
    return Process(
        pid=int(status["NSpid"][1 if len(status["NSpid"]) > 1 else 0]),
        host_pid=pid,
        user=printable(users.get(uid, str(uid))),
        cpu=(int(fields[11]) + int(fields[12])) / ticks,
        memory=int(status["VmRSS"][0]) * 1024 if "VmRSS" in status else 0,
        started=accounting.boot_time() + int(fields[19]) / ticks,
        command=printable(" ".join(words) if words else f"[{status['Name'][0] if status['Name'] else '?'}]"),
    )


def _mapping(leader: int) -> list[tuple[int, int, int]]:
    """user_namespaces(7): (inside, outside, length) of each line of uid_map, which a host's process reads in host's ids."""
    return [(int(a), int(b), int(c)) for a, b, c in (line.split() for line in proc.read(f"/proc/{leader}/uid_map").splitlines())]


def inside_uid(uid: int, mapping: list[tuple[int, int, int]]) -> int:
    """The host's `uid` as the guest sees it; 65534 (nobody) when it has no name for it."""
    for inside, outside, length in mapping:
        if outside <= uid < outside + length:
            return inside + uid - outside
    return 65534


def _users(leader: int) -> dict[int, str]:
    """uid -> name from the guest's /etc/passwd; nothing when it is not a plain file there."""
    handles = []
    try:
        handles.append(os.open(f"/proc/{leader}/root", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC))
        handles.append(os.open("etc", os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=handles[-1]))
        handles.append(os.open("passwd", os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=handles[-1]))
        if not stat.S_ISREG(os.fstat(handles[-1]).st_mode):
            return {}
        text = os.read(handles[-1], _PASSWD_LIMIT).decode(errors="replace")
    except OSError:
        return {}
    finally:
        for handle in handles:
            os.close(handle)
    found: dict[int, str] = {}
    for line in text.splitlines():
        parts = line.split(":")
        if len(parts) > 2 and parts[2].isdigit():
            found.setdefault(int(parts[2]), parts[0])
    return found


def tree(name: str) -> Group:
    """The container's cgroups, as the guest's systemd arranged them; the pids are the host's."""
    v1, v2 = cgroups.hierarchies()
    mounts = [mount for mount in (v1.get("name=systemd"), v2) if mount is not None] or list(v1.values())
    group = group_of(name, mounts)
    for mount in mounts:
        # The guest's own root: below the names that nspawn 252 and newer ones give.
        for place in (f"{mount}/{group}/payload", f"{mount}/{group}"):
            if os.path.isdir(place):
                return _group(place, name)
    return Group(name)


def _group(path: str, name: str, depth: int = 0) -> Group:
    name = printable(name)  # the guest's word, of any bytes
    if depth == _DEEPEST:
        return Group(name, tuple(sorted(cgroups.processes([path]))))
    try:
        below = sorted(entry.name for entry in os.scandir(path) if entry.is_dir(follow_symlinks=False))
    except OSError:
        below = []
    pids = tuple(sorted(int(line) for line in proc.read(f"{path}/cgroup.procs").split() if line != "0"))
    return Group(name, pids, tuple(_group(f"{path}/{entry}", entry, depth + 1) for entry in below))


def walk(group: Group, depth: int = 0) -> Iterator[tuple[int, Group]]:
    """Every group with its depth, parents first."""
    yield depth, group
    for below in group.groups:
        yield from walk(below, depth + 1)
