"""Kernel settings for forwarding: set by the first container, put back after the last, in Python and in the launcher's shell alike."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from nixos_containers.base.paths import Paths
from nixos_containers.declare.container import ForwardPort, Network
from nixos_containers.plan.forwarding import needs_text, release_lines, wanted
from nixos_containers.plan.network import plan_network
from nixos_containers.run import forwarding

from .samples import container

BEFORE = {
    "net/ipv4/ip_forward": "0",
    "net/ipv4/conf/all/accept_redirects": "0",
    "net/ipv4/conf/all/forwarding": "0",
    "net/ipv4/conf/wg0/forwarding": "1",
    "net/ipv4/conf/eth0/forwarding": "0",
    "net/ipv4/conf/br0/route_localnet": "0",
    "net/ipv6/conf/all/forwarding": "0",
    "net/ipv6/conf/default/accept_ra": "1",
    "net/ipv6/conf/eth0/accept_ra": "1",
    "net/ipv6/conf/eth0/forwarding": "0",
    "net/ipv6/conf/eth1/accept_ra": "0",
    "net/ipv6/conf/eth1/forwarding": "0",
}
BOTH = "ip 4\nip 6\n"


def needs(**fields: object) -> str:
    network: dict = {"private": True, **fields}
    return needs_text(plan_network(container(network=Network(**network))))


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"local_address": "10.0.0.2"}, "ip 4\n"),
        ({"local_address": "10.0.0.2", "local_address6": "fd00::2"}, BOTH),
        ({"local_address": "10.0.0.2", "nat": False}, ""),
        ({"local_address": "10.0.0.2", "nat": False, "forward_ports": (ForwardPort(80),)}, "ip 4\n"),
        ({"host_bridge": "br0", "local_address": "10.0.0.2/24"}, ""),
        ({"host_bridge": "br0", "local_address": "10.0.0.2/24", "nat": True}, "ip 4\n"),
        ({"host_bridge": "br0", "local_address": "10.0.0.2", "forward_ports": (ForwardPort(80),)}, "ip 4\nloopback br0\n"),
        ({"host_bridge": "br0", "local_address6": "fd00::2", "forward_ports": (ForwardPort(80),)}, "ip 6\nloopback6 br0\n"),
        ({}, ""),
    ],
)
def test_only_who_goes_through_the_host_needs_it_to_forward(fields: dict, text: str) -> None:
    assert needs(**fields) == (text and text + "pass\n")


def test_nothing_is_wanted_where_the_host_forwards_already() -> None:
    assert wanted(BOTH, BEFORE | {"net/ipv4/ip_forward": "1", "net/ipv6/conf/all/forwarding": "1"}) == []
    assert wanted(BOTH, {"net/ipv4/ip_forward": "1"}) == [], "a kernel without IPv6"


def test_uplinks_go_on_taking_their_routers_word() -> None:
    assert wanted("ip 6\n", BEFORE) == [
        ("net/ipv6/conf/all/forwarding", "0", "1"),
        ("net/ipv6/conf/eth0/accept_ra", "1", "2"),
    ]


class Kernel:
    """Some files that behave as /proc/sys does: ip_forward sets others back."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for file, value in BEFORE.items():
            (root / file).parent.mkdir(parents=True, exist_ok=True)
            self.write(file, value)

    def write(self, file: str, value: str) -> None:
        (self.root / file).write_text(f"{value}\n")

    @property
    def values(self) -> dict[str, str]:
        return {file: (self.root / file).read_text().strip() for file in BEFORE}


@pytest.fixture
def kernel(tmp_path: Path) -> Kernel:
    (tmp_path / "sys").mkdir()
    return Kernel(tmp_path / "sys")


