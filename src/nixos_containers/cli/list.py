"""`nixos-container list`: names, one a line as upstream; `--long` for the table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..base.errors import ContainerError
from ..base.paths import Paths
from ..observe import containers as observe
from .output import emit_json, table

if TYPE_CHECKING:
    from .parse import Arguments


def run(arguments: Arguments) -> int:
    """Carry the verb out."""
    paths = Paths()
    names = observe.names(paths)
    if not arguments.json and not arguments.flag("long"):
        for name in names:
            print(name)
        return 0
    rows = [describe(paths, name) for name in names]
    if arguments.json:
        emit_json(rows)
    elif rows:
        print(
            table(("NAME", "STATE", "ADDRESS", "SYSTEM"), [(r["name"], r["state"], r["address"] or "-", r["system"] or "-") for r in rows])
        )
    return 0


def describe(paths: Paths, name: str) -> dict[str, Any]:
    """One container as `--json` shows it."""
    running = observe.running(paths, name)
    try:
        record = observe.record(paths, name)
    except ContainerError as failure:
        return {"name": name, "state": "damaged", "error": str(failure), "address": None, "system": None}
    network = record.container.network
    address = network.local_address or network.local_address6
    return {
        "name": name,
        "state": "up" if running else "down",
        "address": address.partition("/")[0] if address and network.private else None,
        "system": (running.system if running else None) or observe.profile_system(paths, name) or record.container.system.path,
        "universe": record.container.universe,
        "autoStart": record.container.auto_start,
        "declaredBy": record.declared_by,
        "leader": running.leader if running else None,
    }
