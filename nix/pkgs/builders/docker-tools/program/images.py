"""What an image consists of: its layers with their digests, and its configuration (image-spec, config.md).

Not for bytes (tars.py, streams.py).
"""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

import closures
import streams
import tars
from archives import Archive

from nixos_containers.plan.layers import StorePath, share_out


class Refused(Exception):
    """What was asked for cannot be."""


@dataclass(frozen=True, slots=True)
class _Base:
    config: dict[str, Any]
    layers: list[dict[str, Any]]
    store_paths: set[str]


def plan(settings: dict[str, Any], layer_file: str, graphs: Sequence[str]) -> dict[str, Any]:
    """The image: the base's layers, those that are ready, those of the store paths, and at last the root of its own."""
    created = _date(settings["created"])
    stamp = stamp_of(settings["stamp"])
    base = _base(settings)
    layers = [*base.layers, *_ready(settings["layers"])]
    closure = _rest(settings, graphs, layers, base.store_paths)
    room = settings["maxLayers"] - 1
    if not settings["single"] and settings["maxLayersOfAll"]:
        room -= len(layers)
        if closure and room < 1:
            raise Refused(
                f"the image has {len(layers) + 1} layers of its base and its own root, and `maxLayers` allows {settings['maxLayers']}: "
                "at least one more is needed for the store"
            )
    layers += _own(settings, closure, layer_file, room, stamp)
    document = _config(settings, base.config, layers, created.isoformat().replace("+00:00", "Z"))
    return {"tag": settings["tag"], "config": document, "layers": layers, "stamp": asdict(stamp)}


def pack(settings: dict[str, Any], layer_file: str, graphs: Sequence[str], directory: str) -> list[dict[str, Any]]:
    """Layers that several images may have. `keepTars`: with their very bytes in `directory`, for paths that are never built the same."""
    stamp = stamp_of(settings["stamp"])
    ready = _ready(settings["layers"])
    closure = _rest(settings, graphs, ready, ())
    layers = _own(settings, closure, layer_file, settings["maxLayers"] - bool(layer_file), stamp)
    for number, layer in enumerate(layers if settings["keepTars"] else []):
        file = f"{directory}/{number}.tar"
        streams.keep(file, layer, stamp)
        layer |= {"holds": layer["paths"], "paths": [], "file": file}
    for layer in layers:
        layer["history"] = settings["metadata"]
    return [*ready, *layers]


def _ready(files: Iterable[str]) -> list[dict[str, Any]]:
    """The layers that `pack` made, each once."""
    found: dict[str, dict[str, Any]] = {}
    for name in files:
        with open(name, encoding="utf-8") as file:
            for layer in json.load(file):
                found.setdefault(layer["digest"], layer)
    return list(found.values())


def _rest(settings: dict[str, Any], graphs: Sequence[str], layers: Iterable[dict[str, Any]], known: Collection[str]) -> list[StorePath]:
    """What is in none of the layers yet."""
    if not settings["includeStorePaths"]:
        return []
    there = {path for layer in layers for path in (*layer.get("paths", ()), *layer.get("holds", ()))}.union(known)
    return [path for path in closures.read(graphs, settings["leftOut"]) if path.path not in there]


def _own(settings: dict[str, Any], closure: list[StorePath], layer_file: str, room: int, stamp: tars.Stamp) -> list[dict[str, Any]]:
    """Layers of `closure`, and of the root in `layer_file` ("": there is none): the last, or, if `single`, the only one."""
    root: dict[str, Any] = {"file": layer_file} if layer_file else {}
    if settings["single"]:
        layers = [{**root, "paths": [path.path for path in closure], "why": "the root directory and what it needs"}]
    else:
        shared = share_out(closure, max_layers=room, volatile=closures.volatile(closure)) if closure else ()
        layers = [{"paths": list(layer.paths), "why": layer.why} for layer in shared]
        if root:
            layers.append({**root, "paths": [], "why": "the root directory"})
    for layer in layers:
        layer["digest"], layer["size"] = streams.measure(layer, stamp)
    return layers


def _base(settings: dict[str, Any]) -> _Base:
    if not settings["fromImage"]:
        return _Base({}, [], set())
    archive = Archive(settings["fromImage"])
    config, found, paths = archive.layers(archive.image(settings["fromImageName"], settings["fromImageTag"]))
    layers = [
        {
            "archive": archive.path,
            "member": layer.member,
            "digest": layer.digest.removeprefix("sha256:"),
            "size": layer.size,
            "why": "base image",
        }
        for layer in found
    ]
    return _Base(config, layers, paths)


def _config(settings: dict[str, Any], base: dict[str, Any], layers: Sequence[dict[str, Any]], created: str) -> str:
    with open(settings["config"], encoding="utf-8") as file:
        config = json.load(file)
    inherited = (base.get("config") or {}).get("Env") or [] if settings["inheritEnv"] else []
    environment = _environment([*inherited, *(config.get("Env") or [])])
    if environment:
        config["Env"] = environment
    # The base's own history, as far as it is one entry a layer.
    known = [entry for entry in base.get("history") or [] if not entry.get("empty_layer")]
    history = [{"created": created, "created_by": f"nixos-containers: {layer['why']}", **layer.get("history", {})} for layer in layers]
    if known and len(known) == len(base["rootfs"]["diff_ids"]):
        history[: len(known)] = known
    document = {
        "architecture": settings["architecture"],
        "os": "linux",
        "created": created,
        "config": config,
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{layer['digest']}" for layer in layers]},
        "history": history,
    }
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _environment(pairs: Iterable[str]) -> list[str]:
    """Each name once, where it was first, with the value that it had last."""
    last = {pair.partition("=")[0]: pair for pair in pairs}
    return list(last.values())


def _date(text: str) -> datetime:
    if text == "now":
        return datetime.fromtimestamp(int(time.time()), UTC)
    try:
        made = datetime.fromisoformat(text)
    except ValueError:
        raise Refused(f"`{text}` is no date: write `now`, or a date as RFC 3339 has it, such as 1970-01-01T00:00:01Z") from None
    return made if made.tzinfo else made.replace(tzinfo=UTC)


def stamp_of(settings: dict[str, Any]) -> tars.Stamp:
    """The owner and the date of files; the date as people write it, or in seconds."""
    given = dict(settings)
    if isinstance(given.get("mtime"), str):
        given["mtime"] = int(_date(given["mtime"]).timestamp())
    return tars.Stamp(**given)
