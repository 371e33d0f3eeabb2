"""`nixos-container plan`: what a switch would change, for people and as JSON."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from .. import pipeline
from ..base import log
from ..base.paths import Paths
from ..declare.codec import encode
from ..observe import containers as observe
from .nix import nix_options, nixpkgs_of
from .output import emit_json
from .switch import as_json, definition_of

if TYPE_CHECKING:
    from ..plan.compare import Changes, FieldChange
    from .parse import Arguments

_UNITS = (
    ("stop", "stopped"),
    ("keep", "changed, but left running"),
    ("reload", "reloaded"),
    ("restart", "restarted"),
    ("start", "started"),
)


def run(arguments: Arguments) -> int:
    """Carry the verb out."""
    paths = Paths()
    source, imperative = _source(paths, arguments)
    found = pipeline.preview(
        paths,
        source,
        names=arguments.names,
        purge=arguments.flag("purge"),
        imperative=imperative,
        nixpkgs=nixpkgs_of(arguments),
        nix_options=sum(nix_options(arguments), ()),
    )
    if arguments.json:
        emit_json({"actions": [as_json(action) for action in found.actions], "changes": [encode(change) for change in found.changes]})
        return 0
    for change in found.changes:
        print(text(change))
    for action in found.actions:
        print(f"{action.describe()} ({action.reason})")
    if not found.actions:
        log.say("nothing would change: the host matches the definition")
    return 0


def _source(paths: Paths, arguments: Arguments) -> tuple[str, bool]:
    """The definition to look at, and whether it is an imperative container's own."""
    if arguments.text("config_path") is None and len(arguments.names) == 1 and arguments.names[0] in observe.names(paths):
        declared_by = observe.record(paths, arguments.names[0]).declared_by
        return declared_by or paths.imperative(arguments.names[0]), declared_by is None
    return definition_of(paths, arguments), False


def text(change: Changes) -> str:
    """One container's changes, a line each, under its name."""
    lines = [f"{change.name}:"]
    if change.old_system is None:
        lines.append(f"  a new container with {len(change.packages)} packages")
    else:
        lines += [f"  package {package}" for package in change.packages]
        lines += [f"  option {_field(option)}" for option in change.options]
        lines += [f"  network {_field(option)}" for option in change.network]
        if change.old_system != change.new_system and not change.packages:
            lines.append("  the same packages, another configuration")
    for key, word in _UNITS:
        lines += [f"  unit {unit} would be {word}" for unit in (change.units or {}).get(key, ())]
    if change.new_system is not None and change.old_system != change.new_system:
        lines.append(f"  system {os.path.basename(change.new_system)[:8]}… (was {os.path.basename(change.old_system or 'none')[:8]})")
    return "\n".join(lines) + "\n"


def _field(change: FieldChange) -> str:
    return f"{change.option}: {_value(change.old)} -> {_value(change.new)}"


def _value(value: Any) -> str:
    return "-" if value is None else json.dumps(value, ensure_ascii=False)
