"""Death before every single step: each work on a made-up host is killed at its first change of a file, its second, and so on.

A dead process does nothing any more, so from then on every change is refused. After each death the next command repairs, and a person
finds all of what was before, or all of what was to be.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from nixos_containers.base.files import locked, read_text, write_atomically
from nixos_containers.base.paths import Paths
from nixos_containers.build import profiles, view
from nixos_containers.declare.container import Network
from nixos_containers.observe import containers as observe
from nixos_containers.observe.reserved import reserved
from nixos_containers.plan.actions import Create, Forget, Purge, SetProfile, Update
from nixos_containers.plan.facts import HostNetwork
from nixos_containers.run import addresses, debris, execute, hosts, move, records, storeview, unfinished

from .samples import host, record

OLD = "/nix/store/22222222222222222222222222222222-system"
NEW = "/nix/store/33333333333333333333333333333333-system"
NET = Network(private=True, host_address="10.9.0.1", local_address="10.9.0.2")
CHANGES = ("replace", "rename", "unlink", "symlink", "mkdir", "rmdir", "open", "utime")


class Death(BaseException):
    """kill -9."""


class Killer:
    """Kills before the change of number `at`."""

    def __init__(self, at: int) -> None:
        self.at = at
        self.done = 0
        self.dead = False

    def wrapped(self, change: Callable[..., Any]) -> Callable[..., Any]:
        def changed(*arguments: Any, **named: Any) -> Any:
            if change.__name__ == "open" and not arguments[1] & (os.O_CREAT | os.O_TRUNC):
                return change(*arguments, **named)
            self.done += 1
            self.dead = self.dead or self.done == self.at
            if self.dead:
                raise Death
            return change(*arguments, **named)

        return changed

    @contextmanager
    def about(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        with monkeypatch.context() as patched:
            for name in CHANGES:
                patched.setattr(os, name, self.wrapped(getattr(os, name)))
            try:
                yield
            except Death:
                pass


def with_system(name: str, system: str, **fields: Any) -> Any:
    made = record(name, **fields)
    return replace(made, container=replace(made.container, system=replace(made.container.system, path=system)))


def existing(paths: Paths, name: str, system: str = OLD) -> None:
    records.write(paths, replace(with_system(name, system), declared_by=None))
    write_atomically(paths.imperative(name), f"the definition of {name}")
    profiles.set_profile(paths, name, system)


def with_files(paths: Paths, name: str) -> None:
    os.makedirs(f"{paths.state(name)}/root")
    Path(paths.state(name), "root/precious").write_text(name, encoding="utf-8")
    records.user_base(paths, name)
    addresses.reserve_pairs(paths, name)


def look(paths: Paths, name: str) -> tuple[Any, ...]:
    """What a person and the next commands find of a container."""
    files = (observe.record_path(paths, name), paths.record(name), paths.imperative(name), f"{paths.state(name)}/root/precious")
    texts = tuple(read_text(path) for path in files)
    return (*texts, observe.profile_system(paths, name), name in observe.user_ranges(paths), reserved(paths).get(name))


def everything_else(paths: Paths) -> set[str]:
    """Files that are neither whole parts of a container nor locks."""
    found = set()
    for place in (paths.records, paths.states, *(paths.profiles(name) for name in ("web", "site"))):
        for entry in os.listdir(place) if os.path.isdir(place) else ():
            if entry.startswith(".") and entry not in (".user-ranges.json", ".addresses.json", ".disks"):
                found.add(f"{place}/{entry}")
            if entry.endswith(".tmp"):
                found.add(f"{place}/{entry}")
    return found


def prepare_web(paths: Paths) -> None:
    existing(paths, "web")
    with_files(paths, "web")


def change(paths: Paths) -> None:
    execute.execute(paths, host(), [Update("web", "", with_system("web", NEW, network=NET)), SetProfile("web", "", NEW)])


def create(paths: Paths) -> None:
    execute.execute(paths, host(), [Create("site", "", with_system("site", NEW)), SetProfile("site", "", NEW)])


def forget(paths: Paths) -> None:
    execute.execute(paths, host(), [Forget("web", "")])


def destroy(paths: Paths) -> None:
    execute.execute(paths, host(), [Forget("web", ""), Purge("web", "")])


def rename(paths: Paths) -> None:
    """What cli/rename.py does, without the evaluation."""
    plan = [Create("site", "", replace(with_system("site", NEW), declared_by=None)), SetProfile("site", "", NEW)]
    work = unfinished.Work(unfinished.RENAME, "web")
    with (
        locked(paths.lock(".move"), who="rename"),
        locked(paths.lock("web"), who="rename"),
        unfinished.noted(paths, "site", work),
    ):
        addresses.move(paths, "web", "site")
        write_atomically(paths.imperative("site"), "the definition of site")
        execute.execute(paths, host(), plan, already_locked="site")
        move.take_over(paths, host(), "web", "site")


def copy(paths: Paths) -> None:
    """What cli/rename.py does for a copy, without the evaluation; a failure would be undone by itself, a kill is not."""
    plan = [Create("site", "", replace(with_system("site", NEW), declared_by=None)), SetProfile("site", "", NEW)]
    work = unfinished.Work(unfinished.COPY, "web")
    with (
        locked(paths.lock(".move"), who="copy"),
        locked(paths.lock("web"), who="copy"),
        unfinished.noted(paths, "site", work),
    ):
        move.copy_state(paths, "web", "site")
        write_atomically(paths.imperative("site"), "the definition of site")
        execute.execute(paths, host(), plan, already_locked="site")


def update(paths: Paths) -> None:
    """What imperative.py does, without the evaluation."""
    plan = [Update("web", "", replace(with_system("web", NEW), declared_by=None)), SetProfile("web", "", NEW)]
    before = read_text(paths.imperative("web"))
    with locked(paths.lock("web"), who="update"), unfinished.changing(paths, host(), "web", definition=before):
        write_atomically(paths.imperative("web"), "another definition of web")
        execute.execute(paths, host(), plan, already_locked="web")


WORKS = {work.__name__: work for work in (change, create, forget, destroy, rename, copy, update)}


def repair(paths: Paths) -> None:
    unfinished.settle_all(paths, host())
    debris.remove_debris(paths)


@pytest.mark.parametrize("twice", [False, True], ids=["once", "twice"])
@pytest.mark.parametrize("work", WORKS)
def test_death_before_every_step(work: str, twice: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storeview, "ensure", lambda *_, **__: "/nix/store")
    monkeypatch.setattr(addresses, "host_network", lambda **_: HostNetwork())
    monkeypatch.setattr(hosts, "refresh", lambda *_, **__: None)
    monkeypatch.setattr(hosts, "refresh_if_stale", lambda *_: None)
    monkeypatch.setattr(debris.proc, "command_name", lambda _: "")  # nobody of ours is alive
    whole = Paths(str(tmp_path / "whole"))
    prepare_web(whole)
    before = [look(whole, name) for name in ("web", "site")]
    WORKS[work](whole)
    after = [look(whole, name) for name in ("web", "site")]
    outcomes, at = set(), 0
    while True:
        at += 1
        paths, killer = Paths(str(tmp_path / str(at))), Killer(at)
        prepare_web(paths)
        with killer.about(monkeypatch):
            WORKS[work](paths)
        if not killer.dead:
            break
        if twice:
            with Killer(at % 9 + 1).about(monkeypatch):  # whoever repairs dies as well
                repair(paths)
        repair(paths)
        found = [look(paths, name) for name in ("web", "site")]
        assert found in (before, after), f"killed before change {at}: " + "".join(
            f"\n{now!r}\n  was {was!r}\n  was to be {wanted!r}"
            for now, was, wanted in zip(sum(found, ()), sum(before, ()), sum(after, ()), strict=True)
            if now != wanted
        )
        assert everything_else(paths) == set(), f"killed before change {at}"
        outcomes.add(found == after)
    assert at > 5 and outcomes == {True, False}


def views(paths: Paths, store: Path) -> None:
    """One system, another one in its place, a second container with the first, and the end of both."""
    one, two, three = (f"{store}/{name}" for name in ("aaa-one", "bbb-two", "ccc-three"))
    view.ensure(paths, "web", [one, two], running=False)
    view.ensure(paths, "web", [two, three], running=False)
    view.ensure(paths, "db", [one, two], running=False)
    view.ensure(paths, "db", [one, three], running=True)
    view.remove(paths, "web")
    view.remove(paths, "db")


def test_death_while_views_of_the_store_are_made_and_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    at = 0
    monkeypatch.setattr(view, "_requisites", lambda roots: sorted(roots))
    while True:
        at += 1
        paths, killer = Paths(str(tmp_path / str(at))), Killer(at)
        store = Path(paths.root, "nix/store")
        for name in ("aaa-one", "bbb-two", "ccc-three"):
            (store / name / "bin").mkdir(parents=True)
            (store / name / "bin/file").write_text(name)
        monkeypatch.setattr(view.nix, "STORE", str(store))
        with killer.about(monkeypatch):
            views(paths, store)
        if not killer.dead:
            break
        for name, wanted in (("web", ["bbb-two", "ccc-three"]), ("db", ["aaa-one", "bbb-two"])):
            place = view.ensure(paths, name, [f"{store}/{each}" for each in wanted], running=False)
            assert isinstance(place, str) and sorted(os.listdir(place)) == wanted, f"killed before change {at}"
            assert all((Path(place) / each / "bin/file").read_text() == each for each in wanted), f"killed before change {at}"
        assert len(os.listdir(paths.store_views)) == 2, f"killed before change {at}: what nobody uses is gone"
    assert at > 30
