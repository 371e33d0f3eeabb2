"""The table of verbs: feeds the parser, the help, the completion and the manual.

A verb names the module that carries it out; that module is imported only when the verb is used.
"""

from __future__ import annotations

from .verb import DEFINITION, DRY_RUN, GLOBAL_OPTIONS, NIX_OPTIONS, NIXOS_PATH, PROGRAM, Option, Verb
from .verbs_images import IMAGES
from .verbs_lifecycle import LIFECYCLE
from .verbs_resources import RESOURCES
from .verbs_seeing import SEEING
from .verbs_start import START_STOP

__all__ = ["GLOBAL_OPTIONS", "NIX_OPTIONS", "PROGRAM", "VERBS", "Option", "Verb", "find"]

_CONFIG = (
    Option(("--config",), "the container's NixOS configuration, as text", "TEXT"),
    Option(("--config-file",), "the container's NixOS configuration, as a file", "FILE"),
)

_FLAKE = Option(("--flake",), "run `nixosConfigurations.ATTR` (default: container) of a flake", "URI[#ATTR]")

VERBS: tuple[Verb, ...] = (
    Verb(
        "switch",
        "make the host match a definition file",
        "switch",
        "many",
        (
            DEFINITION,
            DRY_RUN,
            NIXOS_PATH,
            Option(("--purge",), "also delete the state directories of containers that are no longer declared"),
            Option(("--rollback",), "bring every container of the file one generation back instead"),
            *NIX_OPTIONS,
        ),
        text=(
            "Evaluates the file, locks its packages, builds the systems; then creates, updates, starts and "
            "removes containers until the host matches. Until everything is built, no container is touched; a "
            "second `switch` finds nothing to do and says so. With `--dry-run` nothing is built and no container "
            "touched; the lock file beside the definition is written.\n\n"
            "Containers that need it are restarted, those whose system alone changed are switched in place, and "
            "those with `autoStart` are started. Containers that another definition file declares, and those of "
            "`create`, are left alone. With names, only these containers are looked at. A container that the file "
            "declares no longer is stopped and forgotten; its state directory stays unless `--purge` is given.\n\n"
            "With `--rollback` the file is not evaluated: its containers go back to their previous systems, running "
            "guests in place. The next `switch` brings them to the definition again."
        ),
        examples=(
            "switch --dry-run",
            "switch -c ./containers.nix web",
        ),
    ),
    Verb(
        "build",
        "evaluate and build a definition, touching nothing else",
        "build",
        "many",
        (DEFINITION, NIXOS_PATH, *NIX_OPTIONS),
        text=(
            "Prints the store path of every system, in the order of the containers' names. The lock file beside "
            "the definition is written as by `switch`."
        ),
        examples=("build -c ./containers.nix",),
    ),
    Verb(
        "upgrade",
        "move the lock file to the archive's current packages",
        "upgrade",
        options=(DEFINITION, DRY_RUN),
        text=(
            "Refreshes the package index, resolves again and shows what moves; `switch` then builds and applies "
            "it. Without `upgrade`, the lock file keeps every package at its version, also on other machines. "
            "`--dry-run` shows what would move and leaves the lock file as it is."
        ),
        examples=(
            "upgrade --dry-run",
            "upgrade -c ./containers.nix",
        ),
    ),
    Verb(
        "list",
        "list the containers",
        "list",
        options=(
            Option(("-l", "--long"), "the table, also where stdout is no terminal"),
            Option(("--names",), "the names alone, also on a terminal"),
        ),
        text=(
            "Declared containers and those of `create`: on a terminal a table, for scripts (where stdout is no terminal) the names, "
            "one a line. The table has for each whether it is up, its universe and generation, the addresses it has now (those "
            "declared when it is down), what it uses of CPU and memory, for how long it has been up, and its health."
        ),
        aliases=("ls",),
        examples=("list", "list --names"),
    ),
    Verb(
        "status",
        "say whether a container is up or down",
        "status",
        "one",
        text=("Prints `up` or `down`. For a name that is no container it prints `gone` and fails."),
    ),
    *START_STOP,
    Verb(
        "run",
        "run a command in a container",
        "enter",
        "one",
        command=True,
        json=False,
        aliases=("exec",),
        text=(
            "The command runs as root in a login environment of the guest, with this terminal if there is one. "
            "Everything after the name belongs to the command, `--` in between is optional. The exit status is "
            "the command's."
        ),
        examples=(
            "run web -- systemctl status nginx",
            "run web -- sh -c 'tail -n 20 /var/log/nginx/*.log'",
        ),
    ),
    Verb(
        "root-login",
        "get a root shell in a container",
        "enter",
        "one",
        json=False,
        text=("The shell is root's, of the guest. It works without a password and without a network."),
        aliases=("enter",),
    ),
    Verb(
        "login",
        "get a login prompt in a container",
        "enter",
        "one",
        json=False,
        text=("Asks for a user's name and password of the guest."),
    ),
    Verb(
        "show-ip",
        "print a container's address",
        "show",
        "one",
        text=(
            "Prints `localAddress`, or `localAddress6` when there is no other, without a prefix length. Fails for "
            "containers on the host's network."
        ),
    ),
    Verb(
        "show-host-key",
        "print a container's public SSH host key",
        "show",
        "one",
        text=("Prints the line for a known_hosts file: the ed25519 key if there is one, otherwise ecdsa, otherwise rsa."),
    ),
    Verb(
        "create",
        "create a container that no definition file declares",
        "create",
        "one",
        (
            *_CONFIG,
            Option(("--template",), "a ready-made configuration: a template's name, or a file", "NAME|FILE"),
            _FLAKE,
            NIXOS_PATH,
            Option(("--system-path",), "a finished system instead of a configuration", "PATH"),
            Option(("--ensure-unique-name",), "append a number to the name if it is taken, and print the name"),
            Option(("--auto-start",), "start the container with the host"),
            Option(("--bridge",), "connect the container to this bridge of the host", "INTERFACE"),
            Option(("--network",), "join this network that containers share", "NETWORK", repeat=True),
            Option(("--port",), "forward a port: [PROTOCOL:]HOSTPORT[:CONTAINERPORT], several with commas", "SPEC"),
            Option(("--host-address",), "address of the host's end", "ADDRESS"),
            Option(("--local-address",), "address of the container's end", "ADDRESS"),
            Option(("--use-host-network",), "share the host's network"),
            Option(("--set",), "set any option of `containers.<name>`: a Nix expression, or a plain word", "OPTION=VALUE", repeat=True),
            *NIX_OPTIONS,
        ),
        text=(
            "Writes /etc/nixos-containers/NAME.nix, a definition file for this container alone, and builds it; "
            "`start` starts it. The file may be edited afterwards; `update` applies it. Without addresses, the "
            "container gets a private network with the first free pair of 10.233.N.1 (the host) and 10.233.N.2, and a pair of "
            "unique local IPv6 addresses. With `--network` it is a member of a network that other containers share instead."
            "\n\nTemplates that come with the program: minimal, web, ssh, database. Your own are files NAME.nix in "
            "/etc/nixos-containers/templates. A template is a NixOS configuration; it is copied into the definition file."
        ),
        examples=(
            "create scratch --config 'services.openssh.enable = true;'",
            "create web --config-file ./web.nix --port 8080:80 --auto-start",
            "create worker --network backend",
            "create big --set 'limits.memoryMax=\"1G\"' --set ephemeral=true",
        ),
    ),
    Verb(
        "update",
        "rebuild a container and bring it to its new system",
        "update",
        "one",
        (*_CONFIG, _FLAKE, NIXOS_PATH, *NIX_OPTIONS),
        text=(
            "Of a container of `create`: builds what its definition file says now, after replacing the "
            "configuration in it if one is given here. Of a declared container: the same as `switch` of its "
            "definition file for this name. A running container is switched in place, or restarted when it has to "
            "be."
        ),
        examples=(
            "update scratch",
            "update scratch --config 'services.nginx.enable = true;'",
        ),
    ),
    Verb(
        "destroy",
        "remove a container and its state",
        "destroy",
        "many",
        text=(
            "Shuts it down first, then deletes its definition, its state directory and its generations. A "
            "container that a definition file declares is refused: take it out of the file and `switch --purge`. "
            "A name that is no container is no failure."
        ),
        examples=("destroy scratch",),
    ),
    Verb(
        "generations",
        "list the systems that a container has had",
        "generations",
        "one",
        text="Prints number, date and name of each, and says which one is current and which one runs.",
    ),
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
        text=(
            "All words must be found, in an option's name, or else in its description; names are shown first. A "
            "word may be the whole path of an option as it stands in a definition file. Without words, all "
            "options are printed."
        ),
        argument="WORD",
        examples=(
            "options nginx root",
            "options containers.web.forwardPorts",
            "options --json openssh",
        ),
    ),
    Verb(
        "option",
        "print an option's value and who defined it",
        "option",
        "one",
        (DEFINITION,),
        text=(
            "The name is a path: `containers.NAME.OPTION` for an option of the host, "
            "`containers.NAME.config.OPTION` for one of the guest. The definition file is the one given, or else "
            "the one that the container came from. The name of a family of options lists its members."
        ),
        argument="OPTION",
        examples=(
            "option containers.web.autoStart",
            "option containers.web.config.services.nginx.enable -c ./containers.nix",
            "option containers.web.config.services",
        ),
    ),
    Verb(
        "doctor",
        "look for what is wrong with the host, and repair what is ours",
        "doctor",
        text=(
            "Looks at processes, cgroups, interfaces, packet filter rules and files that an interrupted command "
            "or a crash left behind, and removes those that are ours; every other command does so too, for what "
            "it touches. Problems of the host (a missing program, a limit of the kernel that is too low) are "
            "named with their remedy. Succeeds when all is well or was repaired."
        ),
    ),
    *LIFECYCLE,
    *SEEING,
    *RESOURCES,
    *IMAGES,
)


def find(name: str) -> Verb | None:
    """The verb called `name`, or an alias of one."""
    for verb in VERBS:
        if name == verb.name or name in verb.aliases:
            return verb
    return None
