"""Where an image goes, by what a person writes after -o."""

from __future__ import annotations

import pytest

from nixos_containers.base.errors import UsageError
from nixos_containers.plan.destinations import parse


@pytest.mark.parametrize(
    "text, kind, place, reference, podman",
    [
        ("web.tar", "archive", "web.tar", "web:v1", "oci-archive:web.tar"),
        ("/a:b/web.tar", "archive", "/a:b/web.tar", "web:v1", "oci-archive:/a:b/web.tar"),
        ("-", "archive", "-", "web:v1", "localhost/web:v1"),
        ("images", "layout", "images", "web:v1", "oci:images:web:v1"),
        ("oci:images", "layout", "images", "web:v1", "oci:images:web:v1"),
        ("oci:images:other", "layout", "images", "other", "oci:images:other"),
        ("oci-archive:x:a:b", "archive", "x", "a:b", "oci-archive:x"),
        ("oci-archive:-", "archive", "-", "web:v1", "localhost/web:v1"),
        ("docker://host/web:v2", "skopeo", "docker://host/web:v2", "web:v1", "host/web:v2"),
        ("docker-archive:x.tar", "skopeo", "docker-archive:x.tar:web:v1", "web:v1", "docker-archive:x.tar:web:v1"),
        ("docker-archive:x.tar:a:b", "skopeo", "docker-archive:x.tar:a:b", "web:v1", "docker-archive:x.tar:a:b"),
        ("containers-storage:web:v3", "skopeo", "containers-storage:web:v3", "web:v1", "web:v3"),
    ],
)
def test_destinations(text: str, kind: str, place: str, reference: str, podman: str) -> None:
    found = parse(text, "web", "v1")
    assert (found.kind, found.place, found.reference, found.podman) == (kind, place, reference, podman)


@pytest.mark.parametrize(
    "text, tag, words",
    [
        ("", "v1", "no place"),
        ("oci:", "v1", "nothing follows"),
        ("oci-archive:", "v1", "nothing follows"),
        ("docker://", "v1", "nothing follows"),
        ("tar:x", "v1", "unknown transport"),
        ("web.tar.gz", "v1", "around them is not"),
        ("web.tgz", "v1", "around them is not"),
        ("web.tar", "a b", "no tag"),
        ("web.tar", "x/y", "no tag"),
        ("web.tar", "", "no tag"),
    ],
)
def test_mistakes(text: str, tag: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        parse(text, "web", tag)
