"""The static tree of /etc is built, installed and replaced: system/etc on made-up directories."""

from __future__ import annotations

from pathlib import Path

import pytest

from .guest_scripts import NIXOS, SEPARATOR, Shell, needs_busybox, needs_root, records, rows

pytestmark = [needs_busybox, needs_root]

SCRIPTS = NIXOS / "modules" / "system" / "etc"


class Guest:
    """Systems with static trees, and one /etc that they are installed into."""

    def __init__(self, shell: Shell, directory: Path) -> None:
        self.shell, self.directory, self.etc, self.count, self.said = shell, directory, directory / "etc", 0, ""

    def build(
        self, entries: list[list[str]], *, texts: dict[str, str] | None = None, packages: dict[str, str] | None = None, skip: str = ""
    ) -> Path:
        """A system whose static tree is made as the derivation makes it."""
        self.count += 1
        system = self.directory / f"system{self.count}"
        built, work = system / "built", system / "work"
        sources = system / "packages"
        work.mkdir(parents=True)
        for path, text in (packages or {}).items():
            (sources / path).parent.mkdir(parents=True, exist_ok=True)
            (sources / path).write_text(text)
        (work / "table").write_text(rows(entries))
        for path, text in (texts or {}).items():
            (built / "etc" / path).parent.mkdir(parents=True, exist_ok=True)
            (built / "etc" / path).write_text(text)
        (built / "etc").mkdir(parents=True, exist_ok=True)
        env = {
            "out": str(built),
            "tablePath": str(work / "table"),
            "packagesEtc": str(sources),
            "skip": skip,
            "overlay": str(SCRIPTS / "package-files.awk"),
        }
        done = self.shell.run("sh", SCRIPTS / "build-etc.sh", env=env, cwd=work)
        assert done.returncode == 0, done.stderr
        (system / "etc").symlink_to(built / "etc")
        return system

    def files(self, **texts: str) -> Path:
        """A system with these texts as linked files; `__` in a name stands for a slash."""
        named = {name.replace("__", "/"): text for name, text in texts.items()}
        return self.build([["link", name, "-", "symlink", "+0", "+0"] for name in named], texts=named)

    def install(self, system: Path, *, status: int = 0) -> None:
        done = self.shell.run("sh", SCRIPTS / "setup-etc.sh", system, self.etc)
        self.said = done.stderr
        assert done.returncode == status, done.stderr
        assert not (self.etc / ".static.work").exists()

    def text(self, name: str) -> str:
        """What a program of the guest reads: its /etc/static is ours."""
        path = self.etc / name
        if path.is_symlink():
            target = path.readlink()
            return (self.etc / target.relative_to("/etc")).read_text()
        return path.read_text()


@pytest.fixture
def guest(shell: Shell, tmp_path: Path) -> Guest:
    return Guest(shell, tmp_path)


def test_files_are_links_through_static(guest: Guest) -> None:
    guest.install(guest.files(a="one", b__c="two"))
    assert (guest.etc / "a").readlink() == Path("/etc/static/a")
    assert guest.text("a") == "one" and guest.text("b/c") == "two"
    assert (guest.etc / "b").is_dir() and not (guest.etc / "b").is_symlink()
    assert (guest.etc / "NIXOS").exists()


def test_a_new_system_takes_the_old_ones_links_away(guest: Guest) -> None:
    guest.install(guest.files(a="one", b="x"))
    guest.install(guest.files(a="two"))
    assert guest.text("a") == "two"
    assert not (guest.etc / "b").is_symlink()


def test_what_the_user_put_there_stays(guest: Guest) -> None:
    guest.install(guest.files(a="one", d__x="x"))
    (guest.etc / "mine").write_text("mine")
    (guest.etc / "d/mine").write_text("mine")
    (guest.etc / "link").symlink_to("/somewhere/else")
    guest.install(guest.files(a="one"))
    assert (guest.etc / "mine").read_text() == "mine" and (guest.etc / "d/mine").exists()
    assert (guest.etc / "link").is_symlink() and not (guest.etc / "d/x").is_symlink()


def test_a_declared_file_replaces_the_users(guest: Guest) -> None:
    guest.etc.mkdir()
    (guest.etc / "a").write_text("old")
    guest.install(guest.files(a="one"))
    assert guest.text("a") == "one"


def test_an_untouched_file_is_not_written_again(guest: Guest) -> None:
    system = guest.files(a="one")
    guest.install(system)
    before = (guest.etc / "a").lstat().st_ino
    guest.install(system)
    assert (guest.etc / "a").lstat().st_ino == before


def test_copies_have_owner_and_mode_and_go_when_obsolete(guest: Guest) -> None:
    guest.install(guest.build([["copy", "s", "-", "0640", "+5", "+6"]], texts={"s": "secret"}))
    status = (guest.etc / "s").lstat()
    assert (status.st_uid, status.st_gid, status.st_mode & 0o7777) == (5, 6, 0o640)
    assert (guest.etc / "s").read_text() == "secret" and (guest.etc / ".clean").read_text() == "s\n"
    guest.install(guest.files(a="one"))
    assert "removing obsolete file" in guest.said
    assert not (guest.etc / "s").exists() and not (guest.etc / ".clean").exists()


