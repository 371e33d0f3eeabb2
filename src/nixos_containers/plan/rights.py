"""What a container may do and what it is handed: capabilities, system calls, device nodes, credentials. Pure texts.

Device nodes and credentials stand in a small file system that the launcher mounts in a mount namespace of its own: nobody
else sees it, and it ends with the container. Not for mounts of directories (nspawn.py) nor for limits.
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from ..declare.container import Device

if TYPE_CHECKING:
    from ..declare.container import Container, Credential

_TUN = "/dev/net/tun"
# What every container may use, as systemd's DevicePolicy=closed has it and nspawn makes in /dev: null, zero, full, random,
# urandom, tty, console, ptmx, all terminals of devpts, and tun, which acts on the container's own network only.
_ALWAYS = (
    "c 1:3 rwm", "c 1:5 rwm", "c 1:7 rwm", "c 1:8 rwm", "c 1:9 rwm", "c 5:0 rwm", "c 5:1 rwm", "c 5:2 rwm", "c 136:* rwm",
    "c 10:200 rwm",
)  # fmt: skip


def devices_of(container: Container) -> dict[str, Device]:
    """The nodes that the container gets, `enableTun`'s among them."""
    tun = {_TUN: Device(mode="0666")} if container.enable_tun else {}
    return {**tun, **container.devices}


def _may_make_devices(container: Container) -> bool:
    wanted = "CAP_MKNOD" in container.additional_capabilities
    return wanted or any("m" in device.modifier for device in container.allowed_devices)


def rights(container: Container, *, private_users: bool) -> list[str]:
    """systemd-nspawn's words for capabilities and system calls."""
    words = []
    more = [*container.additional_capabilities, *(["CAP_NET_ADMIN"] if container.enable_tun else [])]
    if more:
        words.append("--capability=" + ",".join(dict.fromkeys(more)))
    fewer = list(container.drop_capabilities)
    if not private_users and not _may_make_devices(container):
        # Root of the host's user namespace could make itself the node of any disk, where no device policy holds.
        fewer.append("CAP_MKNOD")
    if fewer:
        words.append("--drop-capability=" + ",".join(dict.fromkeys(fewer)))
    if container.no_new_privileges:
        words.append("--no-new-privileges=yes")
    # One by one: to systemd-nspawn, a ~ at the beginning holds for all of the words in a value.
    words += [f"--system-call-filter={name}" for name in container.system_call_filter]
    return words


def handed_words(container: Container, *, state: str) -> list[str]:
    """systemd-nspawn's words for what `handed_lines` has made below `state`."""
    words = [f"--bind={state}/own/{number}:{node}" for number, node in enumerate(devices_of(container))]
    return words + [f"--load-credential={name}:{state}/own/{name}.credential" for name in container.credentials]


def handed_lines(container: Container, *, user_base: int) -> tuple[str, ...]:
    """Shell lines, for a function, that make device nodes and credentials anew in `own`; they return 1 when one cannot be had."""
    devices = devices_of(container)
    if not devices and not container.credentials:
        return ()
    lines = [
        "  # In this process's own mount namespace: nobody else sees it, and it ends with the container.",
        "  umount -l own 2>/dev/null; mkdir -p own",
        "  mount -t tmpfs -o mode=0700,nosuid,noexec nixos-container own || return 1",
    ]
    for number, (node, device) in enumerate(devices.items()):
        lines += _device_lines(container.name, node, device, f"own/{number}", user_base)
    for name, credential in container.credentials.items():
        lines += _credential_lines(container.name, name, credential)
    return tuple(lines)


def _device_lines(container: str, node: str, device: Device, place: str, user_base: int) -> list[str]:
    q = shlex.quote
    option = "enableTun" if node == _TUN and device == Device(mode="0666") else f'devices."{node}"'
    missing = f"containers.{container}.{option}: this host has no device {node}"
    mode = q(device.mode) if device.mode is not None else f"$(stat -L -c %a {q(node)})"
    return [
        f"  if [ -b {q(node)} ]; then kind=b; elif [ -c {q(node)} ]; then kind=c; else echo {q(missing)} >&2; return 1; fi",
        f"  mknod -m {mode} {place} $kind $(printf '%d %d' $(stat -L -c '0x%t 0x%T' {q(node)})) || return 1",
        f"  chown {user_base + device.user}:{user_base + device.group} {place} || return 1",
    ]


def _credential_lines(container: str, name: str, credential: Credential) -> list[str]:
    q = shlex.quote
    if credential.file is not None:
        source = f"cat {q(credential.file)}"
    elif credential.encrypted is not None:
        source = f"systemd-creds decrypt --name={q(name)} {q(credential.encrypted)} -"
    else:
        source = f"/bin/sh -c {q(credential.command or 'false')} < /dev/null"
    failed = f"containers.{container}.credentials.{name}: it could not be had"
    return [f"  (umask 077; {source} > own/{name}.credential) || {{ echo {q(failed)} >&2; return 1; }}"]


def device_policy_lines(container: Container, group: str, *, filtering: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Shell lines that close the fresh cgroup `group` to all devices that the container does not use.

    In cgroup v1 `group` is one of the controller `devices`, whose files take it only before there is anything below. cgroup v2 has
    no such files: `filtering` is the program which, given the cgroup and such rules, makes the kernel ask a program of its own.
    """
    q = shlex.quote
    named = [(device.node, device.modifier) for device in container.allowed_devices]
    named += [(node, device.permissions + "m") for node, device in devices_of(container).items()]
    if filtering:
        first = [f"    mkdir -p {q(group)} || return 1", '    rules=; allow() { rules="$rules$1', '"; }']
    else:
        first = [
            f"    mkdir -p {q(group)} && echo a > {q(group)}/devices.deny || return 1",
            f'    allow() {{ echo "$1" > {q(group)}/devices.allow; }}',
        ]
    lines = [
        f"  if [ ! -d {q(group)}/launcher ]; then # nothing is below it yet",
        *first,
        f'    for rule in {" ".join(q(rule) for rule in _ALWAYS)}; do allow "$rule"; done || return 1',
    ]
    for node, letters in named:
        letters = "".join(letter for letter in "rwm" if letter in letters)
        if node.startswith("/"):
            lines.append(
                f"    [ ! -e {q(node)} ] || {{ kind=c; [ ! -b {q(node)} ] || kind=b; allow \"$kind $(printf '%d:%d' "
                f"$(stat -L -c '0x%t 0x%T' {q(node)})) {letters}\"; }}"
            )
        else:
            kind, _, name = node.partition("-")
            heading = "Block" if kind == "block" else "Character"
            lines += [
                "    part=",
                "    while read -r major name; do # a class, as systemd.resource-control(5) names them",
                f'      case $major in Character | Block) part=$major; continue;; esac; [ "$part" = {heading} ] || continue',
                f'      case $name in {_pattern(name)}) allow "{kind[0]} $major:* {letters}";; esac',
                "    done < /proc/devices",
            ]
    if filtering:  # what a kernel without it cannot do, it says; doctor as well
        lines.append(f'    {" ".join(map(q, filtering))} {q(group)} "$rules" || :')
    return (*lines, "  fi")


def _pattern(name: str) -> str:
    """`name`, in which * and ? are wild, as a pattern of the shell."""
    return "".join(character if character in "*?" or character.isalnum() else "\\" + character for character in name) or "''"
