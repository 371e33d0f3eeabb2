"""Where files of packages are in the store; the paths are what Nix computes for these names and hashes."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from nixos_containers.base import process
from nixos_containers.packages import importer


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("pool/main/v/vim/vim_9.0.1378-2_amd64.deb", "vim_9.0.1378-2_amd64.deb"),
        ("pool/main/d/dbus/dbus_1.14.10-1~deb12u1_amd64.deb", "dbus_1.14.10-1-deb12u1_amd64.deb"),
        ("pool/a/a_1%3a2_all.deb", "a_1-3a2_all.deb"),
    ],
)
def test_names_are_such_that_the_store_takes_them(file: str, name: str) -> None:
    assert importer.store_name(file) == name


def test_a_files_path_is_the_one_that_nix_computes() -> None:
    digest = "2e6e2f1a0007dc43bc91c273fd36e91e40a4f1c2765a03eca68b70a42103878a"
    path = "/nix/store/dhidschkbkc6z63ahan3ha5hk7nrdwzx-hello_2.10-3_amd64.deb"
    assert importer.fixed_path("hello_2.10-3_amd64.deb", digest) == path


def test_a_trees_path_is_the_one_that_nix_computes() -> None:
    digest = "827ac6f6a6781282e42bb2f0ffafc23871b9e6cf4ed4cfdb30f4674b6887f636"
    path = "/nix/store/1a8imym6pcw59jywyws158xkxwlw2fri-static-busybox-1.35.0-4+deb12u1+b1"
    assert importer.fixed_path("static-busybox-1.35.0-4+deb12u1+b1", digest, recursive=True) == path


def test_what_a_build_lacks_is_read_from_its_plan(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    digest = "2e6e2f1a0007dc43bc91c273fd36e91e40a4f1c2765a03eca68b70a42103878a"
    (tmp_path / "a.deb.drv").write_text(f'Derive([],[],[],"x","/sh",[],[("outputHash","{digest}"),("name","a.deb")])')
    (tmp_path / "b.drv").write_text('Derive([],[],[],"x","/sh",[],[("name","b")])')
    plan = f"these derivations will be built:\n  {tmp_path}/a.deb.drv\n  {tmp_path}/b.drv\n"
    monkeypatch.setattr(importer, "_STORE", str(tmp_path))
    monkeypatch.setattr(process, "run", lambda command, **_: subprocess.CompletedProcess(command, 0, stdout="", stderr=plan))
    assert importer.needed([f"{tmp_path}/b.drv"]) == (digest,)
    assert importer.needed([]) == ()
