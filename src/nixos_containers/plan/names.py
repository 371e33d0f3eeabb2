"""Names of network interfaces: as systemd-nspawn and upstream make them, never over 15 bytes."""

from __future__ import annotations

_LONGEST = 15  # IFNAMSIZ - 1
# nspawn's key for shortening interface names (systemd, src/nspawn/nspawn-network.c).
_KEY = bytes.fromhex("e190a404a8ef4b518cccc33a9f11fca2")
_BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_MASK = (1 << 64) - 1


def interface_name(prefix: str, container: str) -> str:
    """`ve-web`; a long name ends in four characters of its hash (systemd.net-naming-scheme(7), v249).

    The hash is nspawn's, so that the names are those that upstream's users know from their hosts.
    """
    name = prefix + container
    if len(name) <= _LONGEST:
        return name
    digest = siphash24(name.encode(), _KEY)
    tail = "".join(_BASE64[(digest >> shift) & 63] for shift in (18, 12, 6, 0))
    return name[: _LONGEST - 4] + tail


def siphash24(data: bytes, key: bytes) -> int:
    """SipHash-2-4 of `data` as an unsigned 64-bit number (Aumasson and Bernstein, 2012)."""
    k0, k1 = int.from_bytes(key[:8], "little"), int.from_bytes(key[8:], "little")
    state = (k0 ^ 0x736F6D6570736575, k1 ^ 0x646F72616E646F6D, k0 ^ 0x6C7967656E657261, k1 ^ 0x7465646279746573)
    padded = data + bytes(7 - len(data) % 8) + bytes([len(data) & 0xFF])
    for start in range(0, len(padded), 8):
        word = int.from_bytes(padded[start : start + 8], "little")
        v0, v1, v2, v3 = state
        v0, v1, v2, v3 = _round(*_round(v0, v1, v2, v3 ^ word))
        state = (v0 ^ word, v1, v2, v3)
    v0, v1, v2, v3 = state
    v2 ^= 0xFF
    for _ in range(4):
        v0, v1, v2, v3 = _round(v0, v1, v2, v3)
    return v0 ^ v1 ^ v2 ^ v3


def _round(v0: int, v1: int, v2: int, v3: int) -> tuple[int, int, int, int]:
    v0 = (v0 + v1) & _MASK
    v1 = _rotate(v1, 13) ^ v0
    v0 = _rotate(v0, 32)
    v2 = (v2 + v3) & _MASK
    v3 = _rotate(v3, 16) ^ v2
    v0 = (v0 + v3) & _MASK
    v3 = _rotate(v3, 21) ^ v0
    v2 = (v2 + v1) & _MASK
    v1 = _rotate(v1, 17) ^ v2
    v2 = _rotate(v2, 32)
    return v0, v1, v2, v3


def _rotate(value: int, bits: int) -> int:
    return ((value << bits) | (value >> (64 - bits))) & _MASK
