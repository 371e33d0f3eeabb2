"""Ready-made configurations for `create --template`: files NAME.nix of the administrator, and those that come with the program."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ..base.errors import UsageError
from ..base.files import read_text
from .tree import nix_tree

if TYPE_CHECKING:
    from ..base.paths import Paths


def directories(paths: Paths) -> tuple[str, str]:
    """Where templates stand; the first one's go before those of the same name in the second."""
    return f"{paths.records}/templates", f"{nix_tree()}/templates"


def names(paths: Paths) -> list[str]:
    """The templates that there are."""
    found = set()
    for directory in directories(paths):
        if os.path.isdir(directory):
            found |= {entry.removesuffix(".nix") for entry in os.listdir(directory) if entry.endswith(".nix")}
    return sorted(found)


def template_text(paths: Paths, wanted: str) -> str:
    """The NixOS configuration of the template `wanted`: a name, or a file (with a slash, or called *.nix). Raises UsageError."""
    if "/" in wanted or wanted.endswith(".nix"):
        text = read_text(wanted)
        if text is None:
            raise UsageError(f"there is no file {wanted}", hint="--template takes the name of a template or a file")
        return text
    for directory in directories(paths):
        text = read_text(f"{directory}/{wanted}.nix")
        if text is not None:
            return text
    raise UsageError(
        f"there is no template ‘{wanted}’", hint=f"there are: {', '.join(names(paths))}; your own belong into {directories(paths)[0]}"
    )
