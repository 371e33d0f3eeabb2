"""What this host lacks for containers: programs, kernel features, limits. Looks only.

Each function takes what it judges, where that is text, so that tests can show it a host that is not this one.
"""

from __future__ import annotations

import os
import re

from ..base import process
from ..declare.finding import Finding
from ..kernel import cgroups, device_filter, sysctls
from .firewall import obstacles
from .host import init_is_systemd

# What each program is for: without it, that does not work.
_TOOLS = {
    "nix-instantiate": "definitions cannot be evaluated",
    "nix-store": "systems cannot be built",
    "systemd-nspawn": "containers cannot start",
    "ip": "containers get no network",
    "nft": "containers have no address translation and no forwarded ports",
    "nsenter": "health checks cannot be made, and networks of running containers not changed",
    "unshare": "ephemeral containers cannot start",
    "setpriv": "Nix and apt go on for a while when a command is killed",
    "apt-get": "packages of the embedded universe cannot be resolved; containers from nixpkgs are not affected",
    "dpkg-deb": "packages of the embedded universe cannot be unpacked; containers from nixpkgs are not affected",
}
_BUS = "/run/dbus/system_bus_socket"
_NAMESPACES = {
    "user": "CONFIG_USER_NS",
    "net": "CONFIG_NET_NS",
    "pid": "CONFIG_PID_NS",
    "mnt": "",
    "uts": "CONFIG_UTS_NS",
    "ipc": "CONFIG_IPC_NS",
}
# Guests share these limits: below them only a few containers fit.
_ROOM = {"fs.inotify.max_user_instances": 1024, "kernel.keys.maxkeys": 1000}
_OLDEST_NSPAWN = 252
_IDMAPPED_MOUNTS = (5, 12)
_RULES = """\
add table inet nixos-containers-probe
add chain inet nixos-containers-probe nat { type nat hook postrouting priority 100; }
add rule inet nixos-containers-probe nat ip saddr 192.0.2.1 masquerade
"""


def host_findings() -> list[Finding]:
    """Everything that is wrong with this host itself; empty when all is well."""
    return [*_tools(), *_namespaces(), *_kernel(), *_cgroups(), *_device_policy(), *_packet_filter(), *obstacles(), *_limits(), *_bus()]


def _tools() -> list[Finding]:
    found = []
    for tool, consequence in _TOOLS.items():
        if process.find(tool) is None:
            failure = process.missing(tool)
            found.append(Finding(failure.what, consequence, failure.hint))
    if process.find("systemd-nspawn") is not None:
        found += nspawn_version(process.run(["systemd-nspawn", "--version"], check=False).stdout)
    return found


def nspawn_version(said: str) -> list[Finding]:
    """Judge what `systemd-nspawn --version` says."""
    match = re.match(r"systemd (\d+)", said)
    if match is None or int(match[1]) >= _OLDEST_NSPAWN:
        return []
    return [
        Finding(
            f"systemd-nspawn is of version {match[1]}",
            "it lacks options that containers are started with",
            f"upgrade systemd-container to {_OLDEST_NSPAWN} or newer",
        )
    ]


def _namespaces() -> list[Finding]:
    found = [
        Finding(f"the kernel has no {namespace} namespaces", "containers cannot start", f"a kernel with {option}" if option else "")
        for namespace, option in _NAMESPACES.items()
        if not os.path.exists(f"/proc/self/ns/{namespace}")
    ]
    if sysctls.read("user.max_user_namespaces") == "0":
        found.append(
            Finding(
                "user namespaces are turned off (sysctl user.max_user_namespaces=0)",
                "private users cannot work: containers with a private network do not start",
                "sysctl -w user.max_user_namespaces=15000, and the same in /etc/sysctl.d",
            )
        )
    return found


def _kernel() -> list[Finding]:
    found = kernel_version(os.uname().release)
    if not _has_file_system("overlay"):
        found.append(Finding("the kernel has no overlay file system", "overlay mounts do not work", "modprobe overlay", notice=True))
    return found


