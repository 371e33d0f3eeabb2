"""The part of the table of verbs that starts and stops containers."""

from __future__ import annotations

from .verb import ALL, Option, Verb

START_STOP: tuple[Verb, ...] = (
    Verb(
        "start",
        "start containers",
        "start",
        "many",
        (ALL, Option(("--auto",), "those with `autoStart`: what a host without systemd calls when it boots")),
        text=(
            "Returns when the guests say that they are ready, or fails after a container's `timeoutStartSec` with "
            "the end of its console. A container that is up already is left alone. The console of the last start "
            "is kept in /var/log/nixos-containers/NAME.log.\n\n"
            "What a container `requires` or `wants` is started with it and before it; containers that need not wait "
            "for each other start at the same time. When one fails, those that require it are not started, and all "
            "others are. Nothing is evaluated or built."
        ),
        examples=("start web db", "start --auto"),
    ),
    Verb(
        "stop",
        "shut containers down",
        "stop",
        "many",
        (ALL,),
        text=(
            "Asks the guest's systemd to shut down and waits until it did; a guest that hangs is ended. "
            "Interfaces, forwarded ports and cgroups go with it; the state stays, except that of an ephemeral "
            "container. A container that is down already is left alone.\n\n"
            "Containers that require one of these are stopped as well, and first."
        ),
        examples=("stop web", "stop --all"),
    ),
    Verb(
        "restart",
        "stop and start containers",
        "restart",
        "many",
        (ALL,),
        text="Starts containers that were down. Running containers that require one of these are restarted with it.",
    ),
    Verb(
        "terminate",
        "end a container at once, without shutting it down",
        "terminate",
        "many",
        (ALL, Option(("--signal",), "taken for scripts that give one, as upstream does, and not used: the end is at once", "SIGNAL")),
        text=(
            "Kills every process of the container: for a guest that does not answer. Files that programs had not "
            "written yet are lost. Containers that require it go on running. For an orderly end, use `stop`."
        ),
    ),
)
