"""The addresses that a running guest really has, also those that nobody declared (DHCP), read from outside.

/proc/PID/net/{fib_trie,if_inet6} show the network namespace of a process without entering it (proc(5)).
"""

from __future__ import annotations

import re

from ..kernel.proc import read

_LEAF = re.compile(r"\|-- (\d+\.\d+\.\d+\.\d+)\s*\n\s+/32 host LOCAL")
_LONGEST = 1 << 20  # bytes: it may also have a million routes, and whoever lists containers would wait for all of them
_MOST = 8  # of each family: a guest may give itself thousands


def live_addresses(leader: int) -> list[str]:
    """IPv4 and global IPv6 addresses of the network namespace of process `leader`, without loopback's."""
    return parse_v4(read(f"/proc/{leader}/net/fib_trie", _LONGEST)) + parse_v6(read(f"/proc/{leader}/net/if_inet6", _LONGEST))


def parse_v4(fib_trie: str) -> list[str]:
    """The local addresses in a fib_trie, in order, each once."""
    found = dict.fromkeys(_LEAF.findall(fib_trie))
    return [address for address in found if not address.startswith("127.")][:_MOST]


def parse_v6(if_inet6: str) -> list[str]:
    """The addresses of global scope (the fourth field is 00) in /proc/net/if_inet6."""
    import ipaddress

    found = []
    for line in if_inet6.splitlines():
        fields = line.split()
        if len(fields) == 6 and fields[3] == "00" and fields[5] != "lo":
            found.append(str(ipaddress.IPv6Address(int(fields[0], 16))))
    return found[:_MOST]
