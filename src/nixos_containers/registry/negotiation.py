"""What a client's headers ask for: media types, ranges, entity tags (RFC 9110). Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

# 18 digits fit any file, and keep numbers away that take long to read.
_RANGE = re.compile(r"bytes\s*=\s*(\d{0,18})\s*-\s*(\d{0,18})", re.ASCII | re.IGNORECASE)
_QUALITY = re.compile(r"q\s*=\s*0(\.0*)?", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Accepted:
    """The media types that a client takes; none named: any (RFC 9110, 12.5.1)."""

    types: frozenset[str]

    def fits(self, media_type: str) -> bool:
        """Whether the client takes `media_type`."""
        group = media_type.partition("/")[0]
        return not self.types or not self.types.isdisjoint((media_type.lower(), f"{group}/*", "*/*"))


def accepted(lines: Iterable[str]) -> Accepted:
    """Of all `Accept` lines of a request, for some clients send a line for every type."""
    types = set()
    for item in ",".join(lines).split(","):
        media_type, *parameters = (part.strip() for part in item.split(";"))
        if media_type and not any(_QUALITY.fullmatch(parameter) for parameter in parameters):
            types.add(media_type.lower())
    return Accepted(frozenset(types))


def names_tag(header: str | None, tag: str) -> bool:
    """Whether an `If-None-Match` names the entity tag `tag`, which has its quotes (RFC 9110, 13.1.2: compared weakly)."""
    if header is None:
        return False
    return header.strip() == "*" or tag in (item.strip().removeprefix("W/") for item in header.split(","))


class Unsatisfiable(Exception):
    """No byte of the content is in the range that was asked for (416)."""


def byte_range(header: str | None, size: int) -> tuple[int, int] | None:
    """First byte and count of the one range that `Range` asks for; None: all (no range, several, or not understood).

    Raises Unsatisfiable. A range whose end is before its start is one of those, as the conformance suite wants it.
    """
    match = None if header is None else _RANGE.fullmatch(header.strip())
    if match is None:
        return None
    first, last = match.groups()
    if not first and not last:
        return None
    if not first:
        count = min(int(last), size)
        if count == 0:
            raise Unsatisfiable
        return size - count, count
    start = int(first)
    end = min(int(last), size - 1) if last else size - 1
    if start >= size or end < start:
        raise Unsatisfiable
    return start, end - start + 1
