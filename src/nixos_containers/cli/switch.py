"""`nixos-container switch`: make the host match a definition file."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from .. import history, pipeline
from ..base import log
from ..base.paths import Paths
from .nix import nix_options, nixpkgs_of
from .output import emit_json

if TYPE_CHECKING:
    from ..plan.actions import Action
    from .parse import Arguments


def definition_of(paths: Paths, arguments: Arguments) -> str:
    """The definition file that was named, or the default; a directory means its configuration.nix."""
    path = arguments.text("config_path") or paths.definition
    return os.path.join(path, "configuration.nix") if os.path.isdir(path) else path


def run(arguments: Arguments) -> int:
    """Carry the verb out."""
    paths = Paths()
    dry_run = arguments.flag("dry_run")
    if arguments.flag("rollback"):
        return _rollback(paths, arguments, dry_run)
    plan = pipeline.switch(
        paths,
        definition_of(paths, arguments),
        names=arguments.names,
        dry_run=dry_run,
        purge=arguments.flag("purge"),
        nixpkgs=nixpkgs_of(arguments),
        nix_options=sum(nix_options(arguments), ()),
    )
    if arguments.json:
        emit_json([as_json(action) for action in plan])
    elif dry_run:
        for action in plan:
            print(f"{action.describe()} ({action.reason})")
    if not plan and not arguments.json:
        log.say("nothing to do: the host matches the definition")
    return 0


def _rollback(paths: Paths, arguments: Arguments, dry_run: bool) -> int:
    back = history.rollback_all(paths, definition_of(paths, arguments), names=arguments.names, dry_run=dry_run)
    if arguments.json:
        emit_json(back)
    else:
        for name, number in back.items():
            say = print if dry_run else log.say
            say(f"container ‘{name}’ goes back to generation {number}")
    return 0


def as_json(action: Action) -> dict[str, str]:
    """An action as the JSON that `--json` prints."""
    return {"action": type(action).__name__.lower(), "container": action.name, "reason": action.reason, "text": action.describe()}
