"""Options of host and guest as data: what nix/host/documentation.nix and value.nix say about them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Option:
    """One declared option; `side` is `host` or `guest`, defaults and examples are Nix text."""

    name: str
    side: str
    type: str
    description: str
    declarations: tuple[str, ...] = ()
    default: str | None = None
    example: str | None = None
    read_only: bool = False


@dataclass(frozen=True, slots=True)
class Definition:
    """One definition of an option's value and the file it stands in."""

    file: str
    value: str


@dataclass(frozen=True, slots=True)
class OptionValue:
    """An option of a definition with its value; `children` instead, when the name is that of a family."""

    name: str
    value: str | None = None
    type: str | None = None
    description: str | None = None
    default: str | None = None
    declarations: tuple[str, ...] = ()
    definitions: tuple[Definition, ...] = ()
    children: tuple[str, ...] = ()
