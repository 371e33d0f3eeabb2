"""Rules with which containers get through other firewalls of the host: what has to be put where, as finished commands. Pure.

In nftables a packet has to be accepted by every table, so an accept in ours cannot overrule a drop elsewhere. Our table marks the packets
of containers that may pass (ruleset.py, chain `forwarded`); one rule that accepts the mark, at the end of what the other firewall's
owner decided, takes the place of its policy. It is called by our name, and goes with the last container.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .ruleset import PASSAGE_MARK

if TYPE_CHECKING:
    from collections.abc import Iterable

COMMENT = "nixos-containers"
# What a rule for containers mentions: our name, or their interfaces by a pattern or by name.
MENTIONS = (COMMENT, "ve-", "vb-", "cb-")
_LAST_WORDS = ("DROP", "REJECT")
# Chains of ufw that only say and refuse what none of its rules has decided (ufw-framework(8)).
_UFW_LAST = ("ufw-after-logging-forward", "ufw6-after-logging-forward", "ufw-reject-forward", "ufw6-reject-forward")


@dataclass(frozen=True, slots=True)
class Door:
    """The rule that lets containers through one chain: shell lines to put it in, which may fail, and to take it out, which may not."""

    put_in: str
    take_out: str


def iptables_end(said: str) -> int | None:
    """Where in the chain that `iptables -S FORWARD` shows nothing has been decided yet: the place (from 1) of a new rule there.

    None when what reaches that place is accepted, or when the chain mentions containers.
    """
    rules = [line for line in said.splitlines() if line.startswith("-A FORWARD ")]
    if any(mention in line for line in rules for mention in MENTIONS):
        return None
    for place, line in enumerate(rules, 1):
        words = line.split()
        if words[2] == "-j" and words[3] in (*_LAST_WORDS, *_UFW_LAST):
            return place
    return len(rules) + 1 if "-P FORWARD DROP" in said.splitlines() else None


def iptables_door(tool: str, place: int) -> Door:
    """For the chain FORWARD of the filter table that `tool` (`iptables-nft`, ...) keeps."""
    program = shlex.quote(tool)
    rule = f"-m mark --mark {PASSAGE_MARK:#x}/{PASSAGE_MARK:#x} -m comment --comment {COMMENT} -j ACCEPT"
    return Door(f"{program} -w -I FORWARD {place} {rule}", f"while {program} -w -D FORWARD {rule}; do :; done")


def nft_end(rules: Iterable[dict[str, Any]], policy: str) -> int | None:
    """As `iptables_end`, for the rules of a base chain in nft's JSON: the handle of the rule that refuses all, 0 for the policy."""
    for rule in rules:
        if any(mention in str(rule) for mention in MENTIONS):
            return None
        kinds = {kind for part in rule.get("expr", ()) for kind in part}
        if kinds & {"drop", "reject"} and kinds <= {"drop", "reject", "counter", "log", "limit"}:
            return int(rule["handle"])
    return 0 if policy == "drop" else None


def nft_door(family: str, table: str, chain: str, handle: int) -> Door:
    """For a base chain of nftables, before the rule with this handle (0: at the end)."""
    where = " ".join(shlex.quote(word) for word in (family, table, chain))
    accepts = f"meta mark and {PASSAGE_MARK:#x} == {PASSAGE_MARK:#x} accept comment {COMMENT}"
    put_in = f"nft insert rule {where} position {handle} {accepts}" if handle else f"nft add rule {where} {accepts}"
    # By its comment: after a reload of that firewall the same handle may be another rule.
    find = f"nft -a list chain {where} | sed -n 's/.* comment \"{COMMENT}\" # handle \\([0-9]*\\)$/\\1/p'"
    return Door(put_in, f'{find} | while read -r handle; do nft delete rule {where} handle "$handle"; done')
