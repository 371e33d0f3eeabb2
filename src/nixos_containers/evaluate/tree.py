"""Where our Nix files are."""

from __future__ import annotations

import os

from ..base.errors import DefinitionError


def nix_tree() -> str:
    """The directory of our Nix files: beside the package when installed, or the checkout's."""
    here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    for candidate in (f"{here}/nix", f"{os.path.dirname(here)}/nix", f"{os.path.dirname(os.path.dirname(here))}/nix"):
        if os.path.exists(f"{candidate}/host/default.nix"):
            return candidate
    raise DefinitionError("the Nix files of nixos-containers are not installed beside its Python files", hint="make install")
