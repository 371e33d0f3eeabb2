"""OCI manifests as Docker's image manifest version 2, schema 2, and indexes as its manifest lists. Pure.

Only media types change: configuration and layers are the very same blobs.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from ..declare.image import CONFIG, LAYER, LAYER_OF
from ..declare.image import INDEX as OCI_INDEX
from ..declare.image import MANIFEST as OCI_MANIFEST
from .source import Manifest

if TYPE_CHECKING:
    from collections.abc import Callable

DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"

_CONFIG = {CONFIG: "application/vnd.docker.container.image.v1+json"}
# Zstandard is not among them: Docker's schema has no type for it.
_LAYERS = {
    LAYER: "application/vnd.docker.image.rootfs.diff.tar",
    LAYER_OF["gzip"]: "application/vnd.docker.image.rootfs.diff.tar.gzip",
    "application/vnd.oci.image.layer.nondistributable.v1.tar": "application/vnd.docker.image.rootfs.foreign.diff.tar",
    "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip": "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
}


def as_docker(manifest: Manifest) -> Manifest | None:
    """The same image as a Docker schema 2 manifest; None when it cannot be one (a layer in zstd, an artifact, an index)."""
    document = _document(manifest, OCI_MANIFEST)
    if document is None:
        return None
    try:
        config = _descriptor(document["config"], _CONFIG)
        layers = [_descriptor(layer, _LAYERS) for layer in document["layers"]]
    except (KeyError, TypeError):
        return None
    return _manifest({"schemaVersion": 2, "mediaType": DOCKER_MANIFEST, "config": config, "layers": layers})


def as_docker_list(index: Manifest, child: Callable[[str], Manifest | None]) -> tuple[Manifest, list[Manifest]] | None:
    """The same index as a Docker manifest list, and the converted manifests that it names; None when it cannot be one.

    `child` finds a manifest of the index by its digest.
    """
    document = _document(index, OCI_INDEX)
    if document is None:
        return None
    entries, converted = [], []
    try:
        for entry in document["manifests"]:
            original = child(entry["digest"])
            own = None if original is None else as_docker(original)
            if own is None:
                return None
            converted.append(own)
            entries.append({"mediaType": own.media_type, "size": len(own.body), "digest": own.digest, "platform": dict(entry["platform"])})
    except (KeyError, TypeError, ValueError):
        return None
    return _manifest({"schemaVersion": 2, "mediaType": DOCKER_LIST, "manifests": entries}), converted


def child_for(index: Manifest, system: str, architecture: str) -> str | None:
    """Digest of the manifest that `index` has for a platform."""
    document = _document(index, OCI_INDEX)
    try:
        for entry in document["manifests"] if document else []:
            platform = entry.get("platform", {})
            if (platform.get("os"), platform.get("architecture")) == (system, architecture):
                return str(entry["digest"])
    except (AttributeError, KeyError, TypeError):
        pass  # no index that anybody could read
    return None


def _document(manifest: Manifest, media_type: str) -> dict[str, Any] | None:
    if manifest.media_type != media_type:
        return None
    try:
        found = json.loads(manifest.body)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _descriptor(descriptor: dict[str, Any], types: dict[str, str]) -> dict[str, Any]:
    """`descriptor` with Docker's media type; annotations and other fields that Docker's schema does not know are left out."""
    known = {"mediaType": types[descriptor["mediaType"]], "size": descriptor["size"], "digest": descriptor["digest"]}
    return {**known, "urls": descriptor["urls"]} if "urls" in descriptor else known


def _manifest(document: dict[str, Any]) -> Manifest:
    body = json.dumps(document, separators=(",", ":")).encode()
    return Manifest(body, document["mediaType"], f"sha256:{hashlib.sha256(body).hexdigest()}")
