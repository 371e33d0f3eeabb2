"""The packet filter's tables that all containers share, and the nft input that puts one container's elements in and takes them out.

Look-ups are sets and maps, so that their cost does not grow with the containers, and a start adds elements only: the rules
are loaded by the first container. What nearly every packet is comes first: of a connection that was let through. Not for running nft.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

TABLE = "inet nixos-containers"
BRIDGE_TABLE = "bridge nixos-containers"

# What the packets of containers carry that may be forwarded, for rules in other tables (passage.py): one bit of the mark.
PASSAGE_MARK = 0x2000000
# Bit 0x4000000, among our own rules: a guest on a bridge sent this packet from its own address. br_netfilter shows it to the others.

# `fib daddr type local` catches every address of the host, loopback included.
# guests: addresses of guests. home: the interface behind which each is found. nat: those that are masqueraded. far: those on the host's
# bridges and on extra pairs, whose way back may be another one, so that what is forwarded to them, also by other containers, has to come
# from the host's address.
# over-bridges: forwards to guests on bridges. Where the kernel shows the packet filter what crosses bridges (br_netfilter; for IPv6 that is
# an element of bridges-filtered), it undoes the translation of their answers to ::1 too early and drops them: refused is better.
# shared: bridges of shared networks, which do not reach one another; within: those whose members do reach each other.
# Who sends from where is looked at where packets are let in and passed on, in the same look as their connection: a chain of its own before
# that costs two percent of the throughput. Sources are not translated before either; addresses of destination are.
# pinned: interfaces with their own addresses only (sources, and networks in wide). guarded: those that may reach of the host what
# is allowed. members: what is allowed to one member of a shared network, by the network's bridge and its MAC address there; trusted: those
# that may reach everything. stations: the same for guests on a bridge of the host, by their MAC addresses; services: what is allowed.
_RULES = """\
  map forwards4 { type inet_proto . inet_service : ipv4_addr . inet_service; }
  map forwards6 { type inet_proto . inet_service : ipv6_addr . inet_service; }
  map bound4 { type ipv4_addr . inet_proto . inet_service : ipv4_addr . inet_service; }
  map bound6 { type ipv6_addr . inet_proto . inet_service : ipv6_addr . inet_service; }
  set guests4 { type ipv4_addr; }
  set guests6 { type ipv6_addr; }
  set home4 { type ipv4_addr . ifname; }
  set home6 { type ipv6_addr . ifname; }
  set nat4 { type ipv4_addr; }
  set nat6 { type ipv6_addr; }
  set far4 { type ipv4_addr; }
  set far6 { type ipv6_addr; }
  set pinned { type ifname; }
  set sources4 { type ifname . ipv4_addr; }
  set sources6 { type ifname . ipv6_addr; }
  set wide4 { type ifname . ipv4_addr; flags interval; }
  set wide6 { type ifname . ipv6_addr; flags interval; }
  set guarded { type ifname; }
  set allowed { type ifname . inet_proto . inet_service; }
  set members { type ifname . ether_addr . inet_proto . inet_service; }
  set trusted { type ifname . ether_addr; }
  set stations { type ether_addr; }
  set services { type ether_addr . inet_proto . inet_service; }
  set over-bridges { type inet_proto . inet_service; }
  set bridges-filtered { typeof meta nfproto; }
  set shared { type ifname; }
  set within { type ifname . ifname; }
  chain prerouting-nat {
    type nat hook prerouting priority dstnat; policy accept;
    ip daddr 127.0.0.0/8 iifname != "lo" drop # of what is new: before a forward that is for the host itself takes it
    fib daddr type local dnat ip to ip daddr . meta l4proto . th dport map @bound4
    fib daddr type local dnat ip6 to ip6 daddr . meta l4proto . th dport map @bound6
    fib daddr type local dnat ip to meta l4proto . th dport map @forwards4
    fib daddr type local dnat ip6 to meta l4proto . th dport map @forwards6
  }
  chain output-nat {
    type nat hook output priority -100; policy accept;
    fib daddr type local dnat ip to ip daddr . meta l4proto . th dport map @bound4
    fib daddr type local dnat ip6 to ip6 daddr . meta l4proto . th dport map @bound6
    ip6 daddr ::1 meta nfproto @bridges-filtered meta l4proto . th dport @over-bridges accept
    fib daddr type local dnat ip to meta l4proto . th dport map @forwards4
    fib daddr type local dnat ip6 to meta l4proto . th dport map @forwards6
  }
  chain postrouting-nat {
    type nat hook postrouting priority srcnat; policy accept;
    ip saddr 127.0.0.0/8 ip daddr @guests4 masquerade
    ip6 saddr ::1 ip6 daddr @guests6 masquerade
    ct status dnat ip daddr @far4 masquerade
    ct status dnat ip6 daddr @far6 masquerade
    ip saddr . oifname @home4 ct status dnat masquerade
    ip6 saddr . oifname @home6 ct status dnat masquerade
    ip saddr . oifname @home4 accept
    ip6 saddr . oifname @home6 accept
    ip saddr @nat4 ip daddr @far4 masquerade
    ip6 saddr @nat6 ip6 daddr @far6 masquerade
    ip saddr @nat4 ip daddr != @guests4 masquerade
    ip6 saddr @nat6 ip6 daddr != @guests6 masquerade
  }
  chain forwarded {
    type filter hook forward priority filter - 10; policy accept;
    meta mark and 0x4000000 == 0x4000000 ct state established,related meta mark set meta mark or 0x2000000 accept
    iifname . ip saddr @sources4 ct state established,related meta mark set meta mark or 0x2000000 accept
    iifname . ip6 saddr @sources6 ct state established,related meta mark set meta mark or 0x2000000 accept
    ip saddr 127.0.0.0/8 iifname != "lo" drop
    iifname @pinned jump check-source
    ct state established,related goto passage-of-known
    iifname @shared oifname @shared jump network-to-network
    ip saddr . iifname @home4 ip saddr @nat4 goto marked
    ip6 saddr . iifname @home6 ip6 saddr @nat6 goto marked
    ip daddr @guests4 ct status dnat goto marked
    ip6 daddr @guests6 ct status dnat goto marked
  }
  chain check-source {
    iifname . ip saddr @sources4 return
    iifname . ip6 saddr @sources6 return
    ip6 saddr { ::, fe80::/10 } return
    iifname . ip saddr @wide4 return
    iifname . ip6 saddr @wide6 return
    meta nfproto { ipv4, ipv6 } counter drop
  }
  chain network-to-network {
    ct status dnat return
    iifname . oifname @within return
    counter drop
  }
  chain passage-of-known {
    ip saddr @guests4 meta mark set meta mark or 0x2000000 accept
    ip daddr @guests4 meta mark set meta mark or 0x2000000 accept
    ip6 saddr @guests6 meta mark set meta mark or 0x2000000 accept
    ip6 daddr @guests6 meta mark set meta mark or 0x2000000 accept
  }
  chain marked {
    meta mark set meta mark or 0x2000000
  }
  chain host-guard {
    type filter hook input priority filter - 10; policy accept;
    meta mark and 0x4000000 == 0x4000000 ct state established,related accept
    iifname . ip saddr @sources4 ct state established,related accept
    iifname . ip6 saddr @sources6 ct state established,related accept
    ip saddr 127.0.0.0/8 iifname != "lo" drop
    iifname @pinned jump check-source
    ct state established,related accept # also answers to 127.0.0.1: what a forward had translated is so no longer
    ip daddr 127.0.0.0/8 iifname != "lo" drop
    iifname @guarded jump guests-to-host
    ether saddr @stations jump stations-to-host
  }
  chain stations-to-host {
    ether saddr . meta l4proto . th dport @services return
    jump guests-to-host
  }
  chain guests-to-host {
    meta l4proto { 1, 58 } return # ICMP and ICMPv6: their names need /etc/protocols, which small hosts lack
    iifname . meta l4proto . th dport @allowed return
    iifname . ether saddr . meta l4proto . th dport @members return
    iifname . ether saddr @trusted return
    pkttype != host counter drop
    counter reject with icmpx type admin-prohibited
  }
