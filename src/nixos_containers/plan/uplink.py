"""The shell lines of a start and an end that concern the host's side of the network: the uplink, and shared networks. Pure text.

Called from the supervisor's script (plan/launcher.py) and from a unit's (plan/units.py) alike.
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .facts import Host
    from .network import NetworkPlan

# Where shared networks keep their files (run/bridges.py), from the directory of a container's run; one lock is for all of them.
NETWORKS = "../@shared/networks"


def uplink_function(host: Host, network: NetworkPlan) -> list[str]:
    """The shell function that brings the host's ends of the network up when the guest says that they exist."""
    if not network.pairs:
        return ["uplink() { :; }", ""]
    q = shlex.quote
    refused = "the packet filter refuses this container's rules: the guest ends"
    filtered = [
        f"  filter_up || {{ echo {q(refused)} >&2",
        '    until { read -r pid < nspawn.pid && kill -9 "$pid"; } 2> /dev/null; do sleep 0.05; done; return 1',
        "  }",
    ]
    # A file, because a change of the running container's network may replace it.
    settings = ['  while read -r value file; do echo "$value" > "/proc/sys/$file"; done 2> /dev/null < settings']
    return [
        "# Beside nspawn, which takes longer: the packet filter's elements. Then waits for the guest's word that its interfaces exist,",
        "# and configures the host's ends: before the guest boots.",
        "uplink() {",
        *(filtered if network.elements or network.bridge_elements else ()),
        "  read -r word < guest/request || return",
        *networks_up_lines(network),
        f"  {q(host.tools.ip)} -force -batch links >> network.log 2>&1",
        *(["  exec 9>&-"] if network.networks else ()),
        *settings,
        "  echo up > guest/answer",
        "}",
        "",
    ]


def networks_up_lines(network: NetworkPlan) -> list[str]:
    """The shell lines that make the container's shared networks and hold their lock, so that none goes before this one has joined."""
    if not network.networks:
        return []
    calls = [f"  /bin/sh {NETWORKS}/{shlex.quote(shared.name)}/up || echo 'no network {shared.name}' >&2" for shared in network.networks]
    return [f"  exec 9> {NETWORKS}/.lock && flock 9", *calls]


def networks_down_lines(host: Host, network: NetworkPlan) -> list[str]:
    """The shell lines that leave the shared networks; each goes with its last member."""
    if not network.networks:
        return []
    ends = [f"{shlex.quote(host.tools.ip)} link delete {shlex.quote(pair.host)} 2>/dev/null" for pair in network.pairs if pair.shared]
    calls = [f"  /bin/sh {NETWORKS}/{shlex.quote(shared.name)}/down" for shared in network.networks]
    lock = f"  exec 9> {NETWORKS}/.lock && flock 9"
    return ["# The kernel takes the pair away with the guest's namespace, a moment too late.", *ends, "(", lock, *calls, ")"]
