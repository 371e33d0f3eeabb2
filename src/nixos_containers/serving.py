"""What the registry serves: the containers of a definition file, and packages by their names. Built when they are asked for.

An image is what the definition says at that moment: whoever pulls again gets what has changed. Not for HTTP (registry/).
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
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
# For so long the answer to "which containers are there" is good: a pull asks several times.
_FRESH = 2.0  # seconds
# Whoever asks for packages leaves a definition with its lock; so many stay.
_KEPT_DEFINITIONS = 500
_LARGEST_MANIFEST = 4 << 20  # bytes (distribution-spec: what a registry takes at least)


@dataclass(frozen=True, slots=True)
class _Known:
    """A container of the definition: its name, its image's own tag, and the one that names its present system."""

    name: str
    tag: str
    version: str


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
        self._containers: dict[str, _Known] = {}
        self._looked = float("-inf")
        self._tags: dict[str, dict[str, str]] = {}  # image -> tag -> digest
        # One at a time writes the lock file beside the definition; packages have one each.
        self._evaluating = threading.Lock()
        self._joining: dict[str, threading.Lock] = {}

    def look(self) -> list[str]:
        """What the definition's containers are called as images, read again if that was not just done.

        While one of them is being built, the answer of before is taken. Raises ContainerError.
        """
        if self._definition is None or time.monotonic() - self._looked < _FRESH:
            return list(self._containers)
        if not self._evaluating.acquire(blocking=not self._containers):
            return list(self._containers)
        try:
            spec, _ = pipeline.evaluate_locked(self._paths, self._definition, nixpkgs=self._nixpkgs)
        finally:
            self._evaluating.release()
        found: dict[str, _Known] = {}
        for name, container in sorted(spec.containers.items()):
            called = image_name(container)
            if called in found:
                raise DefinitionError(
                    f"the containers ‘{found[called].name}’ and ‘{name}’ have images of one name, ‘{called}’",
                    hint=f"containers.{name}.image.name gives one of them another",
                )
            found[called] = _Known(name, container.image.tag, _version(container.system.path or ""))
        self._containers, self._looked = found, time.monotonic()
        return list(found)

    def image(self, name: str, tag: str) -> Manifest | None:
        """The image `name` as the definition, or the archive, has it now, or an earlier one by the tag of its version."""
        self.look()
        known = self._containers.get(name)
        moving = {_LATEST} if known is None else {_LATEST, known.tag}
        earlier = self._tags.get(name, {}).get(tag) if tag not in moving else None
        if earlier is not None:
            return self.manifest(name, earlier)
        if known is not None and tag in (*moving, known.version):
            made = self._container(known)
            self._remember(name, made, *moving)
            # The definition may have changed since it was last looked at.
            return _manifest(made) if tag in (*moving, _version(made.system)) else None
        packages = packages_of(name) if self._packages and known is None and tag == _LATEST else ()
        if not packages:
            return None
        made = self._of_packages(name, packages)
        self._remember(name, made, _LATEST)
        return _manifest(made)

    def manifest(self, name: str, digest: str) -> Manifest | None:
        """A manifest that was made on this host, by its digest."""
        body = self._text(digest)
        return None if body is None else Manifest(body, MANIFEST, digest)

    def blob(self, name: str, digest: str) -> str | None:
        """The file of a layer or a configuration."""
        return self._blobs.find(digest)

    def tags(self, name: str) -> list[str] | None:
        """`latest`, the definition's own, and the versions that were made since the registry began and are still there."""
        self.look()
        known = self._containers.get(name)
        made = {tag for tag, digest in self._tags.get(name, {}).items() if tag == _LATEST or self._blobs.find(digest)}
        if known is not None:
            made |= {_LATEST, known.tag}
        elif not made and self._are_packages(name):
            made = {_LATEST}
        return sorted(made) or None

    def repositories(self) -> list[str]:
        """The containers, and the packages that somebody has asked for."""
        return sorted({*self.look(), *self._tags})

    def end(self) -> None:
        """Give up what is being packed: the process ends."""
        pack.give_up()

    def _container(self, known: _Known) -> Image:
        with self._evaluating:
            assert self._definition is not None
            return images.make(self._paths, known.name, self._definition, self._choices, nixpkgs=self._nixpkgs).image

    def _remember(self, name: str, made: Image, *tags: str) -> None:
        self._tags.setdefault(name, {}).update(dict.fromkeys((*tags, _version(made.system)), made.digest))

    def _are_packages(self, name: str) -> bool:
        """Whether the image could be made, as far as the index of the archive tells: it knows no names of sets."""
        packages = packages_of(name) if self._packages else ()
        index = ensure_index(self._paths)
        return bool(packages) and all(index.entry(package) is not None for package in packages)

    def _of_packages(self, name: str, packages: tuple[str, ...]) -> Image:
        """The packages as the archive has them now: another list of the archive is another lock file."""
        state = f"{ensure_index(self._paths).path} {' '.join(packages)}"
        key = hashlib.sha256(state.encode()).hexdigest()[:20]
        directory = f"{self._paths.cache}/oci/packages/{key}"
        source = f"{directory}/configuration.nix"
        with self._joining.setdefault(key, threading.Lock()):
            os.makedirs(directory, exist_ok=True)
            files.write_atomically(source, package_definition(packages))
            try:
                spec, lock = pipeline.evaluate_locked(self._paths, source, nixpkgs=self._nixpkgs)
            except DefinitionError as error:
                shutil.rmtree(directory, ignore_errors=True)
                raise DefinitionError(f"no image can be made of {', '.join(packages)}: {error.what}", hint=error.hint) from error
            with pipeline.rooted(self._paths, spec, apart=key):
                pipeline.build_systems(self._paths, spec, lock)
                tree = spec.containers["image"].system.path
                if tree is None:
                    raise ContainerError(f"the packages of {name} could not be joined")
                made = pack.pack_packages(self._blobs, name, packages, tree, self._choices)
        _forget_definitions(os.path.dirname(directory))
        return made

    def _text(self, digest: str) -> bytes | None:
        """The blob `digest` if it is a manifest."""
        path = self._blobs.find(digest)
        with suppress(OSError, ValueError, AttributeError):
            if path is not None and os.path.getsize(path) <= _LARGEST_MANIFEST:
                with open(path, "rb") as file:
                    body = file.read()
                if json.loads(body).get("mediaType") == MANIFEST:
                    return body
        return None


def _forget_definitions(directory: str) -> None:
    """Remove the definitions of packages that nobody has asked for for the longest time."""
    with suppress(OSError):
        entries = sorted(os.scandir(directory), key=lambda entry: entry.stat().st_mtime, reverse=True)
        for entry in entries[_KEPT_DEFINITIONS:]:
            shutil.rmtree(entry.path, ignore_errors=True)


def _version(system: str) -> str:
    """The tag that names this very system: the hash of its store path."""
    return system.rpartition("/")[2].partition("-")[0]


def _manifest(image: Image) -> Manifest:
    return Manifest(image.manifest, MANIFEST, image.digest)
