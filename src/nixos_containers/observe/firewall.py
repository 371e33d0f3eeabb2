"""Other firewalls of the host that drop what goes through it: found, with what lets containers through. Looks only.

Doors are plan/passage.py's; run/passage.py opens them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from ..base import process
from ..base.files import read_text
from ..declare.finding import Finding
from ..plan.passage import MENTIONS, Door, iptables_door, iptables_end, nft_door, nft_end

_OURS = "nixos-containers"
_FIREWALLD = "firewalld"


@dataclass(frozen=True, slots=True)
class Wall:
    """A chain that drops the packets of containers, and the rule that would let them through: None where others keep all rules."""

    what: str
    remedy: str
    door: Door | None

    def finding(self) -> Finding:
        return Finding(
            f"{self.what} drops forwarded packets",
            "containers reach the host only, and their forwarded ports answer on the host only: ours cannot overrule it",
            self.remedy,
        )


def obstacles() -> list[Finding]:
    """One finding per chain that drops forwarded packets and does not mention containers."""
    return [wall.finding() for wall in walls()]


def walls() -> list[Wall]:
    """Every chain that drops forwarded packets, by its policy or by its last rule, and does not mention containers."""
    found = [wall for chain in _forward_chains() if (wall := _about(chain)) is not None]
    return list(dict.fromkeys(found + _legacy()))


def _forward_chains() -> list[dict[str, Any]]:
    chains = [entry["chain"] for entry in _nft("list", "chains") if "chain" in entry]
    return [chain for chain in chains if chain.get("hook") == "forward" and chain.get("family") != "bridge" and chain["table"] != _OURS]


def _about(chain: dict[str, Any]) -> Wall | None:
    family, table, name = chain["family"], chain["table"], chain["name"]
    if table == "filter" and name == "FORWARD":
        tool = "ip6tables" if family == "ip6" else "iptables"
        said = _iptables(f"{tool}-nft") or _iptables(tool)
        if said is not None:
            return _wall_of_iptables(*said)
    if table == _FIREWALLD:
        return _about_firewalld(family, table, name)
    rules = [entry["rule"] for entry in _nft("list", "chain", family, table, name) if "rule" in entry]
    end = nft_end(rules, chain.get("policy", "accept"))
    if end is None:
        return None
    door = nft_door(family, table, name, end)
    return Wall(f"the chain ‘{name}’ of the table ‘{family} {table}’", door.put_in, door)


def _about_firewalld(family: str, table: str, name: str) -> Wall | None:
    """Its rules are its own: newer ones of it let nobody else change them. Interfaces stand in the chains that its zones are found by."""
    entries = [entry["rule"] for entry in _nft("list", "table", family, table) if "rule" in entry]
    rules = [rule for rule in entries if rule["chain"] == name]
    if nft_end(rules, "drop") is None or any(mention in json.dumps(rule) for rule in entries for mention in MENTIONS):
        return None
    interfaces = " ".join(f"--add-interface={mention}+" for mention in MENTIONS if mention.endswith("-"))
    command = f"firewall-cmd --zone=trusted {interfaces}"
    return Wall(_FIREWALLD, f"{command}; firewall-cmd --permanent {command.partition(' ')[2]}", None)


def _iptables(tool: str) -> tuple[str, str] | None:
    """The tool, and what it says about the chain FORWARD."""
    if process.find(tool) is None:
        return None
    done = process.run([tool, "-S", "FORWARD"], check=False)
    return (tool, done.stdout) if done.returncode == 0 else None


def _wall_of_iptables(tool: str, said: str) -> Wall | None:
    place = iptables_end(said)
    if place is None:
        return None
    door = iptables_door(tool, place)
    return Wall(f"the chain FORWARD of {tool}", door.put_in, door)


def _legacy() -> list[Wall]:
    """The older iptables, whose tables nft does not show."""
    found = []
    for tool, loaded in (("iptables", "ip_tables_names"), ("ip6tables", "ip6_tables_names")):
        if "filter" in (read_text(f"/proc/net/{loaded}") or "").split():
            said = _iptables(f"{tool}-legacy")
            found.append(_wall_of_iptables(*said) if said is not None else None)
    return [wall for wall in found if wall is not None]


def _nft(*words: str) -> list[dict[str, Any]]:
    done = process.run(["nft", "-j", *words], check=False)
    try:
        found = json.loads(done.stdout or "{}").get("nftables", [])
    except ValueError:
        return []
    return [entry for entry in found if isinstance(entry, dict)]
