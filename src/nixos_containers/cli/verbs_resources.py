"""The part of the table of verbs about what containers use of the host: limits, files, disk space."""

from __future__ import annotations

from .verb import Verb

RESOURCES: tuple[Verb, ...] = (
    Verb(
        "set-limit",
        "change limits of a running container, for the moment",
        "set_limit",
        "many",
        text=(
            "Takes the options below `limits` or systemd's names for them, in any case of letters: `memoryMax=1G`, "
            "`CPUQuota=50%`, `'ioWriteBandwidthMax=/var 10M'`; `infinity` lifts a limit. It holds until the container stops, or "
            "until the next `switch` or `update`, which brings the declared limits back without a restart."
        ),
        argument="NAME LIMIT=VALUE",
        examples=("set-limit web cpuQuota=50% memoryMax=1G", "set-limit web memoryMax=infinity"),
    ),
)
