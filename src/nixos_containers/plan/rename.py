"""The definition file of an imperative container under another name, and with other addresses. Pure text making."""

from __future__ import annotations

import re

from ..base.errors import UsageError
from .imperative import ADDRESS_OPTIONS, nix_string, replace_option


def renamed_definition(text: str, old: str, new: str) -> str:
    """`text`, which defines container `old`, defining `new` instead.

    Raises UsageError when the file was edited so that the place of the name cannot be found.
    """
    name = re.escape(old)
    place = re.compile(rf'(\bcontainers\.)(?:{name}|"{name}")(?=[\s=.])')
    if not place.search(text):
        raise UsageError(
            f"the definition file was edited; there is no ‘containers.{old}’ in it", hint="rename it there, in a copy of the file"
        )
    changed = place.sub(lambda match: match[1] + new, text)
    header = re.compile(rf"^# The container ‘{name}’|^(# Edit it as you like, then: nixos-container update ){name}$", re.MULTILINE)
    return header.sub(lambda match: f"{match[1]}{new}" if match[1] else f"# The container ‘{new}’", changed)


_FORWARDS = re.compile(r"^    forwardPorts = \[.*\];\n", re.MULTILINE)


def with_addresses(text: str, addresses: tuple[str, ...]) -> tuple[str, bool]:
    """`text` with these (as ADDRESS_OPTIONS) where it has some, and whether forwarded ports had to be taken out.

    A port of the host leads to one container only, so that a copy cannot have those of its original.
    """
    for option, address in zip(ADDRESS_OPTIONS, addresses, strict=False):
        if re.search(rf"^    {option} = ", text, re.MULTILINE):
            text = replace_option(text, option, nix_string(address))
    without = _FORWARDS.sub("", text)
    return without, without != text
