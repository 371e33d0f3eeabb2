"""The end points of the registry: a request in, an answer out, without sockets (distribution-spec, "API")."""

from __future__ import annotations

import errno
import os
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, cast
from urllib.parse import urlencode

from ..base.errors import ContainerError
from ..declare.image import INDEX as OCI_INDEX
from ..declare.references import is_digest, is_name, is_tag
from . import metrics, page, routes
from .answers import Answer, Refusal, Slice, explained, json_answer
from .auth import Gate
from .manifests import Manifests
from .negotiation import Unsatisfiable, accepted, byte_range, names_tag

if TYPE_CHECKING:
    from email.message import Message

    from .options import Options
    from .routes import Route
    from .source import Source

_READING = ("GET", "HEAD")
_ALLOW = ("Allow", "GET, HEAD")
_VERSION = ("Docker-Distribution-API-Version", "registry/2.0")
# What a ContainerError of the source means for the client, by kind: codes with 4xx, whose messages clients show.
_FAILED = {routes.MANIFEST: "MANIFEST_UNKNOWN", routes.BLOB: "BLOB_UNKNOWN"}


@dataclass(frozen=True, slots=True)
class Request:
    """The head of a request."""

    method: str
    target: str
    headers: Message


class Registry:
    """Answers requests about the images of a source."""

    def __init__(self, source: Source, options: Options, address: str) -> None:
        self._source = source
        self._options = options
        self._address = address
        self._gate = None if options.users is None else Gate(options.users)
        self.metrics = metrics.Metrics()
        self._manifests = Manifests(source, options, self.metrics)

    def answer(self, request: Request) -> tuple[str, Answer]:
        """The kind of the request, for the metrics, and its answer. Raises what is nobody's plan, such as a source's own mistake."""
        kind = routes.NOWHERE
        try:
            try:
                path, parameters = routes.target(request.target)
            except ValueError:
                raise Refusal("UNSUPPORTED", "that many parameters have no meaning here", status=400) from None
            route = routes.route(path)
            kind = route.kind
            found = self._admitted(request, route, parameters)
        except Refusal as refusal:
            found = refusal.answer()
        except ContainerError as error:
            found = explained(_FAILED.get(kind, "NAME_UNKNOWN"), error).answer()
        except PermissionError as error:
            found = Refusal("DENIED", f"the registry may not read it: {error.strerror or error}").answer()
        if kind not in (routes.PAGE, routes.HEALTH, routes.METRICS):
            found = Answer(found.status, (*found.headers, _VERSION), found.body)
        return kind, found

    def _admitted(self, request: Request, route: Route, parameters: dict[str, str]) -> Answer:
        if self._gate is not None and route.kind != routes.HEALTH and not self._gate.admits(request.headers["Authorization"]):
            challenge = (("WWW-Authenticate", f'Basic realm="{self._options.realm}", charset="UTF-8"'),)
            raise Refusal("UNAUTHORIZED", "a user and the right password are needed; log in first", headers=challenge)
        if route.kind == routes.NOWHERE:
            raise Refusal("UNSUPPORTED", "there is no such end point", status=404)
        if route.kind in (routes.MANIFEST, routes.BLOB, routes.TAGS, routes.REFERRERS, routes.UPLOAD):
            _well_formed(route)
        if route.kind == routes.UPLOAD:
            raise Refusal("UNSUPPORTED", "this registry is read-only: nothing can be pushed", headers=(("Allow", ""),))
        if request.method not in _READING:
            raise Refusal("UNSUPPORTED", f"this registry is read-only: no {request.method[:32]}", headers=(_ALLOW,))
        return self._read(request, route, parameters)

    def _read(self, request: Request, route: Route, parameters: dict[str, str]) -> Answer:
        match route.kind:
            case routes.MANIFEST:
                return self._manifest(request, route)
            case routes.BLOB:
                return self._blob(request, route)
            case routes.TAGS:
                return self._tags(route, parameters)
            case routes.REFERRERS:
                return _referrers(parameters)
            case routes.CATALOG:
                names, headers = _paged("/v2/_catalog", self._source.repositories(), parameters)
                return json_answer({"repositories": names}, *headers)
            case routes.PING:
                return json_answer({})
            case routes.METRICS:
                return Answer(200, (("Content-Type", metrics.CONTENT_TYPE),), self.metrics.text(waiting=self._manifests.waiting).encode())
            case routes.HEALTH:
                return Answer(200, (("Content-Type", "text/plain; charset=utf-8"),), b"ok")
        body = page.html(self._options.address or self._address, self._options.images)
        return Answer(200, (("Content-Type", page.CONTENT_TYPE), ("Content-Security-Policy", "default-src 'none'")), body.encode())

    def _manifest(self, request: Request, route: Route) -> Answer:
        """Endpoint 3, GET and HEAD."""
        if is_digest(route.reference):
            found = self._manifests.by_digest(route.name, route.reference)
            headers: tuple[tuple[str, str], ...] = ()
        elif is_tag(route.reference):
            found = self._manifests.by_tag(route.name, route.reference, accepted(request.headers.get_all("Accept", [])))
            headers = (("Vary", "Accept"),)
        else:
            found, headers = None, ()
        if found is None:
            detail = {"name": route.name, "reference": route.reference}
            raise Refusal("MANIFEST_UNKNOWN", f"there is no manifest {route.reference[:160]} of {route.name}", detail=detail)
        headers = (*headers, ("Docker-Content-Digest", found.digest), ("ETag", f'"{found.digest}"'))
        if names_tag(request.headers["If-None-Match"], f'"{found.digest}"'):
            return Answer(304, headers)
        return Answer(200, (("Content-Type", found.media_type), *headers), found.body)

    def _blob(self, request: Request, route: Route) -> Answer:
        """Endpoint 2, GET and HEAD, with ranges (RFC 9110, 14)."""
        path = self._source.blob(route.name, route.reference)
        file = None if path is None else _opened(path)
        if file is None:
            detail = {"name": route.name, "digest": route.reference}
            raise Refusal("BLOB_UNKNOWN", f"there is no blob {route.reference} of {route.name}", detail=detail)
        size = os.fstat(file.fileno()).st_size
        entity = f'"{route.reference}"'
        headers: tuple[tuple[str, str], ...] = (("Docker-Content-Digest", route.reference), ("ETag", entity), ("Accept-Ranges", "bytes"))
        if names_tag(request.headers["If-None-Match"], entity):
            file.close()
            return Answer(304, headers)
        headers = (("Content-Type", "application/octet-stream"), *headers)
        part = None
        if request.method == "GET" and request.headers.get("If-Range", entity).strip() == entity:
            try:
                part = byte_range(request.headers["Range"], size)
            except Unsatisfiable:
                file.close()
                unmet = (("Content-Range", f"bytes */{size}"),)
                raise Refusal("RANGE_INVALID", f"the blob has {size} bytes, none of which was asked for", headers=unmet) from None
        if part is None:
            return Answer(200, headers, Slice(file, 0, size))
        start, count = part
        return Answer(206, (*headers, ("Content-Range", f"bytes {start}-{start + count - 1}/{size}")), Slice(file, start, count))

    def _tags(self, route: Route, parameters: dict[str, str]) -> Answer:
        """Endpoint 8 (distribution-spec, "Listing tags")."""
        known = self._source.tags(route.name)
        if known is None:
            raise Refusal("NAME_UNKNOWN", f"there is no image {route.name}", detail={"name": route.name})
        tags, headers = _paged(f"/v2/{route.name}/tags/list", known, parameters)
        return json_answer({"name": route.name, "tags": tags}, *headers)


