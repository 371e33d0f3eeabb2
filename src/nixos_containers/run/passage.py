"""Containers' way through other firewalls of the host: opened for the first container, closed behind the last. Texts are plan/passage.py's.

What closes it stands in the memory of plan/forwarding.py, as shell lines that the launcher's script runs as well.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ..base import log, process
from ..base.files import locked, read_text
from ..observe.firewall import deaf_ends, walls
from ..plan.forwarding import CLOSE, MEMORY, NEEDS
from .forwarding import users
from .hosts import replace

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..base.paths import Paths

_WHO = "looking for other firewalls"


def let_through(paths: Paths, *, allowed: bool = True) -> list[str]:
    """Open every firewall that drops forwarded packets, or warn of it where that is not `allowed` or cannot be; say what was done.

    The caller holds the memory's lock.
    """
    done = []
    path = f"{paths.shared}/{MEMORY}/{CLOSE}"
    for wall in walls():
        if wall.door is not None and allowed:
            before = read_text(path) or ""
            if wall.door.take_out not in before.splitlines():  # written before the rule is there: whoever comes after our death finds it
                os.makedirs(os.path.dirname(path), mode=0o755, exist_ok=True)
                replace(path, f"{before}{wall.door.take_out}\n")
            if process.run(["/bin/sh", "-c", wall.door.put_in], check=False).returncode == 0:
                sentence = f"{wall.what} drops forwarded packets: a rule in it lets those of containers through"
                log.say(f"{sentence}, as long as one runs (networking.containers.passFirewalls)")
                done.append(sentence)
                continue
        log.warn(wall.finding().sentence())
    return done


def tell_of_deaf_ends(wanted: Mapping[str, frozenset[int]]) -> None:
    """Warn where another firewall keeps a container from the ports of the host that are `wanted` at its interfaces: in a shared network
    its first member alone."""
    for finding in deaf_ends({link: ports for link, ports in wanted.items() if not os.path.exists(f"/sys/class/net/{link}")}):
        log.warn(finding.sentence())


def keep(paths: Paths, *, only_known: bool = True) -> list[str]:
    """Put back rules that a reload of the other firewall has taken away; say what was done.

    A firewall that came after the first container is looked for without `only_known`: that costs a command of nft and more.
    """
    memory = f"{paths.shared}/{MEMORY}"
    if only_known and not os.path.exists(f"{memory}/{CLOSE}"):
        return []
    needs = [read_text(f"{paths.run_state(name)}/{NEEDS}") or "" for name in users(paths)]
    if not any("pass\n" in need for need in needs):
        return []
    with locked(f"{memory}.lock", who=_WHO):
        return let_through(paths)
