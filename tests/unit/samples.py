"""Values that many tests start from: a container, a host of each cgroup kind, a network with everything in it."""

from __future__ import annotations

from typing import Any

from nixos_containers.declare.container import Container, ForwardPort, Network, Record, System, VethPair
from nixos_containers.plan.facts import Cgroups, Host

SYSTEM = "/nix/store/00000000000000000000000000000000-system"
BUSYBOX = "/nix/store/11111111111111111111111111111111-busybox/bin/busybox"

V2 = Cgroups(v2="/sys/fs/cgroup", v2_controllers=frozenset({"cpu", "memory", "pids"}))
V1 = Cgroups(
    v1={
        "name=systemd": "/sys/fs/cgroup/systemd",
        "cpu": "/sys/fs/cgroup/cpu,cpuacct",
        "cpuacct": "/sys/fs/cgroup/cpu,cpuacct",
        "memory": "/sys/fs/cgroup/memory",
        "pids": "/sys/fs/cgroup/pids",
    }
)
HYBRID = Cgroups(v1=V1.v1, v2="/sys/fs/cgroup/unified")


def container(name: str = "web", **fields: Any) -> Container:
    """A container that runs SYSTEM."""
    return Container(name=name, system=System(path=SYSTEM, drv=f"{SYSTEM}.drv"), **fields)


def record(name: str = "web", **fields: Any) -> Record:
    """The record of such a container, with a range of user ids."""
    return Record(container=container(name, **fields), busybox=BUSYBOX, declared_by="/etc/nixos/configuration.nix", user_base=0x90000)


def host(cgroups: Cgroups = V2) -> Host:
    """A host with these hierarchies and its tools in the usual places."""
    return Host(cgroups=cgroups)


FULL_NETWORK = Network(
    private=True,
    host_address="10.100.0.1",
    local_address="10.100.0.2",
    host_address6="fd00::1",
    local_address6="fd00::2",
    local_mac_address="02:00:00:00:00:01",
    forward_ports=(ForwardPort(8080, "tcp", 80), ForwardPort(53, "udp")),
    extra_veths={"storage": VethPair(host_address="192.168.9.1/24", local_address="192.168.9.2/24")},
)
