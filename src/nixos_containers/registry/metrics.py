"""What the registry did, in Prometheus' text format (exposition format 0.0.4)."""

from __future__ import annotations

import threading

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_PREFIX = "nixos_container_registry_"

# Name -> kind and meaning, as Prometheus asks for: base units, and counters end in _total.
METRICS: dict[str, tuple[str, str]] = {
    "requests_total": ("counter", "Requests that were answered, by kind and status."),
    "sent_bytes_total": ("counter", "Bytes of bodies that were sent, by kind of the request."),
    "builds_total": ("counter", "Times that an image was asked for at its source, by result: built, absent or failed."),
    "build_seconds_total": ("counter", "Time that the source took for images."),
    "builds_running": ("gauge", "Images that the source works on."),
    "builds_waiting": ("gauge", "Images that wait for their turn."),
}


class Metrics:
    """Counts, from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._values: dict[tuple[str, tuple[tuple[str, str], ...]], float] = {}

    def add(self, name: str, amount: float = 1, **labels: str) -> None:
        """Add to the value of the metric `name` with these labels."""
        assert name in METRICS
        key = (name, tuple(sorted(labels.items())))
        with self._lock:
            self._values[key] = self._values.get(key, 0) + amount

    def text(self, *, waiting: int = 0) -> str:
        """All values, by metric, each with its meaning and kind before it."""
        with self._lock:
            values = dict(self._values)
        values[("builds_waiting", ())] = waiting
        for name in ("build_seconds_total", "builds_running"):
            values.setdefault((name, ()), 0)
        lines = []
        for name, (kind, meaning) in METRICS.items():
            lines += [f"# HELP {_PREFIX}{name} {meaning}", f"# TYPE {_PREFIX}{name} {kind}"]
            lines += [f"{_PREFIX}{name}{_labels(labels)} {value:.15g}" for (own, labels), value in sorted(values.items()) if own == name]
        return "".join(f"{line}\n" for line in lines)


def _labels(labels: tuple[tuple[str, str], ...]) -> str:
    """Values are our own words, in which nothing is to be escaped."""
    return "{" + ",".join(f'{key}="{value}"' for key, value in labels) + "}" if labels else ""
