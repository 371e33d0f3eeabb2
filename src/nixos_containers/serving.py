"""What the registry serves: the containers of a definition file, and packages by their names. Built when they are asked for.

An image is what the definition says at that moment: whoever pulls again gets what has changed. Not for HTTP (registry/).
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from typing import TYPE_CHECKING

from . import images, pipeline
from .base import files
from .base.errors import ContainerError, DefinitionError
from .declare.image import MANIFEST
from .oci import pack
from .packages.index import ensure_index
from .plan.image import image_name
from .plan.package_image import definition as package_definition
from .plan.package_image import packages_of
from .registry.source import Manifest

if TYPE_CHECKING:
    from .base.paths import Paths
    from .declare.image import Choices, Image

_LATEST = "latest"


class Catalogue:
    """The registry's source of images (registry/source.py).

    `definition` is the file whose containers are served, if there is one; `packages` says whether packages are.
    """

    def __init__(
        self, paths: Paths, definition: str | None, choices: Choices, *, packages: bool = True, nixpkgs: str | None = None
    ) -> None:
        self._paths, self._choices, self._nixpkgs = paths, choices, nixpkgs
        self._definition = None if definition is None else os.path.abspath(definition)
        self._packages = packages
        self._blobs = images.blobs(paths)
        self._containers: dict[str, str] = {}
        self._tags: dict[str, set[str]] = {}
        # One evaluation at a time writes a lock file.
        self._evaluating = threading.Lock()

    def look(self) -> list[str]:
        """Read the definition again; return what its containers are called as images. Raises ContainerError."""
        if self._definition is None:
            return []
        with self._evaluating:
            spec, _ = pipeline.evaluate_locked(self._paths, self._definition, nixpkgs=self._nixpkgs)
        self._containers = {image_name(container): name for name, container in sorted(spec.containers.items())}
        return list(self._containers)

    def image(self, name: str, tag: str) -> Manifest | None:
        """The image `name` as the definition, or the archive, has it now; None for another tag than those that `tags` names."""
        if name not in self._containers:
            self.look()
        tags = {_LATEST}
        if name in self._containers:
            made, own = self._container(self._containers[name])
            tags.add(own)
        else:
            packages = packages_of(name) if self._packages else ()
            if not packages:
                return None
            made = self._of_packages(name, packages)
        tags.add(_version(made))
        self._tags.setdefault(name, set()).update(tags)
        return _manifest(made) if tag in tags else None

    def manifest(self, name: str, digest: str) -> Manifest | None:
        """A manifest that was made on this host, by its digest."""
        body = self._text(digest)
        return None if body is None else Manifest(body, MANIFEST, digest)

    def blob(self, name: str, digest: str) -> str | None:
        """The file of a layer or a configuration."""
        return self._blobs.find(digest)

    def tags(self, name: str) -> list[str] | None:
        """`latest`, the definition's own, and the versions that were made since the registry began."""
        known = name in self._containers or name in self._tags or name in self.look()
        if not known and not (self._packages and packages_of(name)):
            return None
        return sorted({_LATEST, *self._tags.get(name, ())})

    def repositories(self) -> list[str]:
        """The containers, and the packages that somebody has asked for."""
        return sorted({*self.look(), *self._tags})

    def _container(self, name: str) -> tuple[Image, str]:
        """The image of container `name`, and its tag by the definition."""
        with self._evaluating:
            assert self._definition is not None
            made = images.make(self._paths, name, self._definition, self._choices, nixpkgs=self._nixpkgs)
        return made.image, made.container.image.tag

    def _of_packages(self, name: str, packages: tuple[str, ...]) -> Image:
        """The packages as the archive has them now: another list of the archive is another lock file."""
        state = f"{ensure_index(self._paths).path} {' '.join(packages)}"
        directory = f"{self._paths.cache}/oci/packages/{hashlib.sha256(state.encode()).hexdigest()[:20]}"
        source = f"{directory}/configuration.nix"
        with self._evaluating:
            os.makedirs(directory, exist_ok=True)
            files.write_atomically(source, package_definition(packages))
            try:
                spec, lock = pipeline.evaluate_locked(self._paths, source, nixpkgs=self._nixpkgs)
            except DefinitionError as error:
                raise DefinitionError(f"no image can be made of {', '.join(packages)}: {error.what}", hint=error.hint) from error
            with pipeline.rooted(self._paths, spec):
                pipeline.build_systems(self._paths, spec, lock)
                tree = spec.containers["image"].system.path
                if tree is None:
                    raise ContainerError(f"the packages of {name} could not be joined")
                return pack.pack_packages(self._blobs, name, packages, tree, self._choices)

    def _text(self, digest: str) -> bytes | None:
        """The blob `digest` if it is a manifest."""
        path = self._blobs.find(digest)
        if path is None or os.path.getsize(path) > 1 << 20:
            return None
        with open(path, "rb") as file:
            body = file.read()
        try:
            return body if json.loads(body).get("mediaType") == MANIFEST else None
        except (ValueError, AttributeError):
            return None


def _version(image: Image) -> str:
    """The tag that names this very system: the hash of its store path."""
    return image.system.rpartition("/")[2].partition("-")[0]


def _manifest(image: Image) -> Manifest:
    return Manifest(image.manifest, MANIFEST, image.digest)
