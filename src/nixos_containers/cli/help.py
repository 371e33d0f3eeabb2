"""The texts of `--help`, from the table of verbs. Loaded only when somebody asks."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from .topics import TOPICS
from .verbs import GLOBAL_OPTIONS, PROGRAM, VERBS

if TYPE_CHECKING:
    from .verbs import Option, Verb

_WIDTH = 80  # columns, as every terminal has: the summaries of the verbs fit as well


def overview() -> str:
    """The text of `nixos-container --help`: the verbs by topic."""
    width = max(len(verb.name) for verb in VERBS)
    lines = [f"usage: {PROGRAM} ACTION [OPTIONS] [NAME...]"]
    for title, verbs in by_topic():
        lines += ["", f"{title}:"]
        lines += [f"  {verb.name:<{width}}  {verb.summary}" for verb in verbs]
    lines += ["", "options for every action:"]
    lines += [f"  {', '.join(option.flags):<{width}}  {option.help}" for option in GLOBAL_OPTIONS]
    lines += ["", f"‘{PROGRAM} help ACTION’ says more, ‘man {PROGRAM}’ all of it."]
    return "\n".join(lines)


def by_topic() -> list[tuple[str, list[Verb]]]:
    """The verbs, grouped and ordered as people look for them."""
    known = {verb.name: verb for verb in VERBS}
    return [(title, [known[name] for name in names]) for title, names in TOPICS]


def synopsis(verb: Verb) -> str:
    """How the verb is written, without the program's name: `run [OPTIONS] NAME [--] COMMAND...`."""
    words = [verb.name, "[OPTIONS]"]
    if verb.container in ("one", "two"):
        words.append(verb.argument)
    elif verb.container == "many":
        words.append(f"{verb.argument}..." if verb.required else f"[{verb.argument}...]")
    if verb.command:
        words.append("[--] COMMAND...")
    return " ".join(words)


def sentence(verb: Verb) -> str:
    """The summary as a sentence."""
    return f"{verb.summary[0].upper()}{verb.summary[1:]}."


def verb_help(verb: Verb) -> str:
    """The text of `nixos-container VERB --help`."""
    blocks = [f"usage: {PROGRAM} {synopsis(verb)}", sentence(verb)]
    blocks += [textwrap.fill(paragraph, _WIDTH) for paragraph in verb.text.split("\n\n") if paragraph]
    if verb.aliases:
        blocks.append(f"The same as: {', '.join(verb.aliases)}")
    if verb.options:
        blocks.append("options:\n" + _list(verb.options))
    blocks.append("options for every action:\n" + _list(tuple(o for o in GLOBAL_OPTIONS if verb.json or o.flags != ("--json",))))
    if verb.examples:
        blocks.append("examples:\n" + "\n".join(f"  {PROGRAM} {example}" for example in verb.examples))
    return "\n\n".join(blocks) + "\n"


def flags(option: Option) -> str:
    """`-c FILE, --config-path FILE`, shortened to the last of them with the others before it."""
    text = ", ".join(option.flags)
    return text if option.metavar is None else f"{text} {option.metavar}"


def _list(options: tuple[Option, ...]) -> str:
    width = min(30, max(len(flags(option)) for option in options))
    lines = []
    for option in options:
        head = f"  {flags(option):<{width}}  "
        lines.append(textwrap.fill(option.help, max(_WIDTH, 60), initial_indent=head, subsequent_indent=" " * (width + 4)))
    return "\n".join(lines)
