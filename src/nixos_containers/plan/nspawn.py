"""systemd-nspawn's command line for a container (systemd-nspawn(1)): a function of its arguments only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .mounts import escape, mount_flags
from .rights import handed_words, rights

if TYPE_CHECKING:
    from ..declare.container import Container
    from .facts import Host
    from .limits import CgroupLimits
    from .network import NetworkPlan

# Where the guest finds the wrapper that configures its network and what it talks to the launcher with.
GUEST_DIRECTORY = "/run/nixos-container"
# Where states and volumes are, unless paths are moved.
STATES = "/var/lib/nixos-containers"
_NIX_STATE = "/nix/var/nix"


@dataclass(frozen=True, slots=True)
class Nixos:
    """What a start of real NixOS depends on besides.

    `profiles` and `gcroots` are the container's directories of Nix state on the host. `recent_systemd` says that the guest's
    systemd is of 2017 or newer: such a one knows cgroup v2 and tells nspawn when it is ready. `platform` is Nix's name of it.
    """

    profiles: str
    gcroots: str
    recent_systemd: bool = True
    platform: str = ""


def nspawn_command(
    container: Container,
    host: Host,
    network: NetworkPlan,
    *,
    root: str,
    guest_directory: str,
    busybox: str,
    system: str,
    store: str | tuple[str, ...] = "/nix/store",
    user_base: int | str,
    flags: tuple[str, ...],
    nixos: Nixos | None = None,
    states: str = STATES,
) -> list[str]:
    """The argv that runs `system` as `container` on the directory `root`.

    `user_base` is the first uid of the private range, or nspawn's words `no` and `identity`; `flags` are the extra
    flags that are left when limits are taken out; `guest_directory` is the host's side of GUEST_DIRECTORY;
    `nixos` is None for a system of the embedded universe.
    """
    private_users = user_base not in ("no", "identity", 0)
    # The store belongs to host's root, whom a guest with private users would see as nobody.
    idmap = private_users and host.store_idmap
    command = [
        host.tools.nspawn,
        "--quiet",
        "--keep-unit",
        f"--register={'yes' if host.systemd else 'no'}",
        f"--machine={container.name}",
        f"--directory={root}",
        # A guest that says nothing would be waited for in vain: it counts as ready when its init runs.
        f"--notify-ready={'yes' if nixos is None or nixos.recent_systemd else 'no'}",
        "--kill-signal=SIGRTMIN+3",
        "--console=read-only",
        "--resolv-conf=off",
        "--timezone=off",
        "--link-journal=no",
        *_users(user_base),
        *network.nspawn,
        *_store(store, options="norbind,idmap" if idmap else "norbind"),
        f"--bind-ro={escape(guest_directory)}:{GUEST_DIRECTORY}",
        *(_nix_state(container, nixos, idmap=idmap) if nixos is not None else ()),
        *(_nix_daemon(options=":idmap" if idmap else "") if container.nix_daemon else ()),
        *mount_flags(container, states=states, private_users=private_users),
        *rights(container, private_users=private_users),
        *handed_words(container, state=guest_directory.rpartition("/")[0]),
    ]
    if nixos is not None and nixos.platform == "i686-linux":
        command.append("--personality=x86")
    if network.private:
        command.append("--setenv=PRIVATE_NETWORK=1")
    command += flags
    command += ["--", busybox, "sh", f"{GUEST_DIRECTORY}/init", f"{system}/init"]
    return command


def limit_flags(limits: CgroupLimits) -> tuple[str, ...]:
    """The flag for a limit that a process has and not its cgroup (systemd.exec(5)).

    Not --oom-score-adjust: nspawn 252 sets it when it may no longer (Permission denied). It is inherited instead.
    """
    return () if limits.limit_nofile is None else (f"--rlimit=NOFILE={limits.limit_nofile}",)


def _users(user_base: int | str) -> list[str]:
    if user_base in ("no", "identity"):
        return [f"--private-users={user_base}"]
    return [f"--private-users={user_base}:65536", "--private-users-ownership=auto"]


def _store(store: str | tuple[str, ...], *, options: str) -> list[str]:
    if isinstance(store, str):
        return [f"--bind-ro={escape(store)}:/nix/store:{options}"]
    # Single paths need a directory to be mounted in, which is nothing of the root's.
    return ["--tmpfs=/nix/store:mode=755", *(f"--bind-ro={path}:{path}:{options}" for path in store)]


def _nix_daemon(*, options: str) -> list[str]:
    """The host's database and daemon, as upstream's guests have them: whoever may talk to it may build on the host."""
    return [f"--bind-ro={_NIX_STATE}/{place}:{_NIX_STATE}/{place}{options}" for place in ("db", "daemon-socket")]


def _nix_state(container: Container, nixos: Nixos, *, idmap: bool) -> list[str]:
    """What NixOS finds below /nix/var/nix, as upstream gives it: its own profiles and roots, writable.

    Instead of the host's daemon and database there is an empty directory where a socket would be, so that NixOS does not
    start a daemon of its own on a store that it may not write.
    """
    options = ":idmap" if idmap else ""
    command = [
        f"--bind={escape(nixos.profiles)}:{_NIX_STATE}/profiles{options}",
        f"--bind={escape(nixos.gcroots)}:{_NIX_STATE}/gcroots{options}",
    ]
    socket = f"{_NIX_STATE}/daemon-socket"
    places = [bind.mount_point.rstrip("/") for bind in container.binds]
    if not container.nix_daemon and not any(place in (_NIX_STATE, socket) or place.startswith(f"{socket}/") for place in places):
        command.append(f"--tmpfs={socket}:ro,mode=755")
    return command
