"""Starting a container: its root, its launcher, and the wait until the guest says that it is ready."""

from __future__ import annotations

import glob
import json
import os
from typing import TYPE_CHECKING

from ..base import log
from ..base.durations import parse_duration
from ..base.files import read_text, remove, write_atomically
from ..build import view
from ..declare.codec import encode
from ..kernel import sysctls
from ..observe import containers as observe
from ..observe import links
from ..plan.launch import is_nixos, params_digest, plan_launch
from ..plan.limits import container_limits
from ..plan.mounts import parents
from ..plan.network import plan_network
from ..plan.nspawn import Nixos
from ..plan.services import wanted_ports
from . import again, bridges, disk, files, forwarding, hosts, mounts, resolver, stop, storeview, unmanaged
from .readiness import launch_until_ready

if TYPE_CHECKING:
    from ..base.paths import Paths
    from ..declare.container import Record
    from ..plan.facts import Host
    from ..plan.launcher import Launch

# Shared by all guests, also those with private users: beyond some 25 guests systemd hangs without these.
_KERNEL_ROOM = {
    "fs.inotify.max_user_instances": 8192,
    "fs.inotify.max_user_watches": 524288,
    "kernel.keys.maxkeys": 20000,
    "kernel.keys.maxbytes": 2000000,
}
# What an earlier run wrote and this one may not: whoever reads it would take it for this one's.
_RUN_FILES = (
    *("ended", "stopping", "restarting", "out-of-memory", "health", "nspawn.pid", "launcher.pid", "links", "unit"),
    *(
        "filter.rules",
        "filter.up",
        "filter.stale",
        "filter.down",
        "bridge.rules",
        "bridge.up",
        "bridge.down",
        "forwarding",
        "flows",
        "settings",
    ),
)
# The owner of mount points that nspawn 252 makes in a root whose owners it maps: (uid_t) -2 of a 32 bit world, halved.
_NSPAWNS_NOBODY = 0x7FFFFFFE
# Upstream's skeleton of a new root. Owners need no care: nspawn maps them (--private-users-ownership=auto).
_SKELETON = {"usr": 0o755, "etc": 0o755, "var": 0o755, "var/lib": 0o755, "var/lib/private": 0o700, "root": 0o700}


def start(paths: Paths, record: Record, host: Host, *, busybox: str, system: str) -> None:
    """Start the container of `record` with the store path `system` and wait until the guest is ready.

    The caller holds the container's lock. Raises StartFailed, or HostError when the host cannot; either way nothing of
    the attempt is left.
    """
    name = record.container.name
    again.forget(paths, name)
    launch = prepare(paths, record, host, busybox=busybox, system=system)
    timeout = parse_duration(record.container.timeout_start, f"containers.{name}.timeoutStartSec")
    launch_until_ready(paths, name, launch.command, timeout=timeout, undo=lambda: stop.terminate(paths, name, host.cgroups))
    forwarding.forget_flows(paths, name, started=True)
    if launch.repeatable:
        tools = (host.tools.nspawn, host.tools.ip, host.tools.nft)
        link = observe.system_link(paths, record)
        again.remember(
            paths,
            name,
            command=launch.command,
            timeout=timeout,
            system_link=link,
            needed=(*tools, *launch.needed, *view.marks(paths, name)),
        )


def prepare(paths: Paths, record: Record, host: Host, *, busybox: str, system: str) -> Launch:
    """Make everything that a start of `record`'s container needs on the host, up to the texts that it runs.

    A later start of the same, unchanged container skips all of this (run/again.py): what must happen at every start is the
    launcher's script's to do, or makes the launch not `repeatable`. Raises HostError when something that is to be bound is missing.
    """
    name = record.container.name
    make_room(paths)
    ensure_machine_id()
    root = prepare_root(paths, record)
    wanted = [] if record.container.ephemeral else [*(["/nix/var/nix"] if is_nixos(record.container) else []), *parents(record.container)]
    image = None if record.container.ephemeral or not disk.exists(paths, name) else paths.disk(name)
    if wanted:
        disk.within(paths, name, lambda: prepare_directories(root, *wanted))
    state = paths.run_state(name)
    store = storeview.ensure(paths, record, system, starting=True)
    launch = plan_launch(
        record,
        host,
        state=state,
        root=root,
        busybox=busybox,
        system=system,
        events=paths.events,
        states=paths.states,
        store=store,
        image=image,
        nixos=prepare_nixos(paths, name, system) if is_nixos(record.container) else None,
    )
    mounts.prepare(paths, record.container)
    links.check_links(record.container, paths)
    _write_run_state(paths, record, host, launch, busybox=busybox, system=system)
    forwarding.acquire(paths, name, look=True)
    wanted_of_host = wanted_ports(plan_network(record.container), record.container.network.host_firewall)
    if wanted_of_host:
        from .passage import tell_of_deaf_ends  # most containers want nothing of the host

        tell_of_deaf_ends(wanted_of_host)
    return launch


def make_room(paths: Paths) -> None:
    """Raise the kernel's shared limits where they are too low for many guests, and say so."""
    for name, wanted in _KERNEL_ROOM.items():
        current = sysctls.read(name)
        if current is not None and current.isdigit() and int(current) < wanted:
            if sysctls.write(name, str(wanted)):
                log.say(f"raised {name} from {current} to {wanted}, so that many containers fit")
            else:
                log.debug(f"{name} is {current} and cannot be raised")


