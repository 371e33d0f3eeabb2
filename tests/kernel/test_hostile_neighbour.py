"""A guest that means harm on a bridge: what it sends in the name of others, frame by frame, and what a neighbour hears of it.

One station without a container sends the very same frames: so a test that hears nothing hears nothing because of our rules.
"""

from __future__ import annotations

import ipaddress
import struct
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from nixos_containers.declare.container import Network
from nixos_containers.plan.network import NetworkPlan
from nixos_containers.plan.ruleset import BASE_RULES, BRIDGE_RULES, BRIDGE_TABLE, elements_down, elements_up

from ..waiting import wait_until
from .namespaces import Namespace, cable, connect, namespaces, need_programs, planned

EVIL, GOOD, OPEN, ROUTER = "02:00:00:00:00:02", "02:00:00:00:00:03", "02:00:00:00:00:04", "02:00:00:00:00:01"
EVIL4, GOOD4, OPEN4, ROUTER4 = "10.77.0.2", "10.77.0.3", "10.77.0.4", "10.77.0.1"
EVIL6, GOOD6, ROUTER6 = "fd77::2", "fd77::3", "fd77::1"
ALL_NODES = "33:33:00:00:00:01"
_END = b"nct-end"
_SEND = """
import socket, sys
with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as link:
    link.bind(("eth0", 0))
    for frame in sys.argv[1:]:
        link.send(bytes.fromhex(frame))
"""
# A moment longer than the last word: frames of one sender may come by different processors.
_HEAR = f"""
import re, socket
heard = set()
with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3)) as link:
    link.bind(("eth0", 3)); link.settimeout(10)
    print("ready", flush=True)
    try:
        while True:
            heard |= {{word.decode() for word in re.findall(rb"nct-[a-z0-9]+", link.recv(2000))}}
            if {_END.decode()!r} in heard:
                link.settimeout(0.3)
    except TimeoutError:
        print(*sorted(heard))
"""


def pack(mac: str) -> bytes:
    return bytes.fromhex(mac.replace(":", ""))


def link_local(mac: str) -> str:
    """As the kernel makes it (RFC 4291, appendix A)."""
    octets = pack(mac)
    return str(ipaddress.IPv6Address(b"\xfe\x80" + bytes(6) + bytes([octets[0] ^ 2, *octets[1:3], 0xFF, 0xFE, *octets[3:]])))


def slaac(prefix: str, mac: str) -> str:
    return str(ipaddress.IPv6Address(ipaddress.IPv6Address(prefix).packed[:8] + ipaddress.IPv6Address(link_local(mac)).packed[8:]))


def frame(source: str, target: str, kind: int, payload: bytes) -> bytes:
    return pack(target) + pack(source) + struct.pack("!H", kind) + payload


def ip4(source: str, target: str, protocol: int, payload: bytes) -> bytes:
    start = struct.pack("!BBHHHBB", 0x45, 0, 20 + len(payload), 7, 0, 64, protocol)
    ends = ipaddress.IPv4Address(source).packed + ipaddress.IPv4Address(target).packed
    total = sum(struct.unpack("!10H", start + bytes(2) + ends))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return start + struct.pack("!H", 0xFFFF - total) + ends + payload


def ip6(source: str, target: str, following: int, payload: bytes) -> bytes:
    ends = ipaddress.IPv6Address(source).packed + ipaddress.IPv6Address(target).packed
    return struct.pack("!IHBB", 0x60000000, len(payload), following, 255) + ends + payload


def udp(source: int, target: int, payload: bytes) -> bytes:
    return struct.pack("!HHHH", source, target, 8 + len(payload), 0) + payload


def icmp6(kind: int, body: bytes) -> bytes:
    return struct.pack("!BBH", kind, 0, 0) + body


def arp(operation: int, mac: str, address: str, target: str) -> bytes:
    return (
        struct.pack("!HHBBH", 1, 0x0800, 6, 4, operation)
        + pack(mac)
        + ipaddress.IPv4Address(address).packed
        + pack(GOOD)
        + ipaddress.IPv4Address(target).packed
    )


def dhcp(client: str) -> bytes:
    """The fixed part of a message of DHCP (RFC 2131, 2)."""
    return struct.pack("!BBBBIHHIIII", 1, 1, 6, 0, 7, 0, 0, 0, 0, 0, 0) + pack(client) + bytes(10)


