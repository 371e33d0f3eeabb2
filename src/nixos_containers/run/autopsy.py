"""Why a start failed, as far as the console and a guest that still runs can tell. Loaded for failures only."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..base import process
from ..base.errors import ContainerError
from ..base.files import read_end
from ..observe import containers as observe
from .inside import inside

if TYPE_CHECKING:
    from ..base.paths import Paths

_LOG_TAIL_LINES = 15
_FAILED_LINES = 10
_ANSWER_SECONDS = 3.0
_QUESTIONS = {
    "units that failed": ("list-units", "--failed", "--plain", "--no-legend", "--no-pager"),
    "what it was waiting for": ("list-jobs", "--no-legend", "--no-pager"),
}
_ESCAPE = re.compile(r"\x1b(\[[0-9;?]*[A-Za-z]|[()][A-Za-z0-9]|[^[()])")


def log_tail(paths: Paths, name: str) -> str:
    """The last lines of the container's console log, for an error message."""
    text = read_end(paths.log(name))
    lines = [plain(line) for line in text.splitlines() if "Attempted to remove disk file system" not in line]
    tail, before = lines[-_LOG_TAIL_LINES:], lines[:-_LOG_TAIL_LINES]
    failed = [line for line in before if "[FAILED]" in line or "[DEPEND]" in line][-_FAILED_LINES:]
    return "\n".join(f"  {line}" for line in (*failed, *(["..."] if failed else ()), *tail))


# What systemd-nspawn complains about -> what to do about it.
_ADVICE = {
    # Mounts below a root whose owners it is to map.
    r"Failed to set up ID mapped mounts: Device or resource busy": (
        "something is mounted in {state}, and systemd-nspawn cannot map the owners of such a root: "
        'unmount it and declare it as {option}.bindMounts, or set {option}.privateUsers = "no"'
    ),
    r"/systemd-nspawn: .*option": "{option}.extraFlags goes to systemd-nspawn as it is: ‘man systemd-nspawn’ has its options",
    r"Failed to parse capability": "{option}.additionalCapabilities takes the names of capabilities(7), such as CAP_NET_ADMIN",
}


def advice(paths: Paths, name: str, said: str) -> str:
    """What to do about a start of container `name` that failed, when the console's lines `said` tell; or nothing."""
    for pattern, text in _ADVICE.items():
        if re.search(pattern, said):
            return text.format(state=paths.state(name), option=f"containers.{name}")
    return ""


def failed_units(console: str) -> list[str]:
    """What the guest's systemd says on its console about units that failed to start."""
    lines = [plain(line) for line in console.splitlines() if "FAILED" in line]
    said = [line.partition("[FAILED] ")[2].rstrip(".") for line in lines if "[FAILED] " in line]
    return [sentence[:1].lower() + sentence[1:] for sentence in dict.fromkeys(said)][:_FAILED_LINES]


def plain(line: str) -> str:
    """A line of the console without colours and other commands for a terminal: the guest wrote it."""
    return "".join(character for character in _ESCAPE.sub("", line) if character.isprintable())


def what_hangs(paths: Paths, name: str) -> str:
    """Of a guest that still runs: the units that failed and the jobs that it waits for, as its systemd lists them."""
    running = observe.running(paths, name)
    if running is None:
        return ""
    said = []
    for title, words in _QUESTIONS.items():
        enter = inside(name, running.leader)
        try:
            done = process.run([*enter, "systemctl", *words], check=False, timeout=_ANSWER_SECONDS)
        except ContainerError:
            return ""  # it does not even answer: the console is all there is
        if done.returncode == 0 and done.stdout.strip():
            said += [f"{title}:", *(f"  {plain(line)}" for line in done.stdout.splitlines()[:_FAILED_LINES])]
    return "".join(f"\n{line}" for line in said)
