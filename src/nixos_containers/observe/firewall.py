"""Other firewalls of the host that drop what goes through it: found, with what lets containers through. Looks only.

Doors are plan/passage.py's; run/passage.py opens them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..base import process
from ..base.files import read_text
from ..declare.finding import Finding
from ..plan import services
from ..plan.passage import MENTIONS, Door, iptables_door, iptables_end, nft_door, nft_end

if TYPE_CHECKING:
    from collections.abc import Mapping

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
    found = [wall for chain in _chains("forward") if (wall := _about(chain)) is not None]
    return list(dict.fromkeys(found + _legacy()))


def deaf_ends(wanted: Mapping[str, frozenset[int]]) -> list[Finding]:
    """One finding per chain that keeps containers from ports of the host that are `wanted` at its interfaces."""
    found = [_about_input(chain, wanted) for chain in _chains("input")] if wanted else []
    for tool in _legacy_tools() if wanted else ():
        found.append(_deaf_iptables(f"{tool}-legacy", wanted))
    # One command may be for several chains: ufw's for those of both families.
    by_remedy = {finding.remedy: finding for finding in reversed(found) if finding is not None}
    return list(reversed(by_remedy.values()))


def _about_input(chain: dict[str, Any], wanted: Mapping[str, frozenset[int]]) -> Finding | None:
    family, table, name = chain["family"], chain["table"], chain["name"]
    if table == "filter" and name == "INPUT":
        tool = "ip6tables" if family == "ip6" else "iptables"
        tools = [each for each in (f"{tool}-nft", tool) if process.find(each) is not None]
        if tools:
            return _deaf_iptables(tools[0], wanted)
    # A chain may leave it to others of its table what comes in; firewalld finds its zones by them.
    rules = [entry["rule"] for entry in _nft("list", "table", family, table) if "rule" in entry]
    of_chain = [rule for rule in rules if rule["chain"] == name]
    policy = "drop" if table == _FIREWALLD else chain.get("policy", "accept")
    links = services.unheard(services.nft_texts(rules), wanted, zones=table == _FIREWALLD)
    if not links or not services.nft_refuses(of_chain, policy):
        return None
    if table == _FIREWALLD:
        return _deaf(_FIREWALLD, links, services.firewalld_commands(links))
    return _deaf(f"the chain ‘{name}’ of the table ‘{family} {table}’", links, services.nft_commands(family, table, name, links))


def _deaf_iptables(tool: str, wanted: Mapping[str, frozenset[int]]) -> Finding | None:
    done = process.run([tool, "-S"], check=False)
    links = services.unheard(done.stdout.splitlines(), wanted)
    if done.returncode != 0 or not links or not services.iptables_refuses(done.stdout):
        return None
    return _deaf(f"the chain INPUT of {tool}", links, services.iptables_commands(tool, done.stdout, links))


def _deaf(what: str, links: list[str], remedy: str) -> Finding:
    return Finding(
        f"{what} drops what containers send to the host by {', '.join(links)}",
        "DNS, DHCP and other services of the host do not answer there, although they are to",
        remedy,
    )


def _chains(hook: str) -> list[dict[str, Any]]:
    chains = [entry["chain"] for entry in _nft("list", "chains") if "chain" in entry]
    return [chain for chain in chains if chain.get("hook") == hook and chain.get("family") != "bridge" and chain["table"] != _OURS]


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
    said = [_iptables(f"{tool}-legacy") for tool in _legacy_tools()]
    found = [_wall_of_iptables(*each) for each in said if each is not None]
    return [wall for wall in found if wall is not None]


def _legacy_tools() -> list[str]:
    """Those of which the kernel has a filter table."""
    names = (("iptables", "ip_tables_names"), ("ip6tables", "ip6_tables_names"))
    tools = [tool for tool, loaded in names if "filter" in (read_text(f"/proc/net/{loaded}") or "").split()]
    return [tool for tool in tools if process.find(f"{tool}-legacy") is not None]


def _nft(*words: str) -> list[dict[str, Any]]:
    done = process.run(["nft", "-j", *words], check=False)
    try:
        found = json.loads(done.stdout or "{}").get("nftables", [])
    except ValueError:
        return []
    return [entry for entry in found if isinstance(entry, dict)]
