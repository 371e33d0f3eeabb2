"""What a verb is, and the options that several verbs share. The verbs themselves: verbs.py, verbs_lifecycle.py."""

from __future__ import annotations

from dataclasses import dataclass

PROGRAM = "nixos-container"

# Verbs that take names but can do without: they mean all there is then, or have an option that says so.
_ALL_BY_DEFAULT = frozenset(
    {
        "switch",
        "plan",
        "build",
        "prune",
        "options",
        "start",
        "stop",
        "restart",
        "terminate",
        "stats",
        "top",
        "events",
        "metrics",
        "du",
        "network",
        "ui",
    }
)


@dataclass(frozen=True)
class Option:
    """One flag or argument of a verb. `metavar` None means a switch, several words that many values; `repeat` collects."""

    flags: tuple[str, ...]
    help: str
    metavar: str | None = None
    repeat: bool = False
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Verb:
    """One verb: what it is called, what it takes, which module has its `run(arguments)`."""

    name: str
    summary: str
    module: str
    container: str = ""  # "", "one", "two" or "many": how many container names (or, for options, words) it takes
    options: tuple[Option, ...] = ()
    command: bool = False  # takes a command line after `--`
    json: bool = True
    text: str = ""  # what a person needs to know besides; blank lines part paragraphs
    aliases: tuple[str, ...] = ()
    argument: str = "NAME"  # how the help calls what `container` counts
    examples: tuple[str, ...] = ()  # command lines without the program's name

    @property
    def required(self) -> bool:
        """Whether at least one name has to be given."""
        return bool(self.container) and self.name not in _ALL_BY_DEFAULT


DEFINITION = Option(("-c", "--config-path"), "the definition file (default: /etc/nixos/configuration.nix)", "FILE")
NIXOS_PATH = Option(("--nixos-path",), "evaluate with the nixpkgs tree at PATH instead of the embedded universe", "PATH")
ALL = Option(("--all",), "all containers of this host")
DRY_RUN = Option(("--dry-run",), "print the actions with their reasons, and do nothing")
# Nix's own, as upstream passes them on. nix.py says which of them `create` records.
NIX_OPTIONS = (
    Option(("--impure",), "let a flake read what is outside it"),
    Option(("--override-input",), "use another flake for an input of the flake", "INPUT FLAKE", repeat=True),
    Option(("--no-registries",), "look no flake up in registries"),
    Option(("--no-update-lock-file",), "fail when the flake's lock file does not fit its inputs"),
    Option(("--no-write-lock-file",), "do not write the flake's lock file"),
    Option(("--no-allow-dirty",), "refuse a flake in a work tree with changes"),
    Option(("--option",), "a setting of Nix", "NAME VALUE", repeat=True),
    Option(("--refresh",), "fetch the flake and its inputs anew, this time"),
    Option(("--update-input",), "move one input of the flake in its lock file", "INPUT", repeat=True),
    Option(("--recreate-lock-file",), "write the flake's lock file anew"),
    Option(("--commit-lock-file",), "commit the flake's lock file when it changed"),
    Option(("--log-format",), "how Nix prints its progress", "FORMAT"),
)

GLOBAL_OPTIONS = (
    Option(("--json",), "print the answer as JSON"),
    Option(("-q", "--quiet"), "say nothing but errors and the answer"),
    Option(("--debug",), "show the commands that run, and tracebacks"),
)
