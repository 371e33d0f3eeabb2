"""argv to a verb and its arguments. argparse is built from the table for the one verb that was typed."""

from __future__ import annotations

import argparse
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn

from ..base.errors import UsageError
from .verbs import GLOBAL_OPTIONS, PROGRAM, Option, Verb, find

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True)
class Arguments:
    """What was typed: the verb, container names, the command after `--`, and option values by name."""

    verb: Verb
    names: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    json: bool = False
    quiet: bool = False
    debug: bool = False
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The one container that the verb is about."""
        return self.names[0]

    def text(self, option: str) -> str | None:
        """The value of an option that takes one."""
        value = self.options.get(option)
        return value if isinstance(value, str) else None

    def flag(self, option: str) -> bool:
        """Whether a switch was given."""
        return bool(self.options.get(option))

    def values(self, option: str) -> tuple[str, ...]:
        """The values of an option that may be repeated."""
        return tuple(self.options.get(option) or ())


class _Parser(argparse.ArgumentParser):
    verb: Verb

    def format_help(self) -> str:
        from .help import verb_help

        return verb_help(self.verb)

    def error(self, message: str) -> NoReturn:
        raise UsageError(message, hint=_nearest_flag(self, message) + f"{self.prog} --help")


def _nearest_flag(made: _Parser, message: str) -> str:
    """What was meant by an option that there is none of, to stand before the usual hint; or nothing."""
    _, _, words = message.partition("unrecognized arguments: ")
    if words and made.verb.name in ("root-login", "login"):
        return f"to run a command: {PROGRAM} run NAME -- {words}; "
    for word in words.split():
        if word.startswith("--"):
            import difflib

            close = difflib.get_close_matches(word.partition("=")[0], made._option_string_actions, n=1, cutoff=0.75)
            if close:
                return f"did you mean {close[0]}? "
        elif word.endswith(".nix") and "--config-path" in made._option_string_actions:
            return f"a definition file is given with -c: {made.prog} -c {word}; "
    return ""


def parse(argv: Sequence[str]) -> Arguments:
    """Parse `argv` without the program's name. Raises UsageError; `--help` prints and raises SystemExit."""
    words = list(argv)
    leading: list[str] = []
    while words and words[0] in {flag for option in GLOBAL_OPTIONS for flag in option.flags}:
        leading.append(words.pop(0))
    if not words:
        raise UsageError("no action specified", hint=f"{PROGRAM} --help lists the actions")
    if words[0] in ("--help", "-h", "help"):
        raise _help(words[1:])
    if words[0] in ("--version", "version"):
        from .. import __version__

        print(f"{PROGRAM} {__version__}")
        raise SystemExit(0)
    verb = find(words[0])
    if verb is None:
        from .foreign import unknown_action

        raise unknown_action(words[0], words[1:])
    words = leading + words[1:]
    command: list[str] = []
    if verb.command:
        words, command = _split_command(words)
    parsed = vars(parser(verb).parse_args(words))
    names = parsed.pop("name", None) or ()
    names = (names,) if isinstance(names, str) else tuple(names)
    if not names and verb.required:
        missing = {"NAME": "container name", "OPTION": "option name"}.get(verb.argument, verb.argument)
        raise UsageError(f"no {missing} specified", hint=f"{PROGRAM} {verb.name} --help")
    if verb.container == "two" and len(names) != 2:
        raise UsageError(f"expected {verb.argument}, got {len(names)} of them", hint=f"{PROGRAM} {verb.name} --help")
    return Arguments(
        verb,
        names,
        tuple(command),
        json=parsed.pop("json", False),
        quiet=parsed.pop("quiet"),
        debug=parsed.pop("debug"),
        options=parsed,
    )


def _split_command(words: list[str]) -> tuple[list[str], list[str]]:
    """`NAME [--] COMMAND...`: everything after the name belongs to the command, as upstream reads it."""
    for position, word in enumerate(words):
        if not word.startswith("-"):
            rest = words[position + 1 :]
            if rest[:1] == ["--"]:
                rest = rest[1:]
            elif rest[:1] in (["--help"], ["-h"]):
                return words, []
            return words[: position + 1], rest
    return words, []


def parser(verb: Verb) -> argparse.ArgumentParser:
    """The parser of one verb."""
    made = _Parser(prog=f"{PROGRAM} {verb.name}", allow_abbrev=False)
    made.verb = verb
    for option in (*GLOBAL_OPTIONS, *verb.options):
        if option.flags != ("--json",) or verb.json:
            _add(made, option)
    if verb.container:
        nargs = {"one": "?", "optional": "?", "two": "*", "many": "*"}[verb.container]
        made.add_argument("name", nargs=nargs, metavar=verb.argument)
    return made


def _add(made: argparse.ArgumentParser, option: Option) -> None:
    if option.metavar is None:
        made.add_argument(*option.flags, action="store_true", help=option.help)
    elif " " in option.metavar:
        words = tuple(option.metavar.split())
        made.add_argument(*option.flags, action="append", nargs=len(words), metavar=words, help=option.help)
    elif option.repeat:
        made.add_argument(*option.flags, action="append", metavar=option.metavar, help=option.help)
    else:
        made.add_argument(*option.flags, metavar=option.metavar, help=option.help, choices=option.choices or None)


def _help(words: list[str]) -> SystemExit | UsageError:
    """`help [VERB]`: print the overview, or what is to be said about one action."""
    from .help import overview, verb_help

    if not words:
        print(overview())
        return SystemExit(0)
    verb = find(words[0])
    if verb is None:
        from .foreign import unknown_action

        return unknown_action(words[0], words[1:])
    print(verb_help(verb), end="")
    return SystemExit(0)
