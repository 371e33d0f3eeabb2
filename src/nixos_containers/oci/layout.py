"""Images as an OCI image layout (image-spec, image-layout.md): a directory, or a tar of one, which podman and docker load."""

from __future__ import annotations

import json
import os
import shutil
import sys
from typing import TYPE_CHECKING, Any

from ..base import files
from ..base.errors import HostError, UsageError
from ..declare.image import INDEX, MANIFEST
from .tarball import write_files

if TYPE_CHECKING:
    from ..declare.image import Image
    from .blobs import Blobs

_LAYOUT = '{"imageLayoutVersion":"1.0.0"}'
_NAME = "org.opencontainers.image.ref.name"
# What docker's containerd calls an image that it loads; the name above is podman's.
_CONTAINERD_NAME = "io.containerd.image.name"


def write_directory(blobs: Blobs, image: Image, directory: str, reference: str) -> None:
    """Put `image` into the layout at `directory` as `reference`, beside what is there. Raises ContainerError; the index comes last."""
    if os.path.isdir(directory) and os.listdir(directory) and not os.path.exists(f"{directory}/oci-layout"):
        raise UsageError(f"{directory} has files in it, and is no OCI image layout", hint="name a directory that is empty, or not there")
    try:
        os.makedirs(f"{directory}/blobs/sha256", exist_ok=True)
        for digest in digests(image):
            _place(blobs.path(digest), f"{directory}/{_member(digest)}")
        files.write_atomically(f"{directory}/oci-layout", _LAYOUT)
        files.write_atomically(f"{directory}/index.json", _index(image, reference, _others(f"{directory}/index.json", reference)))
    except OSError as failure:
        raise HostError(f"cannot write {directory}: {failure.strerror}", hint=files.write_hint(failure)) from failure


def write_archive(blobs: Blobs, image: Image, path: str, reference: str) -> None:
    """Write the tar of a layout with `image` in it to the file `path`, or to stdout when it is `-`. Raises ContainerError."""
    members: list[tuple[str, bytes | str]] = [
        ("oci-layout", _LAYOUT.encode()),
        ("index.json", _index(image, reference, []).encode()),
        ("manifest.json", _for_docker(image, reference)),
    ]
    members += [(_member(digest), blobs.path(digest)) for digest in sorted(digests(image))]
    if path == "-":
        write_files(sys.stdout.buffer, members)
        sys.stdout.flush()
        return
    temporary = f"{path}.{os.getpid()}.tmp"
    try:
        with open(temporary, "wb") as file:
            write_files(file, members)
            file.flush()
            os.fsync(file.fileno())
        os.rename(temporary, path)
    except OSError as failure:
        raise HostError(f"cannot write {path}: {failure.strerror}", hint=files.write_hint(failure)) from failure
    finally:
        files.remove(temporary)


def _for_docker(image: Image, reference: str) -> bytes:
    """What `docker load` reads where docker keeps images in its own store: the same blobs, as `docker save` names them."""
    entry = {
        "Config": _member(image.config.digest),
        "RepoTags": [reference],
        "Layers": [_member(layer.descriptor.digest) for layer in image.layers],
    }
    return json.dumps([entry]).encode()


def _member(digest: str) -> str:
    return f"blobs/{digest.replace(':', '/')}"


def digests(image: Image) -> list[str]:
    """Every blob of `image`, once."""
    return list(dict.fromkeys([image.digest, image.config.digest, *(layer.descriptor.digest for layer in image.layers)]))


def _place(source: str, target: str) -> None:
    """One blob: a link to it where that can be, for a blob never changes."""
    if os.path.exists(target) and os.stat(target).st_size == os.stat(source).st_size:
        return
    files.remove(target)
    try:
        os.link(source, target)
    except OSError:
        temporary = f"{target}.{os.getpid()}.tmp"
        try:
            shutil.copyfile(source, temporary)
            os.rename(temporary, target)
        finally:
            files.remove(temporary)


def _others(path: str, reference: str) -> list[dict[str, Any]]:
    """What else an index lists."""
    text = files.read_text(path)
    if text is None:
        return []
    try:
        found = json.loads(text)["manifests"]
        return [entry for entry in found if entry.get("annotations", {}).get(_NAME) != reference]
    except (ValueError, KeyError, TypeError, AttributeError):
        raise HostError(f"{path} is no index of images", hint="remove it, or name another directory") from None


def _index(image: Image, reference: str, others: list[dict[str, Any]]) -> str:
    own = {
        "mediaType": MANIFEST,
        "digest": image.digest,
        "size": len(image.manifest),
        "annotations": {_NAME: reference, _CONTAINERD_NAME: _full_name(reference)},
    }
    return json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": [*others, own]}, indent=2)


def _full_name(reference: str) -> str:
    """`reference` as docker writes it in full (distribution-reference: the host is what has a dot or a colon)."""
    first, slash, _ = reference.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        return reference
    return f"docker.io/{reference}" if slash else f"docker.io/library/{reference}"
