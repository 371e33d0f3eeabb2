"""Changing the network of a running container, and putting right what others have done to the host's end of it.

Both are the same: ip batches for the host and for the guest's network namespace, and one nft transaction (plan/reconnect.py).
"""

from __future__ import annotations

import json
import os
from contextlib import ExitStack
from typing import TYPE_CHECKING

from ..base import log, process
from ..base.errors import ContainerError, HostError
from ..base.files import locked_if_free, read_text, write_atomically
from ..declare.codec import encode
from ..kernel import conntrack, sysctls
from ..observe import containers as observe
from ..observe import drift
from ..plan.filtering import FILTERED_BRIDGES
from ..plan.launch import params_digest
from ..plan.launcher import guest_script, network_files
from ..plan.mounts import overlay_lines
from ..plan.network import ipv6_device, plan_network
from ..plan.reconnect import converging, plan_reconnect
from ..plan.resolver import network_servers
from ..plan.ruleset import (
    BASE_RULES,
    BRIDGE_RULES,
    BRIDGE_TABLE,
    FILTERED_ELEMENT,
    TABLE,
    elements_down,
    elements_up,
    filtered_bridges,
    key,
    needs_filtered_bridges,
    stale_keys,
)
from . import again, bridges, forwarding, resolver
from .records import command_line

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..base.paths import Paths
    from ..declare.container import Container
    from ..plan.facts import Host
    from ..plan.network import NetworkPlan
    from ..plan.ruleset import Elements


def reconnect(paths: Paths, host: Host, name: str) -> None:
    """Give running container `name` the network of its record. Raises ContainerError when the host or the guest refuses a part.

    Whatever kills this half-way, the next `reconnect` knows both networks and takes out what only one of them has.
    """
    running, started = observe.running(paths, name), observe.started(paths, name)
    if running is None or started is None or started.container is None:
        raise ContainerError(f"container ‘{name}’ is not running", hint=f"nixos-container start {name}")
    new = observe.record(paths, name).container
    before = (started.container, *started.also)
    plan = plan_reconnect(before, new)
    again.forget(paths, name)
    _note(paths, name, also=encode([new, *started.also]))
    bridges.renew(paths, new, host)
    _change_rules(plan.gone, plan.wanted)
    if plan.bridge_gone or plan.bridge_wanted:
        _change_rules(plan.bridge_gone, plan.bridge_wanted, BRIDGE_TABLE)
    follow_filtered_bridges([plan_network(new)])
    refused = _batch(["ip"], plan.host) + _batch(["nsenter", f"--net=/proc/{running.leader}/ns/net", "--", "ip"], plan.guest)
    for file, value in plan.settings:
        sysctls.write_file(file, value)
    _write_files(paths, new, started.busybox)
    forwarding.acquire(paths, name)
    conntrack.forget(plan.addresses, udp_ports=plan.udp_ports)
    if any(network_servers(container) != network_servers(new) for container in before):
        resolver.follow(paths)
    _note(paths, name, also=[], params=params_digest(new, host), container=encode(new))
    if refused:
        raise HostError(f"not all of the new network of container ‘{name}’ could be put in place", details="\n".join(refused))


def _note(paths: Paths, name: str, **changed: object) -> None:
    started = observe.started_as_written(paths, name)
    write_atomically(f"{paths.run_state(name)}/started.json", json.dumps({**started, **changed}))


def _write_files(paths: Paths, container: Container, busybox: str) -> None:
    """What the launcher and the guest read when the guest reboots, and when it ends."""
    network, state = plan_network(container), paths.run_state(container.name)
    for file, text in network_files(network).items():
        write_atomically(f"{state}/{file}", text)
    write_atomically(f"{state}/guest/init", guest_script(network, busybox=busybox, mounts=overlay_lines(container)))


def _change_rules(gone: Elements, wanted: Elements, table: str = TABLE) -> None:
    if not gone and not wanted:
        return
    if process.run(["nft", "-f", "-"], stdin=elements_down(gone, table) + elements_up(wanted, table), check=False).returncode == 0:
        return
    # Somebody has flushed the table, or has another value under one of the keys: ours go one by one.
    for name, element in gone:
        one = [*table.split(), name, f"{{ {key(element)} }}"]
        found = process.run(["nft", "-n", "get", "element", *one], check=False)
        if found.returncode == 0 and element.partition(" : ")[2] in found.stdout:
            process.run(["nft", "delete", "element", *one], check=False)
    put_rules(wanted, table)


def put_rules(elements: Elements, table: str = TABLE) -> None:
    """Put `elements` into the packet filter, also where its rules are gone, or a killed container has left something under their keys."""
    if process.run(["nft", "-f", "-"], stdin=elements_up(elements, table), check=False).returncode == 0:
        return
    done = process.run(["nft", "-f", "-"], stdin=BASE_RULES if table == TABLE else BRIDGE_RULES, check=table == TABLE)
    if done.returncode != 0:
        return  # a kernel whose packet filter does not look at bridges: said when the container started
    if process.run(["nft", "-f", "-"], stdin=elements_up(elements, table), check=table != TABLE).returncode == 0:
        return
    for line in stale_keys(elements).splitlines():  # a process each
        process.run(["nft", line], check=False)
    process.run(["nft", "-f", "-"], stdin=elements_up(elements, table))


