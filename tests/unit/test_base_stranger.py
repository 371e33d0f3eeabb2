"""What a guest says on its way to a terminal."""

from __future__ import annotations

import random

import pytest

from nixos_containers.base.stranger import Tamer, plain, tamed


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("plain text\n\tand a tab\n", "plain text\n\tand a tab\n"),
        ("grün ✓\n", "grün ✓\n"),
        ("\x1b[1;31mred\x1b[0m\n", "\x1b[1;31mred\x1b[0m\n\x1b[m"),
        ("a\x1b[2Jb\x1b[10;20Hc\x1b[?25ld", "abcd"),
        ("a\x1b]0;title\x07b\x1b]8;;http://x\x1b\\c", "abc"),
        ("a\x1bP$q\x1b\\b\x1b_apc\x1b\\c", "abc"),
        ("a\x1bcb\x1b(0c\x1b=d\x1b7e", "abcde"),
        ("over\rwritten\r\n", "overwritten\n"),
        ("bell\x07 back\x08 del\x7f c1\x9b2J bidi\u202e", "bell� back� del� c1�2J bidi�"),
        ("unfinished \x1b[31", "unfinished �[31"),
        ("unfinished \x1b]0;title", "unfinished �]0;title"),
    ],
)
def test_text_and_colours_stay_and_commands_go(said: str, shown: str) -> None:
    assert tamed(said) == shown


def test_pieces_give_what_the_whole_gives() -> None:
    dice = random.Random(7)
    parts = ["text ", "ü", "\x1b[31m", "\x1b[2J", "\x1b]0;t\x07", "\x1b]8;;u\x1b\\", "\n", "\x1b(B", "\x9b", "\x1bc"]
    for _ in range(200):
        data = "".join(dice.choice(parts) for _ in range(30)).encode()
        tamer, got, at = Tamer(), b"", 0
        while at < len(data):
            step = dice.randrange(1, 5)
            got += tamer.feed(data[at : at + step])
            at += step
        assert (got + tamer.end()).decode() == tamed(data.decode())


def test_what_never_ends_is_not_kept_for_ever() -> None:
    tamer = Tamer()
    shown = sum(len(tamer.feed(b"\x1b]0;" + b"x" * 1000)) for _ in range(100))
    assert shown > 90_000


def test_bytes_that_are_no_text() -> None:
    tamer = Tamer()
    assert (tamer.feed(b"\xff\xfe ok") + tamer.end()).decode() == "�� ok"
    assert plain("a\x00b") == "a�b"