"""

# ports: guests' ends on bridges. macs: the one address each has there; held: those of which nothing else is looked at. owned: addresses of
# which the host's guard takes the sender for a member of a shared network, and which come from no other port. known: who may
# send what, all in one look: nearly every packet goes no further than that. pinned: ports of which the addresses are known (sources, and
# networks in wide). selves: interface identifiers that the kernel makes of the port's MAC address (RFC 4291, appendix A), for addresses
# that a router's advertisement brings. taken: what is pinned at some port and so nobody else's, also not of a guest whose own addresses
# are not known (IPv6: taken-sources6, and taken6 in bits: what nft lists of a look for the source in bits it does not read again).
# A neighbour advertisement (RFC 4861, 4.4) says in 128 bits from bit 64 on whose place the sender knows, a solicitation from nobody (`::`)
# asks whether an address is free: told are the ports whose claims6 are known. In DHCP (RFC 2131) the client's MAC address begins at bit
# 288: clients. Frames with a VLAN's tag, and all that is not IP, could carry what is not looked at into the host's other networks.
_BRIDGE_RULES = """\
  set ports { type ifname; }
  set macs { type ifname . ether_addr; }
  set held { type ifname; }
  set owned { type ether_addr; }
  set pinned { type ifname; }
  set sources4 { type ifname . ipv4_addr; }
  set sources6 { type ifname . ipv6_addr; }
  set wide4 { type ifname . ipv4_addr; flags interval; }
  set wide6 { type ifname . ipv6_addr; flags interval; }
  set known4 { type ifname . ether_addr . ipv4_addr; }
  set known6 { type ifname . ether_addr . ipv6_addr; }
  set told { type ifname; }
  set claims6 { typeof iifname . @th,64,128; }
  set selves { typeof iifname . @nh,128,64; }
  set clients { typeof iifname . @th,288,48; }
  set taken4 { type ipv4_addr; }
  set taken6 { typeof @nh,64,128; }
  set taken-sources6 { type ipv6_addr; }
  chain own-addresses-only {
    type filter hook prerouting priority -310; policy accept;
    ether type 8021q iifname @ports counter drop # by name: nft lists what follows as looks behind the tag
    ether type 8021ad iifname @ports counter drop
    ether type ip ip protocol 6 iifname . ether saddr . ip saddr @known4 meta mark set meta mark or 0x4000000 accept # TCP: most
    ether type ip6 meta l4proto 6 iifname . ether saddr . ip6 saddr @known6 meta mark set meta mark or 0x4000000 accept
    ether type ip iifname . ether saddr . ip saddr @known4 goto roles
    ether type ip6 meta l4proto { 6, 17 } iifname . ether saddr . ip6 saddr @known6 goto roles # TCP and UDP
    iifname @ports iifname . ether saddr != @macs counter drop
    iifname @held iifname . ether saddr != @macs counter drop
    ether saddr @owned iifname . ether saddr != @macs counter drop
    iifname @ports ether type arp iifname . arp saddr ether != @macs counter drop
    iifname @ports ether type != { ip, ip6, arp } counter drop
    iifname @ports jump roles
    iifname @told icmpv6 type nd-neighbor-advert goto claim
    iifname @told ip6 saddr :: icmpv6 type nd-neighbor-solicit goto claim
    iifname @pinned goto check-source
    iifname @ports goto check-taken
  }
  chain roles { # what only a server says, and a router
    meta l4proto 6 return
    udp dport { 68, 546 } counter drop
    udp dport 67 iifname . @th,288,48 @clients return
    udp dport 67 counter drop # also what cannot be read: fragments
    icmpv6 type { nd-router-advert, nd-redirect } counter drop
  }
  chain claim {
    iifname . @th,64,128 @claims6 goto check-source
    iifname . @th,128,64 @selves goto check-source
    counter drop
  }
  chain check-source {
    iifname . ip saddr @sources4 return
    iifname . ip6 saddr @sources6 return
    ip6 saddr :: return
    ether type arp arp saddr ip 0.0.0.0 return
    ip saddr 0.0.0.0 udp sport 68 udp dport 67 return
    ether type arp iifname . arp saddr ip @sources4 return
    ether type ip6 iifname . @nh,128,64 @selves return
    iifname . ip saddr @wide4 return
    iifname . ip6 saddr @wide6 return
    ether type arp iifname . arp saddr ip @wide4 return
    ether type { ip, ip6, arp } counter drop
  }
  chain check-taken {
    ip saddr @taken4 counter drop
    ether type arp arp saddr ip @taken4 counter drop
    ip6 saddr @taken-sources6 counter drop
    icmpv6 type nd-neighbor-advert @th,64,128 @taken6 counter drop
  }