def kernel_version(release: str) -> list[Finding]:
    """Judge the kernel by its release."""
    match = re.match(r"(\d+)\.(\d+)", release)
    if match is None or (int(match[1]), int(match[2])) >= _IDMAPPED_MOUNTS:
        return []
    return [
        Finding(
            f"the kernel ({release}) has no idmapped mounts",
            "files of containers with private users get other owners at every start, and bind mounts belong to nobody inside",
            "a kernel of version 5.12 or newer",
            notice=True,
        )
    ]


def _has_file_system(name: str) -> bool:
    try:
        with open("/proc/filesystems", encoding="ascii") as file:
            if name in file.read().split():
                return True
    except OSError:
        return True  # nothing can be told
    release = os.uname().release
    for directory in (f"/lib/modules/{release}", f"/run/booted-system/kernel-modules/lib/modules/{release}"):
        try:
            with open(f"{directory}/modules.dep", encoding="utf-8") as file:
                if f"/{name}.ko" in file.read():
                    return True
        except OSError:
            continue
    return False


def _cgroups() -> list[Finding]:
    v1, v2 = cgroups.hierarchies()
    return cgroup_findings(v1, v2, cgroups.offered_controllers(v2))


def cgroup_findings(v1: dict[str, str], v2: str | None, offered: frozenset[str]) -> list[Finding]:
    """Judge the cgroup hierarchies (cgroups(7)) that are mounted."""
    if not v1 and v2 is None:
        return [
            Finding(
                "no cgroup file system is mounted",
                "containers cannot start",
                "mount -t cgroup2 cgroup2 /sys/fs/cgroup, or boot with an init that does it",
            )
        ]
    lacking = [name for name in ("cpu", "memory", "pids") if name not in v1 and name not in offered]
    if not lacking:
        return []
    return [
        Finding(
            f"no cgroup controller for {', '.join(lacking)}",
            "limits of these have no effect",
            "boot with cgroup_enable=" + ",".join(lacking) if "memory" in lacking else "a kernel with these controllers",
            notice=True,
        )
    ]


def _device_policy() -> list[Finding]:
    v1, v2 = cgroups.hierarchies()
    if "devices" in v1 or v2 is None or init_is_systemd() or os.geteuid() != 0:
        return []
    return device_findings(device_filter.refusal())


def device_findings(refusal: str | None) -> list[Finding]:
    """Judge the kernel's answer to a program that filters devices on cgroup v2 alone (kernel/device_filter.py)."""
    if refusal is None:
        return []
    return [
        Finding(
            f"the kernel takes no device policy on cgroup v2 ({refusal})",
            "a container without private users that is given CAP_MKNOD reaches every device",
            "a kernel with CONFIG_CGROUP_BPF, and the right to use bpf(2); or keep privateUsers on, as it is by default",
            notice=True,
        )
    ]


def _packet_filter() -> list[Finding]:
    if process.find("nft") is None or os.geteuid() != 0:
        return []
    done = process.run(["nft", "--check", "--file", "-"], stdin=_RULES, check=False)
    if done.returncode == 0:
        return []
    return [
        Finding(
            "the kernel does not take nftables rules of the family inet with address translation",
            "containers reach no other network, and forwarded ports lead nowhere",
            "modprobe nf_tables nft_chain_nat nft_masq; nft says: " + " ".join(done.stderr.split())[:200],
        )
    ]


def _limits() -> list[Finding]:
    found = []
    for name, wanted in _ROOM.items():
        current = sysctls.read(name)
        writable = os.access("/proc/sys/" + name.replace(".", "/"), os.W_OK)
        if current is not None and current.isdigit() and int(current) < wanted and not writable:
            found.append(
                Finding(
                    f"sysctl {name} is {current}, and it cannot be raised from here",
                    "only a few containers fit",
                    f"on the host that gives this one its kernel: sysctl -w {name}={wanted}",
                )
            )
    return found


def _bus() -> list[Finding]:
    if not init_is_systemd() or os.path.exists(_BUS):
        return []
    return [Finding("the D-Bus system bus is not there", "systemd-nspawn cannot register containers", "apt-get install dbus")]
