"""Layers as tars and blobs: the same content is the same bytes, and what a digest names is what was hashed."""

from __future__ import annotations

import errno
import gzip
import hashlib
import io
import os
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

from nixos_containers.declare.image import Entry
from nixos_containers.oci.blobs import Blobs
from nixos_containers.oci.tarball import write_entries, write_files, write_store_paths

LONG = "n" * 120


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A directory like a store path, with all that one can have in it."""
    path = tmp_path / "nix/store/aaa-thing"
    (path / "bin").mkdir(parents=True)
    (path / "bin/run").write_bytes(b"#!/bin/sh\n")
    (path / "bin/run").chmod(0o555)
    (path / "big").write_bytes(b"x" * 700_001)
    (path / LONG).mkdir()
    (path / LONG / "ümlaut").write_text("u")
    (path / "link").symlink_to("bin/run")
    os.link(path / "big", path / "same")
    return path


def tar_of(*paths: Path) -> bytes:
    sink = io.BytesIO()
    write_store_paths(sink, [str(path) for path in paths])
    return sink.getvalue()


def members(data: bytes) -> dict[str, tarfile.TarInfo]:
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        names = archive.getnames()
        assert len(names) == len(set(names)), "image-spec, layer.md: no path twice"
        return {member.name: member for member in archive}


def test_a_layer_has_what_the_store_has(store: Path) -> None:
    found = members(tar_of(store))
    base = str(store)[1:]
    assert found[f"{base}/bin/run"].mode == 0o555 and found[f"{base}/bin/run"].isreg()
    assert found[f"{base}/bin"].isdir() and found["nix/store"].isdir()
    assert found[f"{base}/link"].linkname == "bin/run"
    assert found[f"{base}/{LONG}/ümlaut"].size == 1
    assert found[f"{base}/same"].isreg() and found[f"{base}/same"].size == 700_001
    assert {(member.uid, member.gid, member.uname, member.gname, member.mtime) for member in found.values()} == {(0, 0, "", "", 1)}


def test_gnu_tar_unpacks_it_to_the_same(store: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    subprocess.run(["tar", "-x", "-C", tmp_path / "out"], input=tar_of(store), check=True)
    subprocess.run(["diff", "-r", "--no-dereference", store, f"{tmp_path}/out{store}"], check=True)


def test_dates_and_hard_links_do_not_matter(store: Path) -> None:
    before = tar_of(store)
    (store / "same").unlink()
    (store / "same").write_bytes(b"x" * 700_001)
    os.utime(store / "big", (5, 5))
    assert tar_of(store) == before
    (store / "big").write_bytes(b"y" * 700_001)
    assert tar_of(store) != before


def test_entries_and_files() -> None:
    sink = io.BytesIO()
    write_entries(
        sink, (Entry("etc"), Entry("etc/x", 0o640, content=b"text", user=7, group=8), Entry("tmp", 0o1777), Entry("l", 0o777, "t"))
    )
    found = members(sink.getvalue())
    assert (found["etc/x"].mode, found["etc/x"].uid, found["etc/x"].gid, found["etc/x"].size) == (0o640, 7, 8, 4)
    assert found["tmp"].mode == 0o1777 and found["l"].linkname == "t"
    sink = io.BytesIO()
    write_files(sink, [("a/b/c", b"text"), ("a/b/d", b"")])
    assert set(members(sink.getvalue())) == {"a", "a/b", "a/b/c", "a/b/d"}


@pytest.mark.parametrize("compression", ["gzip", "none", "zstd"])
def test_a_blob_is_what_its_digests_say(compression: str, store: Path, tmp_path: Path) -> None:
    if compression == "zstd" and subprocess.run(["which", "zstd"], stdout=subprocess.DEVNULL, check=False).returncode:
        pytest.skip("zstd is not installed")
    blobs = Blobs(str(tmp_path / "blobs"))
    made, diff_id = blobs.layer(["key"], compression, lambda sink: write_store_paths(sink, [str(store)]))
    data = Path(blobs.path(made.digest)).read_bytes()
    assert made.digest == "sha256:" + hashlib.sha256(data).hexdigest() and made.size == len(data)
    inner = {
        "gzip": gzip.decompress,
        "none": bytes,
        "zstd": lambda blob: subprocess.run(["zstd", "-dc"], input=blob, capture_output=True, check=True).stdout,
    }[compression](data)
    assert inner == tar_of(store) and diff_id == "sha256:" + hashlib.sha256(inner).hexdigest()
    assert made.media_type.endswith({"gzip": "tar+gzip", "none": ".tar", "zstd": "tar+zstd"}[compression])
    other = Blobs(str(tmp_path / "others"))
    assert other.layer(["key"], compression, lambda sink: write_store_paths(sink, [str(store)])) == (made, diff_id)
    assert list((tmp_path / "blobs").rglob("*.tmp")) == []


def test_a_layer_is_packed_once_and_again_when_its_blob_is_gone_or_cut(store: Path, tmp_path: Path) -> None:
    blobs, packed = Blobs(str(tmp_path / "blobs")), []

    def layer() -> str:
        def write(sink: object) -> None:
            packed.append(1)
            write_store_paths(sink, [str(store)])  # type: ignore[arg-type]

        return blobs.layer(["key"], "gzip", write)[0].digest

    digest = layer()
    assert layer() == digest and len(packed) == 1
    Path(blobs.path(digest)).write_bytes(b"cut")
    assert layer() == digest and len(packed) == 2
    Path(blobs.path(digest)).unlink()
    assert layer() == digest and len(packed) == 3
    for record in Path(tmp_path / "blobs/layers").iterdir():
        record.write_text("{")
    assert layer() == digest and len(packed) == 4


def test_what_was_not_used_for_the_longest_goes_first(tmp_path: Path) -> None:
    blobs = Blobs(str(tmp_path))
    digests = []
    for number in range(4):
        content = bytes([number]) * 100
        digests.append("sha256:" + hashlib.sha256(content).hexdigest())
        blobs.add(content, digests[-1])
        os.utime(blobs.path(digests[-1]), (1000 + number, 1000 + number))
    assert blobs.forget(250, keep=[digests[0]]) == 200
    assert [blobs.find(digest) is not None for digest in digests] == [True, False, False, True]
    assert blobs.forget(250, keep=[]) == 0


def test_what_is_said_of_a_layer_goes_with_it(store: Path, tmp_path: Path) -> None:
    blobs = Blobs(str(tmp_path / "blobs"))
    first, second = (
        blobs.layer([key], "none", lambda sink, key=key: write_entries(sink, (Entry(key),)))[0].digest  # type: ignore[misc]
        for key in ("a", "b")
    )
    os.utime(blobs.path(first), (1, 1))
    assert blobs.forget(1, keep=[second]) > 0
    assert blobs.find(first) is None and blobs.find(second) is not None
    assert len(os.listdir(tmp_path / "blobs/layers")) == 1


@pytest.mark.parametrize("compression", ["gzip", "none", "zstd"])
def test_a_full_disk_is_told_and_no_fault_of_the_store(
    compression: str, store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nixos_containers.base.errors import HostError
    from nixos_containers.oci import blobs as module

    if compression == "zstd" and shutil.which("zstd") is None:
        pytest.skip("zstd is not installed")

    class Full(module.Tee):
        """As a file on a full disk: what is written fails in whichever thread writes."""

        def write(self, data: bytes) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

    made: list[object] = []

    def full_first(*takers: object) -> object:
        made.append(takers)
        return Full() if len(made) == 1 else tee(*takers)

    tee = module.Tee
    monkeypatch.setattr(module, "Tee", full_first)
    blobs = Blobs(str(tmp_path / "blobs"))
    with pytest.raises(HostError, match=r"cannot write .*blobs.*No space left") as caught:
        blobs.layer(["key"], compression, lambda sink: write_store_paths(sink, [str(store)] * 20))
    assert "free some space" in caught.value.hint
    assert os.listdir(tmp_path / "blobs/blobs/sha256") == [] and list(tmp_path.rglob("*.tmp")) == []


def test_a_blob_that_a_power_cut_left_empty_is_written_again(tmp_path: Path) -> None:
    blobs = Blobs(str(tmp_path))
    digest = "sha256:" + hashlib.sha256(b"text").hexdigest()
    blobs.add(b"text", digest)
    Path(blobs.path(digest)).write_bytes(b"")
    blobs.add(b"text", digest)
    assert Path(blobs.path(digest)).read_bytes() == b"text"


def test_a_path_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    from nixos_containers.base.errors import HostError

    blobs = Blobs(str(tmp_path / "blobs"))
    with pytest.raises(HostError, match="nowhere"):
        blobs.layer(["key"], "gzip", lambda sink: write_store_paths(sink, [str(tmp_path / "nowhere")]))
    assert os.listdir(tmp_path / "blobs/blobs/sha256") == [] and os.listdir(tmp_path / "blobs/layers") == []
    assert list(tmp_path.rglob("*.tmp")) == []
