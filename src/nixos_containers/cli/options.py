"""`nixos-container options`: what can be set, found by name and text."""

from __future__ import annotations

import sys
import textwrap
from typing import TYPE_CHECKING

from .. import pipeline
from ..base.errors import ContainerError, UsageError
from ..declare.codec import encode
from ..documentation.reference import plain
from ..evaluate.options import split_path
from .output import emit_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..declare.option import Option
    from .parse import Arguments

_WIDTH = 100  # columns of a description


def run(arguments: Arguments) -> int:
    """Carry the verb out."""
    options = pipeline.options()
    found = search(options, arguments.names)
    if not found:
        raise ContainerError(f"no option matches ‘{' '.join(arguments.names)}’", hint=_nearest(options, arguments.names))
    if arguments.json:
        emit_json([encode(option) for option in found])
    elif arguments.flag("markdown"):
        from ..documentation.markdown import markdown

        sys.stdout.write(markdown(found))
    elif arguments.flag("html"):
        from ..documentation.page import page

        sys.stdout.write(page(found))
    elif arguments.flag("man"):
        from ..documentation.manual import options_manual

        sys.stdout.write(options_manual(found))
    else:
        print("\n".join(entry(option) for option in found))
    return 0


def search(options: Sequence[Option], words: Sequence[str]) -> list[Option]:
    """The options that hold all `words`, best first: in the name, then in the text.

    A word with dots is also read as the path of an option, so that `containers.web.bindMounts."/srv".hostPath` and
    `users.users.alice.shell` are found although the reference has `<name>` in those places.
    """
    ranked = []
    for option in options:
        ranks = [_rank(option, word.lower()) for word in words]
        if all(ranks):
            ranked.append((sum(ranks), option))
    return [option for _, option in sorted(ranked, key=lambda pair: pair[0])]


def _rank(option: Option, word: str) -> int:
    """0: it does not match; otherwise the smaller the better."""
    name = option.name.lower()
    if word == name:
        return 1
    if "." in word and _is_path_of(word, option):
        return 2
    if word in name.split("."):
        return 3
    if word in name:
        return 4
    return 5 if word in option.description.lower() else 0


def _is_path_of(word: str, option: Option) -> bool:
    try:
        path = split_path(word)
    except UsageError:
        return False
    if option.side == "guest" and path[0] == "containers" and path[2:3] == ["config"]:
        path = path[3:]
    places = option.name.lower().split(".")
    return len(path) == len(places) and all(place in ("<name>", "*", part) for place, part in zip(places, path, strict=True))


def entry(option: Option) -> str:
    """One option as people read it."""
    name = f"containers.<name>.config.{option.name}" if option.side == "guest" else option.name
    blocks = [("type", option.type), ("default", option.default), ("example", option.example)]
    lines = [name, textwrap.indent(_wrapped(plain(option.description)), "    ")]
    for label, text in blocks:
        if text is not None:
            lines.append(_labelled(f"{label}:", text.strip("\n")))
    lines.append(_labelled("declared in:", ", ".join(option.declarations)))
    return "\n".join(lines) + "\n"


def _wrapped(text: str) -> str:
    return "\n\n".join(textwrap.fill(paragraph, _WIDTH) for paragraph in text.split("\n\n"))


def _labelled(label: str, text: str) -> str:
    """`label text`, with the text's further lines below it."""
    if "\n" not in text:
        return f"    {label} {text}"
    return f"    {label}\n" + textwrap.indent(text, "        ")


def _nearest(options: Sequence[Option], words: Sequence[str]) -> str:
    import difflib

    known = {part for option in options for part in option.name.split(".")}
    folded = {part.lower(): part for part in known}
    asked = [part for word in words for part in word.lower().split(".")]
    close = [match for part in asked if part not in folded for match in difflib.get_close_matches(part, folded, n=2, cutoff=0.7)]
    return f"did you mean {' or '.join(folded[match] for match in close)}?" if close else "try fewer or shorter words"
