"""Which of the specification's end points a path means (distribution-spec, "Endpoints"). Pure."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote

# Kinds of routes, as the metrics name them. Uploads are known in order to be refused rightly.
PAGE, HEALTH, METRICS, PING, CATALOG = "page", "health", "metrics", "ping", "catalog"
MANIFEST, BLOB, TAGS, REFERRERS, UPLOAD, NOWHERE = "manifest", "blob", "tags", "referrers", "upload", "nowhere"

_FIXED = {"/": PAGE, "/healthz": HEALTH, "/metrics": METRICS, "/v2": PING, "/v2/": PING, "/v2/_catalog": CATALOG}
_NOUNS = {"manifests": MANIFEST, "blobs": BLOB, "referrers": REFERRERS}
_MOST_PARAMETERS = 20


@dataclass(frozen=True, slots=True)
class Route:
    """An end point, and the name and the tag or digest in its path, which nobody looked at yet."""

    kind: str
    name: str = ""
    reference: str = ""


def route(path: str) -> Route:
    """Of a path without escapes. A name may hold slashes and any of the words between them, so it is read from the end."""
    if path in _FIXED:
        return Route(_FIXED[path])
    if not path.startswith("/v2/"):
        return Route(NOWHERE)
    parts = path.removeprefix("/v2/").split("/")
    if parts[-2:] == ["blobs", "uploads"]:
        return Route(UPLOAD, "/".join(parts[:-2]))
    if parts[-3:-1] == ["blobs", "uploads"]:
        return Route(UPLOAD, "/".join(parts[:-3]))
    if parts[-2:] == ["tags", "list"]:
        return Route(TAGS, "/".join(parts[:-2]))
    if len(parts) > 2 and parts[-2] in _NOUNS:
        return Route(_NOUNS[parts[-2]], "/".join(parts[:-2]), parts[-1])
    return Route(NOWHERE)


def target(text: str) -> tuple[str, dict[str, str]]:
    """Path and parameters of a request's target, unescaped. Raises ValueError for too many parameters.

    A target may be a whole address (RFC 9112, 3.2.2). Of a parameter that is there twice, the first one counts.
    """
    if not text.startswith("/") and "://" in text:
        text = "/" + text.partition("://")[2].partition("/")[2]
    path, _, query = text.partition("?")
    parameters: dict[str, str] = {}
    for name, value in parse_qsl(query, keep_blank_values=True, max_num_fields=_MOST_PARAMETERS):
        parameters.setdefault(name, value)
    return unquote(path), parameters
