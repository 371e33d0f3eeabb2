"""Stopping a container, and cleaning up after one that ended in any other way."""

from __future__ import annotations

import os
import signal
import time
from functools import partial
from typing import TYPE_CHECKING

from ..base import log, process
from ..base.errors import HostError
from ..base.files import read_text, remove
from ..kernel import cgroups, proc, processes
from ..observe import containers as observe
from ..plan.launch import cgroup_of
from ..plan.service_config import STOP_TIMEOUT, stop_timeout
from . import bridges, forwarding, halting

if TYPE_CHECKING:
    from ..base.paths import Paths
    from ..plan.facts import Cgroups, Running

# A launcher needs some hundredths of a second for what it does without a guest.
_LAUNCHER_TIMEOUT = 10.0
_RUN_FILES = ("nspawn.pid", "launcher.pid", "notify", "stopping", "guest/request", "guest/answer")


def stop(paths: Paths, name: str, running: Running, layout: Cgroups) -> None:
    """Shut the guest down cleanly and wait for its end; after 90 s, or its TimeoutStopSec, it is killed, and that is said."""
    state = paths.run_state(name)
    heard = halting.listener(paths, name) is not None
    with open(f"{state}/stopping", "w", encoding="ascii") as told:  # a reboot asked for at this moment is not wanted
        # nspawn answers SIGTERM by sending its --kill-signal, systemd's "halt now", to the guest.
        processes.send(running.nspawn, signal.SIGTERM)
        told.write("told\n")
    waited_for = running.supervisor or running.nspawn
    timeout = _timeout(paths, name)
    if not halting.wait_for_end(paths, name, partial(processes.wait_until_gone, waited_for), heard=heard, timeout=timeout):
        log.warn(f"container ‘{name}’ did not shut down within {timeout:g} s and is killed")
    terminate(paths, name, layout)


def was_given_up(paths: Paths, name: str) -> bool:
    """Whether a command that wanted to stop container `name` was killed before it told the guest: a stop takes no longer than it may."""
    return _left(paths, name) == 0


def _left(paths: Paths, name: str) -> float | None:
    """For how many seconds a stop of container `name` that was begun may still take; None when there is none."""
    try:
        age = time.time() - os.stat(f"{paths.run_state(name)}/stopping").st_mtime
    except FileNotFoundError:
        return None
    return max(0.0, _timeout(paths, name) + _LAUNCHER_TIMEOUT - age)


def _timeout(paths: Paths, name: str) -> float:
    from ..base.errors import ContainerError

    try:
        return stop_timeout(observe.record(paths, name).container)
    except ContainerError:
        return STOP_TIMEOUT  # a damaged record must not keep anything running


def terminate(paths: Paths, name: str, layout: Cgroups) -> None:
    """End everything of container `name` at once and remove all that a run leaves on the host; idempotent."""
    state = paths.run_state(name)
    groups = layout.paths(cgroup_of(name))
    launcher = proc.read_pid(f"{state}/launcher.pid")
    if launcher is not None and f"{state}/launch" in proc.arguments(launcher):
        processes.kill(launcher)
        processes.wait_until_gone(launcher, 5)
    nspawn = proc.read_pid(f"{state}/nspawn.pid")
    if nspawn is not None and f"--machine={name}" in proc.arguments(nspawn):
        processes.kill(nspawn)
    if not cgroups.kill(groups):
        raise HostError(
            f"some processes of container ‘{name}’ cannot be killed (they hang in the kernel)",
            details="pids: " + " ".join(map(str, sorted(cgroups.processes(groups)))),
            hint="look at ‘cat /proc/PID/stack’; a reboot of the host helps",
        )
    _remove_groups(groups)
    _remove_rules(state)
    forwarding.forget_flows(paths, name)
    forwarding.release(paths, name)
    wait_for_links(paths, name)
    bridges.leave(paths, name)
    for file in _RUN_FILES:
        remove(f"{state}/{file}")
    root = paths.ephemeral_root(name)
    if os.path.isdir(root) and not os.path.ismount(root):
        try:
            os.rmdir(root)  # the mount point of an ephemeral root; the file system itself ended with its processes
        except OSError:
            log.warn(f"{root} is not empty and was left")


def _remove_groups(groups: tuple[str, ...]) -> None:
    deadline = time.monotonic() + 2
    while True:
        cgroups.remove(groups)
        if not cgroups.present(groups) or time.monotonic() > deadline:
            return
        time.sleep(0.005)


def _remove_rules(state: str) -> None:
    """Unless the launcher came so far itself. The files stay: the next start may be the same (run/again.py)."""
    for path in (f"{state}/filter.down", f"{state}/bridge.down"):
        if os.path.exists(path) and not os.path.exists(f"{state}/ended"):
            process.run(["nft", "-f", path], check=False)


def wait_for_launcher(paths: Paths, name: str, layout: Cgroups) -> None:
    """Let a stop whose command was killed come to its end, and a launcher without a guest to its own or to the guest's next boot."""
    stopping = f"{paths.run_state(name)}/stopping"
    # A guest that was told shuts down, whatever became of who told it.
    patience = (_left(paths, name) if read_text(stopping) else None) or _LAUNCHER_TIMEOUT
    deadline = time.monotonic() + patience
    while observe.supervisor(paths, name) is not None:
        up = observe.running(paths, name) is not None
        if up and not os.path.exists(stopping):
            return
        if time.monotonic() > deadline:
            if up:
                remove(stopping)  # nobody has told the guest to stop
            else:
                terminate(paths, name, layout)
            return
        time.sleep(0.01)


def wait_for_links(paths: Paths, name: str) -> None:
    """The kernel removes the veth pair with the guest's network namespace, a moment after its last process."""
    from ..base.errors import ContainerError
    from ..plan.network import plan_network

    try:
        pairs = plan_network(observe.record(paths, name).container).pairs
    except ContainerError:
        return
    deadline = time.monotonic() + 2
    for pair in pairs:
        while os.path.exists(f"/sys/class/net/{pair.host}"):
            if time.monotonic() > deadline:
                process.run(["ip", "link", "delete", pair.host], check=False)
                break
            time.sleep(0.005)


def remove_unfinished(path: str) -> None:
    """Remove the skeleton of a root that a killed command had not finished: empty directories only."""
    for directory, _, _ in os.walk(path, topdown=False):
        try:
            os.rmdir(directory)
        except OSError:
            return
