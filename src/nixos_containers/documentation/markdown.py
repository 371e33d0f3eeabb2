"""The option reference as Markdown, for reading where the repository is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .reference import INTRODUCTIONS, TITLES, groups, plain

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..declare.option import Option


def markdown(options: Iterable[Option]) -> str:
    """The reference as Markdown, with a list of its groups at the top."""
    found = groups(options)
    parts = ["# Options", "", "Made from the declarations by `nixos-container options --markdown`; do not edit.", ""]
    links = [f"[{group.name}](#{_anchor(group.name)})" for group in found]
    parts += [" · ".join(links), ""]
    side = None
    for group in found:
        if group.side != side:
            side = group.side
            parts += [f"## {TITLES[side]}", "", INTRODUCTIONS[side], ""]
        parts += [f"### {group.name}", ""]
        for option in group.options:
            parts += _entry(option)
    return "\n".join(parts).rstrip() + "\n"


def _anchor(title: str) -> str:
    """The link target that forges make of a heading."""
    return "".join(character for character in title.lower() if character.isalnum() or character in "-_")


def _entry(option: Option) -> list[str]:
    parts = [f"#### `{option.name}`", "", plain(option.description), ""]
    facts = [f"*Type:* {option.type}" + (", read only" if option.read_only else "")]
    for label, text in (("Default", option.default), ("Example", option.example)):
        if text is not None:
            facts.append(_value(label, text, prose=label.lower() in option.prose))
    facts.append("*Declared in:* " + ", ".join(f"[{path}](../{path})" for path in option.declarations))
    return [*parts, "\n\n".join(facts), ""]


def _value(label: str, text: str, *, prose: bool) -> str:
    text = text.strip("\n")
    if prose:
        return f"*{label}:* {plain(text)}"
    if "\n" in text or "`" in text:
        return f"*{label}:*\n\n```nix\n{text}\n```"
    return f"*{label}:* `{text}`"
