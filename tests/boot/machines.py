"""Other machines for network tests: a network namespace each, cabled to interfaces and bridges of the host.

Everything vanishes with the namespaces' processes; what is left on the host has names that begin with `nct`.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

_HOLD = ("unshare", "--net", "sh", "-c", "ip link set lo up; echo; exec sleep 600")


def sh(command: str, *, check: bool = True, timeout: float = 30) -> str:
    """The output of a shell command on the host."""
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=timeout, check=False)
    if check:
        assert done.returncode == 0, f"{command}: {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout


def works(command: str) -> bool:
    """Whether a shell command of the host ends well."""
    return subprocess.run(["sh", "-c", command], capture_output=True, timeout=30, check=False).returncode == 0


def kernel_has(kind: str) -> bool:
    """Whether links of this type can be made here."""
    extra = "link lo" if kind in ("macvlan", "ipvlan") else ""
    said = subprocess.run(["sh", "-c", f"ip link add {extra} nctprobe type {kind}"], capture_output=True, text=True, check=False)
    subprocess.run(["ip", "link", "del", "nctprobe"], capture_output=True, check=False)
    return "Unknown device type" not in said.stderr and "not supported" not in said.stderr


def need_link(kind: str) -> None:
    """Skip the test where the kernel has no links of this type."""
    if not kernel_has(kind):
        pytest.skip(f"this kernel has no {kind} links")


class Machine:
    """Another machine: a network namespace, as long as its process sleeps."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(_HOLD, stdout=subprocess.PIPE)
        assert self._process.stdout is not None
        if not self._process.stdout.readline():
            pytest.skip("no network namespace can be made here")

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def path(self) -> str:
        """Its network namespace as a file."""
        return f"/proc/{self.pid}/ns/net"

    def command(self, command: str) -> list[str]:
        return ["nsenter", "--net", f"--target={self.pid}", "--", "sh", "-c", command]

    def run(self, command: str) -> str:
        done = subprocess.run(self.command(command), capture_output=True, text=True, timeout=30, check=False)
        assert done.returncode == 0, f"{command}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout

    def works(self, command: str) -> bool:
        return subprocess.run(self.command(command), capture_output=True, timeout=30, check=False).returncode == 0

    def cable(self, here: str, there: str, *addresses: str, master: str | None = None) -> None:
        """A cable: the host's interface `here`, a port of the bridge `master`, and this machine's `there` with addresses."""
        sh(f"ip link add {here} type veth peer name {there} netns {self.pid} && ip link set {here} up")
        if master is not None:
            sh(f"ip link set {here} master {master}")
        for address in addresses:
            self.run(f"ip address add {address} dev {there}{' nodad' if ':' in address else ''}")
        self.run(f"ip link set {there} up")

    def unplug(self) -> None:
        self._process.kill()
        self._process.wait()


@contextmanager
def machine() -> Iterator[Machine]:
    made = Machine()
    try:
        yield made
    finally:
        made.unplug()


@contextmanager
def bridge(name: str, *addresses: str) -> Iterator[str]:
    """A bridge of the host with these addresses."""
    need_link("bridge")
    sh(f"ip link del {name}", check=False)
    sh(f"ip link add {name} type bridge")
    try:
        for address in addresses:
            sh(f"ip address add {address} dev {name}{' nodad' if ':' in address else ''}")
        sh(f"ip link set {name} up")
        yield name
    finally:
        sh(f"ip link del {name}", check=False)
