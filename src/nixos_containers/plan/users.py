"""Which range of user ids a container gets (systemd's UIDS-GIDS document): a pure choice."""

from __future__ import annotations

from ..base.errors import HostError

RANGE = 65536
# systemd's range for container uids, aligned so that the upper 16 bits name the container.
_FIRST, _LAST = 0x00080000, 0x6FFF0000


def allocate(name: str, taken: dict[str, int], foreign: tuple[tuple[int, int], ...]) -> int:
    """The first id of the range for `name`: its recorded one, or one that nobody uses.

    `taken` maps containers to recorded ranges, also those whose state outlived them; `foreign` are (start, count)
    ranges of others (/etc/subuid, users of the host). Raises HostError when all are taken.
    """
    if name in taken:
        return taken[name]
    used = set(taken.values())
    for base in range(_FIRST, _LAST + 1, RANGE):
        if base not in used and not any(start < base + RANGE and base < start + count for start, count in foreign):
            return base
    raise HostError("all ranges of private user ids are taken", hint="remove states of old containers, or clean up /etc/subuid")


def parse_subid(text: str) -> tuple[tuple[int, int], ...]:
    """(start, count) of every line of /etc/subuid or /etc/subgid (subuid(5)); broken lines are skipped."""
    ranges = []
    for line in text.splitlines():
        fields = line.split(":")
        if len(fields) == 3 and fields[1].isdigit() and fields[2].isdigit():
            ranges.append((int(fields[1]), int(fields[2])))
    return tuple(ranges)
