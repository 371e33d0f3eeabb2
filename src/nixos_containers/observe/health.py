"""Whether the host's disks, ids and clock, and the containers' own files, are in order. Looks only.

Not for kernel features and programs (checks.py), nor for repairing (run/).
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from ..base import nix, process
from ..base.errors import ContainerError
from ..base.files import read_text
from ..declare.finding import Finding
from ..plan.users import RANGE, parse_subid
from . import containers as observe

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ..base.paths import Paths

_MIB = 1 << 20
_LOW, _VERY_LOW = 1024 * _MIB, 100 * _MIB
# What runs and who holds a lock takes a few files: distributions give them a small file system of their own.
_ENOUGH_FOR_A_FEW_FILES = _MIB
_OLDEST_NIX = (2, 8)
# Networked and user-space file systems have no idmapped mounts (mount_setattr(2)).
_UNMAPPABLE = ("nfs", "nfs4", "cifs", "smb3", "9p", "fuse", "overlay", "vboxsf")


def health_findings(paths: Paths) -> list[Finding]:
    """Everything of this kind; empty when all is well."""
    return [*_nix(), *_disks(paths), *_subordinate_ids(paths), *_machine(), *container_findings(paths)]


def _nix() -> list[Finding]:
    if process.find("nix-instantiate") is None:
        return []  # said already
    found = nix_version(process.run(["nix-instantiate", "--version"], check=False).stdout)
    nowhere = "/nix/store/00000000000000000000000000000000-nothing"
    asked = ["nix-store", "--check-validity", "--print-invalid", nowhere]
    done = process.run(asked, env=nix.environment(substitute=False), check=False, timeout=30)
    if done.stdout.strip() != nowhere:
        found.append(Finding("Nix cannot open its store", "nothing can be built", "nix says: " + " ".join(done.stderr.split())[:200]))
    return found


def nix_version(said: str) -> list[Finding]:
    """Judge what `nix-instantiate --version` says."""
    numbers = said.strip().rpartition(" ")[2].split(".")
    if len(numbers) < 2 or not (numbers[0].isdigit() and numbers[1].isdigit()) or (int(numbers[0]), int(numbers[1])) >= _OLDEST_NIX:
        return []
    return [Finding(f"Nix is of version {'.'.join(numbers)}", "definitions cannot be evaluated", "install Nix 2.8 or newer")]


def _disks(paths: Paths) -> list[Finding]:
    uses = {
        "/nix/store": "systems cannot be built",
        paths.states: "containers cannot write",
        paths.records: "containers cannot be made or changed",
        paths.cache: "packages cannot be fetched",
        paths.logs: "console logs are lost",
        paths.run: "containers cannot start",
        paths.lock(""): "commands cannot lock containers",
    }
    found, seen = [], set()
    for path, consequence in uses.items():
        place = _existing(path)
        status = os.statvfs(place)
        if path in (paths.run, paths.lock("")) and status.f_bavail * status.f_frsize > _ENOUGH_FOR_A_FEW_FILES:
            continue
        device = os.stat(place).st_dev
        findings = disk_findings(place, status.f_bavail * status.f_frsize, status.f_favail, status.f_files, status.f_flag, consequence)
        if findings and (device, findings[0].what.split(":")[0]) not in seen:
            seen.add((device, findings[0].what.split(":")[0]))
            found += findings
    return found + _state_file_system(paths)


def _existing(path: str) -> str:
    while not os.path.isdir(path):
        path = os.path.dirname(path.rstrip("/")) or "/"
    return path


def disk_findings(place: str, free: int, free_inodes: int, inodes: int, flags: int, consequence: str) -> list[Finding]:
    """Judge the file system at `place`: free bytes, inodes (0 of 0: it counts none), mount flags (statvfs(3))."""
    if flags & os.ST_RDONLY and place != "/nix/store":  # Nix keeps the store read-only itself
        return [Finding(f"{place} is read-only", consequence, f"mount -o remount,rw {place}, after a look at what the kernel says (dmesg)")]
    if free < _LOW:
        return [
            Finding(
                f"{place}: only {free // _MIB} MiB are free",
                consequence if free < _VERY_LOW else "the next large build may not fit",
                "‘nixos-container prune’, then ‘nix-collect-garbage’",
                notice=free >= _VERY_LOW,
            )
        ]
    if inodes and free_inodes < 10000:
        return [Finding(f"{place}: only {free_inodes} inodes are free", consequence, "remove small files, or make a larger file system")]
    if flags & os.ST_NOEXEC and place.startswith("/nix"):
        return [Finding(f"{place} is mounted noexec", "nothing in it can be started", f"mount -o remount,exec {place}")]
    return []


def _state_file_system(paths: Paths) -> list[Finding]:
    place = os.path.realpath(_existing(paths.states))
    kind, best = "", ""
    for line in (read_text("/proc/self/mountinfo") or "").splitlines():
        before, _, after = line.partition(" - ")
        point = before.split(" ")[4]
        if (place == point or place.startswith(point.rstrip("/") + "/")) and len(point) >= len(best):
            best, kind = point, after.split(" ")[0]
    if kind.partition(".")[0] not in _UNMAPPABLE:
        return []
    return [
        Finding(
            f"{paths.states} is on {kind}, which may not be mapped into user namespaces",
            "files of containers with private users get other owners at every start",
            "put it on ext4, xfs, btrfs or tmpfs",
            notice=True,
        )
    ]


def _subordinate_ids(paths: Paths) -> list[Finding]:
    try:
        ranges = observe.user_ranges(paths)
    except ContainerError:
        return []  # said where records are looked at
    texts = {file: read_text(file) or "" for file in ("/etc/subuid", "/etc/subgid")}
    accounts = (read_text("/etc/passwd") or "").splitlines()
    users = {int(fields[2]): fields[0] for line in accounts if len(fields := line.split(":")) > 3 and fields[2].isdigit()}
    return subordinate_findings(ranges, texts, users)


def subordinate_findings(ranges: Mapping[str, int], files: Mapping[str, str], users: Mapping[int, str]) -> list[Finding]:
    """Ranges of containers that others have as well: in subuid(5) or subgid(5) `files`, or as `users` of the host."""
    found = []
    for name, base in sorted(ranges.items()):
        others = [
            f"{file} ({start}:{count})"
            for file, text in files.items()
            for start, count in parse_subid(text)
            if start < base + RANGE and base < start + count
        ]
        others += [f"user {user}" for uid, user in users.items() if base <= uid < base + RANGE]
        if others:
            found.append(
                Finding(
                    f"the user ids of container ‘{name}’ ({base} to {base + RANGE - 1}) are also those of {', '.join(others)}",
                    "that user could reach into the container, and the container to that user's processes",
                    "give that user another range there (usermod --del-subuids, --add-subuids)",
                )
            )
    return found


def _machine() -> list[Finding]:
    found = []
    if (read_text("/etc/machine-id") or "").strip() in ("", "uninitialized"):
        found.append(
            Finding("the host has no machine id", "MAC addresses would change", "the next start makes /etc/machine-id", notice=True)
        )
    found += clock_findings(time.time(), os.stat(__file__).st_mtime)
    return found


def clock_findings(now: float, installed: float) -> list[Finding]:
    """Judge the clock by the time at which this program was installed (seconds since the epoch)."""
    if now > installed - 86400:
        return []
    return [
        Finding(
            f"the clock says {time.strftime('%Y-%m-%d', time.gmtime(now))}, but this program was installed later",
            "archives and caches are refused, since their signatures seem to be from the future",
            "set the clock (timedatectl set-time, or date -s), and run a time service",
        )
    ]


def container_findings(paths: Paths) -> list[Finding]:
    """What of the containers' own files is damaged, lost or without an owner."""
    found = []
    try:
        observe.user_ranges(paths)
    except ContainerError as failure:
        found.append(Finding(failure.what, "containers with private users cannot be made", failure.hint))
    known = observe.names(paths)
    for name in known:
        finding = _container(paths, name)
        # What is half there because a command is making, changing or removing it, or was a moment ago, is not wrong.
        if finding is not None and not os.path.exists(paths.unfinished(name)) and name in observe.names(paths):
            finding = _container(paths, name)
            found += [] if finding is None else [finding]
    return found + _ownerless(paths, known)


