"""Network interfaces, addresses and routes as the kernel's own files tell them: no program is started. Knows no containers."""

from __future__ import annotations

import fcntl
import ipaddress
import os
import socket
import struct
import sys

_NET = "/sys/class/net"
_SIOCGIFADDR = 0x8915  # netdevice(7)
_IFF_UP = 1


def exists(device: str) -> bool:
    """Whether there is an interface of this name."""
    return os.path.exists(f"{_NET}/{device}")


def master(device: str) -> str | None:
    """The bridge or bond that the interface is a port of."""
    try:
        return os.path.basename(os.readlink(f"{_NET}/{device}/master"))
    except OSError:
        return None


def forwards_groups(device: str, mask: int) -> bool:
    """Whether the port of a bridge hands on what goes to these of the bridge's group addresses; also where the kernel does not tell."""
    try:
        with open(f"{_NET}/{device}/brport/group_fwd_mask", encoding="ascii") as file:
            return int(file.read(), 16) == mask
    except (OSError, ValueError):
        return True


def is_up(device: str) -> bool:
    """Whether somebody has set the interface up."""
    try:
        with open(f"{_NET}/{device}/flags", encoding="ascii") as file:
            return bool(int(file.read(), 16) & _IFF_UP)
    except OSError:
        return False


def has_ipv6(device: str) -> bool:
    """Whether the interface may have IPv6 addresses: not where somebody has turned that off, nor where the kernel has no IPv6 at all."""
    try:
        with open(f"/proc/sys/net/ipv6/conf/{device}/disable_ipv6", encoding="ascii") as file:
            return file.read().strip() == "0"
    except OSError:
        return False


def has_address(device: str, address: str) -> bool:
    """Whether the interface has this address: of IPv4, as its first."""
    wanted = ipaddress.ip_address(address)
    if wanted.version == 6:
        text = wanted.packed.hex()
        return any(fields[0] == text and fields[-1] == device for fields in _rows("/proc/net/if_inet6"))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as asked:
        try:
            answer = fcntl.ioctl(asked, _SIOCGIFADDR, struct.pack("256s", device.encode()))
        except OSError:
            return False
    return answer[20:24] == wanted.packed


def has_route(device: str, target: str) -> bool:
    """Whether the main table leads to `target`, an address or a network, through the interface."""
    wanted = ipaddress.ip_network(target, strict=False)
    if wanted.version == 6:
        text, length = wanted.network_address.packed.hex(), f"{wanted.prefixlen:02x}"
        return any(fields[0] == text and fields[1] == length and fields[-1] == device for fields in _rows("/proc/net/ipv6_route"))
    # The file has the network's bytes as a number of this machine.
    number, mask = (f"{int.from_bytes(part.packed, sys.byteorder):08X}" for part in (wanted.network_address, wanted.netmask))
    return any(fields[0] == device and fields[1] == number and fields[7] == mask for fields in _rows("/proc/net/route") if len(fields) > 7)


def _rows(path: str) -> list[list[str]]:
    try:
        with open(path, encoding="ascii") as file:
            return [line.split() for line in file]
    except OSError:
        return []
