"""Nix's error text made short: the sentence, where it happened in the person's files, and what to do."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..base import log, nix
from ..base.errors import ContainerError, DefinitionError
from .hints import hint, worth_reading

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..base.errors import HostError

_SENTENCE = re.compile(r"^error: (?=\S)", re.MULTILINE)
_INDENTED_SENTENCE = re.compile(r"^ +error: (?=\S)", re.MULTILINE)
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def explain(stderr: str, *, suggest: Callable[[str], list[str]]) -> DefinitionError | HostError:
    """The error to raise for a failed evaluation that printed `stderr`."""
    text = _COLOURS.sub("", stderr).strip()
    log.debug(text)
    # Up to 2.17 the sentence stands right after the word; later Nix puts the trace there, and the sentence indented below.
    found = [*_SENTENCE.finditer(text)] or [*_INDENTED_SENTENCE.finditer(text)]
    body = text[found[-1].end() :] if found else text
    trouble = nix.disk_trouble(text)
    if trouble is not None:
        return trouble
    lines = [line.rstrip() for line in body.splitlines()]
    lines = [line.removeprefix("       ") for line in lines if "(use '--show-trace'" not in line and "(stack trace truncated" not in line]
    while lines and not lines[-1]:
        lines.pop()
    what = (lines[0] if lines else "the definition does not evaluate").replace("'. TypeError: Definition values:", "'. Definition values:")
    details = "\n".join(lines[1:])
    advice = hint(what, details, suggest=suggest, options=_option_names)
    return DefinitionError(what, details=worth_reading(details, what, advice), hint=advice)


def _option_names() -> list[str]:
    """All declared options, for a name that is like none of its neighbours. Takes half a second."""
    from .options import declared_options

    try:
        return [option.name for option in declared_options()]
    except ContainerError:
        return []
