"""The host's side of containers' networks: shared networks with their members, interfaces, what was dropped. Looks only."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..base import log, process
from ..base.errors import ContainerError
from ..base.files import read_text
from ..plan.addresses import bare
from ..plan.bridges import bridge_name
from ..plan.network import plan_network
from . import containers as observe

if TYPE_CHECKING:
    from ..base.paths import Paths
    from ..declare.container import Container
    from ..declare.shared import SharedNetwork
    from ..plan.pairs import Pair

_COUNTERS = {
    "check-source": "dropped, as they came from an address that is not the container's",
    "own-addresses-only": "dropped, as they came from a MAC address that is not the container's, or were neither IP nor ARP",
    "claim": "dropped, as a neighbour advertisement claimed an address that is not the container's",
    "check-taken": "dropped, as they came from an address that is another container's",
    "roles": "dropped, as only a router or a DHCP server says that",
    "network-to-network": "dropped between shared networks, or between isolated members",
    "guests-to-host": "to services of the host that containers may not reach",
}


@dataclass(frozen=True, slots=True)
class Interface:
    """One pair of a container: both ends, and what went through the host's end (bytes; None while it is down)."""

    container: str
    guest: str
    host: str
    bridge: str | None
    network: str | None
    addresses: tuple[str, ...]
    peers: tuple[str, ...]
    mac: str | None
    up: bool
    sent: int | None = None
    received: int | None = None


@dataclass(frozen=True, slots=True)
class Forward:
    """A port of the host that leads to a container."""

    container: str
    protocol: str
    host_address: str | None
    host_port: int
    host_port_end: int
    container_port: int
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Counter:
    """What a rule of our tables counted."""

    chain: str
    meaning: str
    packets: int
    bytes: int


def containers(paths: Paths) -> dict[str, Container]:
    """All recorded containers whose network can be planned."""
    found = {}
    for name, record in sorted(observe.records(paths).items()):
        try:
            plan_network(record.container)
        except ContainerError as failure:
            log.warn(f"{name}: {failure}")
            continue
        found[name] = record.container
    return found


def shared_networks(known: dict[str, Container]) -> dict[str, SharedNetwork]:
    """Every shared network that a container is a member of, by name."""
    return {m.network.name: m.network for container in known.values() for m in container.network.networks}


def interfaces(known: dict[str, Container]) -> list[Interface]:
    """The pairs of all containers, as declared and as they are."""
    return [_interface(name, pair) for name, container in known.items() for pair in plan_network(container).pairs]


def _interface(name: str, pair: Pair) -> Interface:
    link = f"/sys/class/net/{pair.host}"
    up = os.path.exists(link)
    config = pair.config
    return Interface(
        container=name,
        guest=pair.guest,
        host=pair.host,
        bridge=config.host_bridge,
        network=pair.shared.name if pair.shared is not None else None,
        addresses=tuple(bare(address) for address in (config.local_address, config.local_address6) if address),
        peers=tuple(bare(address) for address in (config.host_address, config.host_address6) if address),
        mac=config.local_mac_address,
        up=up,
        # What the host's end receives, the guest sent.
        sent=_count(f"{link}/statistics/rx_bytes") if up else None,
        received=_count(f"{link}/statistics/tx_bytes") if up else None,
    )


def _count(path: str) -> int | None:
    text = (read_text(path) or "").strip()
    return int(text) if text.isdigit() else None


def forwards(known: dict[str, Container]) -> list[Forward]:
    """The forwarded ports of all containers, as declared."""
    return [
        Forward(
            container=name,
            protocol=forward.protocol,
            host_address=forward.host_address,
            host_port=forward.ports[0],
            host_port_end=forward.ports[-1],
            container_port=forward.target,
            addresses=tuple(bare(address) for address in (pair.config.local_address, pair.config.local_address6) if address),
        )
        for name, container in known.items()
        for pair in plan_network(container).pairs
        for forward in pair.config.forward_ports
        if forward.ports
    ]


def bridge_exists(network: str) -> bool:
    """Whether the bridge of the shared network is there."""
    return os.path.exists(f"/sys/class/net/{bridge_name(network)}")


def ports_of(network: str) -> list[str]:
    """The interfaces on the bridge of the shared network, also those of others, such as virtual machines."""
    try:
        return sorted(os.listdir(f"/sys/class/net/{bridge_name(network)}/brif"))
    except FileNotFoundError:
        return []


def leases(paths: Paths, network: str) -> list[dict[str, str]]:
    """What dnsmasq has given away in the shared network: address, MAC address and name (dnsmasq(8), the lease file)."""
    found = []
    for line in (read_text(f"{paths.network(network)}/leases") or "").splitlines():
        fields = line.split()
        if len(fields) >= 4 and fields[0].isdigit():
            found.append({"address": fields[2], "mac": fields[1], "name": "" if fields[3] == "*" else fields[3]})
    return found


def counters() -> list[Counter] | None:
    """What the rules of our tables have dropped or refused so far; None when there are no tables, or we may not look."""
    found: list[Counter] = []
    seen = False
    for family in ("inet", "bridge"):
        done = process.run(["nft", "-j", "list", "table", family, "nixos-containers"], check=False)
        if done.returncode != 0:
            continue
        seen = True
        for item in json.loads(done.stdout).get("nftables", ()):
            found += _counter(family, item.get("rule", {}))
    return found if seen else None


def _counter(family: str, rule: dict[str, Any]) -> list[Counter]:
    chain = str(rule.get("chain", ""))
    meaning = _COUNTERS.get(chain)
    return [
        Counter(f"{family} {chain}", meaning, each["counter"]["packets"], each["counter"]["bytes"])
        for each in rule.get("expr", ())
        if meaning is not None and isinstance(each.get("counter"), dict)
    ]


def guest_counters(paths: Paths, name: str) -> list[Counter] | None:
    """What rules of the container's own packet filter have counted; None while it is down, or when we may not look.

    A rule says by its comment, or else by its verdict, what it counts. The host's `nft` looks, in the container's network.
    """
    running = observe.running(paths, name)
    if running is None:
        return None
    done = process.run(["nsenter", f"--net=/proc/{running.leader}/ns/net", "--", "nft", "-j", "list", "ruleset"], check=False)
    if done.returncode != 0:
        return None
    found = []
    for item in json.loads(done.stdout).get("nftables", ()):
        rule = item.get("rule", {})
        for each in rule.get("expr", ()):
            if isinstance(each.get("counter"), dict):
                meaning = str(rule.get("comment") or " ".join(_words(rule)))
                chain = f"{rule['family']} {rule['table']} {rule['chain']}"
                found.append(Counter(chain, meaning, each["counter"]["packets"], each["counter"]["bytes"]))
    return found


def _words(rule: dict[str, Any]) -> list[str]:
    verdicts = ("accept", "drop", "reject", "log", "masquerade", "dnat", "snat", "queue")
    said = []
    for each in rule.get("expr", ()):
        for word in verdicts:
            if word in each:
                said.append(word)
        for word in ("jump", "goto"):
            if isinstance(each.get(word), dict):
                said.append(f"{word} {each[word]['target']}")
    return said
