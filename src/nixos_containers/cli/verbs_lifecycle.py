"""The part of the table of verbs that looks at containers and moves them about: plan, inspect, logs, wait, completion."""

from __future__ import annotations

from .verb import DEFINITION, NIX_OPTIONS, NIXOS_PATH, Option, Verb

WAIT_STATES = ("up", "ready", "running", "healthy", "down", "stopped")

LIFECYCLE: tuple[Verb, ...] = (
    Verb(
        "plan",
        "show what a switch would change",
        "plan",
        "many",
        (
            DEFINITION,
            NIXOS_PATH,
            Option(("--purge",), "as if `switch --purge` followed"),
            *NIX_OPTIONS,
        ),
        text=(
            "For every container that would change: packages with their versions, units of the running guest that "
            "would be started, stopped, restarted or reloaded, changed options and changed network; then the actions "
            "of the switch with their reasons. Without changes it says so.\n\n"
            "No container is touched. The new systems are built into the store, and the lock file beside the "
            "definition is written, as by `build`: only so packages and units can be compared. When one name of a "
            "container of `create` is given without `-c`, its own definition file is looked at."
        ),
        aliases=("diff",),
        examples=("plan", "plan -c ./containers.nix web", "plan scratch"),
    ),
    Verb(
        "inspect",
        "print all that is known about a container",
        "inspect",
        "one",
        text=(
            "Prints one JSON object, with and without `--json`: the record (the options as declared), whether and "
            "as which processes the container runs, its generations, its paths on the host, its range of user ids, "
            "the names of its interfaces on both ends, and its limits."
        ),
        examples=("inspect web",),
    ),
    Verb(
        "logs",
        "show a container's journal and console",
        "logs",
        "one",
        (
            Option(("-f", "--follow"), "go on showing what is added, until interrupted"),
            Option(("-n", "--lines"), "show the last N lines (default: all of this boot's journal)", "N"),
            Option(("-u", "--unit"), "entries of this unit of the container only; may be repeated", "UNIT", repeat=True),
            Option(("-p", "--priority"), "entries of this priority or worse, such as err (journalctl(1))", "PRIORITY"),
            Option(("-S", "--since"), "entries from TIME on, such as 10:30, yesterday, or 1h for that long ago", "TIME"),
            Option(("-U", "--until"), "entries up to TIME", "TIME"),
            Option(("--console",), "show the console of the last start only"),
        ),
        text=(
            "Of a running container: the guest's journal since it booted. Of one that is down: the journal that it "
            "left in its state directory (an ephemeral one too, unless `keepJournal` is false), "
            "then the console of its last start, where a guest "
            "that died early tells why; where systemd runs the containers, the console is in the host's journal. With "
            "`--json`, the journal's entries, one object a line."
        ),
        examples=("logs web -n 50", "logs -f web", "logs web --unit nginx --since 1h -p warning"),
    ),
    Verb(
        "wait",
        "wait until containers are up, or down",
        "wait",
        "many",
        (
            Option(
                ("--for",),
                "up: it runs; ready: it has started, though units may have failed; running: its units have all started; "
                "healthy: its health checks succeed; down or stopped: it ended (default: up)",
                "STATE",
                choices=WAIT_STATES,
            ),
            Option(("--timeout",), "fail after TIME, such as 30s or 2min (default: wait for ever)", "TIME"),
        ),
        text=(
            "`running` also ends, with a failure, when the guest's systemd has finished starting and some units "
            "failed (`degraded`). A container that is in the state already is not waited for."
        ),
        examples=("wait web --for running --timeout 1min", "wait --for down web"),
    ),
    Verb(
        "rename",
        "give a container of `create` another name",
        "rename",
        "two",
        text=(
            "The container must be down. Its definition file, state, generations and console log go with it; it keeps "
            "its addresses and the versions of its packages. Its host name changes where the definition sets none, "
            "so that its system is built anew. Declared containers are renamed in their definition file."
        ),
        argument="OLD NEW",
        examples=("rename scratch web",),
    ),
    Verb(
        "copy",
        "copy a container of `create`, with its state",
        "rename",
        "two",
        text=(
            "The original must be down. The copy gets the definition, the versions of packages and the state of the "
            "original, with blocks shared where the file system can (reflink), but the first free pair of addresses, "
            "a range of user ids of its own and no forwarded ports. What is mounted in a state is never copied: such "
            "a container is refused. Secrets in the state, such as SSH host keys, are copied as well."
        ),
        argument="SRC NEW",
        examples=("copy web web-test",),
    ),
    Verb(
        "edit",
        "edit a container's definition and bring the container to it",
        "edit",
        "one",
        text=(
            "Opens the definition file of a container of `create`, or the file that declares the container, in the "
            "editor of VISUAL or EDITOR; then does what `update` does. An edit that does not evaluate or build "
            "changes nothing: the file stays as it was, and the edit is kept in a draft whose path is printed. One that "
            "builds stays, also when units of the guest then fail."
        ),
        examples=("edit scratch",),
    ),
    Verb(
        "shell",
        "try packages in a container that is gone afterwards",
        "shell",
        "many",
        (
            Option(("-p", "--packages"), "what follows are packages, as for nix-shell; may be left out"),
            Option(("--run",), "run CMD in a shell there instead of an interactive one", "CMD"),
            Option(("-M", "--machine"), "what to call the container (default: shell-N)", "CONTAINER"),
        ),
        json=False,
        text=(
            "Starts an ephemeral container with these packages of the archive, and root's shell in it. It has a "
            "private network with the first free pair of addresses, as by `create`, and no open ports. When the shell "
            "ends, so does the container, with all that was written in it; after a kill of this command the next one "
            "removes it. The exit status is the shell's.\n\n"
            "The first time, packages are resolved and fetched; after that, what was locked for the same set of "
            "packages is used until the package index changes."
        ),
        argument="PACKAGE",
        examples=("shell -p vim curl", "shell -p jq --run 'jq --version'"),
    ),
    Verb(
        "completion",
        "print the completion script of a shell",
        "completion",
        "one",
        json=False,
        text=(
            "For bash, zsh or fish. `make install` puts all three where the shells look for them. Containers are "
            "completed from `list`, files where an option takes one."
        ),
        argument="SHELL",
        examples=("completion bash",),
    ),
)
