"""What the registry asks for images: whoever has them implements `Source`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Manifest:
    """A manifest or an index, byte for byte as its digest was made from (image-spec, "manifest.md" and "image-index.md")."""

    body: bytes
    media_type: str
    digest: str


class Source(Protocol):
    """Where images come from. Called from many threads; names, tags and digests are well-formed whenever it is asked.

    Any of these may raise ContainerError (the client is told why), or PermissionError (the client is told DENIED).
    """

    def image(self, name: str, tag: str) -> Manifest | None:
        """The image; built if necessary. None: there is no such image. Raises ContainerError when it cannot be built."""
        ...

    def manifest(self, name: str, digest: str) -> Manifest | None:
        """A manifest that was served before, or is known on disk, by its digest."""
        ...

    def blob(self, name: str, digest: str) -> str | None:
        """Path of the blob's file, or None."""
        ...

    def tags(self, name: str) -> list[str] | None:
        """The tags of an image in any order; None: there is no such image."""
        ...

    def repositories(self) -> list[str]:
        """The names of the images that can be listed, in any order."""
        ...
