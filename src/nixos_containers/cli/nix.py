"""The options that several verbs hand to Nix: which nixpkgs, and Nix's own. Not for running it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from .verbs import NIX_OPTIONS

if TYPE_CHECKING:
    from .parse import Arguments


def nixpkgs_of(arguments: Arguments) -> str | None:
    """The tree of --nixos-path as an absolute path; `<nixpkgs>` is left for Nix to look up in NIX_PATH."""
    tree = arguments.text("nixos_path")
    return tree if tree is None or tree.startswith("<") else os.path.abspath(tree)


# What an evaluation needs every time; the others are for the one time that they are given.
_RECORDED = frozenset(
    {"impure", "override_input", "no_registries", "no_update_lock_file", "no_write_lock_file", "no_allow_dirty", "option"}
)


def nix_options(arguments: Arguments) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Nix's own options as they were given: those that `create` records, and those for this time only."""
    recorded: list[str] = []
    once: list[str] = []
    for option in NIX_OPTIONS:
        flag = option.flags[0]
        key = flag.removeprefix("--").replace("-", "_")
        words = recorded if key in _RECORDED else once
        given = arguments.options.get(key)
        if option.metavar is None:
            words += [flag] if given else []
        elif isinstance(given, str):
            words += [flag, given]
        else:
            for value in given or ():
                words += [flag, value] if isinstance(value, str) else [flag, *value]
    return tuple(recorded), tuple(once)
