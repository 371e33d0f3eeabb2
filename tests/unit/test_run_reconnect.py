"""Rules that come back after somebody flushed the packet filter: with as few commands of nft as it takes."""

from __future__ import annotations

from subprocess import CompletedProcess

import pytest

from nixos_containers.base import process
from nixos_containers.plan.ruleset import BASE_RULES
from nixos_containers.run.reconnect import put_rules


@pytest.mark.parametrize(("refusals", "calls"), [(0, ["up"]), (1, ["up", "rules", "up"]), (2, ["up", "rules", "up", "delete", "up"])])
def test_what_may_be_left_of_others_is_only_looked_for_when_it_is_in_the_way(
    monkeypatch: pytest.MonkeyPatch, refusals: int, calls: list[str]
) -> None:
    made: list[str] = []

    def run(words: list[str], *, stdin: str = "", check: bool = True) -> CompletedProcess[str]:
        kind = "rules" if stdin == BASE_RULES else "up" if stdin else words[1].split()[0]
        made.append(kind)
        refused = kind == "up" and made.count("up") <= refusals
        assert not (refused and check)
        return CompletedProcess(words, int(refused), "", "")

    monkeypatch.setattr(process, "run", run)
    put_rules((("forwards4", "tcp . 80 : 10.0.0.2 . 80"), ("guests4", "10.0.0.2")))
    assert made == calls
