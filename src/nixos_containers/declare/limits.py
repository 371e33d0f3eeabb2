"""What a container may use, as the person wrote it (`limits`); plan/limits.py gives it its numbers."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Limits:
    """The options below `limits`, under the names of systemd.resource-control(5) and systemd.exec(5).

    `io_*_max` map a device, or a path on it, to bytes or operations a second. `disk_max` is the size of the root.
    """

    cpu_quota: str | None = None
    cpu_weight: int | None = None
    allowed_cpus: str | None = None
    allowed_memory_nodes: str | None = None
    memory_max: int | str | None = None
    memory_high: int | str | None = None
    memory_swap_max: int | str | None = None
    tasks_max: int | str | None = None
    io_weight: int | None = None
    io_read_bandwidth_max: dict[str, int | str] = field(default_factory=dict)
    io_write_bandwidth_max: dict[str, int | str] = field(default_factory=dict)
    io_read_iops_max: dict[str, int] = field(default_factory=dict)
    io_write_iops_max: dict[str, int] = field(default_factory=dict)
    limit_nofile: int | str | None = None
    oom_policy: str | None = None
    oom_score_adjust: int | None = None
    disk_max: int | str | None = None
