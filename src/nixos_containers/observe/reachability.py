"""Whether the running containers with a network of their own can be reached and reach the world, step by step. Looks only.

The steps go from the host's end outward, so that the first that fails is the cause of those after it. Only `doctor` asks: a ping and
a question to the name servers are sent. No service of a guest is connected to, for that might be what it waits for.
"""

from __future__ import annotations

import os
import re
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..base import process
from ..base.errors import ContainerError
from ..base.files import read_text
from ..declare.finding import Finding
from ..kernel import links, proc
from ..plan.addresses import bare
from ..plan.network import plan_network
from ..plan.ruleset import TABLE
from . import containers, drift
from .addresses import live_addresses
from .firewall import obstacles

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..base.paths import Paths
    from ..plan.network import NetworkPlan
    from ..plan.pairs import Pair

_NAME_SERVER = re.compile(r"^nameserver\s+(\S+)", re.MULTILINE)
_WALLS = "other firewalls"
_LISTENS = "0A"  # TCP_LISTEN (include/net/tcp_states.h)
# 127.0.0.1, ::1 and ::ffff:127.0.0.1 as /proc/net has them.
_LOOPBACK = ("0100007F", "00000000000000000000000001000000", "0000000000000000FFFF00000100007F")
# Run in the guest's network namespace: a question for the root's name servers (RFC 1035); any answer will do.
_ASK = """
import socket, sys
for server in sys.argv[1:]:
    family = socket.AF_INET6 if ":" in server else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as asked:
        asked.settimeout(1)
        try:
            asked.connect((server, 53))
            asked.send(bytes.fromhex("4e43010000010000000000000000020001"))
            asked.recv(512)
            sys.exit(0)
        except OSError:
            pass
sys.exit(1)
"""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that must hold for packets to come through; `problem` is empty when it does.

    `notice` means that it may be so on purpose.
    """

    name: str
    problem: str = ""
    remedy: str = ""
    notice: bool = False


@dataclass(frozen=True, slots=True)
class Reach:
    """The steps to and from one container, up to the first that fails for good."""

    container: str
    steps: tuple[Step, ...]


def reachability(paths: Paths) -> list[Reach]:
    """The steps for every running container with a private network."""
    found = []
    walls = obstacles()
    for name in containers.names(paths):
        running, started = containers.running(paths, name), containers.started(paths, name)
        if running is None or started is None or started.container is None:
            continue
        try:
            plan = plan_network(started.container)
        except ContainerError:
            continue
        if not plan.pairs or _on_its_way(paths, name, running.leader):
            continue
        steps = []
        for step in _steps(paths, name, running.leader, plan, walls):
            steps.append(step)
            if step.problem and not step.notice:
                break
        if not _on_its_way(paths, name, running.leader):  # else what was missing is missing for a reason
            found.append(Reach(name, tuple(steps)))
    return found


def _on_its_way(paths: Paths, name: str, leader: int) -> bool:
    """Whether somebody starts or stops the container at this moment, or the guest with the pid `leader` is gone."""
    state = paths.run_state(name)
    running = containers.running(paths, name)
    return running is None or running.leader != leader or any(os.path.exists(f"{state}/{mark}") for mark in ("notify", "stopping"))


def reachability_findings(reached: list[Reach]) -> list[Finding]:
    """What of `reached` a person should know. What several containers suffer from alike is one finding."""
    troubles: dict[Step, list[str]] = {}
    for reach in reached:
        for step in reach.steps:
            if step.problem and step.name != _WALLS:  # the host's findings name those once for all
                troubles.setdefault(step, []).append(f"‘{reach.container}’")
    return [
        Finding(
            f"container{'s' if len(names) > 1 else ''} {', '.join(names)}: {step.name}: {step.problem}",
            ""
            if step.notice
            else f"{'they cannot be reached, or do' if len(names) > 1 else 'it cannot be reached, or does'} not reach what is beyond",
            step.remedy,
            notice=step.notice,
        )
        for step, names in troubles.items()
    ]


def _steps(paths: Paths, name: str, leader: int, plan: NetworkPlan, walls: list[Finding]) -> Iterator[Step]:
    restart = f"nixos-container restart {name}"
    gone = [pair.host for pair in plan.pairs if not links.exists(pair.host)]
    yield Step("interface", f"{', '.join(gone)} is gone from the host" if gone else "", restart)
    lost = drift.lost_lines(plan)
    yield Step("host's end", f"without {', '.join(lost)}" if lost else "", "nixos-container doctor puts it back, where it can")
    yield _guest_addresses(leader, plan, restart)
    yield from (_ping(address) for address in _reachable(plan))
    yield _default_route(leader, plan, restart)
    yield _forwarding(plan)
    missing = bool(plan.elements) and not drift.rules_hold(plan.elements, TABLE)
    yield Step(
        "packet filter", "rules or forwards of the container are missing" if missing else "", "nixos-container doctor puts them back"
    )
    blocked = walls[0] if walls and plan.elements else None
    yield Step(_WALLS, blocked.what if blocked else "", blocked.remedy if blocked else "")
    yield _name_servers(paths, name, leader)
    yield from (step for pair in plan.pairs for step in _forwards(leader, pair))


def _reachable(plan: NetworkPlan) -> list[str]:
    """The guest's addresses, without those of IPv6 where the host's end has none (as on a host without it): that was told at the start."""
    return [
        bare(local) for pair in plan.pairs for family, _, local in pair.addresses if local and (family != "-6" or links.has_ipv6(pair.link))
    ]


def _guest_addresses(leader: int, plan: NetworkPlan, restart: str) -> Step:
    there = live_addresses(leader)
    missing = [address for address in _reachable(plan) if address not in there]
    return Step("guest's address", f"the guest does not have {', '.join(missing)}" if missing else "", restart)


def _ping(address: str) -> Step:
    if process.find("ping") is None:
        return Step(f"ping {address}")
    answered = process.run(["ping", "-n", "-q", "-c", "1", "-W", "1", address], check=False).returncode == 0
    return Step(
        f"ping {address}",
        "" if answered else "no answer",
        "does its firewall allow it (networking.firewall.allowPing)? Otherwise: ip neigh; nft list ruleset",
        notice=True,
    )


def _default_route(leader: int, plan: NetworkPlan, restart: str) -> Step:
    wanted = any("default" in command for command in plan.guest_commands)
    rows = [line.split() for line in (proc.read(f"/proc/{leader}/net/route") or "").splitlines()[1:]]
    rows6 = [line.split() for line in (proc.read(f"/proc/{leader}/net/ipv6_route") or "").splitlines()]
    there = any(row[1] == "00000000" for row in rows) or any(row[0] == "0" * 32 and row[1] == "00" and row[9] != "lo" for row in rows6)
    if there:
        return Step("default route")
    if wanted:
        return Step("default route", "the guest has none any more", restart)
    remedy = "config.networking.defaultGateway, or a network of ‘networking.containers.networks’"
    return Step("default route", "the guest has none: it reaches its own networks only", remedy, notice=True)


def _forwarding(plan: NetworkPlan) -> Step:
    files = []
    for family, file in (("4", "net/ipv4/ip_forward"), ("6", "net/ipv6/conf/all/forwarding")):
        if (
            any(name in (f"nat{family}", f"forwards{family}", f"bound{family}") for name, _ in plan.elements)
            and (read_text(f"/proc/sys/{file}") or "").strip() == "0"
        ):
            files.append(file.replace("/", "."))
    return Step(
        "forwarding",
        f"somebody has set {' and '.join(files)} to 0" if files else "",
        "; ".join(f"sysctl -w {file}=1" for file in files),
    )


def _name_servers(paths: Paths, name: str, leader: int) -> Step:
    servers = _NAME_SERVER.findall(read_text(f"{paths.run_state(name)}/guest/resolv.conf") or "")
    servers = [server for server in servers if re.fullmatch(r"[0-9a-fA-F.:]+", server)][:3]
    if not servers:
        return Step("name servers")
    command = ["nsenter", f"--net=/proc/{leader}/ns/net", "--", sys.executable, "-IS", "-c", _ASK, *servers]
    answered = process.run(command, check=False).returncode == 0
    return Step(
        "name servers",
        "" if answered else f"{', '.join(servers)} did not answer the container",
        "do they answer the host? config.networking.nameservers gives it others",
        notice=True,
    )


def _forwards(leader: int, pair: Pair) -> Iterator[Step]:
    listening = {int(port, 16) for table in ("tcp", "tcp6") for port in _listening(leader, table)}
    for forward in pair.config.forward_ports:
        if forward.protocol != "tcp" or len(forward.ports) > 1:
            continue
        silent = forward.target not in listening
        yield Step(
            f"forward {forward.host_port}",
            f"nothing listens on port {forward.target} of the guest" if silent else "",
            "start the service inside, or let it listen on more than 127.0.0.1",
            notice=True,
        )


def _listening(leader: int, table: str) -> Iterator[str]:
    for line in (proc.read(f"/proc/{leader}/net/{table}") or "").splitlines()[1:]:
        fields = line.split()
        address, _, port = fields[1].partition(":")
        if fields[3] == _LISTENS and address not in _LOOPBACK:
            yield port
