"""The kernel's table of connections, as far as entries have to go: over netlink (linux/netfilter/nfnetlink_conntrack.h).

An entry keeps the translation that was chosen when its first packet came. Not for listing connections to people.
"""

from __future__ import annotations

import socket
import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

_NETLINK_NETFILTER = 12
_SUBSYSTEM = 1 << 8  # NFNL_SUBSYS_CTNETLINK
_GET, _DELETE = _SUBSYSTEM | 1, _SUBSYSTEM | 2
_REQUEST, _ACK, _DUMP = 0x001, 0x004, 0x300
_ERROR, _DONE = 2, 3
_TUPLE_ORIG, _TUPLE_REPLY, _ID, _ZONE = 1, 2, 12, 18
_TUPLE_IP, _TUPLE_PROTO = 1, 2
_PROTO_NUM, _PROTO_DST_PORT = 1, 3
_TYPE_MASK = 0x3FFF  # without the flags for nesting and byte order
_HEADER = struct.Struct("=IHHII")
_GENERIC = struct.Struct("=BBH")
_BUFFER = 1 << 17


def forget(addresses: Collection[str], *, udp_ports: Collection[int] = ()) -> int | None:
    """Remove the connections from or to one of `addresses`, and those to `udp_ports`; return how many, or None where it cannot be.

    The ports are those that the packets were sent to, before any translation.
    """
    wanted = {socket.inet_pton(socket.AF_INET6 if ":" in address else socket.AF_INET, address) for address in addresses}
    try:
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, _NETLINK_NETFILTER) as kernel:
            kernel.settimeout(5)
            found = [entry for entry in _dump(kernel) if _matches(entry[1], wanted, udp_ports)]
            return sum(_delete(kernel, family, attributes) for family, attributes in found)
    except OSError:
        return None


def _dump(kernel: socket.socket) -> Iterator[tuple[int, dict[int, bytes]]]:
    kernel.send(_message(_GET, _REQUEST | _DUMP, socket.AF_UNSPEC, b""))
    while True:
        data = kernel.recv(_BUFFER)
        while data:
            length, kind, _, _, _ = _HEADER.unpack_from(data)
            if kind in (_DONE, _ERROR):
                return
            family = data[_HEADER.size]
            yield family, dict(_attributes(data[_HEADER.size + _GENERIC.size : length]))
            data = data[_aligned(length) :]


def _delete(kernel: socket.socket, family: int, attributes: dict[int, bytes]) -> int:
    # The id makes sure that it is this very entry, and not one that has come in its place.
    body = b"".join(_attribute(kind, attributes[kind]) for kind in (_TUPLE_ORIG, _ZONE, _ID) if kind in attributes)
    kernel.send(_message(_DELETE, _REQUEST | _ACK, family, body))
    answer = kernel.recv(_BUFFER)
    return int(struct.unpack_from("=i", answer, _HEADER.size)[0] == 0)


def _matches(attributes: dict[int, bytes], addresses: Collection[bytes], udp_ports: Collection[int]) -> bool:
    for kind in (_TUPLE_ORIG, _TUPLE_REPLY):
        parts = dict(_attributes(attributes.get(kind, b"")))
        if any(address in addresses for _, address in _attributes(parts.get(_TUPLE_IP, b""))):
            return True
        protocol = dict(_attributes(parts.get(_TUPLE_PROTO, b"")))
        if kind == _TUPLE_ORIG and udp_ports and protocol.get(_PROTO_NUM, b"\0")[0] == socket.IPPROTO_UDP:
            port = protocol.get(_PROTO_DST_PORT, b"\0\0")[:2]
            if int.from_bytes(port, "big") in udp_ports:
                return True
    return False


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    while len(data) >= 4:
        length, kind = struct.unpack_from("=HH", data)
        if length < 4:
            return
        yield kind & _TYPE_MASK, data[4:length]
        data = data[_aligned(length) :]


def _attribute(kind: int, value: bytes) -> bytes:
    nested = 0x8000 if kind == _TUPLE_ORIG else 0
    text = struct.pack("=HH", len(value) + 4, kind | nested) + value
    return text + bytes(_aligned(len(text)) - len(text))


def _message(kind: int, flags: int, family: int, body: bytes) -> bytes:
    content = _GENERIC.pack(family, 0, 0) + body
    return _HEADER.pack(_HEADER.size + len(content), kind, flags, 1, 0) + content


def _aligned(length: int) -> int:
    return (length + 3) & ~3
