"""What a killed process of ours left behind, found and put right by the next command. Idempotent.

Nothing here touches what is not ours: cgroups, interfaces, rules and files that carry our names.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ..base import log, process
from ..base.errors import ContainerError, HostError
from ..base.files import locked, remove
from ..kernel import confine
from ..observe import containers as observe
from . import bridges, events, forwarding, hosts, passage, reconnect, resolver, revive, stop, throwaway, unfinished, units, unmanaged
from .debris import remove_debris
from .files import keep_private
from .records import command_line

if TYPE_CHECKING:
    from ..base.paths import Paths
    from ..plan.facts import Host


def repair_all(paths: Paths, host: Host, *, failures: list[ContainerError] | None = None) -> list[str]:
    """Repair every container and the shared directories; return what was done, one sentence each.

    A container that cannot be repaired is no reason for commands that concern others to fail: it is warned of, or put among `failures`.
    """
    done = []
    for name in sorted({*observe.names(paths), *observe.run_states(paths)}):
        if not needs_repair(paths, host, name):
            continue
        try:
            with locked(paths.lock(name), who=command_line()):
                sentence = repair(paths, host, name)
        except ContainerError as failure:
            if failures is None:
                log.warn(str(failure))
            else:
                failures.append(failure)
            continue
        if sentence:
            done.append(sentence)
    if os.path.isdir(paths.states):
        keep_private(paths.states)
    done += unfinished.settle_all(paths, host) + throwaway.discard_unwanted(paths, host)
    forwarding.settle(paths)
    unmanaged.settle(paths)
    done += revive.revive_checks(paths)
    done += repair_host_networks(paths)
    hosts.refresh_if_stale(paths)
    resolver.follow_if_changed(paths, host)
    try:
        if host.systemd and units.sync(paths):
            done.append("wrote the unit files of the containers anew")
    except HostError as failure:
        log.warn(str(failure))  # what runs can still be stopped
    return done + remove_debris(paths)


def repair_host_networks(paths: Paths) -> list[str]:
    """Put back what others took of the host's part of containers' networks; return what was done, one sentence each."""
    return reconnect.repair_networks(paths) + bridges.repair(paths) + passage.keep(paths)


def needs_repair(paths: Paths, host: Host, name: str) -> bool:
    """Whether `repair` would do something: looked up without a lock, so that commands do not wait for each other."""
    running = observe.running(paths, name)
    if running is not None:
        return running.supervisor is None or stop.was_given_up(paths, name)
    return bool(observe.leftovers(paths, host.cgroups, name))


def repair(paths: Paths, host: Host, name: str) -> str | None:
    """Repair container `name`, whose lock the caller holds; say what was wrong, or return None."""
    running = observe.running(paths, name)
    if running is not None:
        if stop.was_given_up(paths, name):
            remove(f"{paths.run_state(name)}/stopping")  # or the launcher would not let the guest reboot
            sentence = f"a command that was killed had not stopped container ‘{name}’; it may reboot again"
        elif running.supervisor is not None:
            return None
        if running.supervisor is None:
            _adopt(paths, name)
            sentence = f"the supervisor of container ‘{name}’ had been killed; another one watches it now"
    else:
        left = observe.leftovers(paths, host.cgroups, name)
        if not left:
            return None
        stop.terminate(paths, name, host.cgroups)
        events.emit(paths, "died", name, status=None, reason="it had ended without cleaning up")
        sentence = f"container ‘{name}’ had ended without cleaning up ({', '.join(left)}); repaired"
    log.warn(sentence)
    return sentence


def _adopt(paths: Paths, name: str) -> None:
    confine.leave_keys()
    descriptor = os.open(paths.log(name), os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o640)
    try:
        process.spawn(["/bin/sh", f"{paths.run_state(name)}/launch", "adopt"], stdout=descriptor, stderr=descriptor, detach=True)
    finally:
        os.close(descriptor)
