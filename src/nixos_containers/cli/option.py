"""`nixos-container option NAME`: what one option of a definition is set to, and where."""

from __future__ import annotations

import os
import textwrap
from typing import TYPE_CHECKING

from .. import pipeline
from ..base.paths import Paths
from ..declare.codec import encode
from ..documentation.reference import plain
from ..observe import containers as observe
from .output import emit_json
from .switch import definition_of

if TYPE_CHECKING:
    from ..declare.option import Definition, OptionValue
    from .parse import Arguments


def run(arguments: Arguments) -> int:
    """Carry the verb out."""
    paths = Paths()
    found = pipeline.option(paths, os.path.abspath(_definition(paths, arguments)), arguments.name)
    if arguments.json:
        emit_json(encode(found))
    else:
        print(_text(found))
    return 0


def _definition(paths: Paths, arguments: Arguments) -> str:
    """The definition that was named, or the one that the container in the option's name came from, or the default."""
    parts = arguments.name.split(".")
    if arguments.text("config_path") is None and len(parts) > 1 and parts[1] in observe.names(paths):
        return observe.record(paths, parts[1]).declared_by or paths.imperative(parts[1])
    return definition_of(paths, arguments)


def _text(option: OptionValue) -> str:
    if option.children:
        return f"‘{option.name}’ is a family of options:\n" + "\n".join(f"  {child}" for child in option.children)
    value = "nobody set it, and it has no default" if option.value is None else option.value
    blocks = [
        ("Value", value),
        ("Part of", option.part_of),
        ("Default", option.default),
        ("Type", option.type),
        ("Example", option.example),
        ("Description", plain(option.description) if option.description else None),
        ("Declared by", "\n".join(option.declarations)),
        ("Defined by", "nobody: this is the default" if option.is_default else _definitions(option.definitions)),
    ]
    return "\n\n".join(f"{title}:\n{textwrap.indent(text.strip(), '  ')}" for title, text in blocks if text)


def _definitions(definitions: tuple[Definition, ...]) -> str:
    """Files, with what each says when there are several."""
    if len(definitions) == 1:
        return definitions[0].file
    return "\n".join(f"{definition.file}:\n{textwrap.indent(definition.value, '  ')}" for definition in definitions)
