"""Which range of user ids a container gets (systemd's UIDS-GIDS document): a pure choice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..base.errors import DefinitionError, HostError

if TYPE_CHECKING:
    from collections.abc import Iterable

RANGE = 65536
# systemd's range for container uids, aligned so that the upper 16 bits name the container.
_NOBODY_ELSE = 0xFFFFFFFF  # (uid_t) -1 is nobody's
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


def check_number(name: str, wanted: str | None, taken: dict[str, int]) -> None:
    """Raise DefinitionError when the range that `privateUsers` of container `name` begins with a number is not one, or another's.

    `taken` maps containers to their recorded ranges. Two containers may be given the same number, by who writes both.
    """
    if wanted is None or not wanted.isdigit() or wanted == "0":
        return
    base, where = int(wanted), f"containers.{name}.privateUsers"
    if base + RANGE > _NOBODY_ELSE:
        raise DefinitionError(f"{where}: from {base} on there are not {RANGE} user ids left", hint=f"at most {_NOBODY_ELSE - RANGE}")
    for other, start in sorted(taken.items()):
        if other != name and start < base + RANGE and base < start + RANGE:
            raise DefinitionError(
                f"{where}: the ids {base} to {base + RANGE - 1} belong to container ‘{other}’, which has {start} to {start + RANGE - 1}",
                hint='choose another number, or "pick"',
            )


def numbers(wanted: Iterable[str | None]) -> tuple[tuple[int, int], ...]:
    """(start, count) of the ranges that containers were given by number."""
    return tuple((int(number), RANGE) for number in wanted if number is not None and number.isdigit() and number != "0")


def parse_subid(text: str) -> tuple[tuple[int, int], ...]:
    """(start, count) of every line of /etc/subuid or /etc/subgid (subuid(5)); broken lines are skipped."""
    ranges = []
    for line in text.splitlines():
        fields = line.split(":")
        if len(fields) == 3 and fields[1].isdigit() and fields[2].isdigit():
            ranges.append((int(fields[1]), int(fields[2])))
    return tuple(ranges)
