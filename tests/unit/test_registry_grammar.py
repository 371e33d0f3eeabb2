"""The pure parts of the registry: grammars, headers, paths, Docker's schema, hashes of passwords, metrics."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nixos_containers.base.errors import HostError
from nixos_containers.declare.references import is_digest, is_name, is_tag
from nixos_containers.registry import routes
from nixos_containers.registry.auth import Gate, hash_password, read_users, verify_password
from nixos_containers.registry.metrics import METRICS, Metrics
from nixos_containers.registry.negotiation import Unsatisfiable, accepted, byte_range, names_tag
from nixos_containers.registry.page import html
from nixos_containers.registry.routes import Route, route, target
from nixos_containers.registry.schema2 import as_docker, as_docker_list, child_for

from .registry_images import DOCKER_MANIFEST, LAYER, OCI_MANIFEST, Images, manifest_of


def test_names() -> None:
    good = ["a", "0", "hello", "a/b/c", "a.b", "a_b", "a__b", "a---b", "a-b.c__d/e", "a" * 255, "/".join(["a"] * 128)]
    bad = ["", "A", "a/", "/a", "a//b", "a..b", "a___b", ".a", "a.", "-a", "a-", "a_", "a._b", "a b", "ä", "a\n", "a:b", "../a", "a" * 256]
    assert [name for name in good if not is_name(name)] == [] and [name for name in bad if is_name(name)] == []


def test_tags() -> None:
    good = ["a", "A", "_", "1.2.3-rc_1", "latest", "a" * 128, "_._-"]
    bad = ["", ".a", "-a", "a" * 129, "a/b", "a:b", "a\n", "ä", "a+b"]
    assert [tag for tag in good if not is_tag(tag)] == [] and [tag for tag in bad if is_tag(tag)] == []


def test_digests() -> None:
    good = ["sha256:" + "0" * 64, "sha256:" + "af" * 32, "sha512:" + "1" * 128]
    bad = ["", "sha256", "sha256:", "sha256:" + "0" * 63, "sha256:" + "0" * 65, "sha256:" + "F" * 64, "sha256:" + "g" * 64]
    bad += ["sha512:" + "0" * 64, "sha1:" + "0" * 40, "SHA256:" + "0" * 64, "sha256:" + "0" * 64 + "\n", "../" + "0" * 64]
    assert [digest for digest in good if not is_digest(digest)] == [] and [digest for digest in bad if is_digest(digest)] == []


def test_names_are_judged_quickly() -> None:
    assert not is_name("a" * 200 + "-" * 54 + "!")  # would last for ever with a grammar that can be read in many ways


def test_accept() -> None:
    assert accepted([]).fits("any/thing") and accepted(["", " , "]).fits("any/thing")
    several = accepted(["a/b, C/D;v=1", "e/*;q=0.5", "g/h;q=0"])
    assert several.fits("a/b") and several.fits("c/d") and several.fits("e/f")
    assert not several.fits("g/h") and not several.fits("a/c")
    assert accepted(["a/b", "*/*;q=0.001"]).fits("c/d") and not accepted(["a/b;q=0.000"]).types


def test_ranges() -> None:
    assert byte_range(None, 10) is None and byte_range("bytes=", 10) is None and byte_range("bytes=1-2, 4-5", 10) is None
    assert byte_range("bytes=0-", 10) == (0, 10) and byte_range("BYTES = 3 - 5 ", 10) == (3, 3) and byte_range("bytes=-3", 10) == (7, 3)
    for header in ("bytes=10-", "bytes=-0", "bytes=5-4"):
        with pytest.raises(Unsatisfiable):
            byte_range(header, 10)
    for header in ("bytes=0-", "bytes=-1"):
        with pytest.raises(Unsatisfiable):
            byte_range(header, 0)


def test_entity_tags() -> None:
    assert names_tag('"a", W/"b"', '"b"') and names_tag(" * ", '"b"')
    assert not names_tag(None, '"b"') and not names_tag("b", '"b"') and not names_tag('"bb"', '"b"')


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/v2/a/b/manifests/x", Route(routes.MANIFEST, "a/b", "x")),
        ("/v2/a/blobs/x", Route(routes.BLOB, "a", "x")),
        ("/v2/a/referrers/x", Route(routes.REFERRERS, "a", "x")),
        ("/v2/a/tags/list", Route(routes.TAGS, "a")),
        ("/v2/a/blobs/uploads/", Route(routes.UPLOAD, "a")),
        ("/v2/a/b/blobs/uploads/x", Route(routes.UPLOAD, "a/b")),
        ("/v2/manifests/x", Route(routes.NOWHERE)),
        ("/v2/tags/list", Route(routes.TAGS)),
        ("/v2/a/tags/other", Route(routes.NOWHERE)),
        ("/v1/a/tags/list", Route(routes.NOWHERE)),
        ("/v2x", Route(routes.NOWHERE)),
        ("", Route(routes.NOWHERE)),
    ],
)
def test_routes(path: str, expected: Route) -> None:
    assert route(path) == expected


def test_targets() -> None:
    assert target("/v2/a%2Fb?n=1&n=2&last=a%2Bb") == ("/v2/a/b", {"n": "1", "last": "a+b"})
    assert target("http://host:1/v2/?x=") == ("/v2/", {"x": ""}) and target("http://host") == ("/", {})
    with pytest.raises(ValueError):
        target("/?" + "a&" * 100)


def test_dockers_schema(tmp_path: Path) -> None:
    images = Images(tmp_path)
    made = images.make(annotations={"a": "b"}, layer_type=LAYER)
    docker = as_docker(made)
    assert docker is not None and docker.media_type == DOCKER_MANIFEST and docker == as_docker(made)
    document = json.loads(docker.body)
    assert document.keys() == {"schemaVersion", "mediaType", "config", "layers"}
    assert document["layers"][0] == {**json.loads(made.body)["layers"][0], "mediaType": "application/vnd.docker.image.rootfs.diff.tar"}


def test_foreign_layers_keep_their_addresses(tmp_path: Path) -> None:
    original = json.loads(Images(tmp_path).make().body)
    original["layers"][0] |= {"mediaType": "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip", "urls": ["u"], "annotations": {}}
    docker = as_docker(manifest_of(original))
    assert docker is not None
    (layer,) = json.loads(docker.body)["layers"]
    assert layer["urls"] == ["u"] and "foreign" in layer["mediaType"] and "annotations" not in layer


def test_what_dockers_schema_cannot_say(tmp_path: Path) -> None:
    images = Images(tmp_path)
    original = json.loads(images.make().body)
    artifact = {**original, "config": {**original["config"], "mediaType": "application/vnd.oci.empty.v1+json"}}
    assert as_docker(images.make(layer_type=f"{LAYER}+zstd")) is None
    assert as_docker(manifest_of(artifact)) is None
    assert as_docker(images.index("amd64")) is None
    for broken in ({}, {"config": None, "layers": []}, {"config": original["config"], "layers": 3}):
        assert as_docker(manifest_of({"mediaType": OCI_MANIFEST, **broken})) is None


def test_indexes_as_lists(tmp_path: Path) -> None:
    images = Images(tmp_path)
    index = images.index("amd64", "arm64")
    both = as_docker_list(index, images.known.get)
    assert both is not None and len(both[1]) == 2
    assert as_docker_list(index, lambda digest: None) is None and as_docker_list(images.make(), images.known.get) is None
    assert as_docker_list(images.index("amd64", layer_type=f"{LAYER}+zstd"), images.known.get) is None
    assert child_for(index, "linux", "riscv64") is None and child_for(images.make(), "linux", "amd64") is None
    assert child_for(index, "linux", "arm64") == json.loads(index.body)["manifests"][1]["digest"]


def test_passwords() -> None:
    hashed = hash_password("secret:ß", n=16)
    assert hashed.startswith("scrypt:16:8:1:") and hashed != hash_password("secret:ß", n=16)
    assert verify_password("secret:ß", hashed) and not verify_password("secret", hashed)
    default = hash_password("x")
    assert default.startswith("scrypt:16384:8:1:") and verify_password("x", default)


@pytest.mark.parametrize(
    "hashed",
    [
        "",
        "plain",
        "scrypt:15:8:1:AAAA:" + "A" * 44,
        "scrypt:1073741824:8:1:AAAA:" + "A" * 44,
        "scrypt:16:8:1000000:AAAA:" + "A" * 44,
        "scrypt:16:8:1::" + "A" * 44,
        "scrypt:16:8:1:AAAA:",
        "scrypt:16:8:1:AAAA:AAAA",
        "scrypt:16:8:1:!!!!:" + "A" * 44,
        "bcrypt:16:8:1:AAAA:" + "A" * 44,
    ],
)
def test_hashes_that_are_none_let_nobody_in(hashed: str, tmp_path: Path) -> None:
    assert not verify_password("", hashed)
    (tmp_path / "users").write_text(f"anna:{hashed}\n")
    with pytest.raises(HostError, match="line 1"):
        read_users(str(tmp_path / "users"))


def test_users_are_read_from_a_file(tmp_path: Path) -> None:
    hashed = hash_password("x", n=16)
    (tmp_path / "users").write_text(f"# those who may pull\n\nanna:{hashed}\nbert:{hashed}\n")
    assert read_users(str(tmp_path / "users")) == {"anna": hashed, "bert": hashed}
    (tmp_path / "users").write_text(f"anna:{hashed}\nanna:{hashed}\n")
    with pytest.raises(HostError, match="line 2"):
        read_users(str(tmp_path / "users"))
    with pytest.raises(HostError, match="no such file"):
        read_users(str(tmp_path / "absent"))


def test_the_gate_computes_a_right_password_once(monkeypatch: pytest.MonkeyPatch) -> None:
    gate = Gate({"anna": hash_password("secret", n=16)})
    assert gate.admits("Basic YW5uYTpzZWNyZXQ=") and not gate.admits("Basic YW5uYTp3cm9uZw==")
    monkeypatch.setattr("nixos_containers.registry.auth.verify_password", lambda *_: pytest.fail("computed again"))
    assert gate.admits("basic  YW5uYTpzZWNyZXQ=")
    for header in (None, "", "Basic", "Basic !!!", "Bearer YW5uYTpzZWNyZXQ="):
        assert not gate.admits(header)


def test_metrics_have_meaning_and_kind() -> None:
    metrics = Metrics()
    metrics.add("requests_total", kind="blob", status="200")
    metrics.add("requests_total", status="200", kind="blob")
    lines = metrics.text(waiting=3).splitlines()
    assert 'nixos_container_registry_requests_total{kind="blob",status="200"} 2' in lines
    assert "nixos_container_registry_builds_waiting 3" in lines and "nixos_container_registry_builds_running 0" in lines
    for name, (kind, meaning) in METRICS.items():
        assert (kind == "counter") == name.endswith("_total") and meaning.endswith(".")
        assert f"# TYPE nixos_container_registry_{name} {kind}" in lines


def test_the_page_says_what_to_type() -> None:
    text = html("host:5000", ["hello", "<b>"])
    assert "podman pull host:5000/hello" in text and "<b>" not in text and "host:5000/&lt;b&gt;" in text
    assert "NAME" in html("host:5000", [])
