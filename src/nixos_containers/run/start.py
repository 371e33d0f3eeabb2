"""Starting a container: its root, its launcher, and the wait until the guest says that it is ready."""

from __future__ import annotations

import glob
import json
import os
import select
import socket
import time
from typing import TYPE_CHECKING

from ..base import log, process
from ..base.durations import parse_duration
from ..base.errors import ContainerError, HostError
from ..base.files import read_text, remove, write_atomically
from ..declare.codec import encode
from ..kernel import sysctls
from ..observe import containers as observe
from ..observe import links
from ..plan.launch import is_nixos, params_digest, plan_launch
from ..plan.limits import container_limits
from ..plan.nspawn import Nixos
from . import forwarding, hosts, resolver, stop, storeview

if TYPE_CHECKING:
    from subprocess import Popen

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
_LOG_TAIL_LINES = 15
# What an earlier run wrote and this one may not: whoever reads it would take it for this one's.
_RUN_FILES = (
    *("ended", "stopping", "nspawn.pid", "launcher.pid", "links", "unit"),
    *("filter.rules", "filter.up", "filter.stale", "filter.down", "bridge.rules", "bridge.up", "bridge.down", "forwarding"),
)
# The owner of mount points that nspawn 252 makes in a root whose owners it maps: (uid_t) -2 of a 32 bit world, halved.
_NSPAWNS_NOBODY = 0x7FFFFFFE
# Upstream's skeleton of a new root. Owners need no care: nspawn maps them (--private-users-ownership=auto).
_SKELETON = {"usr": 0o755, "etc": 0o755, "var": 0o755, "var/lib": 0o755, "var/lib/private": 0o700, "root": 0o700}


class StartFailed(ContainerError):
    """The guest did not come up; its log's tail is in `details`."""


def start(paths: Paths, record: Record, host: Host, *, busybox: str, system: str) -> None:
    """Start the container of `record` with the store path `system` and wait until the guest is ready.

    The caller holds the container's lock. Raises StartFailed, or HostError when the host cannot; either way nothing of
    the attempt is left.
    """
    name = record.container.name
    launch, state = prepare(paths, record, host, busybox=busybox, system=system), paths.run_state(name)
    timeout = parse_duration(record.container.timeout_start, f"containers.{name}.timeoutStartSec")
    with _listener(f"{state}/notify") as listener:
        launcher = _spawn(paths, name, launch, f"{state}/notify")
        try:
            _wait_until_ready(paths, name, launcher, listener, timeout)
        except BaseException as failure:
            stop.terminate(paths, name, host.cgroups)
            if isinstance(failure, ContainerError) and not failure.details:
                failure.details = log_tail(paths, name)
            raise


def prepare(paths: Paths, record: Record, host: Host, *, busybox: str, system: str) -> Launch:
    """Make everything that a start of `record`'s container needs on the host, up to the texts that it runs.

    Raises HostError when something that is to be bound is missing.
    """
    name = record.container.name
    make_room(paths)
    ensure_machine_id()
    root = prepare_root(paths, record)
    if is_nixos(record.container) and not record.container.ephemeral:
        prepare_nix_directories(root)
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
        store=store,
        nixos=prepare_nixos(paths, name, system) if is_nixos(record.container) else None,
    )
    for bind in record.container.binds:
        if not os.path.exists(bind.source):
            raise HostError(f"containers.{name}.bindMounts: {bind.source} does not exist", hint=f"mkdir -p {bind.source}")
    links.check_links(record.container)
    _write_run_state(paths, record, host, launch, busybox=busybox, system=system)
    forwarding.acquire(paths, name)
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
    os.makedirs(paths.states, mode=0o755, exist_ok=True)
    if not os.path.isdir(root):
        fresh = f"{paths.states}/.new-{name}-{os.getpid()}"
        os.mkdir(fresh, 0o755)
        for directory, mode in _SKELETON.items():
            os.mkdir(f"{fresh}/{directory}", mode)
        os.rename(fresh, root)
    return root


