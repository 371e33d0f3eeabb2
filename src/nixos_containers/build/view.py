"""What a container sees of the store: the closure of its own system, and nothing else of the host's.

A view is a directory on the store's own file system in which every store path of the closure is a tree of hard links: it
costs directories only, its files are the store's own (one page cache for all), and a start mounts it with a single bind.
A new closure is added to a running guest's view path by path, so that a live switch needs no mount. What no system in use
needs is taken away at the next start. Not for deciding who sees what (plan/), nor for what the guest may do with it.

Containers with the same system share one view. What a live switch of one of them adds is then seen by the others, too, until
their next start: closures are no secrets, and a second copy for each of many equal containers would cost them dearly.

Layout below /nix/var/nixos-containers: `containers/NAME` is a link to the view that a container uses, `views/KEY` is the view
made for the closure KEY. In it `store` is what guests get, `new` holds trees that are not complete yet, `closures/KEY` says
that a closure is complete, and which paths it is made of. All can be made again at any time.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
from typing import TYPE_CHECKING

from ..base import nix, process
from ..base.errors import HostError
from ..base.files import locked, read_text, symlink_atomically, write_atomically
from ..base.files import remove as unlink

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ..base.paths import Paths

# Where the store is a mount of its own over the same file system (NixOS mounts it read-only), links across the two mounts
# fail: seen through a bind of /nix without what is mounted below, in a mount namespace of our own, it is one mount.
_THROUGH_ONE_MOUNT = """\
mount --bind /nix "$1" && cd "$1" && shift && exec cp --archive --link --target-directory="$@"
"""


# What the name of a view begins with that is being removed.
_GONE = ".gone-"


def ensure(paths: Paths, name: str, roots: Sequence[str], *, running: bool) -> str | tuple[str, ...]:
    """Have a view for container `name` that holds the closure of the store paths `roots`; what to mount as its store.

    That is the view's directory, or the paths of the closure where the file system of the store cannot hold a view. A
    `running` container keeps its view, to which the closure is added. Raises HostError when the disk is full, or CommandFailed.
    """
    key = hashlib.sha256("\n".join(roots).encode()).hexdigest()[:32]
    current = _view_of(paths, name)
    if (
        current is not None
        and key in _complete(current)
        and (running or (current == f"{paths.store_views}/{key}" and _has_no_more(current, key)))
    ):
        return _result(current, key)
    with _locked(paths, f"making what ‘{name}’ sees of the store"):
        if running and current is not None:
            _add(current, key, roots)
            return _result(current, key)
        directory = f"{paths.store_views}/{key}"
        if current is not None and not os.path.isdir(directory) and _users(paths, current) == [name]:
            os.rename(current, directory)  # most of the next closure is the one before
        _add(directory, key, roots)
        if set(_users(paths, directory)) <= {name}:
            _prune(directory, key)  # before it is in use: a kill in between would leave what is not needed for good
        symlink_atomically(directory, paths.store_view(name))
        _remove_unused(paths)
    return _result(directory, key)


def marks(paths: Paths, name: str) -> tuple[str, ...]:
    """The files that stand for the closures in container `name`'s view: as long as they are there, the view is whole."""
    current = _view_of(paths, name)
    return () if current is None else tuple(f"{current}/closures/{key}" for key in _complete(current))


def remove(paths: Paths, name: str) -> None:
    """Container `name`, which does not run, needs no view any more. The store itself is not touched."""
    if os.path.islink(paths.store_view(name)):
        with _locked(paths, f"removing what ‘{name}’ sees of the store"):
            unlink(paths.store_view(name))
            _remove_unused(paths)


def _locked(paths: Paths, who: str) -> locked:
    """The lock of all views. It is on their own file system: hosts that share a store (one in a container) share it, too."""
    top = os.path.dirname(paths.store_views)
    # Other users of the host have no business here; the guest gets `store` itself by a mount.
    os.makedirs(top, mode=0o700, exist_ok=True)
    return locked(f"{top}/.lock", who=who)


def _view_of(paths: Paths, name: str) -> str | None:
    try:
        return os.readlink(paths.store_view(name))
    except OSError:
        return None


def _users(paths: Paths, directory: str) -> list[str]:
    links = os.path.dirname(paths.store_view("any"))
    names = os.listdir(links) if os.path.isdir(links) else []
    # What has a dot is no name: a link that a killed command had not put in its place (run/debris.py).
    return sorted(name for name in names if "." not in name and _view_of(paths, name) == directory)


def _remove_unused(paths: Paths) -> None:
    for entry in sorted(os.listdir(paths.store_views)) if os.path.isdir(paths.store_views) else ():
        view = f"{paths.store_views}/{entry}"
        if _users(paths, view):
            continue
        if not entry.startswith(_GONE):
            # Out of sight in one step: half a view would still say that it is whole.
            gone = f"{paths.store_views}/{_GONE}{entry}.{os.getpid()}"
            os.rename(view, gone)
            view = gone
        _discard(view)


