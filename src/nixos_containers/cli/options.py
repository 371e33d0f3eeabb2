"""`nixos-container options` and `option`: what can be set, and what is set where."""

from __future__ import annotations

import os
import sys
import textwrap
from typing import TYPE_CHECKING

from .. import pipeline
from ..base.errors import ContainerError
from ..base.paths import Paths
from ..declare.codec import encode
from ..documentation import reference
from .output import emit_json
from .switch import definition_of

if TYPE_CHECKING:
    from ..declare.option import Option, OptionValue
    from .parse import Arguments


def run(arguments: Arguments) -> int:
    """Carry the verb out."""
    if arguments.verb.name == "option":
        return _one(arguments)
    found = search(pipeline.options(Paths()), arguments.names)
    if arguments.json:
        emit_json([encode(option) for option in found])
    elif arguments.flag("markdown"):
        sys.stdout.write(reference.markdown(found))
    elif arguments.flag("html"):
        sys.stdout.write(reference.page(found))
    elif arguments.flag("man"):
        sys.stdout.write(reference.manual(found))
    else:
        for option in found:
            print(_entry(option))
    if not found:
        raise ContainerError(f"no option matches ‘{' '.join(arguments.names)}’", hint="try fewer or shorter words")
    return 0


def search(options: list[Option], words: tuple[str, ...]) -> list[Option]:
    """Options whose name and text hold all `words`; those with a word in the name come first."""
    lowered = [word.lower() for word in words]
    hits = [option for option in options if all(word in f"{option.name} {option.description}".lower() for word in lowered)]
    return sorted(hits, key=lambda option: not all(word in option.name.lower() for word in lowered))


def _entry(option: Option) -> str:
    lines = [option.name, textwrap.indent(textwrap.fill(reference.plain(option.description), 100), "    "), f"    type: {option.type}"]
    if option.default is not None:
        lines.append("    default: " + " ".join(option.default.split()))
    if option.example is not None:
        lines.append("    example: " + " ".join(option.example.split()))
    return "\n".join(lines) + "\n"


def _one(arguments: Arguments) -> int:
    paths = Paths()
    found = pipeline.option(paths, os.path.abspath(definition_of(paths, arguments)), arguments.name)
    if arguments.json:
        emit_json(encode(found))
    else:
        print(_value(found))
    return 0


def _value(option: OptionValue) -> str:
    if option.children:
        return f"‘{option.name}’ is a family of options:\n" + "\n".join(f"  {child}" for child in option.children)
    blocks = [("Value", option.value), ("Default", option.default), ("Type", option.type), ("Description", option.description)]
    blocks.append(("Declared by", "\n".join(option.declarations) or None))
    defined = "\n".join(f"{definition.file}: {definition.value}" for definition in option.definitions)
    blocks.append(("Defined by", defined or None))
    return "\n\n".join(f"{title}:\n{textwrap.indent(text.strip(), '  ')}" for title, text in blocks if text)
