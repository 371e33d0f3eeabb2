"""What of the host containers are to reach by which interface, and whether another firewall's rules let that in. Pure.

As for what is forwarded (passage.py), an accept in our table cannot overrule a drop elsewhere; but which packets may reach the host
itself is its owner's to say, so no rule of ours is put there: the owner is told the command.
"""

from __future__ import annotations

import json
import re
import shlex
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ..declare.container import HostFirewall
    from .network import NetworkPlan

_DNS, _DHCP = 53, 67
_ACCEPTS = re.compile(r"\baccept\b", re.IGNORECASE)
_FROM_SOMEWHERE = re.compile(r' -[is] |"iif(name)?"|"saddr"')
_LAST_WORDS = ("DROP", "REJECT")
# Chains of ufw that only say and refuse what none of its rules has decided (ufw-framework(8)).
_UFW_LAST = ("ufw-after-logging-input", "ufw6-after-logging-input", "ufw-reject-input", "ufw6-reject-input")


def wanted_ports(plan: NetworkPlan, firewall: HostFirewall) -> dict[str, frozenset[int]]:
    """The host's interface -> the ports of the host that the container is to reach there.

    Port 53 is open for every container and means something only where a server of ours answers: in a shared network with `dns`.
    """
    opened = {*firewall.tcp_ports, *firewall.udp_ports} - {_DNS} if firewall.enable is not False else set()
    found: dict[str, frozenset[int]] = {}
    for pair in plan.pairs:
        if pair.shared is not None:
            served = {_DNS} if pair.shared.dns else set()
            served |= {_DHCP} if pair.shared.dhcp else set()
            found[pair.link] = frozenset(opened | served)
        elif pair.config.host_bridge is None:
            found[pair.link] = frozenset(opened)
    return {link: ports for link, ports in found.items() if ports}


def unheard(rules: Iterable[str], wanted: Mapping[str, frozenset[int]], *, zones: bool = False) -> list[str]:
    """The interfaces of `wanted` of which none of `rules` speaks, as iptables -S or nft's JSON tells them.

    With `zones`, as firewalld has them, a rule about a port is for the interfaces of some zone only.
    """
    texts = list(rules)
    return [link for link, ports in wanted.items() if not _named(texts, link) and (zones or not _open(texts, ports))]


def _named(rules: list[str], link: str) -> bool:
    """Whether a rule is about the interface, by name or by a pattern (`cb-+`, `cb-*`)."""
    # The mark of the name's end keeps cb-a and cb-ab apart.
    name = re.compile(rf"(?<![\w.-]){re.escape(link)}(?![\w.-])|(?<![\w.-]){re.escape(link[:3])}[+*]")
    return any(name.search(rule) for rule in rules)


def _open(rules: list[str], ports: frozenset[int]) -> bool:
    """Whether each port has a rule that accepts it from everywhere, as far as one rule tells."""
    about = [rule for rule in rules if "dport" in rule and _ACCEPTS.search(rule) and not _FROM_SOMEWHERE.search(rule)]
    return all(any(re.search(rf"\b{port}\b", rule) for rule in about) for port in ports)


def iptables_refuses(said: str) -> bool:
    """Whether the chain INPUT that `iptables -S` shows among all others refuses what none of its rules decides."""
    rules = [line.split() for line in said.splitlines() if line.startswith("-A INPUT -j ")]
    return "-P INPUT DROP" in said.splitlines() or any(words[3] in (*_LAST_WORDS, *_UFW_LAST) for words in rules)


def nft_refuses(rules: Iterable[dict[str, Any]], policy: str) -> bool:
    """The same for the rules of a base chain in nft's JSON."""
    for rule in rules:
        kinds = {kind for part in rule.get("expr", ()) for kind in part}
        if kinds & {"drop", "reject"} and kinds <= {"drop", "reject", "counter", "log", "limit"}:
            return True
    return policy == "drop"


def iptables_commands(tool: str, said: str, links: Iterable[str]) -> str:
    """What lets the host hear `links` in the filter table that `tool` keeps, whose rules are ufw's where its chains are there."""
    if "ufw" in said:
        return "; ".join(f"ufw allow in on {link}" for link in links)
    return "; ".join(f"{tool} -I INPUT -i {shlex.quote(link)} -j ACCEPT" for link in links)


def nft_commands(family: str, table: str, chain: str, links: Iterable[str]) -> str:
    """The same for a base chain of nftables."""
    where = " ".join(shlex.quote(word) for word in (family, table, chain))
    return "; ".join(f"nft insert rule {where} iifname {shlex.quote(link)} accept" for link in links)


def firewalld_commands(links: Iterable[str]) -> str:
    """The same for firewalld: now, and after its next reload."""
    interfaces = " ".join(f"--add-interface={link}" for link in links)
    return f"firewall-cmd --zone=trusted {interfaces}; firewall-cmd --permanent --zone=trusted {interfaces}"


def nft_texts(rules: Iterable[dict[str, Any]]) -> list[str]:
    """Rules of nft's JSON for `unheard`."""
    return [json.dumps(rule.get("expr", ())) for rule in rules]