def test_a_copy_that_was_changed_is_put_right(guest: Guest) -> None:
    system = guest.build([["copy", "s", "-", "0600", "+0", "+0"]], texts={"s": "secret"})
    guest.install(system)
    (guest.etc / "s").write_text("tampered")
    (guest.etc / "s").chmod(0o644)
    guest.install(system)
    assert (guest.etc / "s").read_text() == "secret" and (guest.etc / "s").stat().st_mode & 0o777 == 0o600


def test_a_copy_becomes_a_link_and_a_link_a_copy(guest: Guest) -> None:
    guest.install(
        guest.build([["copy", "a", "-", "0600", "+0", "+0"], ["link", "b", "-", "symlink", "+0", "+0"]], texts={"a": "1", "b": "2"})
    )
    guest.install(
        guest.build([["copy", "b", "-", "0600", "+0", "+0"], ["link", "a", "-", "symlink", "+0", "+0"]], texts={"a": "1", "b": "2"})
    )
    assert (guest.etc / "a").is_symlink() and not (guest.etc / "b").is_symlink()


def test_a_direct_link_points_at_its_source(guest: Guest) -> None:
    guest.install(guest.build([["direct", "zone", "/usr/share/zoneinfo/UTC", "direct-symlink", "+0", "+0"]]))
    assert (guest.etc / "zone").readlink() == Path("/usr/share/zoneinfo/UTC")


def test_a_linked_directory_becomes_a_directory_of_links_and_back(guest: Guest) -> None:
    linked = guest.build([["link", "d", "/some/directory", "symlink", "+0", "+0"]])
    guest.install(linked)
    assert (guest.etc / "d").readlink() == Path("/etc/static/d")
    guest.install(guest.files(d__x="x"))
    assert guest.text("d/x") == "x"
    guest.install(linked)
    assert (guest.etc / "d").readlink() == Path("/etc/static/d")


def test_a_directory_with_the_users_files_is_not_replaced_and_that_is_said(guest: Guest) -> None:
    (guest.etc / "d").mkdir(parents=True)
    (guest.etc / "d/mine").write_text("mine")
    guest.install(guest.build([["link", "d", "/some/directory", "symlink", "+0", "+0"]]), status=1)
    assert "contains user files" in guest.said and (guest.etc / "d/mine").exists()


def test_names_with_blanks_and_quotes(guest: Guest) -> None:
    name = "a b's"
    guest.install(
        guest.build([["link", name, "-", "symlink", "+0", "+0"], ["copy", "c d", "-", "0600", "+0", "+0"]], texts={name: "x", "c d": "y"})
    )
    assert guest.text(name) == "x" and guest.text("c d") == "y"
    guest.install(guest.files(z="z"))
    assert not (guest.etc / name).is_symlink() and not (guest.etc / "c d").exists()


def test_packages_files_lie_below_declared_ones(guest: Guest) -> None:
    guest.install(
        guest.build(
            [
                ["link", "app.conf", "-", "symlink", "+0", "+0"],
                ["link", "tree", "/t", "symlink", "+0", "+0"],
                ["off", "hidden", "-", "symlink", "+0", "+0"],
            ],
            texts={"app.conf": "declared"},
            packages={
                "app.conf": "default",
                "tree/x": "default",
                "hidden": "default",
                "app.d/x": "default",
                "init.d/app": "no",
                "old.dpkg-dist": "no",
            },
            skip="init.d rc0.d",
        )
    )
    assert guest.text("app.conf") == "declared" and guest.text("app.d/x") == "default"
    assert (guest.etc / "tree").is_symlink()
    for absent in ("hidden", "init.d", "old.dpkg-dist"):
        assert not (guest.etc / absent).is_symlink() and not (guest.etc / absent).exists()


def test_a_package_directory_can_hold_other_files(guest: Guest) -> None:
    guest.install(guest.build([["link", "app/mine", "-", "symlink", "+0", "+0"]], texts={"app/mine": "1"}, packages={"app/theirs": "2"}))
    assert guest.text("app/mine") == "1" and guest.text("app/theirs") == "2"


def test_texts_are_written_byte_for_byte(shell: Shell, tmp_path: Path) -> None:
    files = {"a": "one\ntwo\n", "d/b": "no newline", "c": "", "d/e/f": "\n\n", "tab": "\tx\\n%s 'q'\n"}
    (tmp_path / "texts").write_text(records(files))
    script = NIXOS / "lib" / "write-files.awk"
    out = tmp_path / "out"
    words = ["awk", "-v", f"out={out}", "-v", f"sep={SEPARATOR}"]
    for directory in shell.run(*words, "-v", "pass=1", "-f", script, tmp_path / "texts").stdout.split():
        Path(directory).mkdir(parents=True, exist_ok=True)
    shell.run(*words, "-v", "pass=2", "-f", script, tmp_path / "texts")
    assert {name: (out / name).read_text() for name in files} == files
