"""What the forms of the option reference share: order, groups and the plain reading of descriptions.

Not for any one form: markdown.py, page.py and manual.py.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..declare.option import Option

TITLES = {
    "host": "Options of a container",
    "guest": "Options of the system inside a container",
}
INTRODUCTIONS = {
    "host": "They stand in the definition file, `/etc/nixos/configuration.nix` by default.",
    "guest": "They stand in `containers.<name>.config`: what is listed here as `services.nginx.enable` is "
    "`containers.<name>.config.services.nginx.enable` in the definition file.",
}
_ROLE = re.compile(r"\{[a-z]+\}`([^`]*)`")

# Below these, the second part of a name says what it is about, where there is a third; elsewhere the first one does.
_WIDE = frozenset({"boot", "environment", "networking", "programs", "security", "services", "systemd", "users"})


@dataclass(frozen=True, slots=True)
class Group:
    """The options about one subject, such as `services.nginx`, in the order of their names."""

    side: str
    name: str
    options: tuple[Option, ...]


def plain(text: str) -> str:
    """Description text without nixpkgs' Markdown roles (`{option}`, `{file}`), which only its own manual knows."""
    return _ROLE.sub(r"`\1`", text).strip()


def groups(options: Iterable[Option]) -> list[Group]:
    """The options by side and subject: the host's first, then by name."""
    found: dict[tuple[str, str], list[Option]] = {}
    for option in sorted(options, key=lambda option: (option.side != "host", _subject(option), option.name)):
        found.setdefault((option.side, _subject(option)), []).append(option)
    return [Group(side, name, tuple(members)) for (side, name), members in found.items()]


def _subject(option: Option) -> str:
    parts = option.name.split(".")
    if option.side == "host":
        return "containers"
    return ".".join(parts[:2]) if parts[0] in _WIDE and len(parts) > 2 else parts[0]
