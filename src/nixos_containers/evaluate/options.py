"""Asking Nix about options: all that are declared, or one option of a definition with its value."""

from __future__ import annotations

import difflib
import json
import os
import re
from typing import TYPE_CHECKING, Any

from ..base import nix, process
from ..base.errors import DefinitionError, UsageError
from ..declare.codec import decode
from ..declare.option import Option, OptionValue
from .errors import explain
from .evaluate import Request, nix_system
from .tree import nix_tree

if TYPE_CHECKING:
    from collections.abc import Callable


def _ask(file: str, request: str, suggest: Callable[[str], list[str]]) -> Any:
    door = f"{nix_tree()}/host/{file}"
    command = ["nix-instantiate", "--eval", "--strict", "--json", "--show-trace", door, "--argstr", "request", request]
    done = process.run(command, env=nix.environment(substitute=False), check=False)
    if done.returncode != 0:
        raise explain(done.stderr, suggest=suggest)
    return json.loads(done.stdout)


def declared_options() -> list[Option]:
    """Every public option of host and guest. Needs no package index: defaults that are packages say so in words."""
    request = json.dumps({"index": None, "system": nix_system()})
    data = _ask("documentation.nix", request, lambda _: [])
    return [decode(Option, option, f"options[{number}]") for number, option in enumerate(data["options"])]


def option_value(request: Request, name: str, *, suggest: Callable[[str], list[str]]) -> OptionValue:
    """The option called `name` (`containers.web.config.services.nginx.enable`) in the definition of `request`.

    Raises UsageError for a name that is no option path or no option, DefinitionError with Nix's message when the definition
    does not evaluate.
    """
    for path in request.modules:
        if not os.path.exists(path):
            raise DefinitionError(f"there is no definition file {path}", hint="give one with -c FILE, or write that file first")
    asked = {**json.loads(request.text()), "path": split_path(name)}
    answer = _ask("value.nix", json.dumps(asked), suggest)
    if "missing" in answer:
        raise UsageError(f"The option `{answer['name']}' does not exist", hint=_nearest(answer, asked["path"]))
    return decode(OptionValue, answer, "option")


def _nearest(answer: dict[str, Any], path: list[str]) -> str:
    """What to type instead of the option `path` that does not exist; `answer` says how far it went."""
    passed, missing, known = answer["passed"], answer["missing"], answer["known"]
    containers = answer["containers"]
    if not passed:
        example = f"containers.{(containers or ['NAME'])[0]}"
        return f"options start with the container: for example {example}.autoStart, or {example}.config.{answer['name']}"
    close = [name for name in known if name.lower() == missing.lower()] or difflib.get_close_matches(missing, known, n=3)
    if close:
        rest = path[len(passed) + 1 :]
        return "did you mean " + " or ".join(join_path([*passed, name, *rest]) for name in close) + "?"
    if len(passed) == 1:
        return f"the definition declares: {', '.join(containers) or 'no container'}"
    return f"nixos-container option {join_path(passed)} lists what there is"


_PLAIN = re.compile(r"[A-Za-z_][\w'-]*")


def join_path(parts: list[str]) -> str:
    """The parts of an option's name as one word, quoted where Nix wants it: the inverse of `split_path`."""
    return ".".join(part if _PLAIN.fullmatch(part) else f'"{part}"' for part in parts)


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
