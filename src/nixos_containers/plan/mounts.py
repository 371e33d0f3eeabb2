"""What is mounted in a container beside its root: binds, memory, overlays, volumes, paths of an ephemeral root that are kept.

nspawn's flags are those of systemd-nspawn(1); overlays are mounted by the guest's first process (overlay_lines says why).
Pure: run/mounts.py makes the directories.
"""

from __future__ import annotations

import posixpath
import re
import shlex
from typing import TYPE_CHECKING

from ..base.errors import DefinitionError

if TYPE_CHECKING:
    from ..declare.container import Bind, Container

# Where the layers of overlays stand in the guest: below /run, which is memory.
LAYERS = "/run/nixos-container-overlays"
# Where a guest keeps its journal from boot to boot (systemd-journald.service(8)).
JOURNAL = "/var/log/journal"
_VOLUME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}", re.ASCII)


def escape(path: str) -> str:
    """`path` for a --bind or --tmpfs argument, where a colon separates fields and a backslash escapes."""
    return path.replace("\\", "\\\\").replace(":", "\\:")


def volume_path(states: str, name: str) -> str:
    """Where the volume `name` is kept, below the directory of all states."""
    return f"{states}/.volumes/{name}"


def check_volume(name: str, where: str) -> None:
    """Raise DefinitionError unless `name` can be that of a volume."""
    if not _VOLUME.fullmatch(name):
        raise DefinitionError(f"{where}: ‘{name}’ is no name for a volume", hint="at most 64 letters, digits, dots, dashes")


def persistent_path(states: str, container: str, path: str) -> str:
    """Where `path` of an ephemeral container is kept: in its state, under one flat name.

    Flat, because the guest may put links into one directory where the next one would be looked for.
    """
    return f"{states}/{container}/persistent/" + path.strip("/").replace("%", "%25").replace("/", "%2F")


def journal_path(states: str, container: str) -> str:
    """Where the journal of an ephemeral container is kept: not in its state, which it has only if it asked for paths to be kept."""
    return f"{states}/.journals/{container}"


def kept_place(container: Container, states: str, path: str) -> str:
    """Where `path`, one of `kept_paths`, is on the host."""
    if path == JOURNAL and path not in container.persistent_paths:
        return journal_path(states, container.name)
    return persistent_path(states, container.name, path)


def kept_paths(container: Container) -> tuple[str, ...]:
    """What of an ephemeral root is kept: what was asked for, and the journal, unless something else is mounted there."""
    if not (container.ephemeral and container.keep_journal):
        return container.persistent_paths
    places = {place.rstrip("/") for place in (*container.persistent_paths, *container.volumes)}
    places |= {bind.mount_point.rstrip("/") for bind in container.binds} | {overlay.mount_point for overlay in container.overlays}
    places |= {entry.partition(":")[0].rstrip("/") for entry in container.tmpfs}
    taken = places & {"/var", "/var/log", JOURNAL}
    return container.persistent_paths if taken else (*container.persistent_paths, JOURNAL)


def directories(container: Container, states: str) -> list[str]:
    """The directories of ours that a start needs: made when they are missing, never removed by a stop."""
    kept = [kept_place(container, states, path) for path in kept_paths(container)]
    return [*kept, *(volume_path(states, name) for name in container.volumes.values())]


def sources(container: Container, states: str) -> list[str]:
    """Every path of the host that a start mounts."""
    layers = [path for overlay in container.overlays for path in (*overlay.lower, overlay.upper) if path is not None]
    return [*(bind.source for bind in container.binds), *layers, *directories(container, states)]


def parents(container: Container) -> list[str]:
    """The directories that mount points stand in.

    What nspawn makes there itself belongs to nobody that a guest with private users knows: its root could then add nothing.
    """
    points = [bind.mount_point for bind in container.binds] + [overlay.mount_point for overlay in container.overlays]
    points += [
        *container.persistent_paths,
        *container.volumes,
        *(entry.partition(":")[0] for entry in container.tmpfs if "\\" not in entry),
    ]
    found = {posixpath.dirname(posixpath.normpath(point)) for point in points}
    return sorted(found - {"/", "/nix/store", ""} - {path for path in found if path.startswith(("/proc", "/sys", "/dev", "/run", "/tmp"))})


