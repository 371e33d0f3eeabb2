"""Disks of containers, made, grown, looked into and converted: a file with an ext4 in it for each root that is kept to a size.

Whatever is mounted here is mounted in a namespace of its own (kernel/private.py), so that kill -9 leaves no mount and no loop
device; files under way have our temporary names (debris.py). Not for the mount of a container that runs: plan/disk.py.
"""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING, TypeVar

from ..base import log, process
from ..base.errors import ContainerError, HostError
from ..base.files import remove, sync_directory
from ..kernel import loops, mounts
from ..kernel.private import in_private_mounts
from ..observe import containers as observe
from ..plan.disk import MOUNT, check_disk, disk_size, human
from . import files

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..base.paths import Paths
    from ..declare.container import Container

_Result = TypeVar("_Result")
# No blocks for root's use only, no device of its own to discard, nothing that the kernel writes later by itself.
_MAKE = ("mkfs.ext4", "-q", "-F", "-m", "0", "-E", "lazy_itable_init=0,lazy_journal_init=1,root_owner=0:0")
_PACKAGE = "e2fsprogs"


def exists(paths: Paths, name: str) -> bool:
    """Whether the root of container `name` is a disk."""
    return os.path.exists(paths.disk(name))


def within(paths: Paths, name: str, work: Callable[[], _Result]) -> _Result:
    """Do `work` where the root of container `name`, which does not run, is at its place, be it a directory or a disk."""
    if not exists(paths, name):
        return work()

    def mounted() -> _Result:
        _mount(paths.disk(name), paths.state(name))
        try:
            return work()
        finally:
            process.run(["umount", "--", paths.state(name)], check=False)

    return in_private_mounts(mounted)


def _mount(image: str, place: str) -> None:
    done = process.run([*MOUNT, "--", image, place], check=False)
    if done.returncode == 0:
        return
    if not os.path.exists("/dev/loop-control"):
        raise HostError(f"{image} cannot be mounted: this host has no loop devices", hint="modprobe loop")
    raise HostError(f"{image} cannot be mounted", details=done.stderr.strip(), hint=f"e2fsck {image}, once nothing uses it")


def prepare(paths: Paths, container: Container, *, skeleton: dict[str, int]) -> bool:
    """Make or grow the disk of `container` if it is to have one; tell whether it has. `skeleton` are directories of a new root.

    Raises DefinitionError where the declared size contradicts what is there, HostError when the host cannot.
    """
    name = container.name
    wanted, image, state = disk_size(container), paths.disk(name), paths.state(name)
    if wanted is None and not exists(paths, name):
        return False
    check_disk(container, observe.disk_size(paths, name), has_directory=not exists(paths, name) and has_files(state))
    if not exists(paths, name):
        assert wanted is not None
        _make(paths, name, wanted, lambda root: _fill(root, skeleton))
    elif not loops.devices_of(image) or loops.wait_until_free(image):
        _settle(image, wanted)
    os.makedirs(state, mode=0o755, exist_ok=True)
    return True


def has_files(state: str) -> bool:
    """Whether there is a directory with something in it."""
    return os.path.isdir(state) and bool(os.listdir(state))


def _fill(root: str, skeleton: dict[str, int]) -> None:
    for directory, mode in skeleton.items():
        os.mkdir(f"{root}/{directory}", mode)


def _make(paths: Paths, name: str, size: int, fill: Callable[[str], None]) -> None:
    """Make the disk of container `name` and `fill` it, given the place where it is mounted for that; whole or not at all."""
    image = paths.disk(name)
    directory = os.path.dirname(image)
    os.makedirs(directory, mode=0o700, exist_ok=True)
    # Names that run/debris.py knows, should we be killed.
    fresh, place = f"{directory}/.{name}.{os.getpid()}.tmp", f"{directory}/.{name}.at.{os.getpid()}.tmp"

    def filled() -> None:
        _mount(fresh, place)
        try:
            os.rmdir(f"{place}/lost+found")  # e2fsck makes it when it needs it
            os.chmod(place, 0o755)
            fill(place)
        finally:
            process.run(["umount", "--", place])

    try:
        os.makedirs(place, mode=0o700, exist_ok=True)
        with open(fresh, "xb") as file:
            os.fchmod(file.fileno(), 0o600)
            os.truncate(file.fileno(), size)
        _tool(*_MAKE, fresh)
        in_private_mounts(filled)
        descriptor = os.open(fresh, os.O_RDONLY | os.O_CLOEXEC)
        os.fsync(descriptor)
        os.close(descriptor)
        os.rename(fresh, image)
        sync_directory(directory)
    except OSError as failure:
        hint = "free some space" if failure.errno == errno.ENOSPC else ""
        raise HostError(f"no disk can be made for container ‘{name}’: {failure.strerror or failure}", hint=hint) from failure
    finally:
        remove(fresh)
        os.rmdir(place)


def _tool(*words: str, accepted: tuple[int, ...] = (0,)) -> None:
    if process.find(words[0]) is None:
        raise HostError(f"not installed: {words[0]}, which disks of containers (limits.diskMax) need", hint=f"apt-get install {_PACKAGE}")
    done = process.run(list(words), check=False)
    if done.returncode not in accepted:
        raise HostError(f"{words[0]} failed on {words[-1]}", details=(done.stdout + done.stderr).strip())


