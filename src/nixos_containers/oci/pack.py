"""A system becomes an image: its closure shared out among layers, each of them packed, and the documents that name them."""

from __future__ import annotations

import os
import platform
import threading
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..base import files, log, process
from ..base.errors import HostError
from ..declare.image import Image, ImageOptions, PackedLayer
from ..plan import image as plan
from ..plan import package_image as package_plan
from ..plan.layers import share_out
from .closure import closure_of
from .tarball import Tee, write_entries, write_store_paths

if TYPE_CHECKING:
    from ..declare.container import Container
    from ..declare.image import Choices, Entry, ImageConfig
    from ..plan.layers import Layer
    from .blobs import Blobs

# GOARCH, as image-spec's config.md wants it, by the kernel's name.
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm", "i686": "386", "ppc64le": "ppc64le", "riscv64": "riscv64"}
# What all images of a host may take together before the oldest go.
_MOST_BYTES = 20 << 30
# Set when the process ends: nobody waits for an image any more.
_ending = threading.Event()


def give_up() -> None:
    """End all packing of this process at its next bytes, for good."""
    _ending.set()


def pack_container(blobs: Blobs, container: Container, system: str, choices: Choices) -> Image:
    """The image of `container`, whose system is `system` in the store. Raises ContainerError."""
    manifest = files.read_text(f"{system}/etc-manifest")
    copied = {path: _content(f"{system}/etc/{path}") for path in plan.copied_files(manifest or "")}
    entries = plan.root_entries(system, manifest, {path: content for path, content in copied.items() if content is not None})
    subject = _Subject(plan.image_name(container), system, plan.image_config(container, system), entries, container.image)
    return _pack(blobs, subject, choices)


def _content(path: str) -> bytes | None:
    """What is in a file of the store; None for anything else, wherever a link of the system's leads."""
    real = os.path.realpath(path)
    if not real.startswith("/nix/store/") or not os.path.isfile(real):
        return None
    with open(real, "rb") as file:
        return file.read()


def pack_packages(blobs: Blobs, name: str, packages: tuple[str, ...], tree: str, choices: Choices) -> Image:
    """The image `name` of `packages`, which are joined in `tree` in the store. Raises ContainerError."""
    config = package_plan.config(packages, _names(f"{tree}/bin"))
    entries = package_plan.root_entries(tree, _names(tree), _names(f"{tree}/etc"))
    return _pack(blobs, _Subject(name, tree, config, entries, ImageOptions()), choices)


def _names(directory: str) -> list[str]:
    try:
        return sorted(os.listdir(directory))
    except FileNotFoundError:
        return []


def _pack_layers(blobs: Blobs, shared: tuple[Layer, ...], hashes: dict[str, str], compression: str) -> list[PackedLayer]:
    """Pack all layers, as many at a time as there are processors. A failure, or Ctrl-C, ends the others at their next bytes."""
    stopped = threading.Event()

    def look() -> None:
        if stopped.is_set() or _ending.is_set():
            raise HostError("the packing was given up")

    def pack(layer: Layer) -> PackedLayer:
        look()
        key = ("store", *(f"{path} {hashes[path]}" for path in sorted(layer.paths)))
        made, diff_id = blobs.layer(key, compression, lambda sink: write_store_paths(Tee(lambda _: look(), sink.write), layer.paths))
        return PackedLayer(made, diff_id, layer.why, layer.paths)

    # The largest first, so that at the end no processor waits for one of them.
    largest_first = sorted(shared, key=lambda layer: -layer.size)
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        try:
            futures = [pool.submit(pack, layer) for layer in largest_first]
            for future in wait(futures, return_when=FIRST_EXCEPTION).done:
                future.result()
            packed = {layer: future.result() for layer, future in zip(largest_first, futures, strict=True)}
        except BaseException:
            stopped.set()
            raise
    return [packed[layer] for layer in shared]


@dataclass(frozen=True, slots=True)
class _Subject:
    """What is packed: a store path, what stands in the root beside the store, and what a runtime is told."""

    name: str
    system: str
    config: ImageConfig
    entries: tuple[Entry, ...]
    options: ImageOptions


def _pack(blobs: Blobs, subject: _Subject, choices: Choices) -> Image:
    packing = choices.packing(subject.options)
    if packing.compression == "zstd" and process.find("zstd") is None:
        raise HostError("the program ‘zstd’ is not installed", hint="apt-get install zstd, or --compression gzip")
    hashes, graph = closure_of(subject.system)
    packages = (files.read_text(f"{subject.system}/packages") or "").split()
    volatile = plan.volatile_paths(subject.system, packages, hashes)
    shared = share_out(graph, max_layers=packing.max_layers, strategy=packing.strategy, volatile=volatile)
    size = sum(path.size for path in graph)
    with log.step(f"packing {subject.name}: {size / 1e6:.0f} MB in {len(shared)} layers"):
        layers = _pack_layers(blobs, shared, hashes, packing.compression)
    root, diff_id = blobs.layer(
        ("root", *map(repr, subject.entries)), packing.compression, lambda sink: write_entries(sink, subject.entries)
    )
    layers.append(PackedLayer(root, diff_id, "the root directory"))
    architecture = _ARCHITECTURES.get(platform.machine(), platform.machine())
    text = plan.config_document(subject.config, layers, architecture=architecture, created=packing.created, more=subject.options.config)
    described = plan.config_descriptor(text)
    manifest = plan.manifest_document(described, layers, annotations=subject.config.labels)
    image = Image(subject.name, subject.system, manifest, plan.digest_of(manifest), described, tuple(layers))
    blobs.add(text, described.digest)
    blobs.add(manifest, image.digest)
    blobs.forget(_MOST_BYTES, [image.digest, described.digest, *(layer.descriptor.digest for layer in layers)])
    return image
