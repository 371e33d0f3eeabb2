"""Which generations may go: a pure choice over their ages."""

from __future__ import annotations


def old_generations(ages: dict[int, float], *, keep: int | None, older_than: float | None, busy: frozenset[int | None]) -> list[int]:
    """Numbers of the generations to remove, oldest first.

    `ages` are in seconds. The newest `keep` stay, those younger than `older_than` seconds stay, and the `busy` ones.
    """
    newest = sorted(ages, reverse=True)
    kept = set(newest[:keep]) if keep is not None else set()
    return [
        number for number in sorted(ages) if number not in kept and number not in busy and (older_than is None or ages[number] > older_than)
    ]