@dataclass(frozen=True)
class Said:
    """Frames by the word that they carry, as a station with `mac` and these addresses sends them."""

    mac: str
    own4: str
    own6: str

    def four(self, payload: bytes, *, source: str | None = None, target: str = GOOD4, to: str = GOOD) -> bytes:
        return frame(self.mac, to, 0x0800, ip4(source or self.own4, target, 17, payload))

    def six(self, following: int, payload: bytes, *, source: str, target: str = "ff02::1", to: str = ALL_NODES) -> bytes:
        return frame(self.mac, to, 0x86DD, ip6(source, target, following, payload))

    def advertisement(self, target: str, word: bytes) -> bytes:
        """Of a neighbour (RFC 4861, 4.4)."""
        body = struct.pack("!I", 0x20000000) + ipaddress.IPv6Address(target).packed + b"\x02\x01" + pack(self.mac)
        return self.six(58, icmp6(136, body) + word, source=self.own6 if self.own6 != "::" else link_local(self.mac))

    def is_free(self, target: str, word: bytes) -> bytes:
        """The question whether an address is free (RFC 4862, 5.4)."""
        return self.six(58, icmp6(135, bytes(4) + ipaddress.IPv6Address(target).packed) + word, source="::")

    def router(self, word: bytes, *, before: bytes = b"", source: str | None = None) -> bytes:
        """A router's advertisement (RFC 4861, 4.2), maybe behind another header."""
        body = before + icmp6(134, struct.pack("!BBHII", 64, 0, 1800, 0, 0)) + word
        return self.six(60 if before else 58, body, source=source or link_local(self.mac))

    def lies(self) -> dict[str, bytes]:
        """What only another station, a router or a server may say."""
        foreign = link_local(ROUTER)
        options = bytes([58, 0, 1, 4, 0, 0, 0, 0])  # destination options that only fill (RFC 8200, 4.6)
        redirect = bytes(4) + ipaddress.IPv6Address(self.own6).packed + ipaddress.IPv6Address("2001:db8::1").packed
        return {
            "nct-ra": self.router(b"nct-ra"),
            "nct-raasrouter": self.router(b"nct-raasrouter", source=foreign),
            "nct-rahidden": self.router(b"nct-rahidden", before=options),
            "nct-redirect": self.six(58, icmp6(137, redirect) + b"nct-redirect", source=link_local(self.mac)),
            "nct-offer": self.four(udp(67, 68, b"nct-offer")),
            "nct-offerall": self.four(udp(67, 68, b"nct-offerall"), target="255.255.255.255", to="ff:ff:ff:ff:ff:ff"),
            "nct-offerport": self.four(udp(1067, 68, b"nct-offerport")),
            "nct-reply6": self.six(17, udp(547, 546, b"nct-reply6"), source=link_local(self.mac)),
            "nct-reply6own": self.six(17, udp(547, 546, b"nct-reply6own"), source=self.own6),
            "nct-client": self.four(udp(68, 67, dhcp(GOOD) + b"nct-client"), source="0.0.0.0", target="255.255.255.255"),
            "nct-renew": self.four(udp(68, 67, dhcp(GOOD) + b"nct-renew")),
            "nct-clientcut": self.four(udp(68, 67, b"nct-clientcut"), source="0.0.0.0", target="255.255.255.255"),
            "nct-as4": self.four(udp(7, 7, b"nct-as4"), source=GOOD4),
            "nct-as6": self.six(17, udp(7, 7, b"nct-as6"), source=GOOD6),
            "nct-aslink": self.six(17, udp(7, 7, b"nct-aslink"), source=link_local(GOOD)),
            "nct-nalinkof": self.advertisement(link_local(GOOD), b"nct-nalinkof"),
            "nct-arp": frame(self.mac, GOOD, 0x0806, arp(2, self.mac, GOOD4, GOOD4) + b"nct-arp"),
            "nct-na": self.advertisement(GOOD6, b"nct-na"),
            "nct-vlan": frame(self.mac, GOOD, 0x8100, struct.pack("!HH", 10, 0x0800) + ip4(self.own4, GOOD4, 17, udp(7, 7, b"nct-vlan"))),
            "nct-mac": frame(GOOD, ROUTER, 0x0800, ip4(self.own4, GOOD4, 17, udp(7, 7, b"nct-mac"))),
        }

    def lies_of_known(self) -> dict[str, bytes]:
        """What else one whose addresses are known may not say."""
        return {
            "nct-asrouter": self.six(17, udp(7, 7, b"nct-asrouter"), source=link_local(ROUTER)),
            "nct-naasrouter": self.advertisement(link_local(ROUTER), b"nct-naasrouter"),
            "nct-dadofother": self.is_free(GOOD6, b"nct-dadofother"),
            "nct-dadofrouter": self.is_free(link_local(ROUTER), b"nct-dadofrouter"),
            "nct-elsewhere": self.six(17, udp(7, 7, b"nct-elsewhere"), source="2001:db8::99"),
        }

    def truths(self) -> dict[str, bytes]:
        """What it may say."""
        given = slaac("2001:db8::", self.mac)
        return {
            "nct-own4": self.four(udp(7, 7, b"nct-own4")),
            "nct-ownlink": self.six(17, udp(7, 7, b"nct-ownlink"), source=link_local(self.mac)),
            "nct-own6": self.six(17, udp(7, 7, b"nct-own6"), source=self.own6),
            "nct-given": self.six(17, udp(7, 7, b"nct-given"), source=given),
            "nct-naown": self.advertisement(self.own6, b"nct-naown"),
            "nct-nalink": self.advertisement(link_local(self.mac), b"nct-nalink"),
            "nct-nagiven": self.advertisement(given, b"nct-nagiven"),
            "nct-dadown": self.is_free(link_local(self.mac), b"nct-dadown"),
            "nct-dadgiven": self.is_free(given, b"nct-dadgiven"),
            "nct-solicit": self.six(58, icmp6(133, bytes(4)) + b"nct-solicit", source=link_local(self.mac)),
            "nct-discover": self.four(udp(68, 67, dhcp(self.mac) + b"nct-discover"), source="0.0.0.0", target="255.255.255.255"),
            "nct-garp": frame(self.mac, GOOD, 0x0806, arp(1, self.mac, self.own4, self.own4) + b"nct-garp"),
            "nct-probe": frame(self.mac, GOOD, 0x0806, arp(1, self.mac, "0.0.0.0", self.own4) + b"nct-probe"),
        }


