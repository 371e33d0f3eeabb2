"""How many processes share an evaluation: enough to be worth it, never more than there are processors, never more memory than agreed."""

from __future__ import annotations

import json

import pytest

from nixos_containers.evaluate.evaluate import Request, command, commands, shares


@pytest.mark.parametrize(
    ("containers", "processors", "expected"),
    [
        (0, 2, 1),
        (1, 8, 1),
        (10, 8, 1),
        (24, 2, 2),
        (24, 1, 1),
        (50, 16, 4),
        (200, 2, 2),
        (200, 64, 4),
    ],
)
def test_shares(containers: int, processors: int, expected: int) -> None:
    assert shares(containers, processors) == expected


def test_each_process_gets_another_share_of_the_same_request(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 3)
    request = Request(modules=("/d.nix",), index="/i", lock="/l", expected=40)
    asked = [json.loads(words[-1]) for words in commands("/tree", request)]
    assert [entry.pop("share") for entry in asked] == [{"number": number, "of": 3} for number in range(3)]
    assert asked[0] == asked[1] == asked[2]
    assert commands("/tree", request)[0][:-1] == command("/tree", "x")[:-1]