def _settle(image: str, wanted: int | None) -> None:
    """Bring a disk that nobody uses in order: its file as large as `wanted`, its file system as large as its file, and whole."""
    known = loops.superblock(image)
    if known is None:
        raise HostError(f"{image} is damaged: there is no ext4 in it", hint="restore it, or destroy the container")
    if wanted is not None and wanted > os.stat(image).st_size:
        os.truncate(image, wanted)
    larger = os.stat(image).st_size - known.size >= 1 << 20
    if known.damaged or larger:
        # 1 and 2: it had errors, which are corrected.
        _tool("e2fsck", "-f", "-p", image, accepted=(0, 1, 2))
    if larger:
        _tool("resize2fs", image)


def grow(paths: Paths, name: str, size: int) -> None:
    """Let the disk of container `name` have `size` bytes, while it runs if the kernel lets us; else its next start does the rest."""
    image = paths.disk(name)
    if os.stat(image).st_size < size:
        os.truncate(image, size)
    running = observe.running(paths, name)
    if running is None:
        if loops.wait_until_free(image):
            _settle(image, size)
        return
    try:
        # As systemd-nspawn has it, in the launcher's mount namespace.
        loops.grow(f"/proc/{running.nspawn}/root{paths.state(name)}")
    except OSError as failure:
        why = "growing a mounted file system takes CAP_SYS_RESOURCE" if failure.errno == errno.EPERM else str(failure.strerror)
        log.warn(f"the disk of ‘{name}’ has {human(size)} from its next start on ({why}): nixos-container restart {name}")


def copy(paths: Paths, old: str, new: str) -> None:
    """Copy the disk of container `old`, which does not run, to `new`, whole or not at all. Raises ContainerError."""
    source, target = paths.disk(old), paths.disk(new)
    _check_free(paths, old)
    fresh = f"{os.path.dirname(target)}/.{new}.{os.getpid()}.tmp"
    try:
        process.run(["cp", "--archive", "--reflink=auto", "--sparse=always", "--", source, fresh])
        os.rename(fresh, target)
    finally:
        remove(fresh)
    sync_directory(os.path.dirname(target))


def _check_free(paths: Paths, name: str) -> None:
    image = paths.disk(name)
    if not loops.wait_until_free(image):
        raise ContainerError(
            f"the disk of container ‘{name}’ is in use: {', '.join(loops.devices_of(image))}",
            hint=f"umount it, or: losetup --associated {image}",
        )


def rename(paths: Paths, old: str, new: str) -> None:
    """Give the disk of `old`, if it has one, to `new`; idempotent."""
    if exists(paths, old):
        os.rename(paths.disk(old), paths.disk(new))
        sync_directory(os.path.dirname(paths.disk(new)))


def discard(paths: Paths, name: str) -> None:
    """Remove the disk of container `name`, if it has one; idempotent."""
    remove(paths.disk(name))


def convert(paths: Paths, name: str, size: int | None) -> None:
    """Move the root of container `name`, which does not run, into a new disk of `size` bytes; None: into a directory.

    What was there goes when all of it has been copied, and not before. Raises ContainerError: then nothing has changed.
    """
    state = paths.state(name)
    if exists(paths, name):
        _check_free(paths, name)
        if size is None:
            _into_directory(paths, name)
        else:
            within(paths, name, lambda: _make(paths, name, size, lambda root: _copy_tree(state, root)))
        return
    if size is None:
        raise ContainerError(f"the root of container ‘{name}’ is no disk")
    if not has_files(state):
        raise ContainerError(f"container ‘{name}’ has no files yet", hint=f"its first start makes the disk: nixos-container start {name}")
    found = sorted(mounts.beneath(state))
    if found:
        raise ContainerError(f"{state} holds mount points", details="\n".join(found), hint="unmount them first")
    _make(paths, name, size, lambda root: _copy_tree(state, root))
    left = f"{paths.states}/.copy-{name}-{os.getpid()}"  # a name of debris.py's
    os.rename(state, left)
    os.mkdir(state, 0o755)
    files.remove_state(left)


def _into_directory(paths: Paths, name: str) -> None:
    state = paths.state(name)
    # Names of debris.py's.
    fresh, under = f"{paths.states}/.copy-{name}-{os.getpid()}", f"{paths.states}/.copy-{name}-under-{os.getpid()}"
    try:
        os.mkdir(fresh, 0o755)
        within(paths, name, lambda: _copy_tree(state, fresh))
        # As long as the disk is there, it is the root. Under its place may be what a killed conversion had copied already.
        os.rename(state, under)
        os.rename(fresh, state)
    except BaseException:
        files.remove_state(fresh)
        os.makedirs(state, mode=0o755, exist_ok=True)
        raise
    sync_directory(paths.states)
    discard(paths, name)
    files.remove_state(under)


def _copy_tree(source: str, target: str) -> None:
    command = ["cp", "--archive", "--sparse=always", "--reflink=auto", "--one-file-system", "--no-target-directory", "--", source, target]
    done = process.run(command, check=False)
    if done.returncode != 0:
        last = done.stderr.strip().rpartition("\n")[2]
        raise ContainerError("the files could not all be copied; nothing was changed", details=last, hint="is there room for them?")