@dataclass(frozen=True)
class Lan:
    host: Namespace
    evil: Namespace
    good: Namespace
    open: Namespace
    stranger: Namespace
    plans: dict[str, NetworkPlan]

    def counters(self) -> str:
        """What the rules have dropped so far."""
        return self.host.run("nft list table bridge nixos-containers | grep 'counter packets [1-9]'", check=False).stdout

    def heard(self, sender: Namespace, mac: str, frames: dict[str, bytes]) -> set[str]:
        """Which of the words the neighbour's interface hears."""
        end = frame(mac, GOOD, 0x0800, ip4(EVIL4 if mac == EVIL else OPEN4, GOOD4, 17, udp(7, 7, _END)))
        with subprocess.Popen(self.good.command(sys.executable, "-c", _HEAR), stdout=subprocess.PIPE, text=True) as hearing:
            assert hearing.stdout is not None and hearing.stdout.readline() == "ready\n"
            sender.python(_SEND, *(each.hex() for each in (*frames.values(), end)))
            words = set(hearing.communicate(timeout=20)[0].split())
            assert _END.decode() in words
            return words - {_END.decode()}


@pytest.fixture(scope="module")
def lan() -> Iterator[Lan]:
    """A bridge of the host with two containers whose addresses are declared, one whose addresses are not, and another machine."""
    need_programs("bridge")
    declared = {
        "evil": Network(private=True, host_bridge="br0", local_address=f"{EVIL4}/24", local_address6=f"{EVIL6}/64", local_mac_address=EVIL),
        "good": Network(private=True, host_bridge="br0", local_address=f"{GOOD4}/24", local_address6=f"{GOOD6}/64", local_mac_address=GOOD),
        "open": Network(private=True, host_bridge="br0", local_mac_address=OPEN),
    }
    with namespaces(5) as (host, evil, good, unknown, stranger):
        host.run("ip link add br0 type bridge stp_state 0 forward_delay 0 && ip link set br0 up")
        host.run(f"ip address add {ROUTER4}/24 dev br0")
        plans = {name: planned(name, network) for name, network in declared.items()}
        for guest, plan in zip((evil, good, unknown), plans.values(), strict=True):
            connect(host, guest, plan)
        cable(host, stranger, "lan0", "10.77.0.9/24", master="br0")
        everything = tuple(element for plan in plans.values() for element in plan.bridge_elements)
        if host.run("nft -f -", stdin=BRIDGE_RULES, check=False).returncode != 0:
            pytest.skip("this kernel's packet filter does not look at bridges (CONFIG_NF_TABLES_BRIDGE)")
        host.run("nft -f -", stdin=elements_up(everything, BRIDGE_TABLE))
        yield Lan(host, evil, good, unknown, stranger, plans)
        host.run("nft -f -", stdin=elements_down(everything, BRIDGE_TABLE))
        assert "elements" not in host.run("nft list table bridge nixos-containers | sed '/set version/,/}/d'").stdout


