"""`nixos-container network list|show [NAME]`: shared networks, and what the host's side of a container's network looks like."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..base import log
from ..base.errors import UsageError
from ..base.paths import Paths
from ..declare.codec import encode
from ..observe import containers as observe
from ..observe import networks
from ..plan.bridges import bridge_name
from ..plan.network import plan_network
from .output import emit_json, table

if TYPE_CHECKING:
    from ..declare.container import Container
    from .parse import Arguments


def run(arguments: Arguments) -> int:
    """Carry the verb out."""
    paths = Paths()
    match list(arguments.names):
        case [] | ["list" | "ls"]:
            _list(paths, json=arguments.json)
        case ["show"]:
            _show_host(networks.containers(paths), json=arguments.json)
        case ["show", name]:
            _show(paths, name, json=arguments.json)
        case _:
            raise UsageError(f"network: what is ‘{' '.join(arguments.names)}’?", hint="network list, or network show [NAME]")
    return 0


def _list(paths: Paths, *, json: bool) -> None:
    known = networks.containers(paths)
    rows = [_network(paths, name, known) for name in sorted(networks.shared_networks(known))]
    if json:
        emit_json(rows)
    elif rows:
        cells = [
            (row["name"], row["state"], row["bridge"], row["subnet"] or "-", row["subnet6"] or "-", _options(row), _names(row["members"]))
            for row in rows
        ]
        print(table(("NAME", "STATE", "BRIDGE", "SUBNET", "SUBNET6", "OPTIONS", "MEMBERS"), cells))
    else:
        log.say("no network is shared: a definition file declares them (networking.containers.networks.<name>)")
        log.say("nixos-container network show: the interfaces and ports of each container")


def _options(row: dict[str, Any]) -> str:
    words = [word for word in ("isolated", "dhcp", "dns") if row[word]] + ([] if row["nat"] else ["no nat"])
    return ", ".join(words) or "-"


def _names(members: list[dict[str, Any]]) -> str:
    return ", ".join(member["container"] + ("" if member["up"] else " (down)") for member in members) or "-"


def _network(paths: Paths, name: str, known: dict[str, Container]) -> dict[str, Any]:
    network = networks.shared_networks(known)[name]
    up = networks.bridge_exists(name)
    members = [encode(interface) for interface in networks.interfaces(known) if interface.network == name]
    mine = {member["host"] for member in members}
    shown: dict[str, Any] = {key: value for key, value in encode(network).items() if key not in ("pool", "pool6")}
    return {
        **shown,
        "state": "up" if up else "down",
        "bridge": bridge_name(name),
        "members": members,
        "otherPorts": [port for port in networks.ports_of(name) if port not in mine],
        "leases": networks.leases(paths, name) if network.dhcp else [],
    }


def _show(paths: Paths, name: str, *, json: bool) -> None:
    known = networks.containers(paths)
    if name in networks.shared_networks(known):
        row = _network(paths, name, known)
        if json:
            emit_json(row)
            return
        print(f"{name}: {row['state']}, bridge {row['bridge']}, {row['subnet']}, {row['subnet6']}, options: {_options(row)}")
        print(_interfaces(row["members"]))
        for port in row["otherPorts"]:
            print(f"also on the bridge: {port}")
        for lease in row["leases"]:
            print(f"given by DHCP: {lease['address']} to {lease['name'] or lease['mac']}")
        return
    if name not in known:
        raise observe.NoSuchContainer(name, [*observe.names(paths), *networks.shared_networks(known)])
    # On the host's own network its rules would be the host's.
    filtered = plan_network(known[name]).private or known[name].network.network_namespace is not None
    counters = networks.guest_counters(paths, name) if filtered else None
    answer = {**_describe({name: known[name]}), "counters": encode(counters)}
    if json:
        emit_json(answer)
        return
    _print(answer)
    if counters:
        print("counted by the container's own packet filter:")
        _print_counters(answer["counters"])


def _show_host(known: dict[str, Container], *, json: bool) -> None:
    answer = {**_describe(known), "counters": encode(networks.counters())}
    if json:
        emit_json(answer)
        return
    _print(answer)
    if answer["counters"] is None:
        print("no packet filter rules of ours are loaded")
        return
    _print_counters(answer["counters"])


def _print_counters(rows: list[dict[str, Any]]) -> None:
    cells = [(str(row["packets"]), str(row["bytes"]), f"{row['chain']}: {row['meaning']}") for row in rows]
    print(table(("PACKETS", "BYTES", "RULE"), cells))


def _describe(known: dict[str, Container]) -> dict[str, Any]:
    return {"interfaces": encode(networks.interfaces(known)), "forwards": encode(networks.forwards(known))}


def _print(answer: dict[str, Any]) -> None:
    if answer["interfaces"]:
        print(_interfaces(answer["interfaces"]))
    if answer["forwards"]:
        print(
            table(
                ("PORT OF THE HOST", "LEADS TO"),
                [
                    (
                        f"{f['protocol']} {f['hostAddress'] or '*'} {_range(f['hostPort'], f['hostPortEnd'])}",
                        f"{f['container']} port {_range(f['containerPort'], f['containerPort'] + f['hostPortEnd'] - f['hostPort'])}",
                    )
                    for f in answer["forwards"]
                ],
            )
        )


def _range(first: int, last: int) -> str:
    return str(first) if first == last else f"{first}-{last}"


def _interfaces(rows: list[dict[str, Any]]) -> str:
    return table(
        ("CONTAINER", "INSIDE", "HOST", "BRIDGE", "ADDRESSES", "PEERS", "SENT", "RECEIVED"),
        [
            (
                row["container"],
                row["guest"],
                row["host"] + ("" if row["up"] else " (down)"),
                row["bridge"] or "-",
                " ".join(row["addresses"]) or "-",
                " ".join(row["peers"]) or "-",
                "-" if row["sent"] is None else str(row["sent"]),
                "-" if row["received"] is None else str(row["received"]),
            )
            for row in rows
        ],
    )
