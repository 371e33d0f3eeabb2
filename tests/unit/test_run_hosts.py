"""Hosts files on a made-up host: the person's file keeps its owner, mode and bytes, guests see what their peers are."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from nixos_containers.base.paths import Paths
from nixos_containers.declare.container import Container, Network, Record, System
from nixos_containers.run import hosts, records
from nixos_containers.run.start import note_system

OWN = "127.0.0.1 localhost"


def container(name: str, address: str, **fields: bool) -> Container:
    return Container(name, System("/nix/store/x"), network=Network(private=True, local_address=address), **fields)


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/hosts").write_text(OWN)
    (tmp_path / "etc/hosts").chmod(0o640)
    return Paths(str(tmp_path))


def put(paths: Paths, name: str, address: str, **fields: bool) -> None:
    records.write(paths, Record(container(name, address, **fields), busybox="/nix/store/b"))


def host_file(paths: Paths) -> str:
    return Path(paths.hosts).read_text()


def test_names_come_and_go_and_the_file_is_as_it_was(paths: Paths) -> None:
    put(paths, "web", "10.213.0.2")
    hosts.refresh_if_stale(paths)
    assert "10.213.0.2 web.containers web\n" in host_file(paths)
    assert os.stat(paths.hosts).st_mode & 0o777 == 0o640
    records.forget(paths, "web")
    hosts.refresh_if_stale(paths)
    assert host_file(paths) == OWN


def test_without_containers_nothing_is_written(paths: Paths) -> None:
    hosts.refresh_if_stale(paths)
    assert not Path(paths.run).exists()


def test_a_definition_may_leave_the_file_alone(paths: Paths) -> None:
    put(paths, "web", "10.213.0.2", hosts=False)
    hosts.refresh(paths)
    assert host_file(paths) == OWN
    assert json.loads(Path(paths.shared, "names.json").read_text())["known"] == {"web": ["10.213.0.2"]}, "guests know it all the same"


def test_a_block_that_somebody_removed_comes_back(paths: Paths) -> None:
    put(paths, "web", "10.213.0.2")
    hosts.refresh(paths)
    Path(paths.hosts).write_text("192.0.2.9 mine\n")
    hosts.refresh_if_stale(paths)
    assert host_file(paths).startswith("192.0.2.9 mine\n#")
    assert "web.containers" in host_file(paths)


def test_nothing_is_written_when_nothing_changed(paths: Paths) -> None:
    put(paths, "web", "10.213.0.2")
    hosts.refresh(paths)
    before = os.stat(paths.hosts).st_mtime_ns, os.stat(f"{paths.shared}/names.json").st_ino
    hosts.refresh_if_stale(paths)
    hosts.refresh(paths)
    assert (os.stat(paths.hosts).st_mtime_ns, os.stat(f"{paths.shared}/names.json").st_ino) == before


def test_a_link_of_the_persons_leads_to_the_file_that_is_written(paths: Paths) -> None:
    real = Path(paths.root, "real-hosts")
    os.rename(paths.hosts, real)
    os.symlink(real, paths.hosts)
    put(paths, "web", "10.213.0.2")
    hosts.refresh(paths)
    assert os.path.islink(paths.hosts)
    assert "web.containers" in real.read_text()


def test_guests_that_run_see_newcomers(paths: Paths) -> None:
    put(paths, "web", "10.213.0.2")
    guest = Path(paths.run_state("web"), "guest")
    guest.mkdir(parents=True)
    hosts.write_guest(paths, "web", "/nowhere")
    Path(paths.run_state("web"), "started.json").write_text(json.dumps({"system": "/nowhere"}))
    put(paths, "db", "10.213.0.3")
    hosts.refresh_if_stale(paths)
    assert "10.213.0.3 db.containers db\n" in (guest / "hosts").read_text()
    assert os.stat(guest / "hosts").st_mode & 0o777 == 0o644, "another user of the guest may resolve names"


def test_a_system_cannot_make_the_host_read_its_own_files(paths: Paths, tmp_path: Path) -> None:
    (tmp_path / "system/etc").mkdir(parents=True)
    (tmp_path / "system/etc/hosts").symlink_to("/etc/passwd")
    put(paths, "web", "10.213.0.2")
    Path(paths.run_state("web"), "guest").mkdir(parents=True)
    hosts.write_guest(paths, "web", str(tmp_path / "system"))
    assert "root:" not in Path(paths.run_state("web"), "guest/hosts").read_text()


@pytest.mark.parametrize("text", ['{"system": "/nix/st', "", "[]", "\x00"])
def test_a_start_that_was_killed_while_it_wrote_stops_nobody(paths: Paths, text: str) -> None:
    guest = Path(paths.run_state("web"), "guest")
    guest.mkdir(parents=True)
    (guest / "hosts").write_text(OWN)
    (guest.parent / "started.json").write_text(text)
    put(paths, "web", "10.213.0.2")
    hosts.refresh(paths)
    note_system(paths, "web", "/nix/store/y")
    assert (guest.parent / "started.json").read_text() == text, "a damaged one is not added to"
