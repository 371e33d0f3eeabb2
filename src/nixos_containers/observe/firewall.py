"""Other firewalls of the host that drop what goes through it: found, and named with the command that lets containers through.

In nftables a packet has to be accepted by every table: an accept in ours cannot overrule a drop elsewhere. Looks only.
"""

from __future__ import annotations

import json
from typing import Any

from ..base import process
from ..base.files import read_text
from ..declare.finding import Finding

_OURS = "nixos-containers"
# What a rule for containers mentions: their interfaces, by a pattern or by name.
_MENTIONS = ("ve-", "vb-")


def obstacles() -> list[Finding]:
    """One finding per table that drops forwarded packets by its policy and does not mention containers."""
    found = [finding for chain in _forward_chains() if (finding := _about(chain)) is not None]
    return list(dict.fromkeys(found + _legacy()))


def _forward_chains() -> list[dict[str, Any]]:
    chains = [entry["chain"] for entry in _nft("list", "chains") if "chain" in entry]
    return [
        chain
        for chain in chains
        if chain.get("hook") == "forward" and chain.get("policy") == "drop" and chain.get("family") != "bridge" and chain["table"] != _OURS
    ]


def _about(chain: dict[str, Any]) -> Finding | None:
    family, table, name = chain["family"], chain["table"], chain["name"]
    entries = _nft("list", "table", family, table)
    if any(mention in json.dumps(entry.get("rule", {})) for entry in entries for mention in _MENTIONS):
        return None
    names = {entry["chain"]["name"] for entry in entries if "chain" in entry}
    if table == "filter" and name == "FORWARD":
        tool = "ip6tables" if family == "ip6" else "iptables"
        return _finding(f"the chain FORWARD of {tool}", _iptables(tool, names))
    if table == "firewalld":
        return _finding("firewalld", "firewall-cmd --zone=trusted --add-source=ADDRESS-OF-THE-CONTAINER, once with --permanent")
    rule = f"nft insert rule {family} {table} {name}"
    return _finding(f"the chain ‘{name}’ of the table ‘{family} {table}’", f"{rule} iifname 've-*' accept; {rule} oifname 've-*' accept")


def _iptables(tool: str, names: set[str]) -> str:
    if "ufw-before-forward" in names or "ufw6-before-forward" in names:
        return "ufw route allow in on INTERFACE; ufw route allow out on INTERFACE"
    chain = "DOCKER-USER" if "DOCKER-USER" in names else "FORWARD"
    return f"{tool} -I {chain} -i ve-+ -j ACCEPT; {tool} -I {chain} -o ve-+ -j ACCEPT"


def _legacy() -> list[Finding]:
    """The older iptables, whose tables nft does not show."""
    found = []
    for tool, loaded in (("iptables", "ip_tables_names"), ("ip6tables", "ip6_tables_names")):
        if "filter" not in (read_text(f"/proc/net/{loaded}") or "").split() or process.find(f"{tool}-legacy") is None:
            continue
        said = process.run([f"{tool}-legacy", "-S"], check=False).stdout
        if "-P FORWARD DROP" in said and not any(mention in said for mention in _MENTIONS):
            names = {line.split()[1] for line in said.splitlines() if line.startswith("-N ")}
            found.append(_finding(f"the chain FORWARD of {tool}-legacy", _iptables(f"{tool}-legacy", names)))
    return found


def _finding(what: str, command: str) -> Finding:
    return Finding(
        f"{what} drops forwarded packets",
        "containers reach the host only, and their forwarded ports answer on the host only: ours cannot overrule it",
        command,
    )


def _nft(*words: str) -> list[dict[str, Any]]:
    done = process.run(["nft", "-j", *words], check=False)
    try:
        found = json.loads(done.stdout or "{}").get("nftables", [])
    except ValueError:
        return []
    return [entry for entry in found if isinstance(entry, dict)]
