"""`nixos-container switch`: make the host match a definition file."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from .. import history, pipeline
from ..base import log
from ..base.errors import UsageError
from ..base.paths import Paths
from .nix import nix_options, nixpkgs_of
from .output import emit_json

if TYPE_CHECKING:
    from ..plan.actions import Action
    from .parse import Arguments


def definition_of(paths: Paths, arguments: Arguments) -> str:
    """The definition file that was named, or the default; a directory means its configuration.nix.

    Raises UsageError when it is not there, before anything else is done.
    """
    for name in arguments.names:
        if arguments.verb.argument == "NAME" and (name.endswith(".nix") or "/" in name):
            line = f"nixos-container {arguments.verb.name} -c {name}"
            raise UsageError(f"‘{name}’ is not the name of a container", hint=f"a definition file is given with -c: {line}")
    given = arguments.text("config_path")
    path = given or paths.definition
    path = os.path.join(path, "configuration.nix") if os.path.isdir(path) else path
    if os.path.exists(path):
        return path
    here = "configuration.nix"
    if given is None and os.path.exists(here):
        hint = f"the one in this directory: nixos-container {arguments.verb.name} -c {here}"
    elif given is None:
        hint = "write it, or name another with -c FILE; without any file: nixos-container create NAME"
    else:
        hint = "give one with -c FILE, or write that file first"
    raise UsageError(f"there is no definition file {path}", hint=hint)


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
