"""`nixos-container generations`, `rollback` and `prune`: the systems that a container has had."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from .. import history
from ..base import log
from ..base.durations import parse_duration
from ..base.errors import UsageError
from ..base.paths import Paths, check_name
from ..build import profiles
from ..observe import containers as observe
from .output import emit_json, table

if TYPE_CHECKING:
    from .parse import Arguments


def run(arguments: Arguments) -> int:
    """Carry the verb out."""
    paths = Paths()
    match arguments.verb.name:
        case "generations":
            return _list(paths, arguments)
        case "rollback":
            return _rollback(paths, arguments)
        case _:
            return _prune(paths, arguments)


def _number(arguments: Arguments, option: str) -> int | None:
    text = arguments.text(option)
    if text is None:
        return None
    if not text.isdigit():
        raise UsageError(f"--{option.replace('_', '-')} {text}: expected a number")
    return int(text)


def _list(paths: Paths, arguments: Arguments) -> int:
    name = check_name(arguments.name)
    observe.record(paths, name)
    running = observe.running(paths, name)
    current = profiles.current(paths, name)
    rows = [
        {
            "generation": number,
            "system": system,
            "date": time.strftime("%Y-%m-%dT%H:%M:%S%z", time.localtime(profiles.made_at(paths, name, number))),
            "current": number == current,
            "running": running is not None and running.system == system,
        }
        for number, system in profiles.generations(paths, name).items()
    ]
    if arguments.json:
        emit_json(rows)
    else:
        cells = [
            (
                str(row["generation"]),
                str(row["date"])[:19].replace("T", " "),
                ", ".join(word for word in ("current", "running") if row[word]) or "-",
                os.path.basename(str(row["system"]))[33:],
            )
            for row in rows
        ]
        print(table(("GENERATION", "MADE", "IS", "SYSTEM"), cells))
    return 0


def _rollback(paths: Paths, arguments: Arguments) -> int:
    name = check_name(arguments.name)
    number = history.rollback(paths, name, to=_number(arguments, "to"))
    if arguments.json:
        emit_json({"name": name, "generation": number})
    else:
        log.say(f"container ‘{name}’ is at generation {number}; the next switch brings it to its definition again")
    return 0


def _prune(paths: Paths, arguments: Arguments) -> int:
    keep = _number(arguments, "keep")
    age = arguments.text("older_than")
    if keep is None and age is None:
        raise UsageError("prune what?", hint="give --keep N, or --older-than TIME such as 30d, or both")
    names = [check_name(name) for name in arguments.names] or observe.names(paths)
    removed = {
        name: history.prune(paths, name, keep=keep, older_than=None if age is None else parse_duration(age, "--older-than"))
        for name in names
    }
    if arguments.json:
        emit_json(removed)
    else:
        for name, numbers in removed.items():
            for number in numbers:
                print(f"{name}: removed generation {number}")
        if not any(removed.values()):
            log.say("nothing to do: no generation is old enough")
        else:
            log.say("‘nix-collect-garbage’ frees the space of what nothing else uses")
    return 0
