"""Declared users and groups meet an /etc/passwd that exists: config/users/update-accounts.sh on a made-up root."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from .guest_scripts import NIXOS, Shell, needs_busybox, needs_root, rows

pytestmark = [needs_busybox, needs_root]

SCRIPTS = NIXOS / "modules" / "config" / "users"

ROOT_USER = ["user", "root", "0", "root", "System administrator", "/root", "/bin/bash", "0", "-", "-"]
ROOT_GROUP = ["group", "root", "0", ""]
USERS = ["group", "users", "100", ""]


def alice(**changes: str) -> list[str]:
    fields = {
        "uid": "-",
        "group": "users",
        "gecos": "",
        "home": "/home/alice",
        "shell": "/bin/sh",
        "system": "0",
        "home_mode": "700",
        "expires": "-",
    }
    return ["user", "alice", *(fields | changes).values()]


class Guest:
    """A root file system with nothing in it but what the script makes."""

    def __init__(self, shell: Shell, root: Path) -> None:
        self.shell, self.root, self.said = shell, root, ""

    def activate(self, *declared: list[str], mutable: bool = True, packages: list[list[str]] | None = None, dry: bool = False) -> None:
        accounts, extra = self.root.parent / "accounts", self.root.parent / "packages"
        accounts.write_text(rows([["mutable", "1" if mutable else "0"], ROOT_GROUP, USERS, ROOT_USER, *declared]))
        extra.write_text(rows(packages or []))
        env = {"NIXOS_ACTION": "dry-activate"} if dry else {}
        done = self.shell.run("sh", SCRIPTS / "update-accounts.sh", accounts, extra, SCRIPTS / "merge-accounts.awk", self.root, env=env)
        self.said = done.stderr
        assert done.returncode == 0, done.stderr

    def read(self, name: str) -> str:
        return (self.root / name).read_text()

    def entry(self, file: str, name: str) -> list[str] | None:
        for line in self.read(f"etc/{file}").splitlines():
            if line.split(":")[0] == name:
                return line.split(":")
        return None

    def append(self, file: str, line: str) -> None:
        path = self.root / "etc" / file
        path.write_text(path.read_text() + line + "\n")


@pytest.fixture
def guest(shell: Shell, tmp_path: Path) -> Guest:
    root = tmp_path / "root"
    root.mkdir()
    return Guest(shell, root)


def test_an_empty_root_gets_accounts_homes_and_locked_passwords(guest: Guest) -> None:
    guest.activate(alice(home_mode="750"))
    assert guest.entry("passwd", "alice") == ["alice", "x", "1000", "100", "", "/home/alice", "/bin/sh"]
    assert guest.entry("shadow", "alice") == ["alice", "!", "1", "", "", "", "", "", ""]
    home = (guest.root / "home/alice").stat()
    assert (home.st_uid, home.st_gid, home.st_mode & 0o777) == (1000, 100, 0o750)
    assert (guest.root / "etc/shadow").stat().st_mode & 0o777 == 0o640
    assert guest.read("var/lib/nixos/declarative-users") == "alice root"
    assert json.loads(guest.read("var/lib/nixos/uid-map")) == {"alice": 1000, "root": 0}
    assert not list((guest.root / "etc").glob(".*"))


def test_system_numbers_go_down_from_999_and_others_up_from_1000(guest: Guest) -> None:
    names = [
        ["user", name, "-", "users", "", "/", "/bin/sh", system, "-", "-"]
        for name, system in [("a", "1"), ("b", "1"), ("c", "0"), ("d", "0")]
    ]
    guest.activate(*names)
    assert [guest.entry("passwd", name)[2] for name in "abcd"] == ["999", "998", "1000", "1001"]  # type: ignore[index]


def test_a_number_is_given_back_to_its_owner_and_to_nobody_else(guest: Guest) -> None:
    guest.activate(alice())
    guest.activate()
    assert guest.entry("passwd", "alice") is None
    assert "removing user ‘alice’" in guest.said
    guest.activate(["user", "bob", *alice()[2:]])
    assert guest.entry("passwd", "bob")[2] == "1001"  # type: ignore[index]
    guest.activate(["user", "bob", *alice()[2:]], alice())
    assert guest.entry("passwd", "alice")[2] == "1000"  # type: ignore[index]
    assert "reviving user 'alice' with UID 1000" in guest.said


def test_a_number_never_changes_under_an_account(guest: Guest) -> None:
    guest.activate(alice())
    guest.activate(alice(uid="2000"))
    assert guest.entry("passwd", "alice")[2] == "1000"  # type: ignore[index]
    assert "warning: not applying UID change of user ‘alice’ (1000 -> 2000)" in guest.said


def test_accounts_made_by_hand_stay_unless_accounts_are_immutable(guest: Guest) -> None:
    guest.activate()
    guest.append("passwd", "carol:x:1500:100::/home/carol:/bin/sh")
    guest.append("shadow", "carol:$6$a$b:19000:0:99999:7:::")
    guest.append("group", "club:x:1500:carol")
    guest.activate()
    assert guest.entry("passwd", "carol") and guest.entry("group", "club")
    assert guest.entry("shadow", "carol") == ["carol", "$6$a$b", "19000", "0", "99999", "7", "", "", ""]
    guest.activate(mutable=False)
    assert guest.entry("passwd", "carol") is None and guest.entry("shadow", "carol") is None and guest.entry("group", "club") is None


def test_members_added_by_hand_stay_declared_ones_go(guest: Guest) -> None:
    guest.activate(alice(), ["group", "club", "500", "alice"])
    (guest.root / "etc/group").write_text(guest.read("etc/group").replace("500:alice", "500:alice,carol"))
    guest.activate(alice(), ["group", "club", "500", ""])
    assert guest.entry("group", "club") == ["club", "x", "500", "carol"]


def test_a_password_that_was_changed_stays_unless_accounts_are_immutable(guest: Guest) -> None:
    first = ["password", "alice", "hashed", "$6$one$x"]
    guest.activate(alice(), first)
    assert guest.entry("shadow", "alice")[1] == "$6$one$x"  # type: ignore[index]
    guest.activate(alice(), ["password", "alice", "hashed", "$6$two$x"])
    assert guest.entry("shadow", "alice")[1] == "$6$one$x"  # type: ignore[index]
    guest.activate(alice(), ["password", "alice", "hashed", "$6$two$x"], mutable=False)
    assert guest.entry("shadow", "alice")[1] == "$6$two$x"  # type: ignore[index]
    guest.activate(alice(), mutable=False)
    assert guest.entry("shadow", "alice")[1] == "!"  # type: ignore[index]


def test_a_clear_password_is_hashed(guest: Guest) -> None:
    guest.activate(alice(), ["password", "alice", "first-plain", "hunter2"])
    stored = guest.entry("shadow", "alice")[1]  # type: ignore[index]
    salt = stored.split("$")[2]
    assert guest.shell.run("mkpasswd", "-m", "sha512", "-S", salt, "hunter2").stdout.strip() == stored


def test_a_password_file_wins_and_its_absence_is_said(guest: Guest) -> None:
    (guest.root / "secret").write_text("$6$file$x\n")
    guest.activate(alice(), ["password", "alice", "file", "/secret"], ["password", "alice", "hashed", "$6$weak$x"])
    assert guest.entry("shadow", "alice")[1] == "$6$file$x"  # type: ignore[index]
    (guest.root / "secret").unlink()
    guest.activate(alice(), ["password", "alice", "file", "/secret"], mutable=False)
    assert "warning: password file ‘/secret’ does not exist" in guest.said


def test_an_empty_hash_means_no_password(guest: Guest) -> None:
    guest.activate(alice(), ["password", "alice", "hashed", ""])
    assert guest.entry("shadow", "alice")[1] == ""  # type: ignore[index]


@pytest.mark.parametrize(("date", "days"), [("1970-01-01", "0"), ("2000-03-01", "11017"), ("2024-02-29", "19782"), ("2030-12-31", "22279")])
def test_expiry_is_counted_in_days(guest: Guest, date: str, days: str) -> None:
    guest.activate(alice(expires=date))
    assert guest.entry("shadow", "alice")[7] == days  # type: ignore[index]


def test_a_shell_may_be_left_to_its_user(guest: Guest) -> None:
    guest.activate(alice())
    (guest.root / "etc/passwd").write_text(guest.read("etc/passwd").replace("/bin/sh", "/bin/fish"))
    guest.activate(alice(shell="-"))
    assert guest.entry("passwd", "alice")[6] == "/bin/fish"  # type: ignore[index]


def test_subordinate_numbers_are_remembered(guest: Guest) -> None:
    bob = ["user", "bob", *alice()[2:]]
    guest.activate(alice(), bob, ["autosub", "bob"], ["subuid", "alice", "5000", "10"])
    assert guest.read("etc/subuid").splitlines() == ["alice:5000:10", "bob:100000:65536"]
    guest.activate(alice(), bob, ["autosub", "alice"], ["autosub", "bob"])
    assert guest.read("etc/subgid").splitlines() == ["alice:165536:65536", "bob:100000:65536"]


def test_users_of_packages_are_weaker_than_declared_ones(guest: Guest) -> None:
    theirs = [["group", "web", "-", ""], ["user", "web", "-", "web", "", "/", "/usr/sbin/nologin", "1", "-", "-"]]
    guest.activate(packages=theirs)
    assert guest.entry("passwd", "web")[6] == "/usr/sbin/nologin"  # type: ignore[index]
    guest.activate(["group", "web", "-", ""], ["user", "web", "-", "web", "", "/", "/bin/sh", "1", "-", "-"], packages=theirs)
    assert guest.entry("passwd", "web")[6] == "/bin/sh"  # type: ignore[index]
    assert guest.read("etc/passwd").count("web:") == 1


def test_a_dry_run_says_and_leaves(guest: Guest) -> None:
    guest.activate(alice())
    before = {path: path.read_bytes() for path in (guest.root / "etc").iterdir()}
    guest.activate(dry=True)
    assert "would remove user ‘alice’" in guest.said
    assert {path: path.read_bytes() for path in (guest.root / "etc").iterdir()} == before


def test_repeating_changes_nothing(guest: Guest) -> None:
    declared = (alice(), ["autosub", "alice"], ["group", "club", "-", "alice"], ["password", "alice", "first-plain", "x"])
    guest.activate(*declared)
    before = {path: path.stat().st_ino for path in (guest.root / "etc").iterdir()}
    guest.activate(*declared)
    assert {path: path.stat().st_ino for path in (guest.root / "etc").iterdir()} == before
    assert guest.said == ""


def test_sysusers_files_of_packages_become_rows(shell: Shell, tmp_path: Path) -> None:
    directory = tmp_path / "sw/lib/sysusers.d"
    directory.mkdir(parents=True)
    (directory / "a.conf").write_text(
        '# comment\ng wheel - -\nu web - "Web Server" /srv/web /bin/sh\nu! fixed 77:80 -\nm web wheel\nu other -:wheel - -\n'
    )
    done = shell.run("sh", SCRIPTS / "package-users.sh", tmp_path / "sw")
    assert done.stdout.splitlines() == [
        "group\twheel\t-\tweb",
        "group\tweb\t-\t",
        "user\tweb\t-\tweb\tWeb Server\t/srv/web\t/bin/sh\t1\t-\t-",
        "user\tfixed\t77\t80\t\t/\t/usr/sbin/nologin\t1\t-\t-",
        "user\tother\t-\twheel\t\t/\t/usr/sbin/nologin\t1\t-\t-",
    ], done.stderr


def test_the_state_directory_is_readable_for_all(guest: Guest) -> None:
    os.umask(0o077)
    try:
        guest.activate()
    finally:
        os.umask(0o022)
    assert (guest.root / "var/lib/nixos").stat().st_mode & 0o777 == 0o755


def test_a_home_is_put_right_even_if_nothing_else_changed(guest: Guest) -> None:
    guest.activate(alice())
    (guest.root / "home/alice").chmod(0o777)
    guest.activate(alice())
    assert (guest.root / "home/alice").stat().st_mode & 0o777 == 0o700
    (guest.root / "home/alice").rmdir()
    guest.activate(alice())
    assert (guest.root / "home/alice").stat().st_uid == 1000


def test_a_lost_file_is_made_again(guest: Guest) -> None:
    guest.activate(alice())
    (guest.root / "etc/shadow").unlink()
    guest.activate(alice())
    assert guest.entry("shadow", "alice")


def test_a_new_password_file_is_read_though_nothing_else_changed(guest: Guest) -> None:
    for hash_ in ("$6$one$x", "$6$two$x"):
        (guest.root / "secret").write_text(hash_)
        guest.activate(alice(), ["password", "alice", "file", "/secret"], mutable=False)
        assert guest.entry("shadow", "alice")[1] == hash_  # type: ignore[index]
