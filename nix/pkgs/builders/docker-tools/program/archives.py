"""An archive of images as `docker save` makes them: what is in it, and its members' bytes.

For base images and for merging. Not for writing (streams.py).
"""

from __future__ import annotations

import hashlib
import json
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any

_CHUNK = 1 << 18


class Unreadable(Exception):
    """The file is not what it should be."""


@dataclass(frozen=True, slots=True)
class BaseLayer:
    """A layer of a base image: the archive's member, its size and digest."""

    member: str
    size: int
    digest: str


class Archive:
    """The archive `path`, compressed with gzip, bzip2 or xz, or not at all."""

    def __init__(self, path: str) -> None:
        self.path = path
        try:
            # Open as long as the program runs: base images are read piece by piece.
            self._tar = tarfile.open(path, mode="r:*")  # noqa: SIM115
            self.manifest: list[dict[str, Any]] = json.loads(self.read("manifest.json"))
        except (tarfile.TarError, KeyError, ValueError) as failure:
            raise Unreadable(
                f"{path} is no archive of images that `docker load` would take, compressed with gzip or not: {failure}"
            ) from failure

    def read(self, member: str) -> bytes:
        """The bytes of `member`."""
        return b"".join(self.chunks(member))

    def chunks(self, member: str) -> Iterator[bytes]:
        """The bytes of `member`, piece by piece."""
        with self.open(member) as file:
            while data := file.read(_CHUNK):
                yield data

    def open(self, member: str) -> IO[bytes]:
        """`member` as a file. Links among members are followed. Raises Unreadable."""
        try:
            file = self._tar.extractfile(member)
        except KeyError:
            file = None
        if file is None:
            raise Unreadable(f"{self.path} has no file {member}")
        return file

    def size(self, member: str) -> int:
        """The number of bytes of `member`."""
        with self.open(member) as file:
            return file.seek(0, 2)

    def image(self, name: str | None, tag: str | None) -> dict[str, Any]:
        """The manifest's entry for NAME:TAG; the first one that fits. Raises Unreadable."""
        for entry in self.manifest:
            for reference in entry.get("RepoTags") or [""]:
                known, _, known_tag = reference.rpartition(":")
                if name in (None, known) and tag in (None, known_tag):
                    return entry
        raise Unreadable(f"{self.path} has no image {name or 'with any name'}:{tag or 'and any tag'}")

    def layers(self, entry: dict[str, Any]) -> tuple[dict[str, Any], list[BaseLayer], set[str]]:
        """An image's configuration, its layers, and which store paths are in them."""
        try:
            config = json.loads(self.read(entry["Config"]))
            digests = config["rootfs"]["diff_ids"]
            if len(entry["Layers"]) != len(digests):
                raise ValueError(f"{len(entry['Layers'])} layers, and {len(digests)} digests of layers")
        except (KeyError, TypeError, ValueError) as failure:
            raise Unreadable(f"{self.path}: its configuration does not fit: {failure}") from failure
        layers, paths = [], set()
        for member, digest in zip(entry["Layers"], digests, strict=True):
            hashed, size = hashlib.sha256(), 0
            for data in self.chunks(member):
                hashed.update(data)
                size += len(data)
            if f"sha256:{hashed.hexdigest()}" != digest:
                raise Unreadable(
                    f"{self.path}: the layer {member} is compressed or damaged. `skopeo copy docker-archive:OLD docker-archive:NEW` unpacks"
                )
            layers.append(BaseLayer(member, size, digest))
            with self.open(member) as file, tarfile.open(fileobj=file) as inside:
                for name in inside.getnames():
                    parts = name.lstrip("./").split("/", 3)
                    if parts[:2] == ["nix", "store"] and len(parts) > 2:
                        paths.add(f"/nix/store/{parts[2]}")
        return config, layers, paths
