"""Work on several files that was begun and not finished: a change of record and system, a new name, a view of the store.

Death comes here as an exception that nothing in the product expects, at the place where it would hurt most.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from nixos_containers import imperative
from nixos_containers.base.errors import ContainerError, HostError
from nixos_containers.base.files import locked, locked_if_free, read_text, write_atomically
from nixos_containers.base.paths import Paths
from nixos_containers.build import profiles, view
from nixos_containers.build import store as store_module
from nixos_containers.declare.container import Network, Record
from nixos_containers.observe import containers as observe
from nixos_containers.observe.health import container_findings
from nixos_containers.observe.reserved import reserved
from nixos_containers.plan.actions import Action, Create, Reload, SetProfile, Update
from nixos_containers.plan.facts import Running
from nixos_containers.run import addresses, debris, execute, move, records, reload, repair, resolver, storeview, throwaway, unfinished
from nixos_containers.run.start import prepare_root

from .samples import host, record

OLD = "/nix/store/22222222222222222222222222222222-system"
NEW = "/nix/store/33333333333333333333333333333333-system"
NET = Network(private=True, host_address="10.9.0.1", local_address="10.9.0.2")


class Death(BaseException):
    """kill -9: what would be done on the way out is not done."""


@pytest.fixture
def paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Paths:
    monkeypatch.setattr(storeview, "ensure", lambda *_, **__: "/nix/store")
    return Paths(str(tmp_path))


def with_system(name: str, system: str, *, declared_by: str | None = "/etc/nixos/configuration.nix", **fields: object) -> Record:
    made = record(name, **fields)
    return replace(made, declared_by=declared_by, container=replace(made.container, system=replace(made.container.system, path=system)))


def existing(paths: Paths, name: str = "web", **fields: object) -> Record:
    made = with_system(name, OLD, **fields)
    records.write(paths, made)
    profiles.set_profile(paths, name, OLD)
    return made


def change(name: str = "web") -> list[Action]:
    return [Update(name, "", with_system(name, NEW, network=NET)), SetProfile(name, "", NEW)]


def state(paths: Paths, name: str = "web") -> tuple[str | None, str | None, str | None]:
    return read_text(observe.record_path(paths, name)), read_text(paths.record(name)), observe.profile_system(paths, name)


def dies(*_: object, **__: object) -> None:
    raise Death


def killed(monkeypatch: pytest.MonkeyPatch, work: Callable[[], object]) -> None:
    """Do `work`, which dies: then nothing is undone by the process itself."""
    monkeypatch.setattr(unfinished, "go_back", lambda *_: False)
    with pytest.raises(Death):
        work()
    monkeypatch.undo()


@pytest.mark.parametrize("at", ["units", "view", "profile", "number"])
def test_a_switch_that_was_killed_leaves_the_old_record_with_the_old_system(paths: Paths, monkeypatch: pytest.MonkeyPatch, at: str) -> None:
    existing(paths)
    before = state(paths)
    places = {
        "units": (records, "conf_text"),
        "view": (storeview, "ensure"),
        "profile": (profiles, "set_profile"),
        "number": (profiles, "generations"),
    }
    monkeypatch.setattr(*places[at], dies)
    killed(monkeypatch, lambda: execute.execute(paths, host(), change()))
    assert unfinished.settle_all(paths, host()) == (["undid the change of container ‘web’ that a killed command had begun"])
    assert state(paths) == before
    assert not os.path.exists(paths.unfinished("web"))


def test_one_that_was_killed_after_the_last_step_stays(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    existing(paths)
    monkeypatch.setattr(storeview, "ensure", lambda *_, **__: "/nix/store")
    monkeypatch.setattr(unfinished, "end", dies)
    killed(monkeypatch, lambda: execute.execute(paths, host(), change()))
    assert unfinished.settle_all(paths, host()) == []
    assert observe.profile_system(paths, "web") == NEW
    assert observe.record(paths, "web").container.network == NET
    assert not os.path.exists(paths.unfinished("web"))


def test_a_failure_between_record_and_system_goes_back_at_once(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise HostError("the disk is full")

    existing(paths)
    before = state(paths)
    monkeypatch.setattr(storeview, "ensure", full)
    with pytest.raises(HostError):
        execute.execute(paths, host(), change())
    assert state(paths) == before
    assert not os.path.exists(paths.unfinished("web"))
    with pytest.raises(HostError):
        execute.execute(paths, host(), [Create("new", "", with_system("new", NEW)), SetProfile("new", "", NEW)])
    assert observe.names(paths) == ["web"], "of one that was not there before nothing is left"
    assert "new" not in observe.user_ranges(paths)


def test_nobody_comes_between_record_and_system(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    existing(paths)
    free = []

    def look(*_: object, **__: object) -> str:
        with locked_if_free(paths.lock("web"), who="another") as is_free:
            free.append(is_free)
        return "/nix/store"

    monkeypatch.setattr(storeview, "ensure", look)
    execute.execute(paths, host(), change())
    assert free == [False]


def test_the_start_at_boot_finds_the_old_one(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    existing(paths)
    before = state(paths)
    monkeypatch.setattr(profiles, "set_profile", dies)
    monkeypatch.setattr(storeview, "ensure", lambda *_, **__: "/nix/store")
    killed(monkeypatch, lambda: execute.execute(paths, host(), change()))
    with locked(paths.lock("web"), who="a command that is at it"):
        unfinished.settle_change(paths, host(), "web")
        assert state(paths) != before
    unfinished.settle_change(paths, host(), "web")
    assert state(paths) == before


# --- update of an imperative container


def imperative_container(paths: Paths, monkeypatch: pytest.MonkeyPatch, apply: Callable[..., list[Action]]) -> str:
    existing(paths, declared_by=None)
    write_atomically(paths.imperative("web"), "{ containers.web.config = { one }; }")
    monkeypatch.setattr(imperative, "repair_all", lambda *_: [])
    monkeypatch.setattr(imperative, "_apply", apply)
    return paths.imperative("web")


def test_an_update_that_was_killed_leaves_the_definition_as_it_was(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    definition = imperative_container(paths, monkeypatch, dies)
    killed(monkeypatch, lambda: imperative.update(paths, "web", None, text="{ two }"))
    assert read_text(definition) == "{ two }"
    unfinished.settle_all(paths, host())
    assert read_text(definition) == "{ containers.web.config = { one }; }"


def test_an_update_whose_guest_fails_keeps_what_was_decided(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    """The guest runs its new system, whose units failed: a definition of before would say something else than what runs."""

    def units_failed(paths: Paths, name: str, *_: object) -> list[Action]:
        monkeypatch.setattr(storeview, "ensure", lambda *_, **__: "/nix/store")
        execute.execute(paths, host(), [*change(name), Reload(name, "", NEW)], already_locked=name)
        return []

    def fail(*_: object) -> None:
        raise reload.ReloadFailed("runs its new system, but some units failed")

    monkeypatch.setattr(reload, "reload", fail)
    definition = imperative_container(paths, monkeypatch, units_failed)
    with pytest.raises(reload.ReloadFailed):
        imperative.update(paths, "web", None, text="{ two }")
    assert read_text(definition) == "{ two }" and observe.profile_system(paths, "web") == NEW
    assert not os.path.exists(paths.unfinished("web"))


# --- another name


def test_a_new_name_that_came_to_nothing_gives_the_addresses_back(paths: Paths) -> None:
    existing(paths, declared_by=None)
    os.makedirs(paths.state("web"))
    mine = addresses.reserve_pairs(paths, "web")
    unfinished.begin(paths, "site", unfinished.Work(unfinished.RENAME, "web"))
    addresses.move(paths, "web", "site")
    unfinished.settle_all(paths, host())
    assert reserved(paths)["web"].addresses == mine and "site" not in reserved(paths)


def test_a_new_name_that_was_started_meanwhile_is_a_sentence_and_not_the_end_of_every_command(paths: Paths) -> None:
    for name in ("web", "site"):
        existing(paths, name, declared_by=None)
        os.makedirs(paths.state(name) + "/root")
    unfinished.begin(paths, "site", unfinished.Work(unfinished.RENAME, "web"))
    (said,) = unfinished.settle_all(paths, host())
    assert "both have files" in said and paths.state("web") in said
    assert unfinished.settle_all(paths, host()) == []
    assert observe.names(paths) == ["site", "web"] and os.path.isdir(paths.state("web") + "/root")


def test_addresses_of_nobody_are_given_back_unless_somebody_is_choosing(paths: Paths) -> None:
    existing(paths)
    addresses.reserve_pairs(paths, "web")
    addresses.reserve_pairs(paths, "gone")
    with locked(paths.lock(".create-gone"), who="create gone"):
        debris.remove_debris(paths)
        assert set(reserved(paths)) == {"web", "gone"}
    assert debris.remove_debris(paths) == ["released the addresses of ‘gone’, which does not exist"]
    assert set(reserved(paths)) == {"web"}
    for damaged in ("", "{", "[1]", '["gone"]', '{"gone": 1}', "7"):
        Path(paths.addresses).write_text(damaged, encoding="utf-8")
        assert debris.remove_debris(paths) == [], "said by who needs one"


# --- what else can be half


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store of two paths, whose views are made beside it."""
    made = tmp_path / "nix/store"
    for name in ("aaa-one", "bbb-two"):
        (made / name).mkdir(parents=True)
        (made / name / "file").write_text(name)
    monkeypatch.setattr(view.nix, "STORE", str(made))
    monkeypatch.setattr(view, "_requisites", lambda roots: sorted(roots))
    return made


