"""Which verbs belong together: the order of the overview and of the manual. Not for what a verb does: the tables of verbs*.py."""

from __future__ import annotations

TOPICS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("definition files", ("switch", "plan", "build", "upgrade", "options", "option")),
    ("containers without a definition file", ("create", "update", "edit", "destroy", "rename", "copy", "shell")),
    ("running", ("start", "stop", "restart", "terminate", "wait")),
    ("getting in", ("run", "root-login", "login", "cp", "mount", "umount")),
    ("seeing", ("list", "status", "logs", "events", "stats", "top", "ps", "tree", "ui", "metrics", "inspect")),
    ("network", ("show-ip", "show-host-key", "network")),
    ("limits and disk space", ("set-limit", "convert-disk", "du", "volume")),
    ("images", ("image", "registry")),
    ("going back", ("generations", "rollback", "prune")),
    ("the host", ("doctor", "completion")),
)
