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

# Directory below /run -> what is there where the service is installed, what while it runs, and how it is told that its files changed.
_SERVICES = {
    # Asked first: a question to one that was stopped on purpose would start it (D-Bus activation). nmcli looks by itself.
    NETWORKD: ("lib/systemd/systemd-networkd", "systemd/netif/state", "systemctl is-active --quiet systemd-networkd && networkctl reload"),
    NETWORK_MANAGER: ("sbin/NetworkManager", "NetworkManager", "nmcli general reload conf"),
}


def tell(container: Container, *, run: str = "/run", usr: str = "/usr") -> None:
    """Before the interfaces of `container` appear: write the files that are not there, or not so, and have them read.

    They are written wherever the service is installed: it may be started while the container runs.
    """
    for directory, text in unmanaged_files(container).items() if _installed(run, usr) else ():
        program, sign, reload = _SERVICES[directory]
        path = f"{run}/{directory}/{file_name(directory, container.name)}"
        there = os.path.exists(f"{run}/{sign}")
        if not (there or os.path.exists(f"{usr}/{program}")) or read_text(path) == text:
            continue
        os.makedirs(os.path.dirname(path), mode=0o755, exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        if there and run == "/run":
            process.run(["/bin/sh", "-c", reload], check=False)


def _installed(run: str, usr: str) -> bool:
    return any(os.path.exists(f"{usr}/{program}") or os.path.exists(f"{run}/{sign}") for program, sign, _ in _SERVICES.values())


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
