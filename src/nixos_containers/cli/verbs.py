"""The table of verbs: feeds the parser, the help, the completion and the manual.

A verb names the module that carries it out; that module is imported only when the verb is used.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Option:
    """One flag or argument of a verb. `metavar` None means a switch; `repeat` collects values."""

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
    container: str = ""  # "", "one" or "many": how many container names (or, for options, words) it takes
    options: tuple[Option, ...] = ()
    command: bool = False  # takes a command line after `--`
    json: bool = True
    text: str = ""
    aliases: tuple[str, ...] = ()


_DEFINITION = Option(("-c", "--config-path"), "the definition file (default: /etc/nixos/configuration.nix)", "FILE")
_NIXOS_PATH = Option(("--nixos-path",), "evaluate with the nixpkgs tree at PATH instead of the embedded universe", "PATH")
_DRY_RUN = Option(("--dry-run",), "print the actions with their reasons, and do nothing")
_CONFIG = (
    Option(("--config",), "the container's NixOS configuration, as text", "TEXT"),
    Option(("--config-file",), "the container's NixOS configuration, as a file", "FILE"),
)

VERBS: tuple[Verb, ...] = (
    Verb(
        "switch",
        "make the host match a definition file",
        "switch",
        "many",
        (
            _DEFINITION,
            _DRY_RUN,
            _NIXOS_PATH,
            Option(("--purge",), "also delete the state directories of containers that are no longer declared"),
        ),
        text="Evaluates, locks, builds; then creates, updates, starts and removes containers until the host matches.",
    ),
    Verb("build", "evaluate and build a definition, touching nothing else", "build", "many", (_DEFINITION, _NIXOS_PATH)),
    Verb(
        "upgrade",
        "move the lock file to the archive's current packages",
        "upgrade",
        options=(_DEFINITION, _DRY_RUN),
        text="Refreshes the package index, resolves again and shows what moves; `switch` then builds and applies it.",
    ),
    Verb("list", "list the containers", "list", options=(Option(("-l", "--long"), "a table with state, addresses and systems"),)),
    Verb("status", "say whether a container is up or down", "status", "one"),
    Verb("start", "start containers", "start", "many"),
    Verb("stop", "shut containers down", "stop", "many"),
    Verb("restart", "stop and start containers", "restart", "many"),
    Verb("terminate", "end a container at once, without shutting it down", "terminate", "many"),
    Verb("run", "run a command in a container", "enter", "one", command=True, json=False, aliases=("exec",)),
    Verb("root-login", "get a root shell in a container", "enter", "one", json=False),
    Verb("login", "get a login prompt in a container", "enter", "one", json=False),
    Verb("show-ip", "print a container's address", "show", "one"),
    Verb("show-host-key", "print a container's public SSH host key", "show", "one"),
    Verb(
        "create",
        "create a container that no definition file declares",
        "create",
        "one",
        (
            *_CONFIG,
            _NIXOS_PATH,
            Option(("--system-path",), "a finished system instead of a configuration", "PATH"),
            Option(("--ensure-unique-name",), "append a number to the name if it is taken, and print the name"),
            Option(("--auto-start",), "start the container with the host"),
            Option(("--bridge",), "connect the container to this bridge of the host", "INTERFACE"),
            Option(("--port",), "forward a port: [PROTOCOL:]HOSTPORT[:CONTAINERPORT], several with commas", "SPEC"),
            Option(("--host-address",), "address of the host's end", "ADDRESS"),
            Option(("--local-address",), "address of the container's end", "ADDRESS"),
            Option(("--use-host-network",), "share the host's network"),
            Option(("--set",), "set any option of `containers.<name>`, as Nix", "OPTION=VALUE", repeat=True),
        ),
    ),
    Verb("update", "rebuild a container and bring it to its new system", "update", "one", (*_CONFIG, _NIXOS_PATH)),
    Verb(
        "destroy",
        "remove a container and its state",
        "destroy",
        "many",
        text="Shuts it down first. A container that a definition file declares is refused: take it out of the file and switch.",
    ),
    Verb("generations", "list the systems that a container has had", "generations", "one"),
    Verb(
        "rollback",
        "go back to an earlier system of a container",
        "generations",
        "one",
        (Option(("--to",), "the generation to go back to (default: the one before)", "N"),),
        text="A running guest is switched in place. The next `switch` brings the container to its definition again.",
    ),
    Verb(
        "prune",
        "remove old generations",
        "generations",
        "many",
        (
            Option(("--keep",), "keep the newest N of each container", "N"),
            Option(("--older-than",), "remove only those older than TIME, such as 30d", "TIME"),
        ),
        text="Without names: of all containers. The current and the running generation always stay.",
    ),
    Verb(
        "options",
        "search the options of containers and of the systems inside",
        "options",
        "many",
        (
            Option(("--markdown",), "print the whole reference as Markdown"),
            Option(("--html",), "print it as one searchable page"),
            Option(("--man",), "print it as a manual page"),
        ),
        text="Words are looked for in names and descriptions.",
    ),
    Verb("option", "print an option's value and who defined it", "option", "one", (_DEFINITION,)),
    Verb("doctor", "look for what is wrong with the host, and repair what is ours", "doctor"),
)

GLOBAL_OPTIONS = (
    Option(("--json",), "print the answer as JSON"),
    Option(("-q", "--quiet"), "say nothing but errors and the answer"),
    Option(("--debug",), "show the commands that run, and tracebacks"),
)


def find(name: str) -> Verb | None:
    """The verb called `name`, or an alias of one."""
    for verb in VERBS:
        if name == verb.name or name in verb.aliases:
            return verb
    return None
