"""apt, the index and downloads against a small archive on disk: the real programs, no network."""

from __future__ import annotations

import json
import os
import shutil
import time
from pathlib import Path

import pytest

from nixos_containers.base.errors import ContainerError, DefinitionError, HostError
from nixos_containers.base.paths import Paths
from nixos_containers.packages import apt as apt_module
from nixos_containers.packages import complaints, sources
from nixos_containers.packages.apt import Apt, Download
from nixos_containers.packages.index import Index, ensure_index, shard_of

from .packages_archive import Archive

pytestmark = pytest.mark.skipif(shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None, reason="needs apt and dpkg-deb")


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Archive:
    monkeypatch.delenv(sources.VARIABLE, raising=False)
    # The test's folder is closed to other users.
    monkeypatch.setattr(apt_module, "_sandbox_user", lambda: "root")
    made = Archive(tmp_path)
    made.add("libpart", "2:1.0~rc1-1")
    made.add("editor", "1.5", Depends="libpart (>= 2:1.0~), debconf (>= 0.5) | debconf-2.0", Recommends="manual")
    made.add("manual")
    made.add("debconf")
    made.add("rival", Conflicts="editor")
    made.add("core", Essential="yes", Provides="kernel-of-things (= 3)")
    made.release()
    made.write_sources(tmp_path / "root/etc/nixos-containers/archive.sources")
    return made


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return Paths(str(tmp_path / "root"))


@pytest.fixture
def index(archive: Archive, paths: Paths) -> Index:
    return ensure_index(paths)


def test_the_index_has_every_package_in_its_shard(index: Index) -> None:
    assert index.names() == ["core", "debconf", "editor", "libpart", "manual", "rival"]
    shard = json.loads(Path(f"{index.path}/shards/{shard_of('libpart')}.json").read_text())
    assert shard["libpart"]["version"] == "2:1.0~rc1-1"
    assert shard["libpart"]["file"].startswith("pool/libpart_1.0~rc1-1_")
    assert len(list(Path(f"{index.path}/shards").iterdir())) == 256
    assert (index.suite, index.date, index.origin) == ("testsuite", "Sat, 11 Jul 2026 09:41:33 UTC", "Test")
    assert json.loads(Path(f"{index.path}/about.json").read_text())["essential"] == ["core"]


def test_an_index_is_built_once_for_a_state_of_the_archive(archive: Archive, paths: Paths, index: Index) -> None:
    assert ensure_index(paths) == index
    archive.add("novelty")
    archive.release()
    assert ensure_index(paths).path == index.path, "only a refresh asks the archive"
    fresh = ensure_index(paths, refresh=True)
    assert fresh.path != index.path
    assert "novelty" in fresh.names()


@pytest.mark.parametrize(
    ("wrong", "meant"), [("edtior", "editor"), ("Editor", "editor"), ("kernel-of-things", "core"), ("riva", "rival"), ("part", "")]
)
def test_misspelt_names_are_guessed(index: Index, wrong: str, meant: str) -> None:
    assert index.suggest(wrong)[:1] == ([meant] if meant else [])


def test_an_archive_that_is_gone_leaves_the_old_index(archive: Archive, paths: Paths, index: Index) -> None:
    shutil.rmtree(archive.root / "archive")
    with pytest.raises(HostError):
        ensure_index(paths, refresh=True)
    assert ensure_index(paths) == index


def test_lists_of_yesterday_are_asked_for_again_before_something_new(archive: Archive, paths: Paths, index: Index) -> None:
    archive.add("editor", "1.6")
    archive.forget("manual")
    archive.release()
    apt = Apt(paths)
    apt.refresh_if_old()
    assert {item.version for item in apt.resolve(["editor"]) if item.name == "editor"} == {"1.5"}
    yesterday = time.time() - 2 * 86400
    os.utime(f"{apt.root}/state/ready", (yesterday, yesterday))
    apt.refresh_if_old()
    assert {item.version for item in apt.resolve(["editor"]) if item.name == "editor"} == {"1.6"}


def test_an_archive_that_is_away_does_not_stop_old_lists(
    archive: Archive, paths: Paths, index: Index, capsys: pytest.CaptureFixture[str]
) -> None:
    apt = Apt(paths)
    os.utime(f"{apt.root}/state/ready", (0, 0))
    shutil.rmtree(archive.root / "archive")
    apt.refresh_if_old()
    assert "days ago" in capsys.readouterr().err
    assert apt.resolve(["editor"])


def test_dependencies_without_recommendations_and_maintainers_tools(paths: Paths, index: Index) -> None:
    found = {item.name: item for item in Apt(paths).resolve(["editor"])}
    assert set(found) == {"editor", "libpart"}
    assert found["libpart"].version == "2:1.0~rc1-1"
    assert found["libpart"].file.startswith("pool/libpart_1.0~rc1-1_")
    assert len(found["libpart"].sha256) == 64


def test_a_maintainers_tool_that_is_named_comes(paths: Paths, index: Index) -> None:
    assert {item.name for item in Apt(paths).resolve(["editor", "debconf"])} == {"editor", "libpart", "debconf"}


