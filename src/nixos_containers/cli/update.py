"""`nixos-container update NAME`: rebuild one container and bring it to its new system."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import imperative, pipeline
from ..base import log
from ..base.errors import HostError, UsageError
from ..base.paths import Paths, check_name
from ..observe import containers as observe
from ..plan.imperative import check
from .create import configuration_text, wish_of
from .nix import nix_options
from .output import emit_json
from .switch import as_json

if TYPE_CHECKING:
    from ..declare.container import Container, Record
    from ..plan.imperative import Wish
    from .parse import Arguments


def run(arguments: Arguments) -> int:
    """Carry the verb out."""
    paths = Paths()
    name = check_name(arguments.name)
    record = _record(paths, name)
    wish = wish_of(arguments)
    check(wish)
    config = configuration_text(paths, wish)
    options = (*wish.flake_options, *nix_options(arguments)[1])
    if record is not None and record.declared_by is not None:
        if config is not None or wish.flake is not None:
            raise UsageError(
                f"container ‘{name}’ is declared in {record.declared_by}", hint=f"edit that file, then: nixos-container update {name}"
            )
        plan = pipeline.switch(paths, record.declared_by, names=(name,), nixpkgs=wish.nixpkgs, nix_options=options)
    else:
        if record is not None:
            _check_kind(name, record.container, wish)
        plan = imperative.update(paths, name, config, nixpkgs=wish.nixpkgs, flake=wish.flake, nix_options=options)
    if arguments.json:
        emit_json([as_json(action) for action in plan])
    elif not plan:
        log.say(f"nothing to do: container ‘{name}’ is as its definition says")
    return 0


def _record(paths: Paths, name: str) -> Record | None:
    """The container's record; None for a damaged one that its definition replaces."""
    try:
        return observe.record(paths, name)
    except HostError as failure:
        if not observe.is_imperative(paths, name):
            raise
        log.warn(failure.what)
        return None


def _check_kind(name: str, container: Container, wish: Wish) -> None:
    """Whether `wish` fits what the container is made from. Raises UsageError."""
    if wish.flake is not None and container.flake is None:
        raise UsageError(f"container ‘{name}’ is not made from a flake", hint="create another one with --flake")
    if wish.nixpkgs is not None and container.universe in ("flake", "path"):
        raise UsageError(f"container ‘{name}’ is made from {container.flake or container.system.path}, which needs no nixpkgs from outside")
