"""Nix's error text made short: the sentence, where it happened in the person's files, and what to do."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..base import log, nix
from ..base.errors import ContainerError, DefinitionError
from .backtrace import take_apart
from .hints import hint, worth_reading
from .tree import nix_tree

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..base.errors import HostError
    from .backtrace import Backtrace, Place

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_OPTION = re.compile(r"^while evaluating the option `(.+)':$")
_DEFINED_IN = re.compile(r"^while evaluating definitions from `(/.+)':$")
_CONTAINER = re.compile(r"^while evaluating the container `(.+)':$")
_ARGUMENT = re.compile(r"^noting that argument `(.+)` is not externally provided")
_ASKED_IN = re.compile(r"^while evaluating the module argument `.+' in \"(/.+)\":$")


def explain(stderr: str, *, suggest: Callable[[str], list[str]]) -> DefinitionError | HostError:
    """The error to raise for a failed evaluation that printed `stderr`."""
    text = _COLOURS.sub("", stderr).strip()
    log.debug(text)
    said = take_apart(text)
    lines = list(said.lines)
    trouble = nix.disk_trouble("\n".join(lines))
    if trouble is not None:
        return trouble
    what = (lines[0] if lines else "the definition does not evaluate").replace("'. TypeError: Definition values:", "'. Definition values:")
    argument = said.innermost(_ARGUMENT)
    if argument is not None and what == f"attribute '{argument}' missing":
        what = f"a module wants the argument ‘{argument}’, and nothing provides it"
    container = said.innermost(_CONTAINER)
    if container is not None and what.startswith("Failed assertion"):
        what = f"containers.{container}: {what}"
    details = "\n".join([*lines[1:], *_where(said, "\n".join([what, *lines[1:]]), container)])
    advice = hint(what, details, suggest=suggest, options=_option_names)
    return DefinitionError(what, details=worth_reading(details, what, advice), hint=advice)


def _where(said: Backtrace, message: str, container: str | None) -> list[str]:
    """Where the person may look: the place in a file of theirs, the option, the container; as far as `message` does not say it."""
    lines = []
    place = _persons(said.place)
    if "\n- In `" not in message:  # the module system's own way to name files
        if place is None:
            place = next((found for frame in said.frames if (found := _persons(frame.place)) is not None), None)
        if place is not None:
            lines.append(place.text)
        elif asked_in := said.innermost(_ASKED_IN):
            lines.append(f"in {asked_in}")
        if _persons(said.place) is None and (option := said.innermost(_OPTION)) is not None and f"`{option}'" not in message:
            lines.append(f"while evaluating the option `{option}'{_defined_in(said)}")
    said_so = "\n".join([message, *lines])
    if container is not None and f"containers.{container}" not in said_so and f'containers."{container}"' not in said_so:
        lines.append(f"in containers.{container}")
    return lines


def _persons(place: Place | None) -> Place | None:
    """`place`, unless it is in a file of ours, where nobody has to look."""
    return None if place is None or place.file.startswith(f"{nix_tree()}/") else place


def _defined_in(said: Backtrace) -> str:
    file = said.innermost(_DEFINED_IN)
    return "" if file is None or file.startswith(f"{nix_tree()}/") else f", defined in {file}"


def _option_names() -> list[str]:
    """All declared options, for a name that is like none of its neighbours. Takes half a second."""
    from .options import declared_options

    try:
        return [option.name for option in declared_options()]
    except ContainerError:
        return []
