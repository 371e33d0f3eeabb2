"""Time spans as systemd writes them."""

from __future__ import annotations

import pytest

from nixos_containers.base.durations import parse_duration
from nixos_containers.base.errors import DefinitionError


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90", 90),
        ("90s", 90),
        ("1min", 60),
        ("1min 30s", 90),
        ("1min30s", 90),
        ("2m", 120),
        ("500ms", 0.5),
        ("0.5", 0.5),
        ("1h 1min 1sec", 3661),
        ("1 day", 86400),
        (" 5 ", 5),
        ("5 seconds 20 msec", 5.02),
        ("10us", 0.00001),
        ("0", 0),
        ("infinity", 365 * 86400),
    ],
)
def test_seconds_of(text: str, seconds: float) -> None:
    assert parse_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", " ", "soon", "-5", "1min x", "5 fortnights", "s", "1..5s", "90 S"])
def test_others_are_refused_with_their_place(text: str) -> None:
    with pytest.raises(DefinitionError, match=r"containers\.web\.timeoutStartSec"):
        parse_duration(text, "containers.web.timeoutStartSec")
