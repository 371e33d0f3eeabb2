"""The manual pages nixos-container(8) and nixos-container-VERB(8), from the table of verbs.

`python3 -m nixos_containers.cli.manual` prints the first. Not for the options of the Nix language: documentation/manual.py.
"""

from __future__ import annotations

import sys

from ..documentation import roff
from .help import by_topic, flags, sentence, synopsis
from .verbs import GLOBAL_OPTIONS, PROGRAM, Option, Verb

_DESCRIPTION = """\
Declarative system containers on any Linux host. A definition file, /etc/nixos/configuration.nix by default, declares \
`containers.<name>` as on NixOS; `switch` makes the host match it. Containers for a quick try are made by `create`, without \
a definition file.

Each container runs a whole system of its own, with systemd as its first process, and shares the kernel and the Nix store \
with the host. By default its packages are those of the host's distribution, by name and locked beside the definition file.

All actions but those that only look need root.
"""

_FILES = (
    ("/etc/nixos/configuration.nix", "the definition file; the lock file configuration.lock stands beside it"),
    ("/etc/nixos-containers/NAME.conf", "the record of a container that exists"),
    ("/etc/nixos-containers/NAME.nix", "the definition of a container of `create`, for its owner to edit"),
    ("/var/lib/nixos-containers/NAME", "the container's root directory: its state"),
    ("/var/lib/nixos-containers/.disks/NAME.ext4", "that root, where limits.diskMax keeps it to a size"),
    ("/nix/var/nix/profiles/per-container/NAME", "the systems it has had"),
    ("/var/log/nixos-containers/NAME.log", "the console of the last start; NAME.log.1 is that of the one before"),
    ("/var/cache/nixos-containers", "the package index and downloads; may be deleted at any time"),
)

_STATUS = (
    ("0", "it was done, or there was nothing to do"),
    ("1", "it failed: the message says what happened, where, and what to do"),
    ("130", "it was interrupted; the next command repairs what was left half-done"),
    ("other", "of `run`, `root-login` and `login`: the command's own status"),
)


def verbs_manual() -> str:
    """The page in man(7) macros."""
    parts = [roff.title(PROGRAM, 8), ".SH NAME", f"{roff.escape(PROGRAM)} \\- NixOS\\-style system containers on any Linux host"]
    parts += [".SH SYNOPSIS", f"\\fB{roff.escape(PROGRAM)}\\fR \\fIACTION\\fR [\\fIOPTIONS\\fR] [\\fINAME\\fR...]"]
    parts += [".SH DESCRIPTION", roff.prose(_DESCRIPTION), ".SH ACTIONS"]
    for _, verbs in by_topic():
        for verb in verbs:
            parts += _verb(verb)
    parts += [".SH OPTIONS FOR EVERY ACTION", *_options(GLOBAL_OPTIONS)]
    parts += [".SH EXIT STATUS", *_pairs(_STATUS), ".SH FILES", *_pairs(_FILES)]
    parts += [".SH SEE ALSO", ".BR nixos\\-containers.nix (5),", ".BR systemd\\-nspawn (1),", ".BR nix\\-store (1)"]
    return "\n".join(parts) + "\n"


def verb_pages() -> dict[str, str]:
    """Name of a page -> its text: one for each verb, and one for each other name of it that leads there."""
    pages = {}
    for _, verbs in by_topic():
        for verb in verbs:
            pages[f"{PROGRAM}-{verb.name}"] = verb_manual(verb)
            pages |= {f"{PROGRAM}-{alias}": f".so man8/{PROGRAM}-{verb.name}.8\n" for alias in verb.aliases}
    return pages


def verb_manual(verb: Verb) -> str:
    """The page of one verb."""
    name = roff.escape(f"{PROGRAM}-{verb.name}")
    parts = [roff.title(f"{PROGRAM}-{verb.name}", 8), ".SH NAME", f"{name} \\- {roff.prose(verb.summary)}"]
    parts += [".SH SYNOPSIS", _synopsis(verb), ".SH DESCRIPTION", *_description(verb), ".SH OPTIONS"]
    parts += _options((*verb.options, *(option for option in GLOBAL_OPTIONS if verb.json or option.flags != ("--json",))))
    if verb.examples:
        parts += [".SH EXAMPLES", _examples(verb)]
    parts += [".SH SEE ALSO", ".BR nixos\\-container (8),", ".BR nixos\\-containers.nix (5)"]
    return "\n".join(parts) + "\n"


def _verb(verb: Verb) -> list[str]:
    parts = [f".SS {roff.escape(verb.name)}", _synopsis(verb), ".PP", *_description(verb), *_options(verb.options)]
    if verb.examples:
        parts += [".PP", "Examples:", ".RS 4", _examples(verb), ".RE"]
    return parts


def _synopsis(verb: Verb) -> str:
    return f"\\fB{roff.escape(f'{PROGRAM} {synopsis(verb)}')}\\fR"


def _description(verb: Verb) -> list[str]:
    parts = [roff.prose(sentence(verb))]
    if verb.text:
        parts += [".PP", roff.prose(verb.text).replace("\n.sp\n", "\n.PP\n")]
    if verb.aliases:
        parts += [".PP", f"The same as: {', '.join(roff.escape(alias) for alias in verb.aliases)}."]
    return parts


def _examples(verb: Verb) -> str:
    return roff.verbatim("\n".join(f"{PROGRAM} {example}" for example in verb.examples))


def _options(options: tuple[Option, ...]) -> list[str]:
    return [line for option in options for line in (".TP", f"\\fB{roff.escape(flags(option))}\\fR", roff.prose(option.help))]


def _pairs(pairs: tuple[tuple[str, str], ...]) -> list[str]:
    return [line for name, text in pairs for line in (".TP", f"\\fB{roff.escape(name)}\\fR", roff.prose(text))]


if __name__ == "__main__":
    sys.stdout.write(verbs_manual())
