"""M1: what a changed configuration does to a running container, for every choice of `activation`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .conftest import Host

MODES = ("auto", "reload", "restart", "none")
DEFINITION = """
let
  made = activation: {
    inherit activation;
    tmpfs = [ TMPFS ];
    config = {
      system.stateVersion = "23.11";
      environment.etc.check.text = "VERSION";
    };
  };
in
{
  containers.nctauto = made "auto";
  containers.nctreload = made "reload";
  containers.nctrestart = made "restart";
  containers.nctnone = made "none";
}
"""


def definition(version: str, tmpfs: str = "") -> str:
    return DEFINITION.replace("VERSION", version).replace("TMPFS", tmpfs)


def leaders(host: Host) -> dict[str, int]:
    return {mode: host.json("inspect", f"nct{mode}")["running"]["leader"] for mode in MODES}


def versions(host: Host) -> dict[str, str]:
    return {mode: host.inside(f"nct{mode}", "cat", "/etc/check") for mode in MODES}


@pytest.fixture(scope="module")
def four(host: Host) -> Iterator[Host]:
    host.define(definition("one"))
    host.switch()
    host.succeed("start", *(f"nct{mode}" for mode in MODES))
    yield host


def test_a_new_system(four: Host) -> None:
    before = leaders(four)
    four.define(definition("two"))
    said = four.switch().stderr
    assert "reload nctauto in place (only the guest's system changed)" in said
    assert "reload nctreload in place (activation is reload)" in said
    assert "restart nctrestart (activation is restart; the guest’s system changed)" in said
    assert "leave nctnone as it runs (activation is none; the next start brings what changed)" in said
    assert versions(four) == {"auto": "two", "reload": "two", "restart": "two", "none": "one"}
    after = leaders(four)
    assert {mode for mode in MODES if before[mode] != after[mode]} == {"restart"}
    assert "nothing to do" in four.switch().stderr


def test_new_parameters_of_the_container(four: Host) -> None:
    before = leaders(four)
    four.define(definition("two", '"/scratch"'))
    said = four.switch().stderr
    assert "restart nctauto (the container's own parameters changed)" in said
    assert "leave nctreload as it runs (activation is reload; its new parameters wait for a restart)" in said
    assert "restart nctrestart (activation is restart; the container's own parameters changed)" in said
    after = leaders(four)
    assert {mode for mode in MODES if before[mode] != after[mode]} == {"auto", "restart"}
    assert "nothing to do" in four.switch().stderr


def test_a_restart_by_hand_brings_what_waited(four: Host) -> None:
    four.succeed("restart", "nctnone", "nctreload")
    assert set(versions(four).values()) == {"two"}
    for mode in MODES:
        assert four.inside(f"nct{mode}", "findmnt", "-no", "FSTYPE", "/scratch") == "tmpfs\n"


def test_the_choice_itself_changes_nothing_that_runs(four: Host) -> None:
    before = leaders(four)
    four.define(definition("two", '"/scratch"').replace('made "none"', 'made "auto"').replace('made "restart"', 'made "reload"'))
    four.switch()
    assert leaders(four) == before
