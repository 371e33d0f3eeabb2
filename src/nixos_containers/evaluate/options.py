"""Asking Nix about options: all that are declared, or one option of a definition with its value."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ..base import nix, process
from ..base.errors import UsageError
from ..declare.codec import decode
from ..declare.option import Option, OptionValue
from .errors import explain
from .evaluate import Request, nix_system, nix_tree

if TYPE_CHECKING:
    from collections.abc import Callable


def _ask(file: str, request: str, suggest: Callable[[str], list[str]]) -> Any:
    command = ["nix-instantiate", "--eval", "--strict", "--json", f"{nix_tree()}/host/{file}", "--argstr", "request", request]
    done = process.run(command, env=nix.environment(substitute=False), check=False)
    if done.returncode != 0:
        raise explain(done.stderr, suggest=suggest)
    return json.loads(done.stdout)


def declared_options(index: str | None) -> list[Option]:
    """Every public option of host and guest. `index` is the package index, for defaults that are packages."""
    request = json.dumps({"index": index, "system": nix_system()})
    data = _ask("documentation.nix", request, lambda _: [])
    return [decode(Option, option, f"options[{number}]") for number, option in enumerate(data["options"])]


def option_value(request: Request, name: str, *, suggest: Callable[[str], list[str]]) -> OptionValue:
    """The option called `name` (`containers.web.config.services.nginx.enable`) in the definition of `request`.

    Raises UsageError for a name that is no option path, DefinitionError with Nix's message otherwise.
    """
    asked = {**json.loads(request.text()), "path": split_path(name)}
    return decode(OptionValue, _ask("value.nix", json.dumps(asked), suggest), "option")


def split_path(name: str) -> list[str]:
    """`a."b.c".d` as its parts. Raises UsageError when a quote is not closed."""
    parts, current, quoted = [], "", False
    for character in name:
        if character == '"':
            quoted = not quoted
        elif character == "." and not quoted:
            parts.append(current)
            current = ""
        else:
            current += character
    parts.append(current)
    if quoted or not all(parts):
        raise UsageError(f"‘{name}’ is not the name of an option", hint='for example containers.web.config.users.users."a.b".shell')
    return parts
