"""`nixos-container unit ...`: what systemd units and `make uninstall` call. Not for people, so not in the table of verbs.

No lock is taken: a command that holds the container's waits for systemd, and systemd for us.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..base.errors import UsageError
from ..base.paths import Paths, check_name
from ..observe import containers as observe
from ..observe.host import host_facts, init_is_systemd
from ..run import units
from ..run.execute import prepare_container
from ..run.reload import reload

if TYPE_CHECKING:
    from collections.abc import Sequence


def unit(words: Sequence[str]) -> int:
    """`prepare NAME` makes what a start needs, `reload NAME` switches the guest, `resolver` brings the host's name servers to the guests,
    `rules` puts back what others took of our packet filter, `remove-all` removes our unit files."""
    paths = Paths()
    match words:
        case ["prepare", name]:
            prepare_container(paths, host_facts(), check_name(name))
        case ["reload", name]:
            reload(paths, name, observe.system_of(paths, observe.record(paths, check_name(name))))
        case ["resolver"]:
            from ..run.resolver import follow

            follow(paths)
        case ["rules"]:
            from ..run.repair import repair_host_networks

            repair_host_networks(paths)
        case ["remove-all"]:
            if init_is_systemd():
                units.remove_all()
        case _:
            raise UsageError("unit: expected prepare NAME, reload NAME, resolver, rules or remove-all")
    return 0
