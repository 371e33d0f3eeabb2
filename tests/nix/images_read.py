"""An archive of one image, read as those who load it read it, and its layers against what holds for all images.

Not for building (test_docker_tools.py).
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import subprocess
import tarfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any


@dataclass
class Image:
    """What an archive of one image says."""

    path: Path

    @cached_property
    def archive(self) -> bytes:
        if os.access(self.path, os.X_OK):
            done = subprocess.run([self.path], capture_output=True, check=False)
            assert done.returncode == 0, done.stderr.decode()
            return done.stdout
        return self.path.read_bytes()

    @cached_property
    def members(self) -> dict[str, bytes]:
        with tarfile.open(fileobj=io.BytesIO(self.archive)) as archive:
            members = archive.getmembers()
            assert len({member.name for member in members}) == len(members)
            return {member.name: archive.extractfile(member).read() for member in members}  # type: ignore[union-attr]

    @cached_property
    def manifest(self) -> dict[str, Any]:
        entries = json.loads(self.members["manifest.json"])
        assert len(entries) == 1
        return dict(entries[0])

    @property
    def tag(self) -> str:
        (tag,) = self.manifest["RepoTags"]
        return str(tag)

    @cached_property
    def document(self) -> dict[str, Any]:
        text = self.members[self.manifest["Config"]]
        assert self.manifest["Config"] == f"{hashlib.sha256(text).hexdigest()}.json"
        return dict(json.loads(text))

    @property
    def config(self) -> dict[str, Any]:
        return dict(self.document["config"])

    @cached_property
    def layers(self) -> list[dict[str, tarfile.TarInfo]]:
        """Of each layer the members by name, after what all layers have to hold was seen."""
        found = []
        for name, digest in zip(self.manifest["Layers"], self.document["rootfs"]["diff_ids"], strict=True):
            text = self.members[name]
            assert digest == f"sha256:{hashlib.sha256(text).hexdigest()}"
            with tarfile.open(fileobj=io.BytesIO(text)) as layer:
                members = layer.getmembers()
            names = [member.name for member in members]
            assert len(set(names)) == len(names), "no name twice in a layer"
            for member in members:
                parent, _, _ = member.name.rpartition("/")
                assert not parent or parent in names, f"{member.name} has no directory before it"
            found.append(dict(zip(names, members, strict=True)))
        return found

    @property
    def digests(self) -> list[str]:
        return [str(digest) for digest in self.document["rootfs"]["diff_ids"]]

    @property
    def root(self) -> dict[str, tarfile.TarInfo]:
        return self.layers[-1]

    def text(self, name: str) -> str:
        with tarfile.open(fileobj=io.BytesIO(self.members[self.manifest["Layers"][-1]])) as layer:
            file = layer.extractfile(name)
            assert file is not None
            return file.read().decode()

    def store_paths(self, *layers: int) -> list[str]:
        """Which store paths are in which layers, one after the other; of all of them, if none is named."""
        chosen = [self.layers[number] for number in layers] if layers else self.layers
        return [f"/{name}" for layer in chosen for name in layer if name.startswith("nix/store/") and name.count("/") == 2]


def store_path(target: str) -> str | None:
    return "/".join(target.split("/")[:4]) if target.startswith("/nix/store/") else None
