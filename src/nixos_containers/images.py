"""The story of images: declare -> evaluate -> lock -> build -> pack -> write or serve.

The first half is pipeline.py's. Not for parsing arguments or printing (cli/).
"""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from . import pipeline
from .base.errors import DefinitionError, HostError
from .build import store
from .observe import containers as observe
from .oci import layout, pack, skopeo
from .oci.blobs import Blobs
from .plan.image import run_options

if TYPE_CHECKING:
    from .base.paths import Paths
    from .declare.container import Container
    from .declare.image import Choices, Image
    from .plan.destinations import Destination


@dataclass(frozen=True, slots=True)
class Made:
    """An image, and the container whose it is."""

    container: Container
    image: Image


def blobs(paths: Paths) -> Blobs:
    """Where this host keeps the blobs of its images."""
    return Blobs(f"{paths.cache}/oci")


def make(
    paths: Paths, name: str, definition: str | None, choices: Choices, *, nixpkgs: str | None = None, nix_options: tuple[str, ...] = ()
) -> Made:
    """Pack the image of container `name`.

    `definition` declares it; without one it is a container of a command, as it is on this host. Nothing of the host's containers is
    touched. Raises ContainerError.
    """
    if definition is None:
        return _made_by_command(paths, name, choices)
    source = os.path.abspath(definition)
    spec, lock = pipeline.evaluate_locked(paths, source, names=(name,), nixpkgs=nixpkgs, nix_options=nix_options)
    with pipeline.rooted(paths, spec, apart=f"image-{threading.get_ident()}"):
        pipeline.build_systems(paths, spec, lock)
        container = spec.containers[name]
        return Made(container, pack.pack_container(blobs(paths), container, _system_of(container), choices))


def _made_by_command(paths: Paths, name: str, choices: Choices) -> Made:
    container = observe.record(paths, name).container
    system = os.path.realpath(paths.profile(name))
    if not os.path.exists(system):
        raise HostError(f"container ‘{name}’ has no system", hint=f"nixos-container update {name}")
    with store.rooted(paths.building(os.getpid()), [system]):
        return Made(container, pack.pack_container(blobs(paths), container, system, choices))


def _system_of(container: Container) -> str:
    system = container.system.path
    if system is None or not os.path.exists(f"{system}/init"):
        raise DefinitionError(
            f"container ‘{container.name}’ has no system that could be packed", hint="its option `path` names nothing that is in the store"
        )
    return os.path.realpath(system)


def write(paths: Paths, image: Image, destination: Destination, *, verify_tls: bool = True) -> None:
    """Write `image` to `destination`. Raises ContainerError."""
    kept = blobs(paths)
    if destination.kind == "archive":
        layout.write_archive(kept, image, destination.place, destination.reference)
    elif destination.kind == "layout":
        layout.write_directory(kept, image, destination.place, destination.reference)
    else:
        skopeo.copy(kept, image, destination.place, verify_tls=verify_tls)


def described(made: Made) -> dict[str, Any]:
    """The image as `image --json` has it: sizes in bytes, layers from the first to the last."""
    image = made.image
    return {
        "name": image.name,
        "system": image.system,
        "digest": image.digest,
        "config": image.config.digest,
        "size": image.size,
        "layers": [
            {
                "digest": layer.descriptor.digest,
                "diffId": layer.diff_id,
                "mediaType": layer.descriptor.media_type,
                "size": layer.descriptor.size,
                "what": layer.why,
                "paths": list(layer.paths),
            }
            for layer in image.layers
        ],
        "runOptions": run_options(made.container),
    }
