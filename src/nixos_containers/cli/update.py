"""`nixos-container update NAME`: rebuild one container and bring it to its new system."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import pipeline
from ..base import log
from ..base.errors import UsageError
from ..base.paths import Paths, check_name
from ..observe import containers as observe
from .create import configuration_text, wish_of
from .output import emit_json
from .switch import as_json

if TYPE_CHECKING:
    from .parse import Arguments


def run(arguments: Arguments) -> int:
    """Carry the verb out."""
    paths = Paths()
    name = check_name(arguments.name)
    record = observe.record(paths, name)
    wish = wish_of(arguments)
    config = configuration_text(wish)
    if record.declared_by is not None:
        if config is not None:
            raise UsageError(
                f"container ‘{name}’ is declared in {record.declared_by}", hint=f"edit that file, then: nixos-container update {name}"
            )
        plan = pipeline.switch(paths, record.declared_by, names=(name,), nixpkgs=wish.nixpkgs)
    else:
        plan = pipeline.update(paths, name, config)
    if arguments.json:
        emit_json([as_json(action) for action in plan])
    elif not plan:
        log.say(f"nothing to do: container ‘{name}’ is as its definition says")
    return 0
