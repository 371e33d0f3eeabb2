"""Going back on a host of our own: one container, all of a definition, and what may never be pruned."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from nixos_containers import history
from nixos_containers.base.errors import ContainerError
from nixos_containers.base.paths import Paths
from nixos_containers.build import profiles
from nixos_containers.observe import containers as observe
from nixos_containers.plan.facts import Running
from nixos_containers.run import records

from .samples import record

DEFINITION = "/etc/nixos/configuration.nix"
SYSTEMS = tuple(f"/nix/store/{digit * 32}-system" for digit in "234")


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    made = Paths(str(tmp_path))
    for name in ("db", "mail", "web"):
        records.write(made, replace(record(name), declared_by=DEFINITION))
        for system in SYSTEMS:
            profiles.set_profile(made, name, system)
    return made


def test_a_guest_that_does_not_follow_keeps_no_other_from_going_back(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    def reload(_: Paths, name: str, system: str) -> None:
        Path(paths.root, f"{name}-reloaded").write_text(system, encoding="utf-8")
        if name == "db":
            raise ContainerError(f"container ‘{name}’ runs its new system, but some units failed")

    monkeypatch.setattr(observe, "running", lambda *_: Running(leader=2, nspawn=1, supervisor=3, system=SYSTEMS[2], params=""))
    monkeypatch.setattr(history, "reload", reload)
    with pytest.raises(ContainerError, match="db"):
        history.rollback_all(paths, DEFINITION)
    for name in ("db", "mail", "web"):
        assert profiles.current(paths, name) == 2
        assert Path(paths.root, f"{name}-reloaded").read_text(encoding="utf-8") == SYSTEMS[1]


def test_a_dry_run_names_and_does_nothing(paths: Paths) -> None:
    assert history.rollback_all(paths, DEFINITION, names=("web",), dry_run=True) == {"web": 2}
    assert profiles.current(paths, "web") == 3


def test_the_one_that_runs_is_not_pruned(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(observe, "running", lambda *_: Running(leader=2, nspawn=1, supervisor=3, system=SYSTEMS[0], params=""))
    assert history.prune(paths, "web", keep=1, older_than=None) == [2]
    assert list(profiles.generations(paths, "web")) == [1, 3]


def test_what_is_no_container_is_said(paths: Paths) -> None:
    with pytest.raises(ContainerError, match="‘nosuch’ does not exist"):
        history.prune(paths, "nosuch", keep=1, older_than=None)
    with pytest.raises(ContainerError, match="does not have a generation 9"):
        history.rollback(paths, "web", to=9)
