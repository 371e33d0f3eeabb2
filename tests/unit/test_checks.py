"""What `doctor` finds, shown hosts that are not this one."""

from __future__ import annotations

import os

import pytest

from nixos_containers.declare.finding import Finding
from nixos_containers.observe.checks import cgroup_findings, device_findings, kernel_version, nspawn_version
from nixos_containers.observe.health import clock_findings, disk_findings, nix_version, subordinate_findings

GIB = 1 << 30


def test_a_finding_says_what_it_means_and_what_to_do() -> None:
    finding = Finding("the disk is full", "nothing can be written", "remove something")
    assert str(finding) == "the disk is full\n  consequence: nothing can be written\n  remedy: remove something"
    assert finding.sentence() == "the disk is full (nothing can be written); remove something"


@pytest.mark.parametrize(("said", "wrong"), [("systemd 247 (247.3-7)\n", True), ("systemd 252 (252.39)\n", False), ("?", False)])
def test_old_nspawn(said: str, wrong: bool) -> None:
    assert bool(nspawn_version(said)) is wrong


@pytest.mark.parametrize(("release", "wrong"), [("5.10.0-30-amd64", True), ("5.12.0", False), ("6.1.0-18-amd64", False), ("4.19.0", True)])
def test_kernels_without_idmapped_mounts(release: str, wrong: bool) -> None:
    assert bool(kernel_version(release)) is wrong


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ("nix-instantiate (Nix) 2.3.16\n", True),
        ("nix-instantiate (Nix) 2.8.0\n", False),
        ("nix-instantiate (Lix, like Nix) 2.91.0\n", False),
    ],
)
def test_old_nix(said: str, wrong: bool) -> None:
    assert bool(nix_version(said)) is wrong


def test_cgroups() -> None:
    assert "mount -t cgroup2" in cgroup_findings({}, None, frozenset())[0].remedy
    assert not cgroup_findings({}, "/sys/fs/cgroup", frozenset({"cpu", "memory", "pids", "io"}))
    (hybrid,) = cgroup_findings({"cpu": "/c", "pids": "/p"}, "/u", frozenset())
    assert hybrid.notice and "memory" in hybrid.what


def test_disks() -> None:
    assert not disk_findings("/var", 5 * GIB, 10**6, 10**7, 0, "")
    (low,) = disk_findings("/var", GIB // 2, 10**6, 10**7, 0, "nothing works")
    assert low.notice and "512 MiB" in low.what
    (very_low,) = disk_findings("/var", GIB // 20, 10**6, 10**7, 0, "nothing works")
    assert not very_low.notice and very_low.consequence == "nothing works"
    (inodes,) = disk_findings("/var", 5 * GIB, 10, 10**7, 0, "")
    assert "inodes" in inodes.what
    assert not disk_findings("/var", 5 * GIB, 0, 0, 0, ""), "btrfs counts no inodes"
    (read_only,) = disk_findings("/var", 0, 0, 0, os.ST_RDONLY, "")
    assert "remount,rw" in read_only.remedy
    assert not disk_findings("/nix/store", 5 * GIB, 10**6, 10**7, os.ST_RDONLY, ""), "NixOS mounts it so"


def test_subordinate_ids_that_somebody_else_has_too() -> None:
    ranges = {"web": 0x80000, "db": 0x90000}
    assert not subordinate_findings(ranges, {"/etc/subuid": "anna:100000:65536\n"}, {1000: "anna"})
    (clash,) = subordinate_findings(ranges, {"/etc/subuid": "anna:600000:65536\n", "/etc/subgid": ""}, {})
    assert "‘db’" in clash.what and "/etc/subuid (600000:65536)" in clash.what and "--del-subuids" in clash.remedy
    (user,) = subordinate_findings(ranges, {}, {0x80001: "bob"})
    assert "user bob" in user.what


def test_a_clock_that_is_behind() -> None:
    assert not clock_findings(2_000_000_000, 1_900_000_000)
    (behind,) = clock_findings(0, 1_900_000_000)
    assert "1970-01-01" in behind.what


def test_a_kernel_that_takes_no_device_policy() -> None:
    assert not device_findings(None)
    (found,) = device_findings("Invalid argument")
    assert found.notice and "Invalid argument" in found.what and "CAP_MKNOD" in found.consequence
