"""The packet filter's table that all containers share, and the nft input that puts one container's elements in and takes them out.

Look-ups are sets and maps, so that their cost does not grow with the containers. Not for running nft.
"""

from __future__ import annotations

TABLE = "inet nixos-containers"

# Made once, shared by all containers; look-ups are maps, so their cost does not grow with the containers.
# `fib daddr type local` catches every address of the host, loopback included. The guard keeps guests from
# reaching the host's loopback through the route_localnet that loopback forwards need.
# Loaded with every change: the flush takes out the rules of the time before, never the elements, in the same transaction.
BASE_RULES = f"""\
table {TABLE} {{ }}
flush table {TABLE}
table {TABLE} {{
  map forwards4 {{ type inet_proto . inet_service : ipv4_addr . inet_service; }}
  map forwards6 {{ type inet_proto . inet_service : ipv6_addr . inet_service; }}
  set guests4 {{ type ipv4_addr; }}
  set guests6 {{ type ipv6_addr; }}
  chain prerouting-nat {{
    type nat hook prerouting priority dstnat; policy accept;
    fib daddr type local dnat ip to meta l4proto . th dport map @forwards4
    fib daddr type local dnat ip6 to meta l4proto . th dport map @forwards6
  }}
  chain output-nat {{
    type nat hook output priority -100; policy accept;
    fib daddr type local dnat ip to meta l4proto . th dport map @forwards4
    fib daddr type local dnat ip6 to meta l4proto . th dport map @forwards6
  }}
  chain postrouting-nat {{
    type nat hook postrouting priority srcnat; policy accept;
    ip saddr 127.0.0.0/8 ip daddr @guests4 masquerade
    ip6 saddr ::1 ip6 daddr @guests6 masquerade
    ip saddr @guests4 ip daddr @guests4 ct status dnat masquerade
    ip6 saddr @guests6 ip6 daddr @guests6 ct status dnat masquerade
    ip saddr @guests4 ip daddr != @guests4 fib daddr type != local masquerade
    ip6 saddr @guests6 ip6 daddr != @guests6 fib daddr type != local masquerade
  }}
  chain loopback-guard {{
    type filter hook prerouting priority raw; policy accept;
    iifname != "lo" ip daddr 127.0.0.0/8 drop
    iifname != "lo" ip saddr 127.0.0.0/8 drop
  }}
}}
"""


def _key(element: str) -> str:
    return element.partition(" : ")[0]


def elements_up(elements: tuple[tuple[str, str], ...]) -> str:
    """nft input that makes the table if needed and puts in `elements`; those that are there already stay.

    It fails as a whole when a forward of the same port leads elsewhere: `stale_keys` are then to be deleted first.
    """
    return BASE_RULES + "".join(f"add element {TABLE} {name} {{ {element} }}\n" for name, element in elements)


def stale_keys(elements: tuple[tuple[str, str], ...]) -> str:
    """One nft command a line, each of which may fail: takes out what others left under the keys of `elements`.

    nft has no "delete if present" before 1.0.8, and its "add" refuses a key of the map that has another value.
    """
    return "".join(f"delete element {TABLE} {name} {{ {_key(element)} }}\n" for name, element in elements if name.startswith("forwards"))


def elements_down(elements: tuple[tuple[str, str], ...]) -> str:
    """nft input that takes `elements` out; it succeeds also when some are gone already."""
    # Deleting what is absent is an error in nft, adding what is there is not: so add, then delete.
    return BASE_RULES + "".join(
        f"add element {TABLE} {name} {{ {element} }}\ndelete element {TABLE} {name} {{ {_key(element)} }}\n" for name, element in elements
    )
