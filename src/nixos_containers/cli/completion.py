"""`nixos-container completion SHELL`: completion scripts for bash, zsh and fish, made from the table of verbs.

The scripts are static but for the containers' names, which they ask `list` for. Not for parsing: parse.py.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from ..base.errors import UsageError
from .verbs import GLOBAL_OPTIONS, PROGRAM, VERBS, Option, Verb

if TYPE_CHECKING:
    from .parse import Arguments

_FUNCTION = "_nixos_container"
_FILES = frozenset({"FILE", "PATH"})
# What a verb's words are -> how each shell completes them.
_CONTAINERS = frozenset({"NAME", "OLD NEW", "SRC NEW"})
_SHELLS = ("bash", "zsh", "fish")


def run(arguments: Arguments) -> int:
    """Carry the verb out."""
    if arguments.name not in _SHELLS:
        raise UsageError(f"no completion for the shell ‘{arguments.name}’", hint=f"there is one for {', '.join(_SHELLS)}")
    sys.stdout.write(script(arguments.name))
    return 0


def script(shell: str) -> str:
    """The completion script for `bash`, `zsh` or `fish`."""
    return {"bash": _bash, "zsh": _zsh, "fish": _fish}[shell]()


def _verbs() -> list[tuple[str, Verb]]:
    """Every verb under each of its names."""
    return [(name, verb) for verb in VERBS for name in (verb.name, *verb.aliases)]


def _options(verb: Verb) -> tuple[Option, ...]:
    return (*verb.options, *(option for option in GLOBAL_OPTIONS if verb.json or option.flags != ("--json",)))


def _takes_containers(verb: Verb) -> bool:
    return bool(verb.container) and verb.argument in _CONTAINERS and verb.name != "create"


def _words(verb: Verb) -> tuple[str, ...]:
    """What stands after the verb, where that is a fixed set."""
    return _SHELLS if verb.argument == "SHELL" else ()


def _bash() -> str:
    lines = [
        f"# bash completion for {PROGRAM}; made by ‘{PROGRAM} completion bash’.",
        f"{_FUNCTION}() {{",
        "    local cur prev verb word flags='' names='' files='' choices='' i",
        '    cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} verb=""',
        "    COMPREPLY=()",
        "    for ((i = 1; i < COMP_CWORD; i++)); do",
        "        word=${COMP_WORDS[i]}; case $word in --) return ;; -*) ;; *) verb=${verb:-$word} ;; esac",
        "    done",
        '    if [ -z "$verb" ]; then',
        f"        COMPREPLY=($(compgen -W '{' '.join([*(name for name, _ in _verbs()), '--help', '--version'])}' -- \"$cur\"))",
        "        return",
        "    fi",
        "    case $verb in",
    ]
    for name, verb in _verbs():
        options = _options(verb)
        files = "|".join(flag for option in options if option.metavar in _FILES for flag in option.flags)
        chosen = [(option.flags, option.choices) for option in options if option.choices]
        lines.append(f"    {name})")
        lines.append(f"        flags='{' '.join([*(flag for option in options for flag in option.flags), '--help'])}'")
        if _takes_containers(verb):
            lines.append("        names=1")
        if _words(verb):
            lines.append(f"        choices='{' '.join(_words(verb))}'")
        if files or chosen:
            lines.append("        case $prev in")
            lines += [f"        {files}) files=1 ;;"] if files else []
            lines += [f"        {'|'.join(flags)}) flags='' names='' choices='{' '.join(values)}' ;;" for flags, values in chosen]
            lines.append("        esac")
        lines.append("        ;;")
    lines += [
        "    esac",
        '    if [ -n "$files" ]; then compopt -o filenames 2> /dev/null; COMPREPLY=($(compgen -f -- "$cur")); return; fi',
        f'    if [ -n "$names" ] && [ "${{cur#-}}" = "$cur" ]; then choices=$({PROGRAM} list 2> /dev/null); fi',
        '    if [ "${cur#-}" != "$cur" ]; then choices=$flags; fi',
        '    COMPREPLY=($(compgen -W "$choices" -- "$cur"))',
        "}",
        f"complete -F {_FUNCTION} {PROGRAM}",
    ]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    """`text` within single quotes of zsh and fish; an apostrophe becomes a typographic one."""
    return text.replace("'", "’").replace("\\", "")


def _zsh() -> str:
    lines = [
        f"#compdef {PROGRAM}",
        f"# zsh completion for {PROGRAM}; made by ‘{PROGRAM} completion zsh’.",
        f"{_FUNCTION}_names() {{",
        "    local -a names",
        f'    names=(${{(f)"$({PROGRAM} list 2> /dev/null)"}})',
        "    _describe -t containers container names",
        "}",
        f"{_FUNCTION}() {{",
        "    local curcontext=$curcontext state line",
        "    local -a actions",
        "    actions=(",
        *(f"        '{name}:{_quoted(verb.summary)}'" for name, verb in _verbs()),
        "    )",
        "    _arguments -C '1: :->action' '*:: :->rest'",
        "    case $state in",
        "    action) _describe -t actions action actions ;;",
        "    rest)",
        "        case $words[1] in",
    ]
    for name, verb in _verbs():
        specs = [_zsh_option(flag, option) for option in _options(verb) for flag in option.flags]
        if _takes_containers(verb):
            specs.append(f"'{'1' if verb.container == 'one' else '*'}:container:{_FUNCTION}_names'")
        elif _words(verb):
            specs.append(f"'1:{verb.argument.lower()}:({' '.join(_words(verb))})'")
        lines.append(f"        {name}) _arguments {' '.join(specs)} ;;")
    lines += ["        esac", "        ;;", "    esac", "}", f'{_FUNCTION} "$@"']
    return "\n".join(lines) + "\n"


def _zsh_option(flag: str, option: Option) -> str:
    text = f"{'*' if option.repeat else ''}{flag}[{_bracketed(option.help)}]"
    for word in (option.metavar or "").split():
        action = "_files" if word in _FILES else f"({' '.join(option.choices)})" if option.choices else " "
        text += f":{_bracketed(word)}:{action}"
    return f"'{text}'"


def _bracketed(text: str) -> str:
    return _quoted(text).replace("[", "(").replace("]", ")").replace(":", "\\:")


def _fish() -> str:
    names = " ".join(name for name, _ in _verbs())
    lines = [
        f"# fish completion for {PROGRAM}; made by ‘{PROGRAM} completion fish’.",
        f"complete -c {PROGRAM} -f",
        f"set -l actions {names}",
    ]
    for name, verb in _verbs():
        lines.append(f"complete -c {PROGRAM} -n \"not __fish_seen_subcommand_from $actions\" -a {name} -d '{_quoted(verb.summary)}'")
        seen = f"complete -c {PROGRAM} -n '__fish_seen_subcommand_from {name}'"
        lines += [f"{seen} {_fish_option(option)}" for option in _options(verb)]
        if _takes_containers(verb):
            lines.append(f"{seen} -a '({PROGRAM} list 2> /dev/null)'")
        elif _words(verb):
            lines.append(f"{seen} -a '{' '.join(_words(verb))}'")
    return "\n".join(lines) + "\n"


def _fish_option(option: Option) -> str:
    words = [f"-l {flag[2:]}" if flag.startswith("--") else f"-s {flag[1:]}" for flag in option.flags]
    if option.metavar in _FILES:
        words.append("-r -F")
    elif option.choices:
        words.append(f"-x -a '{' '.join(option.choices)}'")
    elif option.metavar is not None:
        words.append("-x")
    return " ".join([*words, f"-d '{_quoted(option.help)}'"])
