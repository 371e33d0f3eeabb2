"""Where an image goes, as a person writes it: a file, a directory, stdout, or what skopeo knows. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..base.errors import UsageError
from ..declare.references import is_tag

# containers-transports(5).
TRANSPORTS = ("docker", "docker-archive", "docker-daemon", "containers-storage", "dir", "oci", "oci-archive", "ostree", "sif")
STDOUT = "-"
_EXAMPLES = "-o web.tar, -o images/, -o docker://HOST/web:v1"


@dataclass(frozen=True, slots=True)
class Destination:
    """`kind` is "archive" or "layout", which are ours to write at `place`, or "skopeo", whose word for it `place` is.

    `reference` is how the image is called there, `podman` how podman calls it afterwards.
    """

    kind: str
    place: str
    reference: str
    podman: str


def parse(text: str, name: str, tag: str) -> Destination:
    """What `text` means for the image `name`:`tag`. Raises UsageError."""
    if not is_tag(tag):
        raise UsageError(f"‘{tag}’ is no tag of an image", hint="letters, digits, `_`, `.` and `-`, at most 128")
    reference = f"{name}:{tag}"
    transport, colon, rest = text.partition(":")
    if not colon or "/" in transport:
        return _file(text, reference)
    if transport not in TRANSPORTS:
        raise UsageError(f"unknown transport ‘{transport}:’", hint=f"there are: {', '.join(TRANSPORTS)}")
    place, _, given = rest.partition(":")
    if not place.removeprefix("//"):
        raise UsageError(f"-o {text}: nothing follows the colon", hint=_EXAMPLES)
    if transport == "oci":
        return Destination("layout", place, given or reference, f"oci:{place}:{given or reference}")
    if transport == "oci-archive":
        return _archive(place, given or reference)
    if transport == "docker-archive" and not given:
        text = f"{text}:{reference}"
    podman = {"docker": rest.removeprefix("//"), "containers-storage": rest, "docker-daemon": rest}.get(transport, text)
    return Destination("skopeo", text, reference, podman)


def _file(text: str, reference: str) -> Destination:
    if not text:
        raise UsageError("-o says no place to write to", hint=_EXAMPLES)
    if text == STDOUT or text.endswith(".tar"):
        return _archive(text, reference)
    if re.search(r"\.(tar\.\w+|tgz|txz|tbz2?|tzst|zip)$", text):
        raise UsageError(f"-o {text}: the layers are compressed, the file around them is not", hint=f"-o {text.partition('.')[0]}.tar")
    return Destination("layout", text, reference, f"oci:{text}:{reference}")


def _archive(place: str, reference: str) -> Destination:
    return Destination("archive", place, reference, f"localhost/{reference}" if place == STDOUT else f"oci-archive:{place}")
