"""The plain forms of the verbs that scripts call all the time, without the parser and the records.

Imports next to nothing. Whatever is not plain is None here, and goes the parser's way.
"""

from __future__ import annotations

TYPE_CHECKING = False  # importing typing costs more than all that is done here
if TYPE_CHECKING:
    from collections.abc import Sequence


def hot(words: Sequence[str]) -> int | None:
    """Carry out `list`, `start NAME`, `run NAME [--] COMMAND...`, `root-login NAME`, and what units call; return the status, or None."""
    if words and words[0] in ("list", "ls") and all(word in ("--long", "-l", "--json") for word in words[1:]):
        return _list(words)
    if len(words) > 1 and words[0] in ("run", "exec", "root-login", "enter"):
        return _enter(words)
    if len(words) == 2 and words[0] == "start":
        return _start(words[1])
    if words[:1] == ["unit"]:
        from .unit import unit

        return unit(words[1:])
    return None


def _list(words: Sequence[str]) -> int:
    import os

    from ..base.paths import Paths

    if len(words) == 1 and not os.isatty(1):  # a person gets the table
        import sys

        from ..observe.live import names

        sys.stdout.write("".join(f"{name}\n" for name in names(Paths())))
        return 0
    from .list import show

    show(Paths(), json="--json" in words, long="--long" in words or "-l" in words)
    return 0


def _enter(words: Sequence[str]) -> int | None:
    import os

    from ..base.paths import Paths, check_name
    from ..observe.live import nspawn_and_leader
    from ..run.enter import enter, su_command

    verb, name, *command = words
    if command[:1] == ["--"]:
        command = command[1:]
    if name.startswith("-") or command[:1] in (["--help"], ["-h"]) or (verb in ("root-login", "enter")) is bool(command):
        return None
    found = nspawn_and_leader(Paths(), check_name(name))
    if found is None:
        return None  # not there, or not running: the parser's way explains
    return enter(name, found[1], su_command(command), terminal=os.isatty(0) and os.isatty(1))


def _start(name: str) -> int | None:
    from ..base.paths import Paths, check_name
    from ..run.again import start_again

    if name.startswith("-"):
        return None
    return 0 if start_again(Paths(), check_name(name)) else None
