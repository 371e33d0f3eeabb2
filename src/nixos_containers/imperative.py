"""The story of containers that a command makes: create, update and destroy, each from a definition file of its own.

Not for what a definition with `containers` in it declares: see pipeline.py.
"""

from __future__ import annotations

import os
from contextlib import nullcontext
from typing import TYPE_CHECKING

from .base.errors import DefinitionError
from .base.files import locked, read_text, write_atomically
from .observe import containers as observe
from .observe.host import host_facts
from .pipeline import build_systems, evaluate_locked, rooted
from .plan.imperative import nix_string, nixpkgs_text, replace_config, replace_option
from .plan.order import dependents
from .plan.switch import plan_switch, removal_actions
from .run import addresses, hosts, unfinished
from .run.execute import execute
from .run.records import command_line, release_user_base
from .run.repair import repair_all

if TYPE_CHECKING:
    from .base.paths import Paths
    from .plan.actions import Action

_CREATE = unfinished.Work(unfinished.CREATE)


def create(
    paths: Paths,
    name: str,
    definition: str,
    *,
    nix_options: tuple[str, ...] = (),
    replacing: str | None = None,
    begun: bool = False,
) -> None:
    """Make the imperative container `name` from the text of its definition; a failure leaves nothing.

    It may have the addresses of the container `replacing`, whose place it takes; after a failure they are that one's again.
    `begun`: the caller has noted what it does with that name (run/unfinished.py). Raises ContainerError.
    """
    with locked(paths.lock(name), who=command_line()), nullcontext() if begun else unfinished.noted(paths, name, _CREATE):
        if name in observe.names(paths):
            raise DefinitionError(f"container ‘{name}’ already exists", hint=f"nixos-container update {name}, or choose another name")
        write_atomically(paths.imperative(name), definition)
        try:
            _apply(paths, name, nix_options, replacing=replacing)
        except BaseException:
            if replacing is not None:
                addresses.move(paths, name, replacing)
            unfinished.forget(paths, host_facts(), name)
            hosts.refresh_if_stale(paths)
            if not os.path.isdir(paths.state(name)):
                release_user_base(paths, name)
            raise


def update(
    paths: Paths,
    name: str,
    config: str | None,
    *,
    text: str | None = None,
    nixpkgs: str | None = None,
    flake: str | None = None,
    nix_options: tuple[str, ...] = (),
) -> list[Action]:
    """Bring imperative container `name` to what its definition file says now; return the actions.

    `text` replaces that whole file; `config`, `nixpkgs` and `flake` replace what it has. When it cannot be evaluated, built or
    written down, the file is as it was, also after a kill -9; a guest that then does not take its new system well changes
    nothing about what was decided. Raises ContainerError.
    """
    path, host = paths.imperative(name), host_facts()
    repair_all(paths, host)
    with locked(paths.lock(name), who=command_line()):
        before = read_text(path)
        if before is None:
            raise DefinitionError(f"container ‘{name}’ has no definition file {path}", hint="was it removed by hand? write it again")
        after = before if text is None else text
        if config is not None:
            after = replace_config(after, config)
        if nixpkgs is not None:
            after = replace_option(after, "nixpkgs", nixpkgs_text(nixpkgs))
        if flake is not None:
            after = replace_option(after, "flake", nix_string(flake))
        with unfinished.changing(paths, host, name, definition=before):
            if after != before:
                write_atomically(path, after)
            return _apply(paths, name, nix_options)


def _apply(paths: Paths, name: str, nix_options: tuple[str, ...], *, replacing: str | None = None) -> list[Action]:
    source = paths.imperative(name)
    spec, lock = evaluate_locked(paths, source, names=(name,), nix_options=nix_options)
    with rooted(paths, spec):
        build_systems(paths, spec, lock)
        host = host_facts()
        addresses.reserve(paths, spec)
        seen = observe.observe(paths, spec)
        if replacing is not None:
            seen.records.pop(replacing, None)
        plan = plan_switch(spec, seen, host, source=None, names=(name,), start=False)
        execute(paths, host, plan, already_locked=name, observed_at=seen.at)
    return plan


def destroy(paths: Paths, name: str) -> None:
    """Shut imperative container `name` down and remove it with its state. Raises ContainerError.

    One that others require is refused: they could not be started again.
    """
    host = host_facts()
    repair_all(paths, host)
    needing = dependents([name], observe.dependencies(paths))
    if needing:
        raise DefinitionError(
            f"container ‘{name}’ is required by ‘{'’, ‘'.join(needing)}’",
            hint=f"nixos-container destroy {' '.join(needing)}, or take ‘{name}’ out of their ‘requires’",
        )
    execute(paths, host, removal_actions([name], observe.observe(paths), reason="destroy", purge=True))
