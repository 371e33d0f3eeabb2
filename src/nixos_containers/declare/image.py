"""An OCI image as data: what a person may choose about one, and what it is when it is made. Not for bytes or files: see oci/."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

# Media types of the OCI image specification 1.1, and their compressions.
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar"
LAYER_OF = {"gzip": f"{LAYER}+gzip", "zstd": f"{LAYER}+zstd", "none": LAYER}


@dataclass(frozen=True, slots=True)
class ImageOptions:
    """What a definition says about a container as an image (`image`). `config` is the image specification's object of that name."""

    name: str | None = None
    tag: str = "latest"
    config: dict[str, Any] = field(default_factory=dict)
    max_layers: int = 64
    compression: str = "gzip"


@dataclass(frozen=True, slots=True)
class Choices:
    """What whoever asks for an image says about its packing; None leaves it to the definition."""

    max_layers: int | None = None
    strategy: str = "size"
    compression: str | None = None
    created: str = "1970-01-01T00:00:01Z"

    def packing(self, options: ImageOptions) -> Packing:
        """How an image with `options` is packed."""
        return Packing(self.max_layers or options.max_layers, self.strategy, self.compression or options.compression, self.created)


@dataclass(frozen=True, slots=True)
class Packing:
    """How an image is packed. `max_layers` counts its store layers; the small one with the root's directories comes on top of them.

    `created` is the date in the image (RFC 3339). It is fixed by default, so that the same system is the same image.
    """

    max_layers: int
    strategy: str
    compression: str
    created: str


@dataclass(frozen=True, slots=True)
class ImageConfig:
    """What a runtime is told about an image (image-spec, config.md: the object `config`)."""

    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)
    stop_signal: str | None = None
    exposed_ports: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()
    labels: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Descriptor:
    """What a blob is, how it is called, how many bytes it has (image-spec, descriptor.md)."""

    media_type: str
    digest: str
    size: int


@dataclass(frozen=True, slots=True)
class PackedLayer:
    """A layer whose blob is made: `diff_id` is the digest of the tar before compression, `why` says what its paths have in common."""

    descriptor: Descriptor
    diff_id: str
    why: str
    paths: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Image:
    """An image whose blobs are all made. `manifest` is its very text, of which `digest` is the digest."""

    name: str
    system: str
    manifest: bytes
    digest: str
    config: Descriptor
    layers: tuple[PackedLayer, ...]

    @property
    def size(self) -> int:
        """The bytes of all blobs, as a registry keeps them."""
        return len(self.manifest) + self.config.size + sum(layer.descriptor.size for layer in self.layers)


@dataclass(frozen=True, slots=True)
class Entry:
    """One member of a layer's tar that is no store path: a directory, a link (`target`) or a file (`content`)."""

    path: str
    mode: int = 0o755
    target: str | None = None
    content: bytes | None = None
    user: int = 0
    group: int = 0
