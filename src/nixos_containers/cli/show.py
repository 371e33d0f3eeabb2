"""`nixos-container show-ip` and `show-host-key`: as upstream prints them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..base.errors import ContainerError
from ..base.paths import Paths, check_name
from ..base.stranger import plain
from ..observe import containers as observe
from ..plan.hosts import addresses
from ..run import disk
from ..run.files import read_beneath
from .output import emit_json

if TYPE_CHECKING:
    from ..declare.container import Record
    from .parse import Arguments


def run(arguments: Arguments) -> int:
    """Carry the verb out."""
    paths = Paths()
    name = check_name(arguments.name)
    record = observe.record(paths, name)
    if arguments.verb.name == "show-ip":
        answer, key = _address(record), "address"
    else:
        answer, key = _host_key(paths, name), "hostKey"
    if arguments.json:
        emit_json({"name": name, key: answer})
    else:
        print(answer)
    return 0


def _address(record: Record) -> str:
    found = addresses(record.container)
    if not found:
        raise ContainerError("cannot get IP address", hint="the container has no localAddress of its own")
    return found[0]


def _host_key(paths: Paths, name: str) -> str:
    running = observe.running(paths, name)
    if running is None:
        return disk.within(paths, name, lambda: _read_host_key(name, paths.state(name)))
    return _read_host_key(name, f"/proc/{running.leader}/root")


def _read_host_key(name: str, root: str) -> str:
    for kind in ("ed25519", "ecdsa", "rsa"):
        key = read_beneath(root, f"etc/ssh/ssh_host_{kind}_key.pub")
        if key:
            return plain(key.strip())  # the guest wrote it
    raise ContainerError(f"container ‘{name}’ has no SSH host key", hint="does it run services.openssh, and has it been started once?")