def _well_formed(route: Route) -> None:
    """Raises Refusal for what the grammars do not allow, so that no source is ever asked for it."""
    if not is_name(route.name):
        raise Refusal("NAME_INVALID", "that can be no name of an image", detail={"name": route.name[:512]})
    digest = route.kind in (routes.BLOB, routes.REFERRERS) or (route.kind == routes.MANIFEST and ":" in route.reference)
    if digest and not is_digest(route.reference):
        detail = {"digest": route.reference[:512]}
        raise Refusal("DIGEST_INVALID", "a digest is sha256: and 64, or sha512: and 128, of 0-9 and a-f", detail=detail)


def _referrers(parameters: dict[str, str]) -> Answer:
    """Endpoint 12 (distribution-spec, "Listing referrers"): nothing here refers to anything, which is an empty index and no 404."""
    headers = (("OCI-Filters-Applied", "artifactType"),) if parameters.get("artifactType") else ()
    return json_answer({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": []}, *headers, media_type=OCI_INDEX)


def _paged(path: str, known: list[str], parameters: dict[str, str]) -> tuple[list[str], tuple[tuple[str, str], ...]]:
    """The part of a list that `n` and `last` ask for, sorted, and a Link to the next part (distribution-spec, "Listing tags")."""
    found = sorted(set(known))
    if "last" in parameters:
        found = [item for item in found if item > parameters["last"]]
    asked = parameters.get("n")
    if asked is None:
        return found, ()
    if not (asked.isascii() and asked.isdigit() and len(asked) < 10):
        raise Refusal("PAGINATION_NUMBER_INVALID", "n is how many are wanted", detail={"n": asked[:64]})
    count = int(asked)
    shown = found[:count]
    if not shown or len(shown) == len(found):
        return shown, ()
    following = urlencode({"n": count, "last": shown[-1]})
    return shown, (("Link", f'<{path}?{following}>; rel="next"'),)


def _opened(path: str) -> BinaryIO | None:
    """The file, or None when it is gone or none."""
    try:
        file = open(path, "rb", buffering=0, opener=_without_waiting)  # noqa: SIM115
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ENXIO):
            return None
        raise
    if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        return cast("BinaryIO", file)
    file.close()
    return None


def _without_waiting(path: str, flags: int) -> int:
    """A pipe would keep who opens it."""
    return os.open(path, flags | os.O_NONBLOCK | os.O_CLOEXEC)
