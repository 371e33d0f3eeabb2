"""How a lock follows what containers ask for; apt is a table here (the real one: test_packages_archive.py)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import cast

import pytest

from nixos_containers.base.errors import DefinitionError
from nixos_containers.packages.apt import Apt, Resolved
from nixos_containers.packages.index import Index
from nixos_containers.packages.lock import Lock, closure_key
from nixos_containers.packages.resolve import update_lock

INDEX = Index("/none", "bookworm", "amd64", "")


class FakeApt:
    """Knows versions (the archive may have several of a package, newest first) and dependencies."""

    def __init__(self, versions: dict[str, list[str]], depends: dict[str, list[str]]) -> None:
        self.versions = versions
        self.depends = depends
        self.asked: list[frozenset[str]] = []

    def refresh_if_old(self) -> None:
        """The table is always fresh."""

    def resolve(self, names: Iterable[str], pins: Mapping[str, str]) -> tuple[Resolved, ...]:
        self.asked.append(frozenset(names))
        found: set[str] = set()
        queue = list(names)
        while queue:
            name = queue.pop()
            if name not in found:
                found.add(name)
                version = self.version(name, pins)
                queue += self.depends.get(f"{name}={version}", self.depends.get(name, []))
        return tuple(self.resolved(name, self.version(name, pins)) for name in sorted(found))

    def version(self, name: str, pins: Mapping[str, str]) -> str:
        return pins[name] if pins.get(name) in self.versions[name] else self.versions[name][0]

    def resolved(self, name: str, version: str) -> Resolved:
        return Resolved(name, version, f"sha-{name}-{version}", 1, f"pool/{name}_{version}.deb")


def update(lock: Lock, wanted: dict[str, set[str]], apt: FakeApt, **options: bool) -> Lock:
    roots = {name: frozenset(names) for name, names in wanted.items()}
    return update_lock(lock, roots, INDEX, cast(Apt, apt), **options)


@pytest.fixture
def apt() -> FakeApt:
    return FakeApt({"vim": ["9"], "curl": ["8"], "libc": ["2"], "jq": ["1"]}, {"vim": ["libc"], "curl": ["libc"], "jq": ["libc"]})


def test_closures_hold_what_is_needed(apt: FakeApt) -> None:
    lock = update(Lock(), {"web": {"vim"}, "db": {"curl"}}, apt)
    assert lock.closure("web") == ("libc", "vim")
    assert lock.closure("db") == ("curl", "libc")
    assert set(lock.packages) == {"vim", "curl", "libc"}
    assert (lock.suite, lock.architecture) == ("bookworm", "amd64")


def test_equal_roots_share_a_closure_and_one_question(apt: FakeApt) -> None:
    lock = update(Lock(), {"a": {"vim"}, "b": {"vim"}}, apt)
    assert len(lock.closures) == len(apt.asked) == 1


def test_nothing_new_asks_nothing_and_changes_nothing(apt: FakeApt) -> None:
    lock = update(Lock(), {"web": {"vim"}}, apt)
    apt.versions["vim"] = ["10", "9"]
    apt.asked.clear()
    assert update(lock, {"web": {"vim"}}, apt) == lock
    assert apt.asked == []


def test_a_new_container_does_not_move_the_others(apt: FakeApt) -> None:
    lock = update(Lock(), {"web": {"vim"}}, apt)
    apt.versions["libc"] = ["3", "2"]
    both = update(lock, {"web": {"vim"}, "db": {"curl"}}, apt)
    assert both.packages["libc"].version == "2"
    assert both.closure("web") == lock.closure("web")


def test_a_version_that_is_gone_moves_everywhere_and_is_told(apt: FakeApt, capsys: pytest.CaptureFixture[str]) -> None:
    lock = update(Lock(), {"web": {"vim"}}, apt)
    apt.versions["libc"] = ["3"]
    apt.versions["tzdata"] = ["1"]
    apt.depends["libc=3"] = ["tzdata"]
    both = update(lock, {"web": {"vim"}, "db": {"curl"}}, apt)
    assert both.packages["libc"].version == "3"
    assert both.closure("web") == ("libc", "tzdata", "vim"), "what the new version needs came along"
    assert "libc 2 -> 3" in capsys.readouterr().err


def test_upgrade_moves_everything(apt: FakeApt) -> None:
    lock = update(Lock(), {"web": {"vim"}}, apt)
    apt.versions.update(vim=["10", "9"], libc=["3", "2"])
    moved = update(lock, {"web": {"vim"}}, apt, upgrade=True)
    assert {name: package.version for name, package in moved.packages.items()} == {"vim": "10", "libc": "3"}


def test_a_removed_container_takes_its_packages_along(apt: FakeApt) -> None:
    lock = update(Lock(), {"web": {"vim"}, "db": {"curl"}}, apt)
    assert set(update(lock, {"web": {"vim"}}, apt).packages) == {"vim", "libc"}
    kept = update(lock, {"web": {"vim"}}, apt, keep_others=True)
    assert kept == lock


def test_tools_of_builds_are_resolved_apart(apt: FakeApt) -> None:
    lock = update(Lock(), {"web": {"vim", "@jq"}}, apt)
    assert lock.closure("web") == ("libc", "vim"), "the tool is no part of the system"
    assert lock.closures[closure_key(["jq"])] == ("jq", "libc")
    assert lock.systems["web"].roots == ("@jq", "vim")
    apt.asked.clear()
    assert update(lock, {"web": {"vim", "@jq"}}, apt) == lock
    assert apt.asked == []


def test_a_lock_of_another_release_is_not_mixed(apt: FakeApt) -> None:
    lock = update(Lock(), {"web": {"vim"}}, apt)
    trixie = Index("/none", "trixie", "amd64", "")
    with pytest.raises(DefinitionError, match=r"release ‘bookworm’.*‘trixie’"):
        update_lock(lock, {"web": frozenset({"vim"})}, trixie, cast(Apt, apt))
