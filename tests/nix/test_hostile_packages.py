"""Package files that mean harm: whatever is in them, nothing is written beside the package's own place in the store."""

from __future__ import annotations

import io
import stat
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from .test_pkgs_builds import World, nix, pytestmark, world  # noqa: F401 - the fixture


def package(path: Path, fill: Callable[[tarfile.TarFile], None]) -> Path:
    """A .deb (deb(5)) with the members that `fill` puts into its data.tar, which dpkg-deb would refuse to make."""

    def tar(fill: Callable[[tarfile.TarFile], None]) -> bytes:
        data = io.BytesIO()
        with tarfile.open(fileobj=data, mode="w", format=tarfile.GNU_FORMAT) as archive:
            fill(archive)
        return data.getvalue()

    members = {"debian-binary": b"2.0\n", "control.tar": tar(lambda _: None), "data.tar": tar(fill)}
    with path.open("wb") as file:
        file.write(b"!<arch>\n")
        for name, content in members.items():
            file.write(f"{name:<16}{0:<12}{0:<6}{0:<6}{'100644':<8}{len(content):<10}`\n".encode() + content + b"\n" * (len(content) % 2))
    return path


def add(
    archive: tarfile.TarFile, name: str, *, kind: bytes = tarfile.REGTYPE, link: str = "", mode: int = 0o644, text: bytes = b"evil"
) -> None:
    member = tarfile.TarInfo(name)
    member.type, member.linkname, member.mode = kind, link, mode
    member.devmajor, member.devminor = 1, 3
    member.size = len(text) if kind == tarfile.REGTYPE else 0
    archive.addfile(member, io.BytesIO(text) if kind == tarfile.REGTYPE else None)


def build(world: World, tmp_path: Path, fill: Callable[[tarfile.TarFile], None]) -> Path | None:  # noqa: F811
    """The unpacked package, or None when it was refused."""
    world.build("pkgs.odd")
    deb = package(tmp_path / "hostile.deb", fill)
    body = f'derivation (pkgs.odd.drvAttrs // {{ name = "hostile"; src = {deb}; }})'
    done = nix("nix-build", "--no-out-link", "--expr", world.expression(body))
    return Path(done.stdout.strip()) if done.returncode == 0 else None


OUTSIDE = {
    "dots": lambda place: [{"name": f"./usr/../../../../../../../../../..{place}/planted"}],
    "absolute": lambda place: [{"name": f"{place}/planted"}],
    "through a link": lambda place: [{"name": "./usr/share/x", "kind": tarfile.SYMTYPE, "link": str(place)}, {"name": "./usr/share/x/planted"}],
    "through a link by dots": lambda place: [
        {"name": "./usr/share/x", "kind": tarfile.SYMTYPE, "link": f"../../../../../../../../../..{place}"},
        {"name": "./usr/share/x/planted"},
    ],
    "through a merged directory": lambda place: [
        {"name": "./usr/lib", "kind": tarfile.SYMTYPE, "link": str(place)},
        {"name": "./lib", "kind": tarfile.DIRTYPE, "mode": 0o755},
        {"name": "./lib/planted"},
    ],
    "over a link": lambda place: [
        {"name": "./usr/share/x", "kind": tarfile.SYMTYPE, "link": f"{place}/planted"},
        {"name": "./usr/share/x"},
    ],
}  # fmt: skip


@pytest.mark.parametrize("way", OUTSIDE)
def test_nothing_is_written_outside(world: World, tmp_path: Path, way: str) -> None:  # noqa: F811
    place = tmp_path / "outside"
    place.mkdir(mode=0o777)
    before = {str(path) for path in Path("/nix/store").iterdir()}
    out = build(world, tmp_path, lambda archive: [add(archive, **member) for member in OUTSIDE[way](place)])
    assert list(place.iterdir()) == []
    assert not list(Path("/nix/store").glob("planted")) and not Path("/planted").exists()
    made = {path for path in Path("/nix/store").iterdir() if str(path) not in before}
    assert not any(path.name == "planted" for path in made)
    if out is not None:
        assert not (out / "usr/share/x/planted").exists() or (out / "usr/share/x").resolve().is_relative_to(out)


def test_a_hard_link_brings_no_file_of_the_host_in(world: World, tmp_path: Path) -> None:  # noqa: F811
    (tmp_path / "secret").write_text("of the host")
    for target in (str(tmp_path / "secret"), f"../../../../../../../..{tmp_path}/secret", "/etc/passwd"):
        out = build(world, tmp_path, lambda archive, target=target: add(archive, "./usr/share/x", kind=tarfile.LNKTYPE, link=target))
        assert out is None or not (out / "usr/share/x").exists(), target


@pytest.mark.parametrize("kind", [tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE], ids=["character", "block", "fifo"])
def test_no_device_node_arrives(world: World, tmp_path: Path, kind: bytes) -> None:  # noqa: F811
    out = build(world, tmp_path, lambda archive: add(archive, "./usr/share/node", kind=kind, mode=0o666))
    assert out is None or not (out / "usr/share/node").exists()


def test_set_id_bits_do_not_arrive(world: World, tmp_path: Path) -> None:  # noqa: F811
    out = build(world, tmp_path, lambda archive: add(archive, "./usr/bin/suid", mode=0o6755, text=b"#!/bin/sh\n"))
    assert out is not None
    assert not (out / "usr/bin/suid").stat().st_mode & (stat.S_ISUID | stat.S_ISGID)


def test_names_are_words_and_never_commands(world: World, tmp_path: Path) -> None:  # noqa: F811
    """What the package's tree holds goes through shell and awk while it is unpacked."""
    names = [
        f"./usr/share/$(touch {tmp_path}/ran)",
        f"./usr/bin/a`touch {tmp_path}/ran`",
        "./usr/share/a'b\"c",
        "./usr/share/-rf",
        "./usr/share/x\ny",
    ]
    links = [("./usr/lib/l1", f"/usr/$(touch {tmp_path}/ran)"), ("./usr/lib/l2", "'; touch ran; '"), ("./usr/lib/l3", "-f")]

    def fill(archive: tarfile.TarFile) -> None:
        for name in names:
            add(archive, name, mode=0o755)
        for name, target in links:
            add(archive, name, kind=tarfile.SYMTYPE, link=target)

    build(world, tmp_path, fill)
    assert not (tmp_path / "ran").exists()
