"""Options of host and guest as data: what nix/host/documentation.nix and value.nix say about them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Option:
    """One declared option.

    `side` is `host` or `guest`; `declarations` are files of the tree. `default` and `example` are Nix text, except those that
    `prose` names: these are sentences in Markdown, because no expression says it.
    """

    name: str
    side: str
    type: str
    description: str
    declarations: tuple[str, ...] = ()
    default: str | None = None
    example: str | None = None
    prose: tuple[str, ...] = ()
    read_only: bool = False


@dataclass(frozen=True, slots=True)
class Definition:
    """One definition of an option's value and the file it stands in."""

    file: str
    value: str


@dataclass(frozen=True, slots=True)
class OptionValue:
    """An option of a definition with its value, as text.

    `is_default` says that nobody defined it. `children` instead of a value, when the name is that of a family;
    `part_of` names the option that holds a value which is no option itself.
    """

    name: str
    value: str | None = None
    type: str | None = None
    description: str | None = None
    default: str | None = None
    example: str | None = None
    declarations: tuple[str, ...] = ()
    definitions: tuple[Definition, ...] = ()
    is_default: bool = False
    read_only: bool = False
    children: tuple[str, ...] = ()
    part_of: str | None = None
