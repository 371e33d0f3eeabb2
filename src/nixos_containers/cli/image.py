"""`nixos-container image NAME`: a container as an OCI image, written to a file, a directory, or wherever skopeo takes it."""

from __future__ import annotations

import os
import shlex
import sys
from typing import TYPE_CHECKING

from .. import images
from ..base import log
from ..base.errors import UsageError
from ..base.paths import Paths, check_name
from ..base.quantities import size
from ..declare.image import Choices
from ..observe import containers as observe
from ..plan.destinations import STDOUT, parse
from ..plan.image import run_options
from .nix import nix_options, nixpkgs_of
from .output import emit_json, table
from .switch import definition_of

if TYPE_CHECKING:
    from ..plan.destinations import Destination
    from .parse import Arguments


def run(arguments: Arguments) -> int:
    """Carry the verb out."""
    paths = Paths()
    name = check_name(arguments.name)
    output = arguments.text("output")
    if output is not None:
        _check_output(parse(output, name, arguments.text("tag") or "latest"), name, arguments)
    made = images.make(
        paths,
        name,
        definition_for(paths, name, arguments),
        choices_of(arguments),
        nixpkgs=nixpkgs_of(arguments),
        nix_options=sum(nix_options(arguments), ()),
    )
    image, tag = made.image, arguments.text("tag") or made.container.image.tag
    destination = None if output is None else parse(output, image.name, tag)
    if destination is not None:
        images.write(paths, image, destination, verify_tls=not arguments.flag("insecure"))
    if arguments.json:
        emit_json(images.described(made))
    elif destination is None:
        rows = [
            (str(number), size(layer.descriptor.size), layer.descriptor.digest[7:19], layer.why)
            for number, layer in enumerate(image.layers, 1)
        ]
        print(table(("LAYER", "SIZE", "DIGEST", "WHAT"), rows))
        log.say(f"{image.name}: {size(image.size)}, {image.digest}")
        log.say(f"to write it: nixos-container image {name} -o {name}.tar, or -o docker://HOST/{image.name}:{tag}")
    else:
        if destination.place != STDOUT:
            print(image.digest)
        program = "docker" if destination.place.startswith("docker-daemon:") else "podman"
        log.say("to run it: " + shlex.join([program, "run", "-d", "--name", name, *run_options(made.container), destination.podman]))
    return 0


def _check_output(destination: Destination, name: str, arguments: Arguments) -> None:
    """Tell a mistake before anything is built. Raises UsageError."""
    if destination.place == STDOUT and sys.stdout.isatty():
        raise UsageError("an image is no text for a terminal", hint=f"nixos-container image {name} -o - | podman load")
    if destination.place == STDOUT and arguments.json:
        raise UsageError("stdout is the image, so it cannot be JSON", hint="write the image to a file: -o FILE.tar")


def definition_for(paths: Paths, name: str, arguments: Arguments) -> str | None:
    """The file that declares container `name`: the one given, else the one that the host has it from. None: a command made it."""
    if arguments.text("config_path") is not None:
        return definition_of(paths, arguments)
    known = observe.names(paths)
    if name not in known and not (known and not os.path.exists(paths.definition)):
        return definition_of(paths, arguments)
    source = observe.record(paths, name).declared_by
    if source is not None and not os.path.exists(source):
        raise UsageError(f"{source} declares ‘{name}’, and is not there any more", hint=f"nixos-container image {name} -c FILE")
    return source


def choices_of(arguments: Arguments) -> Choices:
    """How the image shall be packed. Raises UsageError."""
    usual = Choices()
    layers = arguments.text("max_layers")
    # Docker stops at 127, of which one is the root's.
    if layers is not None and not (layers.isdigit() and 1 <= int(layers) <= 126):
        raise UsageError(f"--max-layers {layers}: expected a number from 1 to 126", hint="without it there are at most 64")
    return Choices(
        max_layers=None if layers is None else int(layers),
        strategy=arguments.text("layering") or usual.strategy,
        compression=arguments.text("compression"),
        created=_created(arguments.text("created")) or usual.created,
    )


def _created(text: str | None) -> str | None:
    """A date as the image has it (RFC 3339). Raises UsageError."""
    if text is None:
        return None
    from datetime import UTC, datetime

    try:
        moment = datetime.now(UTC) if text == "now" else datetime.fromisoformat(text)
        moment = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise UsageError(f"--created {text}: expected now, or a date", hint="--created 2026-11-29T12:00:00Z") from None
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")
