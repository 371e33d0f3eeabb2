"""`nixos-container logs NAME`: the guest's journal, and the console of its last start."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from ..base import log
from ..base.durations import parse_duration
from ..base.errors import ContainerError, UsageError
from ..base.paths import Paths, check_name
from ..observe import containers as observe
from ..observe.host import init_is_systemd
from ..run import disk, journal

if TYPE_CHECKING:
    from .parse import Arguments

_INTERRUPTED = 130


def run(arguments: Arguments) -> int:
    """Carry the verb out."""
    paths = Paths()
    name = check_name(arguments.name)
    known = observe.names(paths)
    if name not in known:
        raise observe.NoSuchContainer(name, known)
    lines = arguments.text("lines")
    if lines is not None and not lines.isdigit():
        raise UsageError(f"--lines {lines}: expected a number")
    try:
        return _show(paths, name, arguments, lines)
    except KeyboardInterrupt:  # the way to end --follow
        return _INTERRUPTED


def _show(paths: Paths, name: str, arguments: Arguments, lines: str | None) -> int:
    follow = arguments.flag("follow")
    words = ["--follow"] if follow else []
    words += [f"--lines={lines}"] if lines is not None else []
    words += ["--output=json"] if arguments.json else []
    for option in ("since", "until", "priority"):
        value = arguments.text(option)
        words += [f"--{option}={_moment(value) if option != 'priority' else value}"] if value is not None else []
    words += [f"--unit={unit}" for unit in arguments.values("unit")]
    running = observe.running(paths, name)
    if running is not None and not arguments.flag("console"):
        return journal.show_running(name, running.leader, words)
    if running is None and not arguments.flag("console") and not follow and disk.exists(paths, name):
        return disk.within(paths, name, lambda: _show_left(paths, name, arguments, words, lines))
    return _show_left(paths, name, arguments, words, lines)


def _show_left(paths: Paths, name: str, arguments: Arguments, words: list[str], lines: str | None) -> int:
    """What a guest that is down has left, and its console."""
    follow = arguments.flag("follow")
    left = None if arguments.flag("console") or follow else journal.left_journal(paths, name)
    console = paths.log(name)
    if left is None and init_is_systemd() and not os.path.exists(console):
        return journal.show_unit(name, words)
    if left is None and not os.path.exists(console):
        raise ContainerError(f"container ‘{name}’ has no log yet", hint=f"nixos-container start {name}")
    if left is not None:
        status = journal.show_left(left, words)
        if arguments.json or status != 0:
            return status
    chosen = any(arguments.options.get(option) for option in ("since", "until", "priority", "unit"))
    if not os.path.exists(console) or arguments.json or (left is not None and chosen):
        return 0
    if left is not None:
        log.say(f"the console of the last start, {console}:")
        sys.stdout.flush()
    return journal.show_console(console, lines=lines, follow=follow)


def _moment(text: str) -> str:
    """`text` for journalctl, to which a time span alone means nothing: here it is that long ago, as for `events`."""
    try:
        parse_duration(text)
    except ContainerError:
        return text
    return f"-{text}"