def mount_flags(container: Container, *, states: str, private_users: bool) -> list[str]:
    """nspawn's flags for everything that is mounted, with owners mapped where the guest has users of its own."""
    mapped = ":idmap" if private_users else ""
    flags = [_bind(bind, f":{bind.idmap}" if private_users else "") for bind in container.binds]
    flags += [f"--tmpfs={path}" for path in container.tmpfs]
    for path in kept_paths(container):
        flags.append(f"--bind={escape(kept_place(container, states, path))}:{escape(path)}{mapped}")
    for path, volume in container.volumes.items():
        flags.append(f"--bind={escape(volume_path(states, volume))}:{escape(path)}{mapped}")
    for number, overlay in enumerate(container.overlays):
        place = f"{LAYERS}/{number}"
        flags += [f"--bind-ro={escape(layer)}:{place}/lower{index}{mapped}" for index, layer in enumerate(overlay.lower)]
        # Without an upper directory, what is written is gone after the stop.
        writable = f"--bind={escape(overlay.upper)}:{place}/writable{mapped}" if overlay.upper else f"--tmpfs={place}/writable:mode=755"
        flags.append(writable)
    return flags


def _bind(bind: Bind, mapped: str) -> str:
    options = mapped if bind.recursive else mapped.replace(":", ":norbind,") or ":norbind"
    return f"{'--bind-ro' if bind.is_read_only else '--bind'}={escape(bind.source)}:{escape(bind.mount_point)}{options}"


def check_mounts(container: Container) -> None:
    """Raise DefinitionError for places that cannot be mounted on, or that two options want."""
    where = f"containers.{container.name}"
    wanted = [(f"{where}.bindMounts", bind.mount_point) for bind in container.binds]
    wanted += [(f"{where}.tmpfs", entry.partition(":")[0]) for entry in container.tmpfs if "\\" not in entry]
    wanted += [(f"{where}.persistentPaths", path) for path in container.persistent_paths]
    wanted += [(f"{where}.volumes", path) for path in container.volumes]
    wanted += [(f"{where}.overlays", overlay.mount_point) for overlay in container.overlays]
    seen: dict[str, str] = {}
    for option, path in wanted:
        if not path.startswith("/") or ".." in path.split("/") or not path.strip("/"):
            raise DefinitionError(f"{option}: ‘{path}’ is not a path in the container", hint="write it from the root on, as /srv/data")
        place = "/" + "/".join(part for part in path.split("/") if part not in ("", "."))
        if place in seen:
            raise DefinitionError(f"{option}: something is mounted on {place} already, by {seen[place]}")
        seen[place] = option
    for name in container.volumes.values():
        check_volume(name, f"{where}.volumes")
    for overlay in container.overlays:
        if not overlay.lower:
            raise DefinitionError(f"{where}.overlays: {overlay.mount_point} has no lower directory")
    if container.persistent_paths and not container.ephemeral:
        raise DefinitionError(
            f"{where}.persistentPaths: without ‘ephemeral’ everything is kept", hint=f"set containers.{container.name}.ephemeral = true"
        )


def overlay_lines(container: Container) -> list[str]:
    """What the guest's first process does for `overlays`, as shell text for busybox.

    It mounts them itself, in its own user namespace and over layers with mapped owners: nspawn's --overlay= maps none, so that a guest
    with private users could not write (every file would be nobody's). `userxattr` is what overlayfs asks for there (5.11 and newer).
    """
    lines = []
    for number, overlay in enumerate(container.overlays):
        place, target = f"{LAYERS}/{number}", shlex.quote(overlay.mount_point)
        lower = ":".join(f"{place}/lower{index}" for index in range(len(overlay.lower)))
        lines += [
            f'"$busybox" mkdir -p {place}/writable/upper {place}/writable/work {target}',
            f'"$busybox" mount -t overlay -o lowerdir={lower},upperdir={place}/writable/upper,workdir={place}/writable/work,userxattr '
            f"overlay {target} ||",
            f'  "$busybox" mount -t overlay -o lowerdir={lower},upperdir={place}/writable/upper,workdir={place}/writable/work '
            f"overlay {target} || exit 1",
        ]
    return lines
