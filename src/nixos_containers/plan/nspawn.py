"""systemd-nspawn's command line for a container (systemd-nspawn(1)): a function of its arguments only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..declare.container import Container
    from .facts import Host
    from .network import NetworkPlan

# Where the guest finds the wrapper that configures its network and what it talks to the launcher with.
GUEST_DIRECTORY = "/run/nixos-container"
_NIX_STATE = "/nix/var/nix"


@dataclass(frozen=True, slots=True)
class Generations:
    """The container's directories of profiles and of garbage collector roots on the host."""

    profiles: str
    gcroots: str


def escape(path: str) -> str:
    """`path` for a --bind or --tmpfs argument, where a colon separates fields and a backslash escapes."""
    return path.replace("\\", "\\\\").replace(":", "\\:")


def _may_make_devices(container: Container) -> bool:
    wanted = "CAP_MKNOD" in container.additional_capabilities
    return wanted or any("m" in device.modifier for device in container.allowed_devices)


def nspawn_command(
    container: Container,
    host: Host,
    network: NetworkPlan,
    *,
    root: str,
    guest_directory: str,
    busybox: str,
    system: str,
    user_base: int | str,
    flags: tuple[str, ...],
    generations: Generations | None = None,
) -> list[str]:
    """The argv that runs `system` as `container` on the directory `root`.

    `user_base` is the first uid of the private range, or nspawn's words `no` and `identity`; `flags` are the extra
    flags that are left when limits are taken out; `guest_directory` is the host's side of GUEST_DIRECTORY;
    `generations` are the container's own directories of Nix state, for a guest that expects them.
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
        "--notify-ready=yes",
        "--kill-signal=SIGRTMIN+3",
        "--console=read-only",
        "--resolv-conf=off",
        "--timezone=off",
        "--link-journal=no",
        *_users(user_base),
        *network.nspawn,
        f"--bind-ro=/nix/store:/nix/store:norbind{',idmap' if idmap else ''}",
        f"--bind-ro={escape(guest_directory)}:{GUEST_DIRECTORY}",
        *(_nix_state(container, generations, idmap=idmap) if generations is not None else ()),
        *_binds(container, private_users=private_users),
        *(f"--tmpfs={path}" for path in container.tmpfs),
        *_rights(container, private_users=private_users),
    ]
    if network.private:
        command.append("--setenv=PRIVATE_NETWORK=1")
    command += flags
    command += ["--", busybox, "sh", f"{GUEST_DIRECTORY}/init", f"{system}/init"]
    return command


def _users(user_base: int | str) -> list[str]:
    if user_base in ("no", "identity"):
        return [f"--private-users={user_base}"]
    return [f"--private-users={user_base}:65536", "--private-users-ownership=auto"]


def _nix_state(container: Container, generations: Generations, *, idmap: bool) -> list[str]:
    """What NixOS finds below /nix/var/nix, as upstream gives it: its own profiles and roots, writable.

    Instead of the host's daemon and database there is an empty directory where a socket would be, so that NixOS does not
    start a daemon of its own on a store that it may not write.
    """
    options = ":idmap" if idmap else ""
    command = [
        f"--bind={escape(generations.profiles)}:{_NIX_STATE}/profiles{options}",
        f"--bind={escape(generations.gcroots)}:{_NIX_STATE}/gcroots{options}",
    ]
    socket = f"{_NIX_STATE}/daemon-socket"
    places = [bind.mount_point.rstrip("/") for bind in container.binds]
    if not any(place in (_NIX_STATE, socket) or place.startswith(f"{socket}/") for place in places):
        command.append(f"--tmpfs={socket}:ro,mode=755")
    return command


def _binds(container: Container, *, private_users: bool) -> list[str]:
    mapped = ":idmap" if private_users else ""
    return [
        f"{'--bind-ro' if bind.is_read_only else '--bind'}={escape(bind.source)}:{escape(bind.mount_point)}{mapped}"
        for bind in container.binds
    ]


def _rights(container: Container, *, private_users: bool) -> list[str]:
    command = []
    capabilities = [*container.additional_capabilities, *(["CAP_NET_ADMIN"] if container.enable_tun else [])]
    if capabilities:
        command.append("--capability=" + ",".join(dict.fromkeys(capabilities)))
    if container.enable_tun:
        command.append("--bind=/dev/net/tun")
    if not private_users and not _may_make_devices(container):
        # Root of the host's user namespace could make itself the node of any disk: systemd's units have a device policy
        # against that, a supervisor of our own has none.
        command.append("--drop-capability=CAP_MKNOD")
    return command
