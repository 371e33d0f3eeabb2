"""Dependencies between containers: who starts before whom, cycles, what goes along."""

from __future__ import annotations

import pytest

from nixos_containers.base.errors import DefinitionError
from nixos_containers.plan.actions import Reload, Restart, Start, Stop
from nixos_containers.plan.life import down_actions, live_steps, up_actions
from nixos_containers.plan.order import Dependencies, brought_along, check, dependents, find_cycle, in_order, predecessors

SHOP = {
    "db": Dependencies(),
    "cache": Dependencies(before=("app",)),
    "app": Dependencies(requires=("db",)),
    "web": Dependencies(requires=("app",), wants=("metrics",)),
    "metrics": Dependencies(),
    "mail": Dependencies(),
}


def test_required_and_wanted_containers_come_first() -> None:
    before = predecessors(SHOP)
    assert before["app"] == {"db", "cache"}
    assert before["web"] == {"app", "metrics"}
    assert in_order(SHOP, before) == ["cache", "db", "mail", "metrics", "app", "web"]


def test_an_order_that_is_written_goes_before_the_one_that_requires_implies() -> None:
    graph = {"a": Dependencies(requires=("b",), before=("b",)), "b": Dependencies()}
    assert predecessors(graph) == {"a": frozenset(), "b": frozenset({"a"})}
    check(graph, graph)


def test_a_cycle_is_told_with_its_path_and_the_options_that_make_it() -> None:
    graph = {"a": Dependencies(after=("b",)), "b": Dependencies(requires=("c",)), "c": Dependencies(), "d": Dependencies()}
    check(graph, graph)
    graph["a"] = Dependencies(after=("b",), before=("c",))
    with pytest.raises(DefinitionError) as failure:
        check(graph, graph)
    assert "containers wait for each other: a -> b -> c -> a" in str(failure.value)
    assert "a starts after b: containers.a.after" in str(failure.value)
    assert "b starts after c: containers.b.requires" in str(failure.value)
    assert "c starts after a: containers.a.before" in str(failure.value)
    check(graph, {"d"})  # what others did wrong stops nobody else


def test_no_cycle_in_a_diamond_and_in_a_long_chain() -> None:
    assert find_cycle({"a": ["b", "c"], "b": ["d"], "c": ["d"], "d": []}) is None
    chain = {str(number): [str(number + 1)] for number in range(3000)} | {"3000": []}
    assert find_cycle(chain) is None
    assert find_cycle({**chain, "3000": ["7"]}) is not None


@pytest.mark.parametrize("option", ["after", "before", "requires", "wants"])
def test_a_name_that_is_no_container_is_refused_with_what_was_meant(option: str) -> None:
    graph = {"web": Dependencies(**{option: ("dbs",)}), "db": Dependencies()}
    with pytest.raises(DefinitionError, match=f"containers.web.{option} names ‘dbs’") as failure:
        check(graph, graph)
    assert "did you mean db?" in failure.value.hint


def test_a_container_cannot_wait_for_itself() -> None:
    with pytest.raises(DefinitionError, match="names the container itself"):
        check({"web": Dependencies(after=("web",))}, {"web"})


def test_what_was_left_out_of_a_switch_must_exist_only_when_it_is_required() -> None:
    check({"web": Dependencies(after=("db",))}, {"web"}, {"web", "db"})
    with pytest.raises(DefinitionError, match="requires ‘db’, which does not exist yet") as failure:
        check({"web": Dependencies(requires=("db",))}, {"web"}, {"web", "db"})
    assert failure.value.hint == "nixos-container switch db web"


def test_a_start_brings_along_what_is_required_or_wanted_and_a_stop_takes_dependents_along() -> None:
    assert brought_along(["web"], SHOP.get) == {
        "app": "‘web’ requires it",
        "metrics": "‘web’ wants it",
        "db": "‘app’ requires it",
    }
    assert dependents(["db"], SHOP) == {"app": "db", "web": "app"}
    assert dependents(["metrics"], SHOP) == {}


def test_start_of_one_is_a_start_of_what_it_needs_that_does_not_run() -> None:
    actions = up_actions({"web": Start("web", "")}, SHOP, {"metrics"})
    assert [(type(action), action.name, action.reason) for action in actions] == [
        (Start, "db", "‘app’ requires it"),
        (Start, "app", "‘web’ requires it"),
        (Start, "web", ""),
    ]
    with pytest.raises(DefinitionError, match="requires ‘db’, which does not exist"):
        up_actions({"app": Start("app", "")}, {"app": SHOP["app"]}, ())


def test_restart_takes_those_that_run_and_require_it_along_and_says_so() -> None:
    actions = up_actions({"db": Restart("db", "new"), "app": Reload("app", "new system", "/s")}, SHOP, {"db", "app", "web", "metrics"})
    assert [(type(action), action.name, action.reason) for action in actions] == [
        (Restart, "db", "new"),
        (Restart, "app", "it requires ‘db’, which restarts"),
        (Restart, "web", "it requires ‘app’, which restarts"),
    ]
    assert [action.name for action in up_actions({"db": Restart("db", "new")}, SHOP, {"db"})] == ["db"]


def test_stop_goes_in_reverse() -> None:
    actions = down_actions({"db": "", "cache": ""}, SHOP, {"db", "app", "web", "cache"})
    assert [(action.name, action.reason) for action in actions] == [
        ("web", "it requires ‘app’, which stops"),
        ("app", "it requires ‘db’, which stops"),
        ("db", ""),
        ("cache", ""),
    ]


def test_steps_wait_for_nobody_without_need() -> None:
    actions = [Restart("db", "new"), Restart("app", "too"), Start("mail", ""), Restart("metrics", "new")]
    steps = live_steps(actions, SHOP)
    told = [(type(step.action).__name__, step.action.name) for step in steps]
    assert told == [("Stop", "app"), ("Stop", "db"), ("Start", "db"), ("Start", "mail"), ("Restart", "metrics"), ("Start", "app")]
    assert steps[1].after == {0}  # what depends on it stops first
    assert steps[2].needs == {1}
    assert steps[5].needs == {0, 2}
    assert not any(steps[position].after | steps[position].needs for position in (0, 3, 4))


def test_a_cycle_in_records_that_were_edited_by_hand_ends_all_the_same() -> None:
    graph = {"a": Dependencies(after=("b",)), "b": Dependencies(after=("a",))}
    steps = live_steps([Start("a", ""), Start("b", "")], graph)
    assert [len(step.after) for step in steps] == [0, 1]
    assert [step.action.name for step in live_steps([Stop("a", ""), Stop("b", "")], graph)] == ["b", "a"]
