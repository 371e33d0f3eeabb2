"""`nixos-container doctor`: what is wrong with the host, said in words; what is ours is repaired."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..base.errors import ContainerError
from ..base.paths import Paths
from ..observe import containers as observe
from ..observe.checks import host_problems
from ..observe.host import host_facts
from ..run.repair import repair_all
from .output import emit_json

if TYPE_CHECKING:
    from .parse import Arguments


def run(arguments: Arguments) -> int:
    """Carry the verb out: 0 when all is well or was repaired, 1 when something needs a person."""
    paths = Paths()
    repaired: list[str] = []
    problems: list[str] = []
    try:
        repaired = repair_all(paths, host_facts())
    except ContainerError as failure:
        problems.append(str(failure))
    problems += host_problems()
    for name in observe.names(paths):
        try:
            observe.record(paths, name)
        except ContainerError as failure:
            problems.append(str(failure))
    if arguments.json:
        emit_json({"repaired": repaired, "problems": problems})
    else:
        for line in repaired:
            print(f"repaired: {line}")
        for line in problems:
            print(f"problem: {line}")
        if not repaired and not problems:
            print("all is well")
    return 1 if problems else 0
