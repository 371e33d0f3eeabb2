"""A small package archive on disk, so that apt is tested for real and without a network.

Packages are made with dpkg-deb, the lists by hand; `copy:` addresses let apt "download" from a folder.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Archive:
    """An unsigned archive below `root`, with one suite; `release` writes its lists anew."""

    root: Path
    suite: str = "testsuite"
    compression: str = "xz"
    stanzas: list[str] = field(default_factory=list)

    def add(
        self, name: str, version: str = "1.0", *, fill: Callable[[Path], None] | None = None, postinst: str = "", **fields: str
    ) -> Path:
        """Make a package with one program and what `fill` adds; `fields` are control fields with `_` for `-`."""
        tree = self.root / "build" / f"{name}_{version}"
        (tree / "DEBIAN").mkdir(parents=True)
        (tree / "usr/bin").mkdir(parents=True)
        (tree / f"usr/bin/{name}").write_text(f"#!/bin/sh\necho {name} {version}\n")
        control = {"Package": name, "Version": version, "Architecture": architecture(), "Maintainer": "T <t@localhost>"}
        control.update({key.replace("_", "-"): value for key, value in fields.items()})
        text = "".join(f"{key}: {value}\n" for key, value in {**control, "Description": f"test package {name}"}.items())
        (tree / "DEBIAN/control").write_text(text)
        if postinst:
            (tree / "DEBIAN/postinst").write_text(postinst)
            (tree / "DEBIAN/postinst").chmod(0o755)
        if fill is not None:
            fill(tree)
        pool = self.root / "archive/pool"
        pool.mkdir(parents=True, exist_ok=True)
        file = pool / f"{name}_{version.split(':')[-1]}_{architecture()}.deb"
        subprocess.run(
            ["dpkg-deb", "--root-owner-group", f"-Z{self.compression}", "-b", str(tree), str(file)], check=True, capture_output=True
        )
        content = file.read_bytes()
        self.stanzas.append(f"{text}Filename: pool/{file.name}\nSize: {len(content)}\nSHA256: {hashlib.sha256(content).hexdigest()}\n")
        return file

    def forget(self, name: str) -> None:
        """Take a package out of the lists; its file stays."""
        self.stanzas = [text for text in self.stanzas if not text.startswith(f"Package: {name}\n")]

    def release(self) -> None:
        """Write Packages and Release."""
        folder = self.root / f"archive/dists/{self.suite}/main/binary-{architecture()}"
        folder.mkdir(parents=True, exist_ok=True)
        packages = "\n".join(self.stanzas).encode()
        (folder / "Packages").write_bytes(packages)
        (folder.parent.parent / "Release").write_text(
            f"Origin: Test\nSuite: {self.suite}\nCodename: {self.suite}\nDate: Sat, 11 Jul 2026 09:41:33 UTC\n"
            f"Architectures: {architecture()}\nComponents: main\nSHA256:\n"
            f" {hashlib.sha256(packages).hexdigest()} {len(packages)} main/binary-{architecture()}/Packages\n"
        )

    def write_sources(self, path: Path) -> None:
        """The administrator's own file that names this archive."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"Types: deb\nURIs: copy:{self.root}/archive\nSuites: {self.suite}\nComponents: main\nTrusted: yes\n")


def architecture() -> str:
    """The archive's name for this machine's type."""
    return {"x86_64": "amd64", "aarch64": "arm64"}.get(os.uname().machine, os.uname().machine)
