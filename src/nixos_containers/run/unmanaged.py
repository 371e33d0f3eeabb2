"""Telling systemd-networkd and NetworkManager, where they run, to leave our interfaces alone. Texts are plan/unmanaged.py's.

The files stand below /run: after a reboot of the host the next start writes them again, before the interfaces appear.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ..base import process
from ..base.files import read_text, remove
from ..observe import containers as observe
from ..plan.unmanaged import MARK, NETWORK_MANAGER, NETWORKD, PREFIX, file_name, unmanaged_files

if TYPE_CHECKING:
    from ..base.paths import Paths
    from ..declare.container import Container

# Directory below /run -> what is there while the service runs, and how it is told that its files changed.
_SERVICES = {
    NETWORKD: ("systemd/netif", ("networkctl", "reload")),
    NETWORK_MANAGER: ("NetworkManager", ("nmcli", "general", "reload", "conf")),
}


def tell(container: Container, *, run: str = "/run") -> None:
    """Before the interfaces of `container` appear: write the files that are not there, or not so, and have them read."""
    for directory, text in unmanaged_files(container).items():
        sign, reload = _SERVICES[directory]
        path = f"{run}/{directory}/{file_name(directory, container.name)}"
        if not os.path.isdir(f"{run}/{sign}") or read_text(path) == text:
            continue
        os.makedirs(os.path.dirname(path), mode=0o755, exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        if run == "/run" and process.find(reload[0]) is not None:
            process.run(reload, check=False)


def settle(paths: Paths, *, run: str = "/run") -> None:
    """Remove the files of containers that are no more."""
    known = set(observe.names(paths))
    for directory in _SERVICES:
        try:
            entries = os.listdir(f"{run}/{directory}")
        except FileNotFoundError:
            continue
        for entry in entries:
            path = f"{run}/{directory}/{entry}"
            name = entry.removeprefix(PREFIX).rpartition(".")[0]
            if entry.startswith(PREFIX) and name not in known and (read_text(path) or "").startswith(MARK):
                remove(path)
