"""systemd-nspawn's command line for a container (systemd-nspawn(1)): a function of its arguments only."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..declare.container import Container
    from .facts import Host
    from .network import NetworkPlan

# Where the guest finds the wrapper that configures its network and what it talks to the launcher with.
GUEST_DIRECTORY = "/run/nixos-container"


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
) -> list[str]:
    """The argv that runs `system` as `container` on the directory `root`.

    `user_base` is the first uid of the private range, or nspawn's words `no` and `identity`; `flags` are the extra
    flags that are left when limits are taken out; `guest_directory` is the host's side of GUEST_DIRECTORY.
    """
    private_users = user_base not in ("no", "identity", 0)
    # The store belongs to host's root, whom a guest with private users would see as nobody.
    idmap = ":idmap" if private_users and host.store_idmap else ""
    command = [
        host.tools.nspawn,
        "--quiet",
        "--keep-unit",
        "--register=no",
        f"--machine={container.name}",
        f"--directory={root}",
        "--notify-ready=yes",
        "--kill-signal=SIGRTMIN+3",
        "--console=read-only",
        "--resolv-conf=off",
        "--timezone=off",
        "--link-journal=no",
    ]
    if user_base == "no":
        command.append("--private-users=no")
    elif user_base == "identity":
        command.append("--private-users=identity")
    else:
        command += [f"--private-users={user_base}:65536", "--private-users-ownership=auto"]
    command += network.nspawn
    command.append(f"--bind-ro=/nix/store:/nix/store:norbind{',idmap' if idmap else ''}")
    command.append(f"--bind-ro={escape(guest_directory)}:{GUEST_DIRECTORY}")
    for bind in container.binds:
        option = "--bind-ro" if bind.is_read_only else "--bind"
        mapped = ":idmap" if private_users else ""
        command.append(f"{option}={escape(bind.source)}:{escape(bind.mount_point)}{mapped}")
    command += [f"--tmpfs={path}" for path in container.tmpfs]
    capabilities = [*container.additional_capabilities, *(["CAP_NET_ADMIN"] if container.enable_tun else [])]
    if capabilities:
        command.append("--capability=" + ",".join(dict.fromkeys(capabilities)))
    if container.enable_tun:
        command.append("--bind=/dev/net/tun")
    if not private_users and not _may_make_devices(container):
        # Root of the host's user namespace could make itself the node of any disk: systemd's units have a device policy
        # against that, a supervisor of our own has none.
        command.append("--drop-capability=CAP_MKNOD")
    if network.private:
        command.append("--setenv=PRIVATE_NETWORK=1")
    command += flags
    command += ["--", busybox, "sh", f"{GUEST_DIRECTORY}/init", f"{system}/init"]
    return command
