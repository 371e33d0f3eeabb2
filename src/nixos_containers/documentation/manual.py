"""The option reference as a manual page, nixos-containers.nix(5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import roff
from .reference import INTRODUCTIONS, TITLES, groups, plain

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..declare.option import Option

_DESCRIPTION = """\
The definition file of `nixos-container switch`: a NixOS module whose option `containers.<name>` declares the containers of \
this host. Beside it, options of the host itself are accepted, and left to the host\'s own system.

`nixos-container options WORD` searches what is listed here; `nixos-container option NAME` prints what a definition file makes \
of one of them.
"""


def options_manual(options: Iterable[Option]) -> str:
    """The reference in man(7) macros."""
    parts = [
        roff.title("nixos-containers.nix", 5),
        ".SH NAME",
        "nixos\\-containers.nix \\- options of containers and of the systems inside",
        ".SH DESCRIPTION",
        roff.prose(_DESCRIPTION),
    ]
    side = None
    for group in groups(options):
        if group.side != side:
            side = group.side
            parts += [f".SH {TITLES[side].upper()}", roff.prose(INTRODUCTIONS[side])]
        parts.append(f".SS {roff.escape(group.name)}")
        for option in group.options:
            parts += _entry(option)
    parts += [".SH SEE ALSO", ".BR nixos\\-container (8)"]
    return "\n".join(parts) + "\n"


def _entry(option: Option) -> list[str]:
    parts = [".TP", f"\\fB{roff.escape(option.name)}\\fR", roff.prose(plain(option.description)), ".sp"]
    parts.append(f"Type: {roff.escape(option.type)}")
    for label, text in (("Default", option.default), ("Example", option.example)):
        if text is None:
            continue
        text = text.strip("\n")
        if label.lower() in option.prose:
            parts += [".br", f"{label}: {roff.prose(plain(text))}"]
        elif "\n" in text:
            parts += [".br", f"{label}:", roff.verbatim(text)]
        else:
            parts += [".br", f"{label}: {roff.escape(text)}"]
    return parts
