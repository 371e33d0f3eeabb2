"""`nixos-container events [NAME...]`: what happened to containers, and with `--follow` what happens."""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING, Any

from ..base.durations import parse_duration
from ..base.errors import ContainerError, UsageError
from ..base.paths import Paths
from ..observe import events
from ..observe.stats import Sampler
from ..plan.events import KINDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .parse import Arguments

_INTERRUPTED = 130
_OOM_PAUSE = 1.0  # seconds between two looks at the counters of killed processes


def run(arguments: Arguments) -> int:
    """Carry the verb out."""
    paths = Paths()
    since = arguments.text("since")
    after = parse_since(since, time.time()) if since is not None else None
    kinds = arguments.values("event")
    for kind in kinds:
        if kind not in KINDS:
            raise UsageError(f"--event {kind}: there is no such event", hint=f"one of {', '.join(KINDS)}")
    lines = arguments.text("lines")
    if lines is not None and not lines.isdigit():
        raise UsageError(f"--lines {lines}: expected a number")

    def wanted(event: dict[str, Any]) -> bool:
        named = not arguments.names or event["container"] in arguments.names
        return named and (not kinds or event["event"] in kinds) and (after is None or events.moment(event) >= after)

    following = events.follow(paths) if arguments.flag("follow") else None
    if following is not None:
        next(following)  # from here on nothing is missed
    if following is None or after is not None or lines is not None:
        found = [event for event in events.past(paths) if wanted(event)]
        for event in found[len(found) - int(lines) :] if lines is not None and int(lines) < len(found) else found:
            _show(event, as_json=arguments.json)
    if following is None:
        return 0
    try:
        _follow(paths, following, wanted, as_json=arguments.json)
    except KeyboardInterrupt:  # the way to end --follow
        pass
    return _INTERRUPTED


def parse_since(text: str, now: float) -> float:
    """Seconds since the epoch of `10min` (ago), `2026-11-24`, `2026-11-24T10:00:00` or the same with a zone. Raises UsageError."""
    from datetime import datetime

    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        pass
    try:
        return now - parse_duration(text.removesuffix(" ago").removeprefix("-"), "--since")
    except ContainerError:
        raise UsageError(f"--since {text}: no time and no time span", hint="2026-11-24T10:00:00, or 10min") from None


def _follow(paths: Paths, following: Iterator[dict[str, Any] | None], wanted: Callable[[dict[str, Any]], bool], *, as_json: bool) -> None:
    """Show events until interrupted. Processes that are killed for want of memory are written down when the guest ends: who
    follows is told at once, from the counters, and then not again."""
    sampler, looked, told = Sampler(paths), 0.0, dict[str, int]()
    kills = {name: sample.usage.oom_kills or 0 for name, sample in sampler.sample().items()}
    for event in following:
        if event is not None:
            if event["event"] == "oom" and told.pop(event["container"], 0):
                continue
            if wanted(event):
                _show(event, as_json=as_json)
            continue
        if time.monotonic() - looked < _OOM_PAUSE:
            continue
        looked = time.monotonic()
        for name, sample in sampler.sample().items():
            count = sample.usage.oom_kills or 0
            new, kills[name] = count - kills.get(name, 0), count
            if new > 0:
                told[name] = told.get(name, 0) + new
                stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
                live = {"time": stamp, "event": "oom", "container": name, "count": new}
                if wanted(live):
                    _show(live, as_json=as_json)


def _show(event: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps(event) + "\n")
    else:
        more = " ".join(f"{key}={_plain(value)}" for key, value in event.items() if key not in ("time", "event", "container"))
        at = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(events.moment(event)))
        sys.stdout.write(f"{at}  {event['event']:<12}  {event['container']}{'  ' if more else ''}{more}\n")
    sys.stdout.flush()


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