def test_the_rules_can_be_saved_and_loaded_as_hosts_do_it_with_all_theirs(lan: Lan) -> None:
    """Debian's nftables.service loads a file for which people are told to save the ruleset: one line that nft does not read, and none is loaded."""
    lan.host.run("nft -f -", stdin=BASE_RULES + elements_up(tuple(element for plan in lan.plans.values() for element in plan.elements)))
    saved = lan.host.run("nft list ruleset").stdout
    assert "taken6" in saved and "forwards4" in saved
    lan.host.run("nft flush ruleset && nft -f -", stdin=saved)
    assert lan.host.run("nft list ruleset").stdout == saved
    lan.host.run("nft delete table inet nixos-containers")


def test_what_would_be_heard_of_a_station_that_nobody_guards(lan: Lan) -> None:
    said = Said(EVIL, EVIL4, EVIL6)
    frames = said.lies() | said.lies_of_known() | said.truths()
    del frames["nct-mac"]  # the bridge would look for the neighbour itself there from now on
    lan.host.run("ip link set vb-evil nomaster")
    try:
        assert lan.heard(lan.stranger, EVIL, frames) == frames.keys()
    finally:
        lan.host.run("ip -force -batch -", stdin="".join(f"{line}\n" for line in lan.plans["evil"].host_batch))


@pytest.mark.parametrize("kind", ["lies", "lies_of_known"])
def test_a_guest_speaks_for_nobody_else(lan: Lan, kind: str) -> None:
    assert lan.heard(lan.evil, EVIL, getattr(Said(EVIL, EVIL4, EVIL6), kind)()) == set()


def test_a_guest_says_what_is_its_own(lan: Lan) -> None:
    frames = Said(EVIL, EVIL4, EVIL6).truths()
    assert lan.heard(lan.evil, EVIL, frames) == frames.keys()


def test_also_one_whose_addresses_nobody_knows_takes_none_that_is_anothers(lan: Lan) -> None:
    said = Said(OPEN, OPEN4, "fd77::4")
    assert lan.heard(lan.open, OPEN, said.lies()) == set()
    before, frames = lan.counters(), said.truths()
    assert frames.keys() ^ lan.heard(lan.open, OPEN, frames) == set(), f"{before}\n{lan.counters()}"


def test_a_bridge_does_not_learn_a_neighbours_mac_address_from_a_guest(lan: Lan) -> None:
    """Frames to the bridge's own group addresses go past the hook of all others, and the bridge learns from them."""

    def place() -> str:
        found = lan.host.run("bridge fdb show br br0").stdout.splitlines()
        return " ".join(line for line in found if line.startswith(GOOD) and "permanent" not in line)

    groups = {
        digit: frame(GOOD, f"01:80:c2:00:00:0{digit}", kind, bytes(50))
        for digit, kind in (("e", 0x88CC), ("3", 0x888E), ("0", 38), ("2", 0x8809))
    }
    lan.good.run(f"ping -c 1 -w 5 {ROUTER4}")
    wait_until(lambda: "vb-good" in place())
    assert lan.heard(lan.evil, EVIL, groups) == set(), "and by then all of them were there"
    assert "vb-good" in place()
    assert lan.heard(lan.open, OPEN, groups) == set()
    assert "vb-good" in place()

    def learned_from_a_stranger() -> bool:
        """Asked again with each look: a probe of the neighbour's own in between would have put it back."""
        lan.stranger.python(_SEND, groups["e"].hex())
        return "lan0" in place()

    wait_until(learned_from_a_stranger)  # so it would be
    lan.good.run(f"ping -c 1 -w 5 {ROUTER4}")
    wait_until(lambda: "vb-good" in place())
