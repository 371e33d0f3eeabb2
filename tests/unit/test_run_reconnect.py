"""Rules that come back after somebody flushed the packet filter: with as few commands of nft as it takes."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from nixos_containers.base import process
from nixos_containers.base.paths import Paths
from nixos_containers.declare.container import Network
from nixos_containers.kernel import links
from nixos_containers.observe.drift import lost_lines
from nixos_containers.plan.network import NetworkPlan, plan_network
from nixos_containers.plan.ruleset import BASE_RULES, TABLE
from nixos_containers.run import reconnect
from nixos_containers.run.reconnect import put_rules

from .samples import container


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


def test_what_is_refused_of_one_container_is_a_warning_and_the_others_have_theirs(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every command that changes something repairs first: an error would be that of all of them."""
    put: list[str] = []

    def run(words: list[str], *, stdin: str = "", check: bool = True) -> CompletedProcess[str]:
        refused = "10.0.0.9" in stdin
        if refused and check:
            raise process.CommandFailed(words, 1, "", "Error: interval overlaps with an existing one")
        if not refused and stdin != BASE_RULES:
            put.append(stdin)
        return CompletedProcess(words, int(refused), "", "")

    monkeypatch.setattr(process, "run", run)
    monkeypatch.setattr(reconnect.drift, "rules_hold", lambda elements, table: False)
    plans = {name: NetworkPlan(private=True, elements=(("guests4", address),)) for name, address in (("a", "10.0.0.9"), ("b", "10.0.0.2"))}
    monkeypatch.setattr(reconnect, "_plan_of_running", lambda paths, name: plans[name])
    monkeypatch.setattr(reconnect, "locked_if_free", lambda path, *, who: nullcontext(enter_result=True))
    assert not reconnect._repair_rules(Paths(str(tmp_path)), plans, TABLE)
    assert "10.0.0.2" in "".join(put)
    assert "interval overlaps" in capsys.readouterr().err


BOTH = Network(private=True, host_address="10.0.0.1", local_address="10.0.0.2", host_address6="fd00::1", local_address6="fd00::2")


@pytest.mark.parametrize("has_ipv6", [True, False])
def test_what_a_host_without_ipv6_refuses_nobody_has_taken(monkeypatch: pytest.MonkeyPatch, has_ipv6: bool) -> None:
    for name, answer in (("exists", True), ("is_up", True), ("has_address", False), ("has_route", False), ("has_ipv6", has_ipv6)):
        monkeypatch.setattr(links, name, lambda *_, answer=answer: answer)
    lost = lost_lines(plan_network(container(network=BOTH)))
    assert [words for words in lost if "10.0.0" in words] == ["the address 10.0.0.1/32", "the route to 10.0.0.2"]
    assert [words for words in lost if "fd00" in words] == (["the address fd00::1/128", "the route to fd00::2"] if has_ipv6 else [])


@pytest.mark.parametrize(("said", "left"), [("0\n", 3), ("1\n", 1), ("", 1)])
def test_what_is_refused_for_want_of_ipv6_is_not_complained_of(monkeypatch: pytest.MonkeyPatch, said: str, left: int) -> None:
    asked: list[list[str]] = []

    def run(words: list[str], *, stdin: str = "", check: bool = True) -> CompletedProcess[str]:
        if "cat" in words:
            asked.append(words)
            return CompletedProcess(words, 0, said, "")
        refused = "".join(f"Command failed -:{number}\n" for number in range(1, stdin.count("\n") + 1))
        return CompletedProcess(words, 1, "", refused)

    monkeypatch.setattr(process, "run", run)
    lines = ("address add fd00::1/128 dev ve-a nodad", "route replace fd00::2 dev ve-a", "link set ve-a address 02:00:00:00:00:01")
    assert len(reconnect._batch(["nsenter", "--", "ip"], lines)) == left
    assert asked == [["nsenter", "--", "cat", "/proc/sys/net/ipv6/conf/ve-a/disable_ipv6"]]