def test_a_pinned_version_stays_while_the_archive_has_it(archive: Archive, paths: Paths, index: Index) -> None:
    archive.add("editor", "1.6")
    archive.release()
    ensure_index(paths, refresh=True)
    apt = Apt(paths)
    assert [item.version for item in apt.resolve(["editor"], {"editor": "1.5"}) if item.name == "editor"] == ["1.5"]
    assert [item.version for item in apt.resolve(["editor"], {"editor": "1.4"}) if item.name == "editor"] == ["1.6"]


def test_an_unknown_package_is_named(paths: Paths, index: Index) -> None:
    with pytest.raises(DefinitionError, match="does not have: nosuch"):
        Apt(paths).resolve(["editor", "nosuch"])


def test_packages_that_exclude_each_other_are_named(paths: Paths, index: Index) -> None:
    with pytest.raises(DefinitionError) as failure:
        Apt(paths).resolve(["editor", "rival"])
    assert "exclude each other" in failure.value.what
    assert "rival" in failure.value.details


def wanted(index: Index, name: str) -> Download:
    entry = index.entry(name)
    assert entry is not None
    return Download(f"{name}.deb", str(entry["file"]), str(entry["sha256"]), int(str(entry["size"])))


def test_files_are_fetched_and_a_broken_one_is_completed(paths: Paths, index: Index) -> None:
    apt = Apt(paths)
    item = wanted(index, "editor")
    apt.download([item])
    whole = Path(apt.path(item)).read_bytes()
    assert len(whole) == item.size
    Path(apt.path(item)).write_bytes(whole[:100])
    assert not apt.is_here(item)
    apt.download([item])
    assert Path(apt.path(item)).read_bytes() == whole


def test_what_is_here_needs_no_archive(archive: Archive, paths: Paths, index: Index) -> None:
    apt = Apt(paths)
    item = wanted(index, "editor")
    apt.download([item])
    shutil.rmtree(archive.root / "archive/pool")
    apt.download([item])


def test_a_replaced_version_says_upgrade(archive: Archive, paths: Paths, index: Index) -> None:
    for file in (archive.root / "archive/pool").glob("editor_*"):
        file.unlink()
    with pytest.raises(HostError) as failure:
        Apt(paths).download([wanted(index, "editor"), wanted(index, "manual")])
    assert "no longer has: editor.deb" in failure.value.what
    assert "nixos-container upgrade" in failure.value.hint
    assert Apt(paths).is_here(wanted(index, "manual")), "the rest was fetched"


def test_a_file_with_other_content_is_refused(archive: Archive, paths: Paths, index: Index) -> None:
    item = wanted(index, "editor")
    file = next((archive.root / "archive/pool").glob("editor_*"))
    file.write_bytes(b"x" * item.size)
    with pytest.raises(HostError):
        Apt(paths).download([item])
    assert not Apt(paths).is_here(item)


def test_the_hosts_package_state_is_not_touched(paths: Paths, index: Index) -> None:
    Apt(paths).resolve(["editor"])
    assert not Path(f"{paths.cache}/apt/state/extended_states").exists()
    configured = Path(f"{paths.cache}/apt/apt.conf").read_text()
    assert f'Dir::State "{paths.cache}/apt/state"' in configured


@pytest.mark.parametrize(
    ("said", "kind", "words"),
    [
        ("E: Failed to fetch http://x  Could not resolve 'x'", HostError, "cannot be reached"),
        ("E: You don't have enough free space in /var/cache/.", HostError, "no space left"),
        ("W: GPG error: http://x NO_PUBKEY 0E98404D386FA1D9", HostError, "signature is not accepted"),
        ("E: Unable to locate package vmi", DefinitionError, "does not have: vmi"),
        ("E: something else", HostError, "apt failed"),
    ],
)
def test_what_apt_says_becomes_advice(paths: Paths, archive: Archive, said: str, kind: type[ContainerError], words: str) -> None:
    error = complaints.explain(said, Apt(paths))
    assert type(error) is kind
    assert words in error.what
    assert error.hint


def download(name: str) -> Download:
    return Download(name, f"pool/{name}.deb", "0" * 64, 1)


def test_an_archive_that_is_away_is_not_taken_for_one_that_dropped_the_files(paths: Paths, archive: Archive) -> None:
    """The archive of security updates answers that it has no such file, as always; the main one is away."""
    said = "E: Failed to fetch http://main/x.deb  Could not connect to main:80\nE: Failed to fetch http://security/x.deb  404  Not Found\n"
    assert "cannot be reached" in complaints.missing([download("x")], said, Apt(paths)).what
    gone = complaints.missing([download("x")], said.splitlines()[1], Apt(paths))
    assert "no longer has: x" in gone.what and "upgrade" in gone.hint


def test_of_a_hundred_complaints_the_first_few_are_shown(paths: Paths, archive: Archive) -> None:
    said = "W: Download is performed unsandboxed as root\n" + "".join(
        f"E: Failed to fetch http://x/{number}.deb  Temporary failure resolving 'x'\n" for number in range(100)
    )
    lines = complaints.missing([download("x")], said + "E: Download Failed\n", Apt(paths)).details.splitlines()
    assert len(lines) == 7 and lines[0].endswith("0.deb  Temporary failure resolving 'x'")
    assert lines[-2:] == ["(and 95 more)", "E: Download Failed"]
