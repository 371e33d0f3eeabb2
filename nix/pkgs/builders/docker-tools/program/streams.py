"""Writes archives of images, as `docker load` and `podman load` take them, in one pass and with nothing kept on disk.

Not for deciding anything: every layer's size and digest is known before (images.py).
"""

from __future__ import annotations

import hashlib
import json
import os
import tarfile
import zlib
from collections.abc import Callable, Sequence
from typing import IO, Any

import tars
from archives import Archive

_LEVEL = 6
_GZIP = 16 + zlib.MAX_WBITS


class _Tee:
    """Hands what it gets to several functions, and counts."""

    def __init__(self, *takers: Callable[[bytes], object]) -> None:
        self._takers = takers
        self.size = 0

    def write(self, data: bytes) -> None:
        self.size += len(data)
        for take in self._takers:
            take(data)


def measure(layer: dict[str, Any], stamp: tars.Stamp) -> tuple[str, int]:
    """A layer's digest and size."""
    hashed = hashlib.sha256()
    sink = _Tee(hashed.update)
    _write_layer(sink, layer, stamp, {})
    return hashed.hexdigest(), sink.size


def keep(path: str, layer: dict[str, Any], stamp: tars.Stamp) -> None:
    """Write a layer's tar to the file `path`."""
    with open(path, "wb") as file:
        _write_layer(file, layer, stamp, {})


def write_image(sink: IO[bytes], conf: dict[str, Any]) -> None:
    """The archive of the image `conf`, which images.plan made."""
    stamp = tars.Stamp(**conf["stamp"])
    document = conf["config"].encode()
    config = f"{hashlib.sha256(document).hexdigest()}.json"
    layers = {f"{layer['digest']}/layer.tar": layer for layer in conf["layers"]}
    names = [f"{layer['digest']}/layer.tar" for layer in conf["layers"]]
    # What readers need first comes first.
    _document(sink, "manifest.json", _manifest([{"Config": config, "RepoTags": [conf["tag"]], "Layers": names}]))
    _document(sink, config, document)
    opened: dict[str, Archive] = {}
    for name, layer in layers.items():
        hashed = hashlib.sha256()
        tee = _Tee(hashed.update, sink.write)
        tars.begin_file(sink, name, layer["size"])
        _write_layer(tee, layer, stamp, opened)
        if hashed.hexdigest() != layer["digest"]:
            raise OSError(
                f"the store is not what it was when the image was built ({layer['why']}); nix-store --verify --check-contents tells more"
            )
        tars.end_file(sink, tee.size)
    sink.write(tars.END)


def write_merged(sink: IO[bytes], archives: Sequence[Archive]) -> None:
    """One archive with the images of all `archives`; what they have in common is in it once."""
    _document(sink, "manifest.json", _manifest([entry for archive in archives for entry in archive.manifest]))
    written = set()
    for archive in archives:
        for entry in archive.manifest:
            for member in (entry["Config"], *entry["Layers"]):
                if member not in written:
                    written.add(member)
                    size = archive.size(member)
                    tars.begin_file(sink, member, size)
                    for data in archive.chunks(member):
                        sink.write(data)
                    tars.end_file(sink, size)
    sink.write(tars.END)


def squeeze(source: IO[bytes], sink: IO[bytes]) -> None:
    """Compress with gzip, without a name and a date."""
    compressor = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP)
    while data := source.read(1 << 18):
        sink.write(compressor.compress(data))
    sink.write(compressor.flush())


def _write_layer(sink: tars.Sink, layer: dict[str, Any], stamp: tars.Stamp, opened: dict[str, Archive]) -> None:
    """The layer's tar: a base image's, or a file with a root in it and store paths, or one of the two."""
    if "archive" in layer:
        if layer["archive"] not in opened:
            opened[layer["archive"]] = Archive(layer["archive"])
        for data in opened[layer["archive"]].chunks(layer["member"]):
            sink.write(data)
        return
    known: list[str] = []
    if "file" in layer:
        size = os.stat(layer["file"]).st_size - len(tars.END)
        for data in tars.read_chunks(layer["file"], size):
            sink.write(data)
        if layer["paths"]:
            with tarfile.open(layer["file"]) as root:
                known = root.getnames()
    if layer["paths"] or "file" not in layer:
        tars.write_store(sink, layer["paths"], stamp, known=known)
    sink.write(tars.END)


def _manifest(entries: Sequence[dict[str, Any]]) -> bytes:
    return json.dumps(entries, sort_keys=True).encode()


def _document(sink: tars.Sink, name: str, content: bytes) -> None:
    tars.begin_file(sink, name, len(content))
    sink.write(content)
    tars.end_file(sink, len(content))
