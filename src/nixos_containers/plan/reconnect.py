"""From the network that a running container has to the one that its definition gives it now, without a restart. Pure.

Both are planned as for a start (plan/network.py); what differs is done and undone, line by line. A line that nothing can undo,
and interfaces that only nspawn makes, need a restart: `obstacle` says so. Not for running any of it: run/reconnect.py does that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..base.errors import DefinitionError
from .forwarding import flows_text, needs_text
from .network import plan_network

if TYPE_CHECKING:
    from ..declare.container import Container
    from .network import NetworkPlan
    from .ruleset import Elements

_WHAT = {
    "--network-interface": "interfaces of the host move in",
    "--network-macvlan": "macvlans are made",
    "--network-veth-extra": "veth pairs are made",
    "--network-namespace-path": "a network namespace is joined",
    "--private-network": "a network of its own is made",
}


@dataclass(frozen=True, slots=True)
class Reconnection:
    """What brings a running container to its new network.

    `host` and `guest` are lines for `ip -force -batch`, the guest's for its network namespace; `settings` are (file below /proc/sys,
    value). `gone` and `wanted` are elements of the packet filter's table, `bridge_gone` and `bridge_wanted` of the table of bridges.
    `addresses` were the guest's and are no more, `udp_ports` of the host lead elsewhere now.
    """

    host: tuple[str, ...]
    guest: tuple[str, ...]
    settings: tuple[tuple[str, str], ...]
    gone: Elements
    wanted: Elements
    bridge_gone: Elements
    bridge_wanted: Elements
    addresses: frozenset[str]
    udp_ports: frozenset[int]


def obstacle(old: Container, new: Container) -> str | None:
    """Why only a restart brings the running container `old` to the network of `new`; None when it can be done while it runs."""
    try:
        before = plan_network(old)
    except DefinitionError as failure:
        return f"what it has now cannot be read any more: {failure}"
    after = plan_network(new)
    if before.nspawn != after.nspawn:
        differing = [flag for flag in (*before.nspawn, *after.nspawn) if flag not in before.nspawn or flag not in after.nspawn]
        what = dict.fromkeys(_WHAT.get(flag.partition("=")[0], flag) for flag in differing or after.nspawn)
        return f"{' and '.join(what)} only at a start"
    if [network.name for network in before.networks] != [network.name for network in after.networks]:
        return "a shared network is joined only at a start"
    for part in (lambda plan: plan.elements, lambda plan: plan.bridge_elements, needs_text, flows_text):
        if bool(part(before)) != bool(part(after)):
            return "what the host does for its packets begins with a start"
    for lines, others in ((before.host_batch, after.host_batch), (guest_lines(before), guest_lines(after))):
        for line in lines:
            if line not in others and _undo(line, others) is None:
                return f"nothing undoes ‘ip {line}’"
    return None


def plan_reconnect(old: tuple[Container, ...], new: Container) -> Reconnection:
    """How a container that may have the networks `old` (several when a command was killed half-way) gets that of `new`."""
    after = plan_network(new)
    before = [plan_network(container) for container in old]
    gone = dict.fromkeys(element for plan in before for element in plan.elements if element not in after.elements)
    bridge_gone = dict.fromkeys(element for plan in before for element in plan.bridge_elements if element not in after.bridge_elements)
    kept = {file for file, _ in after.link_settings}
    undone = dict.fromkeys((file, "0") for plan in before for file, _ in plan.link_settings if file not in kept)
    changed = {*gone, *(element for element in after.elements if not all(element in plan.elements for plan in before))}
    ports = [element.partition(" : ")[0].split(" . ")[-2:] for name, element in changed if name.startswith(("forwards", "bound"))]
    return Reconnection(
        host=_lines([plan.host_batch for plan in before], after.host_batch),
        guest=_lines([guest_lines(plan) for plan in before], guest_lines(after)),
        settings=(*undone, *after.link_settings),
        gone=tuple(gone),
        wanted=after.elements,
        bridge_gone=tuple(bridge_gone),
        bridge_wanted=after.bridge_elements,
        addresses=frozenset(element for name, element in gone if name in ("guests4", "guests6")),
        udp_ports=frozenset(int(port) for protocol, port in ports if protocol == "udp"),
    )


def guest_lines(plan: NetworkPlan) -> tuple[str, ...]:
    """The guest's commands as lines of a batch, which takes no family: the address tells."""
    return tuple(" ".join(word for word in command if word not in ("-4", "-6")) for command in plan.guest_commands)


def converging(lines: tuple[str, ...]) -> tuple[str, ...]:
    """`lines` so that running them where they hold already changes nothing."""
    return tuple(_converging(line) for line in lines)


def _converging(line: str) -> str:
    words = line.split()
    if words[0] in ("addr", "address", "route") and words[1] == "add":
        words[1] = "replace"
    if words[0] in ("addr", "address") and ":" in words[2] and "nodad" not in words:
        words.append("nodad")  # nobody else has had it while the container runs
    return " ".join(words)


def _lines(before: list[tuple[str, ...]], after: tuple[str, ...]) -> tuple[str, ...]:
    """First what is new, so that no interface is ever without an address; then what is gone; then all routes again.

    The kernel drops routes with the address that they leave by.
    """
    undone = [_undo(line, after) for lines in before for line in reversed(lines) if line not in after]
    return (
        *converging(after),
        *dict.fromkeys(line for line in undone if line),
        *(_converging(line) for line in after if line.startswith("route ")),
    )


def _undo(line: str, after: tuple[str, ...]) -> str | None:
    """The line that undoes `line` where `after` is to hold, empty when there is nothing to do; None when it cannot be undone."""
    words = line.split()
    if words[0] in ("addr", "address") and words[1] in ("add", "replace"):
        return " ".join(["address", "del", *words[2:5]])
    if words[0] == "route" and words[1] in ("add", "replace"):
        # Another route to the same place replaces this one.
        same = "table" not in words and any(other.split()[2] == words[2] for other in after if other.startswith("route "))
        return "" if same else " ".join(["route", "del", *words[2:]])
    if words[:2] == ["link", "set"]:
        what = 6 if words[3] == "type" else 4  # ... type bridge_slave SETTING VALUE
        if any(other.split()[:what] == words[:what] for other in after) or words[3] == "up":
            return ""
        if words[3:6] == ["type", "bridge_slave", "group_fwd_mask"]:
            return " ".join([*words[:6], "0"])
        return {"master": f"link set {words[2]} nomaster", "mtu": f"link set {words[2]} mtu 1500"}.get(words[3])
    return None
