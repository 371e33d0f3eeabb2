"""Generations: every switch is one, a rollback is one step back, of a running guest in place."""

from __future__ import annotations

from .conftest import Host

NAME = "nctgen"


def definition(text: str) -> str:
    return f"""{{ containers.{NAME} = {{ privateNetwork = true; autoStart = true;
      config = {{ system.stateVersion = "23.11"; environment.etc.version.text = "{text}"; }}; }}; }}"""


def version(host: Host) -> str:
    return host.inside(NAME, "cat", "/etc/version")


def test_generations_and_rollback(host: Host) -> None:
    host.define(definition("one"))
    host.switch()
    leader = host.json("status", NAME)["leader"]
    host.define(definition("two"))
    assert f"reload {NAME} in place" in host.switch().stderr
    assert version(host) == "two"
    assert [row["generation"] for row in host.json("generations", NAME)] == [1, 2]
    host.succeed("rollback", NAME)
    assert version(host) == "one"
    assert host.json("status", NAME)["leader"] == leader, "the guest was never restarted"
    rows = host.json("generations", NAME)
    assert [row["current"] for row in rows] == [True, False]
    assert "does not have an older generation" in host.fail("rollback", NAME)
    host.switch()
    assert version(host) == "two"
    assert [row["generation"] for row in host.json("generations", NAME)] == [1, 2]


def test_a_rollback_of_a_stopped_container_is_what_it_starts_with(host: Host) -> None:
    host.succeed("stop", NAME)
    host.succeed("rollback", NAME, "--to", "1")
    host.succeed("start", NAME)
    assert version(host) == "one"


def test_old_generations_can_be_pruned_but_never_the_current_one(host: Host) -> None:
    assert host.json("prune", NAME, "--keep", "1") == {NAME: []}, "one is current, two is the newest"
    host.switch()
    assert host.json("prune", NAME, "--keep", "1") == {NAME: [1]}
    assert [row["generation"] for row in host.json("generations", NAME)] == [2]
