"""What clients really send, replayed: skopeo and podman, crane, containerd and Docker, and old ones that know Docker's schema only."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from .registry_images import DOCKER_LIST, DOCKER_MANIFEST, LAYER, OCI_INDEX, OCI_MANIFEST, Client, Images, digest_of, failure, serving

SIX_LINES = tuple(
    ("Accept", media_type)
    for media_type in (
        OCI_MANIFEST,
        DOCKER_MANIFEST,
        "application/vnd.docker.distribution.manifest.v1+prettyjws",
        "application/vnd.docker.distribution.manifest.v1+json",
        DOCKER_LIST,
        OCI_INDEX,
    )
)
ONE_LINE = (("Accept", ",".join(value for _, value in SIX_LINES)),)
DOCKER_ONLY = (("Accept", f"{DOCKER_MANIFEST}, application/vnd.docker.distribution.manifest.v1+prettyjws;q=0.5"),)


@pytest.fixture
def images(tmp_path: Path) -> Images:
    images = Images(tmp_path)
    images.tag("hello", "latest", images.make())
    return images


@pytest.fixture
def client(images: Images) -> Iterator[Client]:
    with serving(images) as server:
        yield Client(server)


def pull_blobs(client: Client, document: dict) -> None:
    for descriptor in [document["config"], *document["layers"]]:
        blob = client.get(f"/v2/hello/blobs/{descriptor['digest']}")
        assert blob.status == 200 and digest_of(blob.body) == descriptor["digest"] and len(blob.body) == descriptor["size"]


def test_skopeo_and_podman_pull(client: Client, images: Images) -> None:
    assert client.get("/v2/").status == 200
    reply = client.get("/v2/hello/manifests/latest", *SIX_LINES)
    assert reply.headers["Content-Type"] == OCI_MANIFEST and digest_of(reply.body) == reply.headers["Docker-Content-Digest"]
    pull_blobs(client, reply.json())
    assert images.builds() == 1


@pytest.mark.parametrize("position", range(6))
def test_every_accept_line_counts(client: Client, position: int) -> None:
    lines = SIX_LINES[position:] + SIX_LINES[:position]
    assert client.get("/v2/hello/manifests/latest", *lines).headers["Content-Type"] == OCI_MANIFEST


def test_crane_digest_and_pull(client: Client, images: Images) -> None:
    head = client.head("/v2/hello/manifests/latest", *ONE_LINE)
    digest = head.headers["Docker-Content-Digest"]
    assert head.status == 200 and digest == images.tagged["hello"]["latest"].digest
    reply = client.get(f"/v2/hello/manifests/{digest}", *ONE_LINE)
    assert digest_of(reply.body) == digest and len(reply.body) == int(head.headers["Content-Length"])
    pull_blobs(client, reply.json())
    assert images.builds() == 1


def test_containerd_resolves_by_head_and_fetches_by_digest(client: Client, images: Images) -> None:
    accept = (("Accept", ", ".join([DOCKER_MANIFEST, DOCKER_LIST, OCI_MANIFEST, OCI_INDEX, "*/*"])),)
    head = client.head("/v2/hello/manifests/latest", *accept)
    assert head.headers["Content-Type"] == OCI_MANIFEST
    reply = client.get(f"/v2/hello/manifests/{head.headers['Docker-Content-Digest']}", *accept)
    assert reply.status == 200 and digest_of(reply.body) == head.headers["Docker-Content-Digest"]
    pull_blobs(client, reply.json())
    assert images.builds() == 1


def test_head_then_get_by_tag_builds_once(client: Client, images: Images) -> None:
    for ask in (client.head, client.get, client.get):
        assert ask("/v2/hello/manifests/latest", *SIX_LINES).status == 200
    assert client.get("/v2/hello/manifests/absent").status == client.head("/v2/hello/manifests/absent").status == 404
    assert images.asked == [("image", "hello", "latest"), ("image", "hello", "absent")]


def test_without_accept_it_is_oci(client: Client) -> None:
    for headers in ((), (("Accept", ""),), (("Accept", "*/*"),), (("Accept", "text/html, application/*;q=0.1"),)):
        assert client.get("/v2/hello/manifests/latest", *headers).headers["Content-Type"] == OCI_MANIFEST


def test_a_client_of_dockers_schema_gets_it(client: Client, images: Images) -> None:
    head = client.head("/v2/hello/manifests/latest", *DOCKER_ONLY)
    reply = client.get("/v2/hello/manifests/latest", *DOCKER_ONLY)
    digest = reply.headers["Docker-Content-Digest"]
    assert head.headers["Docker-Content-Digest"] == digest == digest_of(reply.body) != images.tagged["hello"]["latest"].digest
    assert reply.headers["Content-Type"] == head.headers["Content-Type"] == DOCKER_MANIFEST and reply.headers["Vary"] == "Accept"
    document = reply.json()
    assert document["mediaType"] == DOCKER_MANIFEST and document["schemaVersion"] == 2
    assert document["config"]["mediaType"] == "application/vnd.docker.container.image.v1+json"
    assert [layer["mediaType"] for layer in document["layers"]] == ["application/vnd.docker.image.rootfs.diff.tar.gzip"]
    pull_blobs(client, document)
    again = client.get(f"/v2/hello/manifests/{digest}", *DOCKER_ONLY)
    assert again.body == reply.body and again.headers["Content-Type"] == DOCKER_MANIFEST
    assert client.get(f"/v2/other/manifests/{digest}").status == 404
    assert images.builds() == 1


def test_a_type_of_quality_nought_is_refused(client: Client) -> None:
    accept = (("Accept", f"{OCI_MANIFEST};q=0"), ("Accept", f"{DOCKER_MANIFEST};q=0.1"))
    assert client.get("/v2/hello/manifests/latest", *accept).headers["Content-Type"] == DOCKER_MANIFEST


def test_no_form_that_fits_is_said(client: Client) -> None:
    reply = client.get("/v2/hello/manifests/latest", ("Accept", "application/vnd.docker.distribution.manifest.v1+json"))
    assert reply.status == 404 and reply.code == "MANIFEST_UNKNOWN"
    assert OCI_MANIFEST in reply.json()["errors"][0]["message"] and DOCKER_MANIFEST in reply.json()["errors"][0]["message"]


def test_a_layer_in_zstd_stays_oci(client: Client, images: Images) -> None:
    made = images.tag("hello", "zstd", images.make(layer_type=f"{LAYER}+zstd"))
    reply = client.get("/v2/hello/manifests/zstd", *DOCKER_ONLY)
    assert reply.headers["Content-Type"] == OCI_MANIFEST and reply.body == made.body


def test_a_digest_has_one_form(client: Client, images: Images) -> None:
    made = images.tagged["hello"]["latest"]
    reply = client.get(f"/v2/hello/manifests/{made.digest}", *DOCKER_ONLY)
    assert reply.body == made.body and reply.headers["Content-Type"] == OCI_MANIFEST


def test_an_index_for_clients_of_dockers_lists(client: Client, images: Images) -> None:
    images.tag("hello", "both", images.index("amd64", "arm64"))
    assert client.get("/v2/hello/manifests/both", *SIX_LINES).headers["Content-Type"] == OCI_INDEX
    reply = client.get("/v2/hello/manifests/both", ("Accept", DOCKER_LIST), ("Accept", DOCKER_MANIFEST))
    assert reply.headers["Content-Type"] == DOCKER_LIST == reply.json()["mediaType"]
    assert [entry["platform"]["architecture"] for entry in reply.json()["manifests"]] == ["amd64", "arm64"]
    for entry in reply.json()["manifests"]:
        child = client.get(f"/v2/hello/manifests/{entry['digest']}")
        assert child.headers["Content-Type"] == entry["mediaType"] == DOCKER_MANIFEST
        assert digest_of(child.body) == entry["digest"] and len(child.body) == entry["size"]
        pull_blobs(client, child.json())
        config = client.get(f"/v2/hello/blobs/{child.json()['config']['digest']}").json()
        assert config["architecture"] == entry["platform"]["architecture"]


@pytest.mark.parametrize("media_type", [OCI_MANIFEST, DOCKER_MANIFEST])
def test_an_index_for_clients_that_know_none(client: Client, images: Images, media_type: str) -> None:
    images.tag("hello", "both", images.index("arm64", "amd64"))
    reply = client.get("/v2/hello/manifests/both", ("Accept", media_type))
    assert reply.headers["Content-Type"] == media_type
    assert client.get(f"/v2/hello/blobs/{reply.json()['config']['digest']}").json()["architecture"] == "amd64"
    assert client.get(f"/v2/hello/manifests/{reply.headers['Docker-Content-Digest']}").body == reply.body
    images.tag("hello", "arm", images.index("arm64"))
    assert client.get("/v2/hello/manifests/arm", ("Accept", media_type)).status == 404


def test_what_the_client_has_is_not_sent_again(client: Client, images: Images) -> None:
    manifest = images.tagged["hello"]["latest"]
    layer = json.loads(manifest.body)["layers"][0]["digest"]
    for path, digest in (
        ("manifests/latest", manifest.digest),
        (f"manifests/{manifest.digest}", manifest.digest),
        (f"blobs/{layer}", layer),
    ):
        assert client.get(f"/v2/hello/{path}").headers["ETag"] == f'"{digest}"'
        for asked in (f'"{digest}"', f'"other", W/"{digest}"', "*"):
            for ask in (client.get, client.head):
                reply = ask(f"/v2/hello/{path}", ("If-None-Match", asked))
                assert reply.status == 304 and reply.body == b"" and reply.headers["Docker-Content-Digest"] == digest
        assert client.get(f"/v2/hello/{path}", ("If-None-Match", '"other"')).status == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v2/hello/blobs/uploads/"),
        ("POST", "/v2/hello/blobs/uploads"),
        ("POST", f"/v2/hello/blobs/uploads/?mount=sha256:{'1' * 64}&from=other&origin=elsewhere"),
        ("PATCH", "/v2/hello/blobs/uploads/some-session"),
        ("PUT", f"/v2/hello/blobs/uploads/some-session?digest=sha256:{'1' * 64}"),
        ("GET", "/v2/hello/blobs/uploads/some-session"),
        ("PUT", "/v2/hello/manifests/latest"),
        ("DELETE", f"/v2/hello/manifests/sha256:{'1' * 64}"),
        ("DELETE", f"/v2/hello/blobs/sha256:{'1' * 64}"),
        ("DELETE", "/v2/_catalog"),
        ("POST", "/v2/"),
        ("BREW", "/v2/hello/tags/list"),
    ],
)
def test_pushes_and_deletes_are_unsupported(client: Client, images: Images, method: str, path: str) -> None:
    reply = client.ask(method, path, body=b"some content" if method in ("PATCH", "PUT") else b"")
    assert reply.status == 405 and reply.code == "UNSUPPORTED"
    assert reply.headers["Allow"] == ("" if "/uploads" in path else "GET, HEAD")
    assert images.asked == []


def test_why_an_image_cannot_be_built_is_told(client: Client, images: Images) -> None:
    images.broken["hello"] = failure()
    reply = client.get("/v2/hello/manifests/latest")
    (error,) = reply.json()["errors"]
    # Clients show the message of a 4xx, and nothing but the number of a 5xx.
    assert reply.status == 404 and reply.code == "MANIFEST_UNKNOWN" and error["message"] == "hello does not build (hint: look at its log)"
    assert error["detail"] == {"what": "hello does not build", "hint": "look at its log", "details": "error: no such file\n"}
    assert client.head("/v2/hello/manifests/latest").status == 404 and images.builds() == 1
    assert client.get("/v2/hello/tags/list").code == "NAME_UNKNOWN"


def test_what_may_not_be_read_is_denied(client: Client, images: Images) -> None:
    images.broken["hello"] = PermissionError(13, "Permission denied")
    reply = client.get("/v2/hello/manifests/latest")
    assert reply.status == 403 and reply.code == "DENIED"


def test_names_may_hold_the_words_of_paths(client: Client, images: Images) -> None:
    name = "a/manifests/blobs/tags"
    made = images.tag(name, "list", images.make("riscv64"))
    assert client.get(f"/v2/{name}/manifests/list").body == made.body
    assert client.get(f"/v2/{name}/tags/list").json() == {"name": name, "tags": ["list"]}
    layer = json.loads(made.body)["layers"][0]["digest"]
    assert client.get(f"/v2/{name}/blobs/{layer.replace(':', '%3A')}").status == 200


def test_a_blob_whose_file_is_gone_is_unknown(client: Client, images: Images, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "gone", tmp_path, tmp_path / "pipe", tmp_path / "pipe" / "below"):
        monkeypatch.setattr(images, "blob", lambda name, digest, path=path: str(path))
        reply = client.get(f"/v2/hello/blobs/sha256:{'1' * 64}")
        assert reply.status == 404 and reply.code == "BLOB_UNKNOWN"
