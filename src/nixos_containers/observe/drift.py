"""What others have taken from the host's ends of running containers: addresses, routes, bridges, packet filter elements.

Looks only. The kernel's own files are read: no program is started for what is mostly in order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..base import process
from ..kernel import links
from ..plan.network import ipv6_device
from ..plan.ruleset import TABLE, elements_present

if TYPE_CHECKING:
    from ..plan.network import NetworkPlan
    from ..plan.ruleset import Elements


def lost_lines(plan: NetworkPlan) -> list[str]:
    """What of the planned host's end is not there and could be, in words; empty when all is, or when the interface itself has gone."""
    lost = []
    for line in plan.host_batch:
        words = line.split()
        device = words[2] if words[0] == "link" else words[words.index("dev") + 1]
        if not links.exists(device) or (ipv6_device(line) is not None and not links.has_ipv6(device)):
            continue  # nobody has taken what this host refuses
        if words[:2] == ["link", "set"] and words[3] == "master":
            if links.master(device) != words[4]:
                lost.append(f"the bridge {words[4]}")
        elif words[:2] == ["link", "set"] and words[3] == "up":
            if not links.is_up(device):
                lost.append(f"its link {device}")
        elif words[3:6] == ["type", "bridge_slave", "group_fwd_mask"]:
            if links.master(device) is not None and not links.forwards_groups(device, int(words[6], 16)):
                lost.append("the guard against frames to the bridge itself")
        elif words[0] == "address" and not links.has_address(device, words[2].partition("/")[0]):
            lost.append(f"the address {words[2]}")
        elif words[0] == "route" and "table" not in words and not links.has_route(device, words[2]):
            lost.append(f"the route to {words[2]}")
    return lost


def rules_hold(elements: Elements, table: str) -> bool:
    """Whether the packet filter has the rules of this version, and all of `elements`."""
    # `nft flush table` takes the rules and leaves the elements.
    chain, word = ("postrouting-nat", "masquerade") if table == TABLE else ("own-addresses-only", "drop")
    asked = f"list chain {table} {chain}\n" + elements_present(elements, table)
    done = process.run(["nft", "-f", "-"], stdin=asked, check=False)
    return done.returncode == 0 and word in done.stdout