def _batch(command: list[str], lines: tuple[str, ...]) -> list[str]:
    """Run `lines` with `command`; return what `ip` refused. What is gone already need not be taken away, and not all have IPv6."""
    if not lines:
        return []
    done = process.run([*command, "-force", "-batch", "-"], stdin="".join(f"{line}\n" for line in lines), check=False)
    complaints = []
    for line in done.stderr.splitlines():
        if line.startswith("Command failed -:"):
            number = int(line.rpartition(":")[2])
            if " del " not in f" {lines[number - 1]} ":
                complaints.append(lines[number - 1])
    # Asked where `command` leads: a guest's settings are its own.
    devices = {device for line in complaints if (device := ipv6_device(line)) is not None}
    off = {device for device in devices if not _has_ipv6(command[:-1], device)}
    return [f"ip {line}" for line in complaints if ipv6_device(line) not in off]


def _has_ipv6(where: list[str], device: str) -> bool:
    """links.has_ipv6, in the network namespace that the command `where` leads to."""
    return process.run([*where, "cat", f"/proc/sys/net/ipv6/conf/{device}/disable_ipv6"], check=False).stdout.strip() == "0"


def repair_networks(paths: Paths) -> list[str]:
    """Put back what others took from the host's ends of running containers; return what was wrong, one sentence each.

    Looked for without locks, so that commands do not wait for each other; then looked at again with the container's lock. Who holds
    that at the moment is about to change what one has seen, and will leave it right.
    """
    plans = {name: plan for name in observe.run_states(paths) if (plan := _plan_of_running(paths, name)) is not None}
    done = []
    for name in plans:
        if not drift.lost_lines(plans[name]):
            continue
        with locked_if_free(paths.lock(name), who=command_line()) as free:
            plan = _plan_of_running(paths, name) if free else None
            lost = drift.lost_lines(plan) if plan is not None else []
            refused = _batch(["ip"], converging(plan.host_batch)) if plan is not None and lost else []
        if not lost:
            continue
        sentence = f"the host's end of container ‘{name}’ had lost {', '.join(lost)}; "
        if refused:
            log.warn(f"{sentence}not repaired: {'; '.join(refused)}")
        else:
            log.warn(f"{sentence}repaired")
            done.append(f"{sentence}repaired")
    flushed = [_repair_rules(paths, plans, table) for table in (TABLE, BRIDGE_TABLE)]
    if any(flushed):
        for network in bridges.known(paths):
            if os.path.exists(f"{paths.network(network)}/running"):
                process.run(["nft", "-f", f"{paths.network(network)}/filter.up"], check=False)
        sentence = "somebody had flushed the packet filter: forwards and address translation of the running containers are back"
        log.warn(sentence)
        done.append(sentence)
    if follow_filtered_bridges(plans.values()):
        sentence = "net.bridge.bridge-nf-call-ip6tables has changed: forwarded ports of containers on bridges do at ::1 what it leaves them"
        log.warn(sentence)
        done.append(sentence)
    return done


def follow_filtered_bridges(plans: Iterable[NetworkPlan]) -> bool:
    """Tell the rules whether the kernel shows them what crosses bridges, where one of `plans` needs that; whether they had it wrong.

    Whoever starts Docker turns that on (bridge-nf-call-ip6tables) while containers run.
    """
    if not any(needs_filtered_bridges(plan.elements) for plan in plans):
        return False
    filtered = (read_text(FILTERED_BRIDGES) or "").strip() == "1"
    known = process.run(["nft", "get", *FILTERED_ELEMENT.split()], check=False).returncode == 0
    return known != filtered and process.run(["nft", filtered_bridges(filtered=filtered)], check=False).returncode == 0


def _plan_of_running(paths: Paths, name: str) -> NetworkPlan | None:
    started = observe.started(paths, name)
    if started is None or started.container is None or observe.running(paths, name) is None:
        return None
    try:
        plan = plan_network(started.container)
    except ContainerError:
        return None
    return plan if plan.pairs else None


def _repair_rules(paths: Paths, plans: dict[str, NetworkPlan], table: str) -> bool:
    def elements_of(some: Iterable[NetworkPlan]) -> Elements:
        each = (plan.elements if table == TABLE else plan.bridge_elements for plan in some)
        return tuple(dict.fromkeys(element for elements in each for element in elements))

    elements = elements_of(plans.values())
    if not elements or drift.rules_hold(elements, table):
        return False
    with ExitStack() as held:
        free = [name for name in plans if held.enter_context(locked_if_free(paths.lock(name), who=command_line()))]
        running = [plan for name in free if (plan := _plan_of_running(paths, name)) is not None]
        elements = elements_of(running)
        if not elements or drift.rules_hold(elements, table):
            return False
        process.run(["nft", "-f", "-"], stdin=BASE_RULES if table == TABLE else BRIDGE_RULES, check=False)
        try:
            put_rules(elements, table)
        except process.CommandFailed:
            _put_each([elements_of([plan]) for plan in running], table)
        return drift.rules_hold(elements, table)


def _put_each(of_each: list[Elements], table: str) -> None:
    """Put in the elements of one container after the other: what the packet filter refuses of one must not keep the others without."""
    for some in of_each:
        try:
            put_rules(some, table)
        except process.CommandFailed as refusal:
            log.warn(f"the packet filter refuses what a running container needs: {refusal.details or refusal}")