def _container(paths: Paths, name: str) -> Finding | None:
    try:
        system = observe.system_of(paths, observe.record(paths, name))
    except ContainerError as failure:
        return Finding(failure.what, f"container ‘{name}’ cannot be started or changed", failure.hint)
    if os.path.exists(f"{system}/init"):
        return None
    gone = f"the system of container ‘{name}’ is gone from the store: {system}"
    return Finding(gone, "it cannot start", f"nixos-container update {name}")


def _ownerless(paths: Paths, known: Iterable[str]) -> list[Finding]:
    """States that outlived their containers: kept until a person decides."""
    try:
        states = sorted(entry for entry in os.listdir(paths.states) if not entry.startswith("."))
    except OSError:
        return []
    disks = _names_of_disks(paths)
    found = [
        Finding(
            f"{paths.disk(name)} belongs to no container",
            "it is kept: a container of that name will use it again",
            "declare it again, or remove the file",
            notice=True,
        )
        for name in disks
        if name not in known
    ]
    found += [
        Finding(
            f"{paths.state(name)} has files that nobody sees: the root of container ‘{name}’ is the disk {paths.disk(name)}",
            "they take space for nothing",
            f"look at them, then remove them: {paths.state(name)}",
            notice=True,
        )
        for name in disks
        if os.path.isdir(paths.state(name)) and not os.path.ismount(paths.state(name)) and os.listdir(paths.state(name))
    ]
    return found + [
        Finding(
            f"{paths.state(name)} belongs to no container",
            "it is kept: a container of that name will use it again",
            "declare it again, or remove the directory",
            notice=True,
        )
        for name in states
        if name not in known and os.path.isdir(paths.state(name))
    ]


def _names_of_disks(paths: Paths) -> list[str]:
    try:
        entries = sorted(os.listdir(os.path.dirname(paths.disk("x"))))
    except OSError:
        return []
    return [entry.removesuffix(".ext4") for entry in entries if not entry.startswith(".") and entry.endswith(".ext4")]
