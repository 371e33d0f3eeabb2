"""What to type here for words that other tools have: docker, podman, lxc, incus, machinectl. Loaded when an action is unknown.

Not aliases: those stand in the table of verbs, and mean exactly the same.
"""

from __future__ import annotations

import difflib

from ..base.errors import UsageError
from ..base.paths import Paths
from .verb import PROGRAM
from .verbs import VERBS, find

_LOGIN = "root-login NAME"

# Word -> the commands to type instead, without the program's name.
_INSTEAD: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("attach", "console"), (_LOGIN, "login NAME", "logs NAME --console")),
    **dict.fromkeys(("ssh", "bash", "sh"), (_LOGIN,)),
    **dict.fromkeys(("rm", "delete", "remove", "undeploy"), ("destroy NAME",)),
    **dict.fromkeys(("info", "show"), ("inspect NAME", "status NAME", "network show NAME")),
    "config": ("inspect NAME", "edit NAME", "option containers.NAME.OPTION"),
    **dict.fromkeys(("set", "limit", "limits"), ("set-limit NAME LIMIT=VALUE",)),
    "up": ("switch", "start NAME"),
    **dict.fromkeys(("apply", "deploy", "sync", "rebuild"), ("switch",)),
    "down": ("stop NAME",),
    **dict.fromkeys(("poweroff", "shutdown", "halt"), ("stop NAME",)),
    "reboot": ("restart NAME",),
    **dict.fromkeys(("kill",), ("terminate NAME", "stop NAME")),
    **dict.fromkeys(("images", "pull", "search", "remote"), ("shell PACKAGE", "create NAME --template TEMPLATE", "options WORD")),
    **dict.fromkeys(("launch", "new", "add", "init"), ("create NAME", "shell PACKAGE")),
    **dict.fromkeys(("mv", "move"), ("rename OLD NEW",)),
    **dict.fromkeys(("clone", "duplicate"), ("copy SRC NEW",)),
    "file": ("cp SRC NAME:PATH",),
    "push": ("image NAME --output docker://HOST/NAME:TAG", "cp SRC NAME:PATH"),
    **dict.fromkeys(("export", "save", "oci"), ("image NAME --output FILE.tar", "copy SRC NEW")),
    **dict.fromkeys(("snapshot", "backup", "commit"), ("copy SRC NEW", "generations NAME")),
    "serve": ("registry",),
    "restore": ("rollback NAME",),
    **dict.fromkeys(("undo", "revert"), ("rollback NAME",)),
    **dict.fromkeys(("pause", "freeze", "unpause", "unfreeze"), ("set-limit NAME cpuQuota=1%", "stop NAME")),
    **dict.fromkeys(("log", "journal"), ("logs NAME",)),
    **dict.fromkeys(("monitor", "watch"), ("events --follow", "top")),
    **dict.fromkeys(("networks", "port", "ports", "ip"), ("network list", "network show NAME", "show-ip NAME")),
    **dict.fromkeys(("volumes", "storage"), ("volume list", "du")),
    **dict.fromkeys(("gc", "clean", "cleanup"), ("prune --keep N", "doctor")),
    **dict.fromkeys(("check", "repair", "fix"), ("doctor",)),
    **dict.fromkeys(("eval", "get"), ("option containers.NAME.OPTION",)),
    "enable": ("create NAME --auto-start",),
}


def unknown_action(word: str, rest: list[str]) -> UsageError:
    """The error for an action that there is none of: with what to type instead, if that can be guessed."""
    if word.startswith("-"):
        return _misplaced(word, rest)
    if word in _INSTEAD:
        return UsageError(f"unknown action ‘{word}’", hint="here it is: " + ", or ".join(_filled(line, rest) for line in _INSTEAD[word]))
    words = [name for verb in VERBS for name in (verb.name, *verb.aliases)]
    begun = [name for name in words if len(word) > 2 and name.startswith(word)]
    close = begun if 0 < len(begun) <= 3 else difflib.get_close_matches(word, words, n=2)
    if close:
        return UsageError(f"unknown action ‘{word}’", hint=f"did you mean {' or '.join(close)}?")
    return UsageError(f"unknown action ‘{word}’", hint=_container(word, rest) or f"{PROGRAM} --help lists the actions")


def _filled(line: str, rest: list[str]) -> str:
    """The command with the names that were typed, where they fit."""
    words = [word for word in rest if not word.startswith("-")]
    if " NAME" in line and len(words) == 1:
        line = line.replace("NAME", words[0])
    for blanks in ("OLD NEW", "SRC NEW"):
        if blanks in line and len(words) == 2:
            line = line.replace(blanks, " ".join(words))
    return f"{PROGRAM} {line}"


def _container(word: str, rest: list[str]) -> str | None:
    """`web restart` was meant as `restart web`."""
    from ..observe.live import names

    if word not in names(Paths()):
        return None
    verb = find(rest[0]) if rest else None
    action = " ".join([verb.name if verb else "ACTION", word, *rest[1:]])
    return f"‘{word}’ is a container; the action comes first: {PROGRAM} {action}"


def _misplaced(flag: str, rest: list[str]) -> UsageError:
    """An option before the action."""
    verb = next((word for word in rest if find(word) is not None), None)
    line = " ".join([verb, flag, *(word for word in rest if word != verb)]) if verb else f"ACTION {flag}"
    return UsageError(f"‘{flag}’ stands before the action", hint=f"options follow it: {PROGRAM} {line}")
