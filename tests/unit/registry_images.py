"""A source of small images in a directory, and a client, for the tests of the registry."""

from __future__ import annotations

import gzip
import hashlib
import http.client
import io
import json
import socket
import tarfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nixos_containers.base.errors import ContainerError
from nixos_containers.registry.options import Options
from nixos_containers.registry.server import Server
from nixos_containers.registry.source import Manifest

OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
LAYER = "application/vnd.oci.image.layer.v1.tar"
ABSENT = "sha256:" + "0" * 64


def digest_of(data: bytes, algorithm: str = "sha256") -> str:
    return f"{algorithm}:{hashlib.new(algorithm, data).hexdigest()}"


def manifest_of(document: dict[str, Any]) -> Manifest:
    body = json.dumps(document).encode()
    return Manifest(body, document["mediaType"], digest_of(body))


@dataclass
class Images:
    """Implements Source; `before_build` runs inside each build."""

    directory: Path
    tagged: dict[str, dict[str, Manifest]] = field(default_factory=dict)
    known: dict[str, Manifest] = field(default_factory=dict)
    asked: list[tuple[str, ...]] = field(default_factory=list)
    broken: dict[str, Exception] = field(default_factory=dict)
    before_build: Callable[[], None] = lambda: None

    def put(self, data: bytes, algorithm: str = "sha256") -> str:
        digest = digest_of(data, algorithm)
        (self.directory / digest.partition(":")[2]).write_bytes(data)
        return digest

    def described(self, data: bytes, media_type: str) -> dict[str, Any]:
        return {"mediaType": media_type, "digest": self.put(data), "size": len(data)}

    def make(self, architecture: str = "amd64", *, layer_type: str = f"{LAYER}+gzip", **more: Any) -> Manifest:
        archive = io.BytesIO()
        with tarfile.open(fileobj=archive, mode="w") as tar:
            entry = tarfile.TarInfo(f"for-{architecture}")
            tar.addfile(entry)
        plain = archive.getvalue()
        rootfs = {"type": "layers", "diff_ids": [digest_of(plain)]}
        config = json.dumps({"architecture": architecture, "os": "linux", "rootfs": rootfs}).encode()
        layer = gzip.compress(plain, mtime=0) if layer_type.endswith("gzip") else plain
        made = manifest_of(
            {
                "schemaVersion": 2,
                "mediaType": OCI_MANIFEST,
                "config": self.described(config, "application/vnd.oci.image.config.v1+json"),
                "layers": [self.described(layer, layer_type)],
                **more,
            }
        )
        self.known[made.digest] = made
        return made

    def index(self, *architectures: str, **how: Any) -> Manifest:
        entries = []
        for architecture in architectures:
            made = self.make(architecture, **how)
            entry = {"mediaType": made.media_type, "digest": made.digest, "size": len(made.body)}
            entries.append({**entry, "platform": {"os": "linux", "architecture": architecture}})
        made = manifest_of({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries})
        self.known[made.digest] = made
        return made

    def tag(self, name: str, tag: str, manifest: Manifest) -> Manifest:
        self.tagged.setdefault(name, {})[tag] = manifest
        return manifest

    def builds(self) -> int:
        return len([question for question in self.asked if question[0] == "image"])

    def image(self, name: str, tag: str) -> Manifest | None:
        self.asked.append(("image", name, tag))
        self.before_build()
        if name in self.broken:
            raise self.broken[name]
        return self.tagged.get(name, {}).get(tag)

    def manifest(self, name: str, digest: str) -> Manifest | None:
        self.asked.append(("manifest", name, digest))
        return self.known.get(digest) if name in self.tagged else None

    def blob(self, name: str, digest: str) -> str | None:
        self.asked.append(("blob", name, digest))
        path = self.directory / digest.partition(":")[2]
        return str(path) if name in self.tagged and path.exists() else None

    def tags(self, name: str) -> list[str] | None:
        self.asked.append(("tags", name))
        if name in self.broken:
            raise self.broken[name]
        return list(self.tagged[name]) if name in self.tagged else None

    def repositories(self) -> list[str]:
        return list(self.tagged)


@dataclass
class Reply:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """The code of an error, after a look at the form of all of them (distribution-spec, "Error codes")."""
        assert self.headers["Content-Type"] == "application/json"
        (error,) = self.json()["errors"]
        assert error.keys() == {"code", "message", "detail"} and error["message"]
        return str(error["code"])


class Client:
    """One connection that is kept, so that every request also shows that the one before left it in order."""

    def __init__(self, server: Server, connection: http.client.HTTPConnection | None = None) -> None:
        self.connection = connection or http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)

    def ask(self, method: str, path: str, *headers: tuple[str, str], body: bytes = b"") -> Reply:
        """With these header lines and no others besides Host."""
        self.connection.putrequest(method, path, skip_accept_encoding=True)
        for name, value in headers:
            self.connection.putheader(name, value)
        if body:
            self.connection.putheader("Content-Length", str(len(body)))
        self.connection.endheaders(body or None)
        response = self.connection.getresponse()
        return Reply(response.status, response.headers, response.read())

    def get(self, path: str, *headers: tuple[str, str]) -> Reply:
        return self.ask("GET", path, *headers)

    def head(self, path: str, *headers: tuple[str, str]) -> Reply:
        reply = self.ask("HEAD", path, *headers)
        assert reply.body == b""
        return reply


@contextmanager
def serving(images: Images, /, **options: Any) -> Iterator[Server]:
    server = Server("127.0.0.1", 0, images, Options(**{"grace": 0.0, **options}))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()


def raw(server: Server, data: bytes) -> bytes:
    """Everything that comes back until the server closes the connection."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as connection:
        connection.sendall(data)
        parts = []
        while part := connection.recv(65536):
            parts.append(part)
        return b"".join(parts)


def failure(what: str = "hello does not build") -> ContainerError:
    return ContainerError(what, hint="look at its log", details="error: no such file\n")