def test_a_view_whose_removal_was_killed_is_not_taken_for_whole(tmp_path: Path, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths, roots = Paths(str(tmp_path)), [f"{store}/aaa-one", f"{store}/bbb-two"]
    place = view.ensure(paths, "web", roots, running=False)
    assert isinstance(place, str) and sorted(os.listdir(place)) == ["aaa-one", "bbb-two"]

    def half(path: str) -> None:
        for found in Path(path).glob("**/bbb-two/file"):
            found.unlink()
        raise Death

    monkeypatch.setattr(view, "_discard", half)
    with pytest.raises(Death):
        view.remove(paths, "web")
    monkeypatch.undo()
    monkeypatch.setattr(view.nix, "STORE", str(store))
    monkeypatch.setattr(view, "_requisites", lambda roots: sorted(roots))
    again = view.ensure(paths, "web", roots, running=False)
    assert isinstance(again, str) and (Path(again) / "bbb-two/file").read_text() == "bbb-two"
    assert os.listdir(paths.store_views) == [os.path.basename(os.path.dirname(again))], "the half one is gone"


def test_a_link_that_a_killed_command_left_keeps_no_view(tmp_path: Path, store: Path) -> None:
    paths = Paths(str(tmp_path))
    place = view.ensure(paths, "web", [f"{store}/aaa-one"], running=False)
    assert isinstance(place, str)
    os.symlink(os.path.dirname(place), paths.store_view("web") + ".999999999.tmp")
    view.remove(paths, "web")
    assert os.listdir(paths.store_views) == []
    debris.remove_debris(paths)
    assert os.listdir(os.path.dirname(paths.store_view("web"))) == []


def test_the_skeleton_of_a_root_that_was_ephemeral_is_finished(paths: Paths) -> None:
    root = Path(paths.state("web"))
    (root / "persistent/var/log/journal").mkdir(parents=True)
    (root / "usr").mkdir()
    prepare_root(paths, record())
    assert {"usr", "etc", "var", "root", "persistent"} == set(os.listdir(root)) and (root / "var/lib/private").is_dir()


def test_temporary_files_in_places_of_others_go(paths: Paths) -> None:
    Path(paths.root, "etc").mkdir()
    Path(paths.hosts).write_text("127.0.0.1 localhost\n")
    for name in (".hosts.999999999.tmp", ".passwd.999999999.tmp"):
        Path(paths.root, "etc", name).write_text("")
    debris.remove_debris(paths)
    assert sorted(os.listdir(Path(paths.root, "etc"))) == [".passwd.999999999.tmp", "hosts"]


def test_a_throw_away_container_that_cannot_be_removed_stops_no_other_command(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise ContainerError("something is mounted there")

    os.makedirs(paths.records)
    Path(throwaway.marker(paths, "shell-1")).write_text("")
    monkeypatch.setattr(throwaway, "discard", refuse)
    assert throwaway.discard_unwanted(paths, host()) == []


def test_a_move_is_finished_however_far_it_came(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    existing(paths, declared_by=None)
    profiles.set_profile(paths, "web", NEW)
    existing(paths, "site", declared_by=None)
    os.makedirs(paths.state("web") + "/root")
    monkeypatch.setattr(profiles, "remove_profile", dies)
    with pytest.raises(Death):
        move.take_over(paths, host(), "web", "site")
    monkeypatch.undo()
    move.take_over(paths, host(), "web", "site")
    assert observe.names(paths) == ["site"] and os.path.isdir(paths.state("site") + "/root")
    assert profiles.generations(paths, "site") == {1: OLD, 2: NEW, 3: OLD} and profiles.current(paths, "site") == 3


def test_a_damaged_record_of_one_that_runs_keeps_no_name_servers_from_others(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    existing(paths)
    Path(paths.run_state("web"), "guest").mkdir(parents=True)
    Path(paths.shared).mkdir()
    Path(paths.shared, "resolver.json").write_text("{ half", encoding="utf-8")
    Path(paths.run_state("web"), "nspawn.pid").write_text("1\n", encoding="utf-8")
    Path(observe.record_path(paths, "web")).write_text("{", encoding="utf-8")
    monkeypatch.setattr(observe, "running", lambda *_: object())
    monkeypatch.setattr(resolver, "watch", lambda *_: None)
    resolver.follow_if_changed(paths, host())
    assert Path(paths.shared, "resolver.json").read_text(encoding="utf-8") != "{ half"


def test_a_stop_that_was_killed_before_it_told_the_guest_does_not_forbid_reboots_for_ever(
    paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    existing(paths)
    stopping = Path(paths.run_state("web"), "stopping")
    stopping.parent.mkdir(parents=True)
    stopping.touch()
    monkeypatch.setattr(observe, "running", lambda *_: Running(leader=2, nspawn=1, supervisor=3, system=OLD, params=""))
    assert not repair.needs_repair(paths, host(), "web"), "it may still be at it"
    os.utime(stopping, (0, 0))
    assert repair.needs_repair(paths, host(), "web")
    assert "may reboot again" in (repair.repair(paths, host(), "web") or "")
    assert not stopping.exists() and not repair.needs_repair(paths, host(), "web")


def test_what_is_built_is_rooted_until_it_has_a_generation(paths: Paths) -> None:
    place = Path(paths.building(999999999))
    place.mkdir(parents=True)
    (place / "7").symlink_to("/nix/store/left-by-a-power-cut")
    with store_module.rooted(str(place), [NEW, OLD, NEW]):
        assert sorted(os.readlink(link) for link in place.iterdir()) == [OLD, NEW]
    assert not place.exists()
    with pytest.raises(Death), store_module.rooted(str(place), [NEW]):
        raise Death
    assert not place.exists()
    place.mkdir(parents=True)
    (place / "0").symlink_to(NEW)
    debris.remove_debris(paths)
    assert not place.exists(), "the roots of a dead command go"


def test_the_doctor_finds_nothing_wrong_with_a_container_that_is_only_being_made(paths: Paths) -> None:
    records.write(paths, with_system("web", NEW))
    with unfinished.noted(paths, "web", unfinished.Work(unfinished.CREATE)):
        assert container_findings(paths) == []
    assert [finding.what for finding in container_findings(paths)] == ["container ‘web’ has no system yet"]
