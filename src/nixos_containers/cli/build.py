"""`nixos-container build`: evaluate and build a definition; the answer is the systems' store paths."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import pipeline
from ..base.paths import Paths
from .nix import nix_options, nixpkgs_of
from .output import emit_json
from .switch import definition_of

if TYPE_CHECKING:
    from .parse import Arguments


def run(arguments: Arguments) -> int:
    """Carry the verb out."""
    paths = Paths()
    built = pipeline.build(
        paths,
        definition_of(paths, arguments),
        names=arguments.names,
        nixpkgs=nixpkgs_of(arguments),
        nix_options=sum(nix_options(arguments), ()),
    )
    systems = {name: container.system.path for name, container in sorted(built.spec.containers.items())}
    if arguments.json:
        emit_json(systems)
    else:
        for path in systems.values():
            print(path)
    return 0