def prepare_nix_directories(root: str) -> None:
    """Make the directories that NixOS's own things below /nix stand in, beside what is mounted there.

    nspawn makes missing mount points as a user that the guest cannot act for: its root could then add nothing. Links that
    the guest may have put there are not followed.
    """
    handles = [os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)]
    try:
        for part in ("nix", "var", "nix"):
            try:
                os.mkdir(part, 0o755, dir_fd=handles[-1])
            except FileExistsError:
                pass
            handles.append(os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=handles[-1]))
            if os.fstat(handles[-1]).st_uid == _NSPAWNS_NOBODY:
                os.fchown(handles[-1], 0, 0)
    except OSError as failure:
        log.debug(f"{root}/nix/var/nix is the guest's own affair: {failure}")
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
    started = observe.Started(
        params=params_digest(record.container, host), system=system, busybox=busybox, limits=container_limits(record.container)[0]
    )
    with open(f"{state}/started.json", "w", encoding="utf-8") as file:
        json.dump(encode(started), file)


def note_system(paths: Paths, name: str, system: str) -> None:
    """Remember that the running guest was switched to `system`."""
    path = f"{paths.run_state(name)}/started.json"
    try:
        before = json.loads(read_text(path) or "{}")
    except ValueError:
        before = None
    if isinstance(before, dict) and before:  # a damaged one says nothing, and leads to a restart by the next switch
        write_atomically(path, json.dumps({**before, "system": system}))


def ensure_machine_id() -> None:
    """Give the host a machine id (machine-id(5)) if it has none: nspawn derives the MAC addresses of veth pairs from it."""
    path = "/etc/machine-id"
    if (read_text(path) or "").strip() not in ("", "uninitialized"):
        return
    write_atomically(path, os.urandom(16).hex() + "\n", mode=0o444)
    log.say(f"made {path}, which this host did not have and systemd-nspawn needs")


class _listener:
    """A notification socket (sd_notify(3)) that exists while the block runs."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)

    def __enter__(self) -> socket.socket:
        remove(self._path)
        self._socket.bind(self._path)
        return self._socket

    def __exit__(self, *_: object) -> None:
        self._socket.close()
        remove(self._path)


def _spawn(paths: Paths, name: str, launch: Launch, notify: str) -> Popen[bytes]:
    os.makedirs(paths.logs, mode=0o750, exist_ok=True)
    path = paths.log(name)
    try:
        os.replace(path, path + ".1")
    except FileNotFoundError:
        pass
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o640)
    try:
        return process.spawn(launch.command, stdout=descriptor, stderr=descriptor, env={"NOTIFY_SOCKET": notify}, detach=True)
    finally:
        os.close(descriptor)


def _wait_until_ready(paths: Paths, name: str, launcher: Popen[bytes], listener: socket.socket, timeout: float) -> None:
    deadline = time.monotonic() + timeout
    pidfd = os.pidfd_open(launcher.pid)
    try:
        while True:
            readable, _, _ = select.select([listener, pidfd], [], [], max(0.0, deadline - time.monotonic()))
            if listener in readable:
                message = listener.recv(4096).decode(errors="replace").split("\n")
                log.debug("notified: " + " ".join(message))
                if "READY=1" in message:
                    return
            elif pidfd in readable:
                launcher.wait()
                status = (read_text(f"{paths.run_state(name)}/ended") or "").strip()
                raise StartFailed(
                    f"container ‘{name}’ ended before it was ready" + (f" (status {status})" if status not in ("", "0") else ""),
                    hint=f"the whole log is {paths.log(name)}",
                )
            else:
                raise StartFailed(
                    f"container ‘{name}’ was not ready within {timeout:g} s and was stopped again",
                    hint=f"set containers.{name}.timeoutStartSec higher, or look into {paths.log(name)}",
                )
    finally:
        os.close(pidfd)


def log_tail(paths: Paths, name: str) -> str:
    """The last lines of the container's console log, for an error message."""
    text = read_text(paths.log(name)) or ""
    lines = [line.rstrip("\r") for line in text.splitlines() if "Attempted to remove disk file system" not in line]
    return "\n".join(f"  {line}" for line in lines[-_LOG_TAIL_LINES:])
