"""Switching a running guest to another system in place: its own `switch-to-configuration`, run inside."""

from __future__ import annotations

from ..base import log, process
from ..base.errors import ContainerError
from ..base.files import remove
from ..base.paths import Paths
from ..base.stranger import tamed
from ..build import store
from ..observe import containers as observe
from . import events, hosts, start, storeview
from .inside import inside

# switch-to-configuration's status when the switch happened but some units failed (upstream's convention).
_UNITS_FAILED = 4
# Its status when the switch happened but snippets of the activation failed, which it named.
_SNIPPETS_FAILED = 2
# Its status when the two systems are of different kinds: nothing was switched (upstream's convention, too).
_RESTART_NEEDED = 100


class ReloadFailed(ContainerError):
    """The guest could not be switched; it runs on."""


class RestartNeeded(ReloadFailed):
    """The new system cannot take over a running guest of the old one's kind; nothing was changed."""


def reload(paths: Paths, name: str, system: str) -> None:
    """Run `system`'s switch-to-configuration inside container `name`. Raises ReloadFailed."""
    running = observe.running(paths, name)
    if running is None:
        raise ContainerError(f"container ‘{name}’ is not running", hint=f"nixos-container start {name}")
    _show(paths, name, system)
    # Both systems stay rooted until the new one really runs.
    store.add_root(system, f"{paths.gcroots(name)}/switching")
    command = [*inside(name, running.leader), f"{system}/bin/switch-to-configuration", "test"]
    hosts.write_guest(paths, name, system)
    done = process.run(command, check=False, pass_stderr=True)
    if done.stdout.strip():
        log.say(tamed(done.stdout.rstrip()))
    if done.returncode == _RESTART_NEEDED:
        raise RestartNeeded(
            f"container ‘{name}’ cannot be switched in place: its new system is of another kind",
            hint=f"nixos-container restart {name} starts it with the new one",
        )
    if done.returncode not in (0, _UNITS_FAILED, _SNIPPETS_FAILED):
        raise ReloadFailed(
            f"container ‘{name}’ could not be switched to its new system (status {done.returncode})",
            hint=f"nixos-container restart {name} starts it with the new one",
        )
    hosts.link_in_guest(paths, name, running.leader)
    store.add_root(system, f"{paths.gcroots(name)}/running")
    start.note_system(paths, name, system)
    remove(f"{paths.gcroots(name)}/switching")  # or it would keep this system for ever
    events.emit(paths, "reload", name, system=system)
    if done.returncode == _SNIPPETS_FAILED:
        raise ReloadFailed(
            f"container ‘{name}’ runs its new system, but snippets of its activation failed",
            hint=f"containers.{name}.config.system.activationScripts has them; every switch and start runs them again",
        )
    if done.returncode == _UNITS_FAILED:
        raise ReloadFailed(
            f"container ‘{name}’ runs its new system, but some units failed",
            hint=f"nixos-container run {name} -- systemctl --failed",
        )


def _show(paths: Paths, name: str, system: str) -> None:
    """Have the running guest see `system` in its store. Raises RestartNeeded where that takes another mount."""
    if not isinstance(storeview.ensure(paths, observe.record(paths, name), system, running=True), str):
        raise RestartNeeded(
            f"container ‘{name}’ cannot be switched in place: its store is mounted path by path",
            hint=f"nixos-container restart {name} starts it with the new one",
        )


def dry_activate(paths: Paths, name: str, system: str) -> str | None:
    """What `system`'s switch-to-configuration says it would do in container `name`; None when it runs not or cannot tell."""
    running = observe.running(paths, name)
    if running is None:
        return None
    try:
        _show(paths, name, system)
    except RestartNeeded:
        return None
    command = [*inside(name, running.leader), f"{system}/bin/switch-to-configuration", "dry-activate"]
    done = process.run(command, check=False)
    return tamed(done.stdout + done.stderr) if done.returncode == 0 else None
