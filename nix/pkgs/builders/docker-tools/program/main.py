"""The program behind pkgs.dockerTools: what its builds and its scripts run.

For: putting a root together, packing it, planning an image, writing it. Runs with the standard library, and with the layering
and the tars of nixos_containers beside it. Not for deciding what belongs into an image: the Nix files next to this directory do.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from typing import Any

import archives
import images
import roots
import streams
import tars

from nixos_containers.base.errors import HostError


def root(settings: dict[str, Any], directory: str) -> None:
    """Put the contents into `directory`."""
    roots.join(settings, directory)


def layer(settings: dict[str, Any], directory: str, file: str) -> None:
    """Pack `directory` into the tar `file`."""
    stamp = images.stamp_of(settings["stamp"])
    with open(file, "wb") as sink:
        tars.write_root(sink, directory, stamp, keep_owners=settings["keepOwners"], chosen=roots.permissions(settings, stamp))


def plan(settings: dict[str, Any], layer_file: str, file: str, *graphs: str) -> None:
    """Write down what the image consists of, digests included, so that writing it needs one pass."""
    made = images.plan(settings, layer_file, graphs)
    with open(file, "w", encoding="utf-8") as sink:
        json.dump(made, sink, indent=1, sort_keys=True)


def pack(settings: dict[str, Any], layer_file: str, directory: str, *graphs: str) -> None:
    """Write down layers that several images may have, in `directory`."""
    made = images.pack(settings, layer_file, graphs, directory)
    with open(f"{directory}/layers.json", "w", encoding="utf-8") as sink:
        json.dump(made, sink, indent=1, sort_keys=True)


def stream(conf: dict[str, Any], *words: str) -> None:
    """Write the image to stdout."""
    given = list(words)
    while given:
        match given.pop(0).split("=", 1), given:
            case ["--repo_tag", tag], _:
                conf["tag"] = tag
            case ["--repo_tag"], [tag, *given]:
                conf["tag"] = tag
            case _:
                raise SystemExit("usage: [--repo_tag NAME:TAG]; the image goes to stdout")
    if sys.stdout.isatty():
        raise SystemExit("the image is binary: pipe it into `podman load` or `docker load`, or redirect it to a file")
    streams.write_image(sys.stdout.buffer, conf)


def merge(settings: dict[str, Any]) -> None:
    """Write the images of several archives, as one archive, to stdout."""
    streams.write_merged(sys.stdout.buffer, [archives.Archive(path) for path in settings["images"]])


def gzip(_: dict[str, Any]) -> None:
    """Compress stdin to stdout; no name and no date goes into it."""
    streams.squeeze(sys.stdin.buffer, sys.stdout.buffer)


_COMMANDS: dict[str, Callable[..., None]] = {command.__name__: command for command in (root, layer, plan, pack, stream, merge, gzip)}


def main(arguments: list[str]) -> int:
    """Run COMMAND SETTINGS ARGUMENT…; the settings are a file of JSON."""
    command, settings, *rest = arguments
    try:
        with open(settings, encoding="utf-8") as file:
            _COMMANDS[command](json.load(file), *rest)
        sys.stdout.flush()
    except BrokenPipeError:
        # Who reads has said why. Nothing more can be written, neither at the interpreter's end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 1
    except OSError as failure:
        words = [failure.filename, failure.strerror] if failure.filename and failure.strerror else [failure]
        print("error:", ": ".join(map(str, words)), file=sys.stderr)
        return 1
    except HostError as failure:
        print(f"error: {failure.what}", file=sys.stderr)
        return 1
    except (images.Refused, archives.Unreadable) as failure:
        print(f"error: {failure}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