def prepare_root(paths: Paths, record: Record) -> str:
    """The directory of the container's root, made with upstream's modes if it is new.

    Only a new root is filled in: an old one is the guest's, who may have put links there.
    """
    name = record.container.name
    if record.container.ephemeral:
        root = paths.ephemeral_root(name)
        os.makedirs(root, mode=0o755, exist_ok=True)
        return root
    root = paths.state(name)
    files.keep_private(paths.states)
    if disk.prepare(paths, record.container, skeleton=_SKELETON):
        return root
    if os.path.isdir(root) and _was_ephemeral(root):
        for directory, mode in _SKELETON.items():  # no guest has had this directory for its root
            os.makedirs(f"{root}/{directory}", mode, exist_ok=True)
    if not os.path.isdir(root):
        fresh = f"{paths.states}/.new-{name}-{os.getpid()}"
        os.mkdir(fresh, 0o755)
        for directory, mode in _SKELETON.items():
            os.mkdir(f"{fresh}/{directory}", mode)
        os.rename(fresh, root)
    return root


def _was_ephemeral(root: str) -> bool:
    """Whether there is nothing in `root` but what an ephemeral container keeps, and a skeleton that a killed command did not finish."""
    entries, top = set(os.listdir(root)), [directory for directory in _SKELETON if "/" not in directory]
    return "persistent" in entries and entries <= {"persistent", *top} and top[-1] not in entries


def prepare_directories(root: str, *wanted: str) -> None:
    """Make the directories `wanted` of a container in its `root`, for something to be mounted in beside what the guest keeps there.

    nspawn makes missing mount points as a user that the guest cannot act for: its root could then add nothing. Links that
    the guest may have put there are not followed.
    """
    for path in wanted:
        _prepare_directory(root, path)


def _prepare_directory(root: str, path: str) -> None:
    handles = [os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)]
    try:
        top = os.fstat(handles[0])
        for part in path.strip("/").split("/"):
            made = False
            try:
                os.mkdir(part, 0o755, dir_fd=handles[-1])
                made = True
            except FileExistsError:
                pass
            handles.append(os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=handles[-1]))
            if made or os.fstat(handles[-1]).st_uid == _NSPAWNS_NOBODY:
                os.fchown(handles[-1], top.st_uid, top.st_gid)
    except OSError as failure:
        log.debug(f"{root}{path} is the guest's own affair: {failure}")
    finally:
        for handle in handles:
            os.close(handle)


def prepare_nixos(paths: Paths, name: str, system: str) -> Nixos:
    """What the NixOS `system` needs besides: the container's directories of profiles and roots, which the guest may write.

    What its root writes there belongs to root here as well, so that other users of the host must not get at it: they are
    kept out one level above.
    """
    found = Nixos(
        profiles=paths.profiles(name),
        gcroots=paths.gcroots(name),
        recent_systemd=has_recent_systemd(system),
        platform=(read_text(f"{system}/system") or "").strip(),
    )
    for directory in (found.profiles, found.gcroots):
        os.makedirs(directory, mode=0o755, exist_ok=True)
        os.chmod(os.path.dirname(directory), 0o700)
    return found


def has_recent_systemd(system: str) -> bool:
    """Whether the systemd of a NixOS `system` is of 2017 (233) or newer: those name their shared library by version."""
    places = ("systemd/lib/systemd", "sw/lib/systemd", "sw/lib/*/systemd")
    return any(glob.glob(f"{system}/{place}/libsystemd-shared-*.so") for place in places)


def _write_run_state(paths: Paths, record: Record, host: Host, launch: Launch, *, busybox: str, system: str) -> None:
    state = paths.run_state(record.container.name)
    os.makedirs(paths.run, mode=0o755, exist_ok=True)
    os.makedirs(f"{state}/guest", mode=0o755, exist_ok=True)
    os.chmod(state, 0o700)
    for stale in _RUN_FILES:
        remove(f"{state}/{stale}")
    for name, text in launch.files.items():
        # Lost with the host's reboot anyway: no fsync on this path.
        with open(f"{state}/{name}", "w", encoding="utf-8") as file:
            file.write(text)
    hosts.write_guest(paths, record.container.name, system)
    resolver.write_guest(paths, record.container)
    resolver.watch(paths, host)
    bridges.prepare(paths, record.container, host)
    unmanaged.tell(record.container)
    started = observe.Started(
        params=params_digest(record.container, host),
        system=system,
        busybox=busybox,
        limits=container_limits(record.container)[0],
        container=record.container,
    )
    hosts.replace(f"{state}/started.json", json.dumps(encode(started)))


def note_system(paths: Paths, name: str, system: str) -> None:
    """Remember that the running guest was switched to `system`."""
    again.forget(paths, name)
    before = observe.started_as_written(paths, name)
    if before:  # a damaged one says nothing, and leads to a restart by the next switch
        write_atomically(f"{paths.run_state(name)}/started.json", json.dumps({**before, "system": system}))


def ensure_machine_id() -> None:
    """Give the host a machine id (machine-id(5)) if it has none: nspawn derives the MAC addresses of veth pairs from it."""
    path = "/etc/machine-id"
    if (read_text(path) or "").strip() not in ("", "uninitialized"):
        return
    write_atomically(path, os.urandom(16).hex() + "\n", mode=0o444)
    log.say(f"made {path}, which this host did not have and systemd-nspawn needs")
