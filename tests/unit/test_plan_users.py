"""Ranges of private user ids: never two containers on one, never one that others have."""

from __future__ import annotations

import random

import pytest

from nixos_containers.base.errors import DefinitionError, HostError
from nixos_containers.plan.users import RANGE, allocate, check_number, numbers, parse_subid

FIRST, LAST = 0x00080000, 0x6FFF0000


def test_the_first_container_gets_systemds_first_range() -> None:
    assert allocate("web", {}, ()) == FIRST


def test_a_container_keeps_its_range() -> None:
    assert allocate("web", {"web": FIRST + 7 * RANGE}, ()) == FIRST + 7 * RANGE


def test_a_range_stays_taken_while_its_files_exist() -> None:
    assert allocate("new", {"gone-but-its-state-remains": FIRST}, ()) == FIRST + RANGE


@pytest.mark.parametrize(
    ("foreign", "base"),
    [
        ((FIRST, 65536), FIRST + RANGE),
        ((FIRST - 1, 1), FIRST),
        ((FIRST - 1, 2), FIRST + RANGE),
        ((FIRST + RANGE - 1, 1), FIRST + RANGE),
        ((FIRST + RANGE, 10), FIRST),
        ((100000, 65536 * 20), FIRST + 14 * RANGE),
    ],
)
def test_ranges_of_others_are_avoided_even_when_they_only_touch(foreign: tuple[int, int], base: int) -> None:
    assert allocate("web", {}, (foreign,)) == base


def test_whatever_is_taken_the_new_range_overlaps_nothing() -> None:
    dice = random.Random(1)
    for _ in range(200):
        foreign = tuple(
            (dice.randrange(FIRST - RANGE, FIRST + 40 * RANGE), dice.randrange(1, 3 * RANGE)) for _ in range(dice.randrange(12))
        )
        taken: dict[str, int] = {}
        for number in range(10):
            base = allocate(f"c{number}", taken, foreign)
            assert base % RANGE == 0 and FIRST <= base <= LAST
            assert base not in taken.values()
            assert all(base + RANGE <= start or start + count <= base for start, count in foreign)
            taken[f"c{number}"] = base


def test_when_all_are_taken_it_says_where_to_look() -> None:
    with pytest.raises(HostError, match="subuid"):
        allocate("web", {}, ((0, 1 << 32),))


@pytest.mark.parametrize(
    ("text", "ranges"),
    [
        ("", ()),
        ("user:100000:65536\n", ((100000, 65536),)),
        ("a:1:2\nb:3:4", ((1, 2), (3, 4))),
        ("broken\n:::\na:b:c\nuser:100000\n\nok:5:6\n", ((5, 6),)),
        ("1000:100000:65536\n", ((100000, 65536),)),
        ("user:-1:5\n", ()),
    ],
)
def test_subid_files_are_read_and_broken_lines_skipped(text: str, ranges: tuple[tuple[int, int], ...]) -> None:
    assert parse_subid(text) == ranges


def test_a_number_that_belongs_to_another_container_is_refused() -> None:
    with pytest.raises(DefinitionError, match=r"containers.new.privateUsers.*belong to container ‘web’"):
        check_number("new", str(FIRST + 5), {"web": FIRST})
    check_number("web", str(FIRST), {"web": FIRST})
    check_number("new", str(FIRST + RANGE), {"web": FIRST})
    for word in (None, "pick", "no", "identity", "0"):
        check_number("new", word, {"web": 0})


def test_a_number_without_room_for_a_range_is_refused() -> None:
    with pytest.raises(DefinitionError, match="not 65536 user ids"):
        check_number("new", str(0xFFFFFFFF - 65535), {})
    check_number("new", str(0xFFFFFFFF - 65536), {})


def test_ranges_given_by_number_are_not_picked() -> None:
    assert numbers(["pick", None, "no", "0", str(FIRST)]) == ((FIRST, RANGE),)
    assert allocate("web", {}, numbers([str(FIRST)])) == FIRST + RANGE