@pytest.fixture(autouse=True)
def ruleset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What `nft list ruleset` says: rules of ours only, unless a test writes others."""
    (tmp_path / "bin").mkdir()
    said, nft = tmp_path / "ruleset", tmp_path / "bin/nft"
    said.write_text("table inet nixos-containers {\n\tchain postrouting-nat {\n\t\tip saddr @nat4 masquerade\n\t}\n}\n")
    nft.write_text(f"#!/bin/sh\n[ \"$*\" = 'list ruleset' ] && cat '{said}'\n")
    nft.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    return said


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    made = Paths(str(tmp_path / "host"))
    for name in ("a", "b"):
        state = Path(made.run_state(name))
        state.mkdir(parents=True)
        (state / "forwarding").write_text(BOTH + "loopback br0\n")
    return made


def in_shell(paths: Paths, name: str, kernel: Kernel) -> None:
    """What the launcher does at the end."""
    script = "\n".join(release_lines()).replace("/proc/sys", str(kernel.root))
    subprocess.run(["sh", "-uc", script + "\ntrue"], cwd=paths.run_state(name), check=False)


def in_python(paths: Paths, name: str, kernel: Kernel) -> None:
    forwarding.release(paths, name, root=str(kernel.root))


RELEASES = pytest.mark.parametrize("release", [in_shell, in_python])
Release = Callable[[Paths, str, Kernel], None]


@RELEASES
def test_the_last_one_puts_everything_back(paths: Paths, kernel: Kernel, release: Release) -> None:
    forwarding.acquire(paths, "a", root=str(kernel.root))
    assert kernel.values["net/ipv4/ip_forward"] == "1" and kernel.values["net/ipv6/conf/all/forwarding"] == "1"
    assert kernel.values["net/ipv6/conf/eth0/accept_ra"] == "2" and kernel.values["net/ipv6/conf/eth1/accept_ra"] == "0"
    assert kernel.values["net/ipv4/conf/br0/route_localnet"] == "1"
    forwarding.acquire(paths, "b", root=str(kernel.root))
    during = kernel.values
    release(paths, "a", kernel)
    assert kernel.values == during, "one is left"
    # As the kernel does when ip_forward goes back to 0:
    kernel.write("net/ipv4/conf/all/accept_redirects", "1")
    kernel.write("net/ipv4/conf/wg0/forwarding", "0")
    release(paths, "b", kernel)
    assert kernel.values == BEFORE
    release(paths, "b", kernel)
    assert kernel.values == BEFORE
    assert forwarding.users(paths) == []


@RELEASES
def test_forwarding_stays_where_another_program_counts_on_it_by_now(paths: Paths, kernel: Kernel, release: Release, ruleset: Path) -> None:
    """Docker found it switched on when it began, and does not look again."""
    forwarding.acquire(paths, "a", root=str(kernel.root))
    docker = 'table ip nat {\n\tchain POSTROUTING {\n\t\toifname != "docker0" ip saddr 172.17.0.0/16 counter masquerade\n\t}\n}\n'
    ruleset.write_text(ruleset.read_text() + docker)
    during = kernel.values
    release(paths, "a", kernel)
    assert kernel.values == during | {"net/ipv4/conf/br0/route_localnet": "0"}


@RELEASES
def test_what_somebody_else_has_set_since_is_left_alone(paths: Paths, kernel: Kernel, release: Release) -> None:
    forwarding.acquire(paths, "a", root=str(kernel.root))
    kernel.write("net/ipv6/conf/eth0/accept_ra", "0")
    release(paths, "a", kernel)
    assert kernel.values == BEFORE | {"net/ipv6/conf/eth0/accept_ra": "0"}


@RELEASES
def test_the_memory_of_another_boot_means_nothing(paths: Paths, kernel: Kernel, release: Release) -> None:
    forwarding.acquire(paths, "a", root=str(kernel.root))
    Path(f"{paths.shared}/forwarding/boot").write_text("another\n")
    after_boot = BEFORE | {"net/ipv4/ip_forward": "1"}  # by sysctl.d by now
    for file, value in after_boot.items():
        kernel.write(file, value)
    forwarding.acquire(paths, "b", root=str(kernel.root))
    assert forwarding.users(paths) == ["b"]
    release(paths, "b", kernel)
    assert kernel.values == after_boot


def test_what_a_killed_release_left_is_put_back_by_the_next_command(paths: Paths, kernel: Kernel) -> None:
    forwarding.acquire(paths, "a", root=str(kernel.root))
    Path(f"{paths.shared}/forwarding/users/a").unlink()
    forwarding.settle(paths, root=str(kernel.root))
    assert kernel.values == BEFORE


def test_a_start_that_was_killed_after_it_wrote_the_memory_remembers_what_was(paths: Paths, kernel: Kernel) -> None:
    forwarding.acquire(paths, "a", root=str(kernel.root))
    for file, value in BEFORE.items():
        kernel.write(file, value)  # as if nothing had been set yet
    forwarding.acquire(paths, "a", root=str(kernel.root))
    assert kernel.values["net/ipv4/ip_forward"] == "1"
    forwarding.release(paths, "a", root=str(kernel.root))
    assert kernel.values["net/ipv4/ip_forward"] == "0"
