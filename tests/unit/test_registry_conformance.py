"""The read-only checks of the conformance suite of distribution-spec, under the suite's names: of the present suite, then of the older one.

Expectations are the suite's; where the specification's main branch asks for more (digest headers), that too.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from nixos_containers.registry.source import Manifest

from .registry_images import ABSENT, OCI_INDEX, OCI_MANIFEST, Client, Images, digest_of, serving

ACCEPT = (("Accept", OCI_INDEX), ("Accept", OCI_MANIFEST))
BLOB = bytes(range(256)) * 8


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Images:
    images = Images(tmp_path_factory.mktemp("blobs"))
    images.tag("repo/one", "image", images.make())
    images.tag("repo/one", "uncompressed", images.make(layer_type="application/vnd.oci.image.layer.v1.tar"))
    images.tag("repo/one", "index", images.index("amd64", "arm64"))
    images.tag("repo/one", "large-manifest", images.make(annotations={f"large-{i}": "A" * 10000 for i in range(390)}))
    images.tag("repo/one", "artifact", images.make(artifactType="application/vnd.example.config", customField="kept"))
    return images


@pytest.fixture(scope="module")
def client(images: Images) -> Iterator[Client]:
    with serving(images) as server:
        yield Client(server)


def test_ping(client: Client) -> None:
    for path in ("/v2/", "/v2"):
        reply = client.get(path)
        assert reply.status == 200 and reply.headers["Docker-Distribution-API-Version"] == "registry/2.0"


def test_empty_tag_list(client: Client) -> None:
    reply = client.get("/v2/nothing/here/tags/list")
    assert reply.status == 404 and reply.code == "NAME_UNKNOWN"


def test_empty_referrers(client: Client) -> None:
    for name in ("repo/one", "nothing/here"):
        reply = client.get(f"/v2/{name}/referrers/{ABSENT}")
        assert reply.status == 200 and reply.headers["Content-Type"] == OCI_INDEX
        assert reply.json() == {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": []}
        assert "OCI-Filters-Applied" not in reply.headers


def test_referrers_filtered_by_artifact_type(client: Client) -> None:
    reply = client.get(f"/v2/repo/one/referrers/{ABSENT}?artifactType=application%2Fvnd.example")
    assert reply.headers["OCI-Filters-Applied"] == "artifactType" and reply.json()["manifests"] == []


def test_referrers_of_a_malformed_digest(client: Client) -> None:
    reply = client.get("/v2/repo/one/referrers/sha256:baddigeststring")
    assert reply.status == 400 and reply.code == "DIGEST_INVALID"


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
def test_blobs_get_missing(client: Client, algorithm: str) -> None:
    for ask in (client.get, client.head):
        reply = ask(f"/v2/repo/one/blobs/{digest_of(b'missing', algorithm)}")
        assert reply.status == 404 and int(reply.headers["Content-Length"]) > 0
    assert client.get(f"/v2/repo/one/blobs/{ABSENT}").code == "BLOB_UNKNOWN"


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
@pytest.mark.parametrize("content", [b"", b"{}", BLOB], ids=["empty", "emptyJSON", "blob"])
def test_blob_head_and_blob_get(client: Client, images: Images, content: bytes, algorithm: str) -> None:
    digest = images.put(content, algorithm)
    for ask, expected in ((client.head, b""), (client.get, content)):
        reply = ask(f"/v2/repo/one/blobs/{digest}")
        assert reply.status == 200 and reply.body == expected
        assert reply.headers["Content-Length"] == str(len(content)) and reply.headers["Docker-Content-Digest"] == digest
        assert reply.headers["Content-Type"] == "application/octet-stream"


RANGES = {
    "500-1499": (500, 1499),
    "500-": (500, 2047),
    "-500": (1548, 2047),
    "2000-5000": (2000, 2047),
    "0-0": (0, 0),
    "-5000": (0, 2047),
    "500-0": None,
    "5000-10000": None,
    "2048-": None,
    "-0": None,
}


@pytest.mark.parametrize("asked", RANGES)
def test_range_requests(client: Client, images: Images, asked: str) -> None:
    digest = images.put(BLOB)
    reply = client.get(f"/v2/repo/one/blobs/{digest}", ("Range", f"bytes={asked}"))
    expected = RANGES[asked]
    if expected is None:
        assert reply.status == 416 and reply.headers["Content-Range"] == "bytes */2048" and reply.code == "RANGE_INVALID"
    else:
        first, last = expected
        assert reply.status == 206 and reply.body == BLOB[first : last + 1]
        assert reply.headers["Content-Length"] == str(last - first + 1)
        assert reply.headers["Content-Range"] == f"bytes {first}-{last}/2048" and reply.headers["Docker-Content-Digest"] == digest


@pytest.mark.parametrize("asked", ["bytes=0-1,5-6", "lines=1-2", "bytes=a-b", "bytes=-", "bytes=" + "9" * 4000 + "-"])
def test_ranges_that_mean_nothing_get_the_whole_blob(client: Client, images: Images, asked: str) -> None:
    reply = client.get(f"/v2/repo/one/blobs/{images.put(BLOB)}", ("Range", asked))
    assert reply.status == 200 and reply.body == BLOB and reply.headers["Accept-Ranges"] == "bytes"


def test_a_range_of_another_version_is_no_range(client: Client, images: Images) -> None:
    path, digest = f"/v2/repo/one/blobs/{images.put(BLOB)}", digest_of(BLOB)
    assert client.get(path, ("Range", "bytes=0-9"), ("If-Range", '"other"')).status == 200
    assert client.get(path, ("Range", "bytes=0-9"), ("If-Range", f'"{digest}"')).status == 206
    assert client.head(path, ("Range", "bytes=0-9")).headers["Content-Length"] == "2048"


def manifests(images: Images) -> list[tuple[str, Manifest]]:
    return list(images.tagged["repo/one"].items())


def test_manifest_head_and_get_by_tag_and_by_digest(client: Client, images: Images) -> None:
    known = manifests(images)
    assert len(known) == 5 and max(len(manifest.body) for _, manifest in known) > 3_900_000
    for tag, manifest in known:
        for reference in (tag, manifest.digest):
            for ask, expected in ((client.head, b""), (client.get, manifest.body)):
                reply = ask(f"/v2/repo/one/manifests/{reference}", *ACCEPT)
                assert reply.status == 200 and reply.body == expected
                assert reply.headers["Content-Type"] == manifest.media_type
                assert reply.headers["Content-Length"] == str(len(manifest.body))
                assert reply.headers["Docker-Content-Digest"] == manifest.digest


def test_missing_manifest_by_digest_and_by_tag(client: Client) -> None:
    for reference in (ABSENT, "missing-tag"):
        reply = client.get(f"/v2/repo/one/manifests/{reference}", *ACCEPT)
        assert reply.status == 404 and reply.code == "MANIFEST_UNKNOWN"
        assert client.head(f"/v2/repo/one/manifests/{reference}", *ACCEPT).status == 404


def test_invalid_digest_format(client: Client, images: Images) -> None:
    before = len(images.asked)
    for method in ("GET", "PUT", "DELETE"):
        for kind in ("manifests", "blobs"):
            reply = client.ask(method, f"/v2/repo/one/{kind}/sha256:baddigeststring")
            assert reply.status == 400 and reply.code == "DIGEST_INVALID"
    assert len(images.asked) == before


def test_tag_list(client: Client) -> None:
    everything = client.get("/v2/repo/one/tags/list").json()
    assert everything == {"name": "repo/one", "tags": ["artifact", "image", "index", "large-manifest", "uncompressed"]}
    assert client.get("/v2/repo/one/tags/list?last=image").json()["tags"] == ["index", "large-manifest", "uncompressed"]
    assert client.get("/v2/repo/one/tags/list?last=imagf").json()["tags"] == ["index", "large-manifest", "uncompressed"]
    assert client.get("/v2/repo/one/tags/list?last=zzz").json()["tags"] == []


@pytest.mark.parametrize(("path", "key"), [("/v2/repo/one/tags/list", "tags"), ("/v2/_catalog", "repositories")])
def test_lists_in_parts(client: Client, images: Images, path: str, key: str) -> None:
    for name in ("other/b", "other/a"):
        images.tag(name, "latest", images.make())
    whole = client.get(path)
    assert "Link" not in whole.headers and whole.json()[key] == sorted(whole.json()[key])
    found, following = [], f"{path}?n=2"
    while following:
        reply = client.get(following)
        assert 0 < len(reply.json()[key]) <= 2
        found += reply.json()[key]
        link = reply.headers["Link"]
        assert link is None or link.endswith('>; rel="next"')
        following = "" if link is None else link.partition(">")[0].removeprefix("<")
    assert found == whole.json()[key] and len(found) > 2
    nothing = client.get(f"{path}?n=0")
    assert nothing.json()[key] == [] and "Link" not in nothing.headers
    exactly = client.get(f"{path}?n={len(found)}")
    assert exactly.json()[key] == found and "Link" not in exactly.headers
    for wrong in ("-1", "x", "", "٣", "9" * 5000):
        reply = client.ask("GET", f"{path}?n={wrong.encode().decode('latin-1') if wrong.isascii() else '%D9%A3'}")
        assert reply.status == 400 and reply.code == "PAGINATION_NUMBER_INVALID"


@pytest.mark.parametrize(
    ("title", "method", "path", "statuses"),
    [
        ("GET request to base API route", "GET", "/v2/", {200}),
        ("HEAD request to nonexistent blob should result in 404 response", "HEAD", f"/v2/repo/one/blobs/{ABSENT}", {404}),
        ("GET nonexistent blob should result in 404 response", "GET", f"/v2/repo/one/blobs/{ABSENT}", {404}),
        ("HEAD request to nonexistent manifest should return 404", "HEAD", "/v2/repo/one/manifests/.INVALID_MANIFEST_NAME", {404}),
        ("GET nonexistent manifest should return 404", "GET", "/v2/repo/one/manifests/.INVALID_MANIFEST_NAME", {404}),
        ("400 response body should contain OCI-conforming JSON message", "PUT", "/v2/repo/one/manifests/sha256:totallywrong", {400}),
        ("DELETE request to manifest (digest)", "DELETE", f"/v2/repo/one/manifests/{ABSENT}", {405}),
        ("DELETE request to manifest tag", "DELETE", "/v2/repo/one/manifests/image", {405}),
        ("DELETE request to blob URL", "DELETE", f"/v2/repo/one/blobs/{ABSENT}", {405}),
    ],
)
def test_older_suite(client: Client, title: str, method: str, path: str, statuses: set[int]) -> None:
    reply = client.ask(method, path)
    assert reply.status in statuses, title
    if method != "HEAD" and reply.status >= 400:
        assert reply.code in {"BLOB_UNKNOWN", "MANIFEST_UNKNOWN", "DIGEST_INVALID", "UNSUPPORTED"}


def test_nothing_outside_of_the_directory_is_reached(client: Client, images: Images, tmp_path: Path) -> None:
    before = len(images.asked)
    for path in (
        "/v2/repo/one/blobs/../../../etc/passwd",
        "/v2/repo/one/blobs/sha256:..%2F..%2Fetc%2Fpasswd",
        "/v2/repo/../one/blobs/" + ABSENT,
        "/v2/repo%2F..%2Fone/manifests/latest",
        "/v2/repo/one/blobs/sha256:" + "A" * 64,
        "/v2/repo/one/blobs/sha256:" + "0" * 64 + "%0A",
        "/v2/Repo/one/manifests/latest",
        "/v2/" + "a" * 256 + "/manifests/latest",
        "/v2/repo/one/blobs/md5:" + "0" * 32,
    ):
        reply = client.get(path)
        assert reply.status in (400, 404) and reply.code in {"NAME_INVALID", "DIGEST_INVALID", "UNSUPPORTED"}, path
    assert len(images.asked) == before
