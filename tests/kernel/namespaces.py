"""Network namespaces for tests: they stand for hosts, guests and other machines, and nothing of the machine's own network is touched."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from nixos_containers.declare.container import Container, Network, System
from nixos_containers.plan.network import NetworkPlan, plan_network


@dataclass(frozen=True)
class Namespace:
    """A network namespace, held by a sleeping process."""

    pid: int

    def command(self, *words: str) -> list[str]:
        return ["nsenter", "--net", f"--target={self.pid}", "--", *words]

    def run(self, command: str, *, stdin: str = "", check: bool = True) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(self.command("sh", "-c", command), input=stdin, capture_output=True, text=True, timeout=20, check=False)
        if check:
            assert done.returncode == 0, f"{command}: {done.stderr}{done.stdout}"
        return done

    def python(self, code: str, *arguments: str) -> str:
        """Run Python in it; its output."""
        return self.run(shlex.join((sys.executable, "-c", code, *arguments))).stdout


def need_programs(*more: str) -> None:
    """Skip the test where namespaces cannot be made or a program is missing."""
    if os.geteuid() != 0 or not all(map(shutil.which, ("ip", "nft", "busybox", "nsenter", *more))):
        pytest.skip(f"needs root, iproute2, nftables, busybox {' '.join(more)}")


@contextmanager
def namespaces(count: int) -> Iterator[list[Namespace]]:
    """So many of them, with loopback up."""
    processes: list[subprocess.Popen[bytes]] = []
    try:
        for _ in range(count):
            made = subprocess.Popen(["unshare", "--net", "sh", "-c", "ip link set lo up; echo; exec sleep 120"], stdout=subprocess.PIPE)
            processes.append(made)
            assert made.stdout is not None
            if not made.stdout.readline():
                pytest.skip("no network namespace can be made here")
        yield [Namespace(process.pid) for process in processes]
    finally:
        for process in processes:
            process.kill()
            process.wait()


def planned(name: str, network: Network) -> NetworkPlan:
    """The network of a container that has nothing else."""
    return plan_network(Container(name=name, system=System(path=None), network=network))


def connect(host: Namespace, guest: Namespace, plan: NetworkPlan) -> None:
    """Both ends of the planned pairs, configured exactly as the launcher and the guest's first script do it; without the packet filter."""
    for pair in plan.pairs:
        host.run(f"ip link add {pair.host} type veth peer name {pair.guest} netns {guest.pid}")
    said = host.run("ip -force -batch -", stdin="".join(f"{line}\n" for line in plan.host_batch))
    assert said.stderr == "", "a line that ip refuses would only be found in a log"
    for file, value in plan.link_settings:
        host.run(f"echo {value} > /proc/sys/{file}")
    for name in plan.alone:
        guest.run(f"echo 0 > /proc/sys/net/ipv6/conf/{name}/accept_dad")
    for command in plan.guest_commands:
        assert guest.run(shlex.join(("busybox", "ip", *command))).stderr == ""


def cable(host: Namespace, machine: Namespace, here: str, *addresses: str, near: tuple[str, ...] = (), master: str | None = None) -> None:
    """Another machine on the host's interface `here`: its `eth0` with `addresses`, the host's end with `near` or on a bridge."""
    host.run(f"ip link add {here} type veth peer name eth0 netns {machine.pid} && ip link set {here} up")
    if master is not None:
        host.run(f"ip link set {here} master {master}")
    for where, device, mine in ((host, here, near), (machine, "eth0", addresses)):
        for address in mine:
            where.run(f"ip address add {address} dev {device}{' nodad' if ':' in address else ''}")
    machine.run("ip link set eth0 up")
