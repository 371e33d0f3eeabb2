"""The containers in Prometheus' text format (exposition format 0.0.4): one table of metrics, and their values now. Looks only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..base.errors import ContainerError
from . import containers, healthchecks
from .stats import Sampler

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..base.paths import Paths

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

# Name -> kind and meaning. Units are base units, and counters end in _total, as Prometheus asks for.
METRICS: dict[str, tuple[str, str]] = {
    "nixos_container_up": ("gauge", "Whether the container runs (1) or not (0)."),
    "nixos_container_info": ("gauge", "Always 1; the labels tell the universe and the system of the container."),
    "nixos_container_start_time_seconds": ("gauge", "When its first process started, since the epoch."),
    "nixos_container_cpu_seconds_total": ("counter", "CPU time of all its processes."),
    "nixos_container_memory_bytes": ("gauge", "Memory, without the cache of files that were not used lately."),
    "nixos_container_memory_limit_bytes": ("gauge", "The most memory it may use; absent without a limit."),
    "nixos_container_tasks": ("gauge", "Processes and threads."),
    "nixos_container_tasks_limit": ("gauge", "The most processes and threads; absent without a limit."),
    "nixos_container_io_read_bytes_total": ("counter", "Bytes read from block devices."),
    "nixos_container_io_written_bytes_total": ("counter", "Bytes written to block devices."),
    "nixos_container_network_receive_bytes_total": ("counter", "Bytes that the container received, by its name of the interface."),
    "nixos_container_network_transmit_bytes_total": ("counter", "Bytes that the container sent, by its name of the interface."),
    "nixos_container_oom_kills_total": ("counter", "Processes that the kernel killed for want of memory since the container started."),
    "nixos_container_healthy": ("gauge", "Whether a health check succeeds (1) or not (0: failing or not known yet)."),
}


@dataclass(frozen=True, slots=True)
class Value:
    """One sample of the metric `name`."""

    name: str
    value: float
    labels: tuple[tuple[str, str], ...]


def collect(paths: Paths) -> list[Value]:
    """The values of all containers now."""
    found: list[Value] = []
    samples = Sampler(paths).sample()
    for name in containers.names(paths):
        label = (("name", name),)
        sample = samples.get(name)
        found.append(Value("nixos_container_up", 0 if sample is None else 1, label))
        try:
            container = containers.record(paths, name).container
        except ContainerError:
            continue  # damaged: the other verbs say so
        system = containers.profile_system(paths, name) or container.system.path or ""
        found.append(Value("nixos_container_info", 1, (*label, ("universe", container.universe), ("system", system))))
        for check, result in healthchecks.checks(paths, container).items():
            healthy = float(result.state == healthchecks.HEALTHY)
            found.append(Value("nixos_container_healthy", healthy, (*label, ("check", check))))
        if sample is None:
            continue
        usage = sample.usage
        for metric, value in (
            ("start_time_seconds", sample.started),
            ("cpu_seconds_total", usage.cpu),
            ("memory_bytes", usage.memory),
            ("memory_limit_bytes", usage.memory_max),
            ("tasks", usage.tasks),
            ("tasks_limit", usage.tasks_max),
            ("io_read_bytes_total", usage.io_read),
            ("io_written_bytes_total", usage.io_written),
            ("oom_kills_total", usage.oom_kills),
        ):
            if value is not None:
                found.append(Value(f"nixos_container_{metric}", value, label))
        for metric, counters in (("receive", sample.received), ("transmit", sample.sent)):
            for interface, count in counters.items():
                found.append(Value(f"nixos_container_network_{metric}_bytes_total", count, (*label, ("interface", interface))))
    return found


def text(values: Iterable[Value]) -> str:
    """`values` as Prometheus reads them: by metric, each with its meaning and kind before it."""
    lines = []
    known = list(values)
    for name, (kind, meaning) in METRICS.items():
        own = [value for value in known if value.name == name]
        if own:
            lines += [f"# HELP {name} {meaning}", f"# TYPE {name} {kind}"]
            lines += [f"{name}{{{_labels(value.labels)}}} {_number(value.value)}" for value in own]
    return "".join(f"{line}\n" for line in lines)


def _labels(labels: tuple[tuple[str, str], ...]) -> str:
    return ",".join(f'{key}="{_escaped(value)}"' for key, value in labels)


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(float(value))
