"""cgroup hierarchies of both versions: where they are, and how a subtree ends (cgroups(7))."""

from __future__ import annotations

import os

from .proc import read

TYPE_CHECKING = False  # typing's own costs 10 ms to import, and every `run` comes by here
if TYPE_CHECKING:
    from collections.abc import Iterable

_LONG = 3000  # characters of a path, to which a name and a file's are added: PATH_MAX is 4096


def hierarchies(mountinfo: str | None = None) -> tuple[dict[str, str], str | None]:
    """Mount points of the v1 controllers (and `name=...` trees) and of cgroup2, from /proc/self/mountinfo.

    The first mount of each wins. `mountinfo` is its text, for tests.
    """
    if mountinfo is None:
        mountinfo = read("/proc/self/mountinfo")
    v1: dict[str, str] = {}
    v2: str | None = None
    for line in mountinfo.splitlines():
        before, _, after = line.partition(" - ")
        kind, _, rest = after.partition(" ")
        if kind not in ("cgroup", "cgroup2"):
            continue
        mount_point = before.split(" ")[4]
        if kind == "cgroup2":
            v2 = v2 or mount_point
            continue
        options = rest.split(" ")[1].split(",")
        for option in options:
            if option not in ("rw", "ro") and not option.startswith(("xattr", "release_agent", "clone_children", "noprefix")):
                v1.setdefault(option, mount_point)
    return v1, v2


def offered_controllers(v2_mount: str | None) -> frozenset[str]:
    """The controllers that the v2 tree at `v2_mount` offers; none on hybrid hosts."""
    if v2_mount is None:
        return frozenset()
    try:
        with open(f"{v2_mount}/cgroup.controllers", encoding="ascii") as file:
            return frozenset(file.read().split())
    except OSError:
        return frozenset()


def subtree(path: str) -> Iterable[str]:
    """Every cgroup at and below `path`, deepest first. A guest may nest them deeper than our stack, and than a path is long."""
    found, waiting, held = [], [path], []
    try:
        while waiting:
            place = below = waiting.pop()
            try:
                if len(place) > _LONG:
                    held.append(os.open(place, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC))
                    below = f"/proc/self/fd/{held[-1]}"
                names = [entry.name for entry in os.scandir(below) if entry.is_dir(follow_symlinks=False)]
            except OSError:
                continue
            found.append(place)
            waiting += [f"{below}/{name}" for name in names]
        yield from reversed(found)
    finally:
        for handle in held:
            os.close(handle)


def processes(paths: Iterable[str]) -> set[int]:
    """The pids in the subtrees at `paths`."""
    found: set[int] = set()
    for root in paths:
        for path in subtree(root):
            try:
                with open(f"{path}/cgroup.procs", encoding="ascii") as file:
                    found.update(int(line) for line in file if line.strip() != "0")
            except OSError:
                continue
    return found


def kill(paths: Iterable[str], *, timeout: float = 10) -> bool:
    """SIGKILL everything in the subtrees at `paths`, again until they are empty; False after `timeout` seconds."""
    import signal
    import time

    roots = list(paths)
    deadline = time.monotonic() + timeout
    while True:
        pids = processes(roots) - {os.getpid()}
        if not pids:
            return True
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)


def remove(paths: Iterable[str]) -> None:
    """Remove the empty subtrees at `paths`; those that are absent or still in use are left."""
    for root in paths:
        for path in subtree(root):
            try:
                os.rmdir(path)
            except OSError:
                continue


def value(path: str) -> str:
    """What the control file holds, or "" when it is not there."""
    return read(path).strip()


def write(path: str, text: str) -> None:
    """Write a control file in one write. Raises OSError, as the kernel refuses."""
    descriptor = os.open(path, os.O_WRONLY | os.O_TRUNC | os.O_CLOEXEC)
    try:
        os.write(descriptor, text.encode() or b"\n")
    finally:
        os.close(descriptor)


def parents_cpuset(group: str, file: str) -> str:
    """The CPUs or memory nodes that the level above `group` has: its own file is empty in cgroup v2 where nobody wrote it."""
    return value(f"{group}/../{file}") or value(f"{group}/../{file}.effective")


def write_cpuset(group: str, file: str, text: str) -> None:
    """Give `group` the CPUs or memory nodes `text`; in cgroup v1 also what is below, which may never have more.

    Raises OSError when `group` itself cannot have them.
    """
    if not os.path.exists(f"{group}/cpuset.cpu_exclusive"):  # cgroup v2 cuts what is below by itself
        write(f"{group}/{file}", text)
        return
    below = list(subtree(group))
    for place in (*below, *reversed(below)):  # narrowing works from below, widening from above
        try:
            write(f"{place}/{file}", text)
        except OSError:
            pass
    write(f"{group}/{file}", text)


def present(paths: Iterable[str]) -> bool:
    """Whether any of the cgroups at `paths` exists."""
    return any(os.path.isdir(path) for path in paths)
