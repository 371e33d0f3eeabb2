"""The host's own network: what it has, what it reaches, what it serves. Looks only."""

from __future__ import annotations

import ipaddress
import json
import os
import socket
from typing import Any

from ..base import process
from ..base.files import read_text
from ..kernel import sysctls
from ..plan.facts import HostNetwork, Listener
from ..plan.pool import is_everything

_LISTENING = "0A"  # TCP_LISTEN (include/net/tcp_states.h)
_UNCONNECTED = "07"  # what an unconnected UDP socket says
_LOCAL_TYPES = ("local", "broadcast", "multicast", "anycast", "unreachable", "blackhole", "prohibit")


def host_network(*, listeners: bool = True) -> HostNetwork:
    """Addresses, routes, interfaces and listening sockets of the host as they are now."""
    interfaces = _ip("address")
    routes = [*_ip("-4", "route", "show", "table", "all"), *_ip("-6", "route", "show", "table", "all")]
    return HostNetwork(
        addresses={info["local"]: link["ifname"] for link in interfaces for info in link.get("addr_info", ()) if "local" in info},
        routes=tuple(
            (str(route["dst"]), str(route.get("dev", "")))
            for route in routes
            if route.get("type") not in _LOCAL_TYPES and _is_network(str(route.get("dst", "default")))
        ),
        interfaces=frozenset(link["ifname"] for link in interfaces),
        listeners=listening() if listeners else (),
    )


def _is_network(destination: str) -> bool:
    """Not the default route (nor its two halves), nor what every link has (multicast, link-local)."""
    if destination == "default" or destination.startswith(("ff00:", "fe80:")):
        return False
    return not is_everything(ipaddress.ip_network(destination, strict=False))


def _ip(*words: str) -> list[dict[str, Any]]:
    done = process.run(["ip", "-json", *words], check=False)
    try:
        found = json.loads(done.stdout or "[]")
    except ValueError:
        return []
    return [each for each in found if each]


def listening() -> tuple[Listener, ...]:
    """Sockets of the host that take connections or datagrams."""
    span = (sysctls.read("net.ipv4.ip_local_port_range") or "32768").split()[0]
    found: dict[Listener, None] = {}
    for protocol, state in (("tcp", _LISTENING), ("udp", _UNCONNECTED)):
        for suffix in ("", "6"):
            for line in (read_text(f"/proc/net/{protocol}{suffix}") or "").splitlines()[1:]:
                fields = line.split()
                if len(fields) < 4 or fields[3] != state:
                    continue
                address, _, port = fields[1].partition(":")
                number = int(port, 16)
                # An unconnected socket at one of the kernel's own ports is somebody's question, not a service.
                if protocol == "udp" and number >= int(span):
                    continue
                found[Listener(protocol, _address(address), number)] = None
    return tuple(found)


def _address(text: str) -> str:
    """The kernel prints an address as 32-bit words in its own byte order."""
    words = bytes.fromhex(text)
    raw = b"".join(words[at : at + 4][::-1] for at in range(0, len(words), 4))
    if len(raw) == 4:
        return socket.inet_ntop(socket.AF_INET, raw)
    return socket.inet_ntop(socket.AF_INET6, raw)


def machine_id() -> str:
    """The host's own id (machine-id(5)), or what stands for it where it has none yet."""
    return (read_text("/etc/machine-id") or "").strip() or os.uname().nodename