"""


def _table(table: str, rules: str) -> tuple[str, str]:
    """The nft input that loads `rules`, and the element of the set `version` by which one sees that these very ones are there."""
    version = f"0x{hashlib.sha256(rules.encode()).hexdigest()[:8]}"
    # The flush takes out the rules of another version, never the elements of containers, in the same transaction.
    load = f"table {table} {{ }}\nflush table {table}\ntable {table} {{\n  set version {{ type mark; }}\n{rules}}}\n"
    return load + f"flush set {table} version\nadd element {table} version {{ {version} }}\n", version


BASE_RULES, _VERSION = _table(TABLE, _RULES)
BRIDGE_RULES, _BRIDGE_VERSION = _table(BRIDGE_TABLE, _BRIDGE_RULES)
Elements = tuple[tuple[str, str], ...]
# nft 1.0.6 dies of a question for more than some 250 elements at once.
_MOST_ASKED = 100
# As an element that is there, of IPv6: what crosses bridges is shown to the rules.
FILTERED_ELEMENT = f"element {TABLE} bridges-filtered {{ ipv6 }}"


def key(element: str) -> str:
    """The key of a map's element; of a set's, all of it."""
    return element.partition(" : ")[0]


def _by_set(elements: Iterable[tuple[str, str]], *, keys: bool = False) -> dict[str, str]:
    """Set or map -> all its elements as one list: one command each, so that long lists are cheap."""
    found: dict[str, list[str]] = {}
    for name, element in elements:
        found.setdefault(name, []).append(key(element) if keys else element)
    return {name: ", ".join(dict.fromkeys(items)) for name, items in found.items()}


def elements_up(elements: Elements, table: str = TABLE) -> str:
    """nft input that puts in `elements`; those that are there already stay.

    It fails as a whole, and changes nothing, where the table's rules are not there yet (`BASE_RULES`) or a forward of the same port
    leads elsewhere (`stale_keys`).
    """
    version = f"element {table} version {{ {_VERSION if table == TABLE else _BRIDGE_VERSION} }}"
    # nft has no other way to fail where an element is not there than to delete it.
    return f"delete {version}\nadd {version}\n" + "".join(
        f"add element {table} {name} {{ {items} }}\n" for name, items in _by_set(elements).items()
    )


def needs_filtered_bridges(elements: Elements) -> bool:
    """Whether the rules have to know, for `elements`, whether the kernel shows them the IPv6 packets that cross bridges."""
    return any(name == "over-bridges" for name, _ in elements)


def filtered_bridges(*, filtered: bool) -> str:
    """nft input that tells the rules so, whatever they knew before."""
    return f"add {FILTERED_ELEMENT}" + ("" if filtered else f"; delete {FILTERED_ELEMENT}")


def elements_present(elements: Elements, table: str = TABLE) -> str:
    """nft input that fails where the table's rules are not those of this version, or one of `elements` is not there."""
    keys: dict[str, list[str]] = {"version": [_VERSION if table == TABLE else _BRIDGE_VERSION]}
    for name, element in dict.fromkeys(elements):
        keys.setdefault(name, []).append(key(element))
    return "".join(
        f"get element {table} {name} {{ {', '.join(some[at : at + _MOST_ASKED])} }}\n"
        for name, some in keys.items()
        for at in range(0, len(some), _MOST_ASKED)
    )


def stale_keys(elements: Elements) -> str:
    """One nft command a line, each of which may fail: takes out what others left under the keys of `elements`.

    nft has no "delete if present" before 1.0.8, and its "add" refuses a key of the map that has another value.
    """
    maps = ("forwards", "bound")
    return "".join(f"delete element {TABLE} {name} {{ {key(element)} }}\n" for name, element in elements if name.startswith(maps))


def elements_down(elements: Elements, table: str = TABLE) -> str:
    """nft input that takes `elements` out; it succeeds also when some are gone already, and fails where the table is gone."""
    # Deleting what is absent is an error in nft, adding what is there is not: so add, then delete.
    gone = _by_set(elements, keys=True)
    return "".join(
        f"add element {table} {name} {{ {items} }}\ndelete element {table} {name} {{ {gone[name]} }}\n"
        for name, items in _by_set(elements).items()
    )