def _add(directory: str, key: str, roots: Sequence[str]) -> None:
    if key in _complete(directory):
        return
    closure = _requisites(roots)
    kind = _fill(directory, [os.path.basename(path) for path in closure])
    os.makedirs(f"{directory}/closures", exist_ok=True)
    write_atomically(f"{directory}/closures/{key}", "\n".join([kind, *closure]) + "\n")


def _complete(directory: str) -> list[str]:
    try:
        return [entry for entry in os.listdir(f"{directory}/closures") if not entry.startswith(".")]
    except FileNotFoundError:
        return []


def _has_no_more(directory: str, key: str) -> bool:
    """Whether the view holds the closure `key`, which is complete, and nothing else: a live switch adds, a killed pruning leaves."""
    kind, *closure = (read_text(f"{directory}/closures/{key}") or "").split()
    return kind == "binds" or len(os.listdir(f"{directory}/store")) == len(closure)


def _result(directory: str, key: str) -> str | tuple[str, ...]:
    with open(f"{directory}/closures/{key}", encoding="utf-8") as file:
        if file.readline() == "links\n":
            return f"{directory}/store"
        return tuple(file.read().split())


def _requisites(roots: Iterable[str]) -> list[str]:
    command = ["nix-store", "--query", "--requisites", *roots]
    return sorted(set(process.run(command, env=nix.environment(substitute=False)).stdout.split()))


def _fill(directory: str, names: list[str]) -> str:
    """Put the store paths called `names` into the view; return how: `links`, or `binds` when links are impossible."""
    os.makedirs(os.path.dirname(directory), mode=0o755, exist_ok=True)
    new = f"{directory}/new"
    for place in (directory, f"{directory}/store", new, f"{directory}/mount"):
        os.makedirs(place, mode=0o755, exist_ok=True)
    for entry in os.listdir(new):
        _discard(f"{new}/{entry}")
    present = set(os.listdir(f"{directory}/store"))
    missing = [name for name in names if name not in present]
    if not missing:
        return "links"
    if os.stat(nix.STORE).st_dev != os.stat(directory).st_dev:
        return "binds"
    if not _link(directory, new, missing):
        return "binds"
    for name in missing:
        os.rename(f"{new}/{name}", f"{directory}/store/{name}")
    return "links"


def _link(directory: str, new: str, missing: list[str]) -> bool:
    """Make the trees of links in `new`; False where store and view are mounts of their own between which none can be made."""
    command = ["cp", "--archive", "--link", f"--target-directory={new}", *(f"{nix.STORE}/{name}" for name in missing)]
    if os.path.ismount(nix.STORE):
        within = new.removeprefix("/nix/")
        command = ["unshare", "--mount", "--propagation=private", "sh", "-c", _THROUGH_ONE_MOUNT, "sh", f"{directory}/mount", within]
        command += [f"store/{name}" for name in missing]
    try:
        process.run(command)
    except process.CommandFailed as failure:
        if "No space left on device" in failure.stderr:
            raise HostError(
                "the disk is full: no room for what the container sees of the store",
                details=failure.stderr.strip(),
                hint="free some space (‘nix-collect-garbage’ helps), then try again; nothing was changed",
            ) from failure
        if os.strerror(errno.EXDEV) in failure.stderr:
            return False
        if os.strerror(errno.EMLINK) not in failure.stderr:
            raise
        for name in missing:  # many containers share a file: some file systems count no further than 65000
            _copy_what_cannot_be_linked(f"{nix.STORE}/{name}", f"{new}/{name}")
    return True


def _copy_what_cannot_be_linked(source: str, target: str) -> None:
    """Complete the tree of links at `target`, with copies of the files that have as many links as a file can have."""
    if os.path.isdir(source) and not os.path.islink(source):
        os.makedirs(target, exist_ok=True)
        for entry in os.listdir(source):
            _copy_what_cannot_be_linked(f"{source}/{entry}", f"{target}/{entry}")
        shutil.copystat(source, target)
    elif not os.path.lexists(target):
        try:
            os.link(source, target, follow_symlinks=False)
        except OSError:
            shutil.copy2(source, target, follow_symlinks=False)


def _prune(directory: str, key: str) -> None:
    """Take away what the closure `key` does not need. The marks go first: a mark promises that all of its paths are there."""
    for other in _complete(directory):
        if other != key:
            os.unlink(f"{directory}/closures/{other}")
    needed = {os.path.basename(path) for path in (read_text(f"{directory}/closures/{key}") or "").split()[1:]}
    for entry in os.listdir(f"{directory}/store"):
        if entry not in needed:
            # Out of sight in one step.
            os.rename(f"{directory}/store/{entry}", f"{directory}/new/{entry}")
            _discard(f"{directory}/new/{entry}")


def _discard(path: str) -> None:
    if os.path.isdir(path) and not os.path.islink(path):
        for directory, _, _ in os.walk(path):
            os.chmod(directory, 0o755)  # store paths are read-only, which root may not care about but other owners do
        shutil.rmtree(path)
    else:
        os.unlink(path)
