"""The lock file: what it keeps, how it reads, what it refuses."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from nixos_containers.base.errors import DefinitionError
from nixos_containers.packages import lock as locking
from nixos_containers.packages.lock import Bootstrap, Lock, Move, Package, System


def package(version: str) -> Package:
    return Package(version, f"{version:a<64}"[:64], 10, f"pool/x_{version}.deb")


LOCK = Lock(
    suite="bookworm",
    architecture="amd64",
    bootstrap=Bootstrap("static-busybox-1.35", "1.35", "b" * 64, {"busybox-static": package("1.35")}),
    packages={"vim": package("9"), "libc6": package("2.36")},
    systems={"web": System(("vim",), "k1"), "db": System(("vim",), "k1")},
    closures={"k1": ("libc6", "vim")},
)


def test_written_and_read_back_it_is_the_same(tmp_path: Path) -> None:
    path = str(tmp_path / "configuration.lock")
    locking.write(path, LOCK)
    assert locking.read(path) == LOCK
    assert locking.read(path).closure("db") == ("libc6", "vim")


def test_one_line_for_each_package_in_order(tmp_path: Path) -> None:
    lines = [line.strip() for line in locking.dump(LOCK).splitlines()]
    rows = [line for line in lines if '"version": "' in line and "pool/" in line and line.startswith('"')]
    named = [line.split('"')[1] for line in rows]
    assert named.index("libc6") < named.index("vim")
    changed = replace(LOCK, packages={**LOCK.packages, "vim": package("10")})
    before, after = locking.dump(LOCK).splitlines(), locking.dump(changed).splitlines()
    assert len([1 for pair in zip(before, after, strict=True) if pair[0] != pair[1]]) == 1


def test_an_unchanged_lock_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "c.lock"
    locking.write(str(path), LOCK)
    path.chmod(0o400)
    stamp = path.stat().st_mtime_ns
    locking.write(str(path), LOCK)
    assert path.stat().st_mtime_ns == stamp


def test_no_file_is_an_empty_lock(tmp_path: Path) -> None:
    assert locking.read(str(tmp_path / "none.lock")) == Lock()


def test_it_stands_beside_the_definition() -> None:
    assert locking.path_beside("/etc/nixos/configuration.nix") == "/etc/nixos/configuration.lock"
    assert locking.path_beside("/srv/web") == "/srv/web.lock"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("{ not json", "it is not JSON"),
        ("[]", "no number at ‘version’"),
        ({"packages": {"vim": {"version": "9"}}}, "packages.vim.sha256"),
        ({"closures": {"k1": "vim"}}, "closures.k1"),
        ({"packages": {}}, "systems."),
    ],
)
def test_damage_is_named_with_a_way_out(tmp_path: Path, change: str | dict[str, object], says: str) -> None:
    path = tmp_path / "c.lock"
    path.write_text(change if isinstance(change, str) else json.dumps({**LOCK.to_json(), **change}))
    with pytest.raises(DefinitionError) as failure:
        locking.read(str(path))
    assert says in failure.value.what
    assert str(path) in failure.value.what
    assert "version control" in failure.value.hint


def test_a_lock_of_a_newer_program_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "c.lock"
    path.write_text(json.dumps({**LOCK.to_json(), "version": locking.VERSION + 1}))
    with pytest.raises(DefinitionError, match="newer nixos-containers"):
        locking.read(str(path))


def test_what_moves_between_two_locks() -> None:
    new = replace(LOCK, packages={"vim": package("10"), "curl": package("8")})
    assert locking.diff(LOCK, new) == (Move("vim", "9", "10"), Move("libc6", "2.36", ""), Move("curl", "", "8"))
    assert [str(move) for move in locking.diff(LOCK, new)] == ["  vim 9 -> 10", "- libc6 2.36", "+ curl 8"]
    assert locking.diff(LOCK, LOCK) == ()


def test_the_key_does_not_depend_on_order() -> None:
    assert locking.closure_key(["a", "b"]) == locking.closure_key(["b", "a"]) != locking.closure_key(["a"])
