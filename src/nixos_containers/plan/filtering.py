"""What a start and an end do about the packet filter and the forwarding of packets: shell lines for the launcher and the unit's script.

Both run in the container's run state, where the files stand that they give to nft. Not for rules: ruleset.py, forwards.py.
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from .forwarding import FLOWS, NEEDS, flows_text, forget_lines, needs_text, release_lines
from .ruleset import (
    BASE_RULES,
    BRIDGE_RULES,
    BRIDGE_TABLE,
    elements_down,
    elements_up,
    filtered_bridges,
    needs_filtered_bridges,
    stale_keys,
)
from .uplink import NETWORKS

if TYPE_CHECKING:
    from .facts import Host
    from .network import NetworkPlan

# Whether the kernel shows the packet filter the IPv6 packets that cross bridges (br_netfilter); absent where it cannot.
FILTERED_BRIDGES = "/proc/sys/net/bridge/bridge-nf-call-ip6tables"


def filter_function(host: Host, network: NetworkPlan) -> list[str]:
    """The shell function that puts the packet filter's elements in place, or fails."""
    nft = shlex.quote(host.tools.nft)
    lines = []
    if network.elements:
        lines += [
            f"  {nft} -f filter.up 2>/dev/null || {{",
            "    # The first container, or somebody flushed our table: the rules first, and what belongs to the others that run.",
            f"    {nft} -f filter.rules || return",
            f'    for other in ../.*/nspawn.pid; do [ ! -e "$other" ] || {nft} -f "${{other%/*}}/filter.up"; done 2>/dev/null',
            f'    for other in {NETWORKS}/*/running; do [ ! -e "$other" ] || {nft} -f "${{other%/*}}/filter.up"; done 2>/dev/null',
            f"    {nft} -f filter.up 2>/dev/null || {{",
            "      # Another container, killed, may have left a forward of the same port.",
            f'      while read -r command; do {nft} "$command"; done < filter.stale 2>/dev/null',
            f"      {nft} -f filter.up || return",
            "    }",
            "  }",
        ]
    if needs_filtered_bridges(network.elements):  # that it is not so any more, the next command tells
        asked = '{ read -r filtered; [ "$filtered" = 1 ]; }'  # dash reads bytes, of which the kernel gives only the first: no status
        lines.append(f"  if {asked} 2>/dev/null < {FILTERED_BRIDGES}; then {nft} {shlex.quote(filtered_bridges(filtered=True))}; fi")
    if network.bridge_elements:
        lines += [
            f"  {nft} -f bridge.up 2>/dev/null || {{",
            f"    if {nft} -f bridge.rules; then",
            f"      {nft} -f bridge.up || return # refused: no guest that nothing holds to its own addresses",
            "    else",
            "      echo 'this kernel does not let the packet filter look at bridges (CONFIG_NF_TABLES_BRIDGE):' \\",
            "        'the guest can use the addresses of its neighbours there' >&2",
            "    fi",
            "  }",
        ]
    return ["filter_up() {", *lines, "}", ""] if lines else []


def filter_down_lines(host: Host, network: NetworkPlan) -> list[str]:
    """The shell lines that take them out again, and what else the host did for the container's packets."""
    nft = shlex.quote(host.tools.nft)
    present = (("filter", network.elements), ("bridge", network.bridge_elements))
    lines = [f"{nft} -f {name}.down 2>/dev/null" for name, elements in present if elements]
    return [*lines, *forget_lines(network), *(release_lines() if needs_text(network) else ())]


def filter_files(network: NetworkPlan) -> dict[str, str]:
    """File name in the run state -> text, for everything that these lines and run/forwarding.py read."""
    files = {}
    needs = needs_text(network)
    if needs:
        files[NEEDS] = needs
    flows = flows_text(network)
    if flows:
        files[FLOWS] = flows
    if network.elements:
        files["filter.rules"] = BASE_RULES
        files["filter.up"] = elements_up(network.elements)
        files["filter.stale"] = stale_keys(network.elements)
        files["filter.down"] = elements_down(network.elements)
    if network.bridge_elements:
        files["bridge.rules"] = BRIDGE_RULES
        files["bridge.up"] = elements_up(network.bridge_elements, BRIDGE_TABLE)
        files["bridge.down"] = elements_down(network.bridge_elements, BRIDGE_TABLE)
    return files
