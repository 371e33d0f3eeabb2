"""Manifests for clients: built once for all who want them, and in a form that the client takes.

distribution-spec, "Pulling manifests"; negotiation by `Accept` is HTTP's (RFC 9110, 12.5.1).
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from typing import TYPE_CHECKING

from ..declare.image import INDEX as OCI_INDEX
from ..declare.image import MANIFEST as OCI_MANIFEST
from .answers import Refusal
from .flights import Busy, Flights
from .schema2 import DOCKER_LIST, DOCKER_MANIFEST, as_docker, as_docker_list, child_for

if TYPE_CHECKING:
    from .metrics import Metrics
    from .negotiation import Accepted
    from .options import Options
    from .source import Manifest, Source

_REMEMBERED = 1024
# Whose client knows no index gets the image for what nearly all of those run on, as other registries do it.
_OLD_PLATFORM = ("linux", "amd64")


class Manifests:
    """The manifests of a source."""

    def __init__(self, source: Source, options: Options, metrics: Metrics) -> None:
        self._source = source
        self._metrics = metrics
        self._retry_after = options.retry_after
        self._flights: Flights[Manifest | None] = Flights(keep=options.keep, abreast=options.builds, waiting=options.waiting)
        self._converted: OrderedDict[tuple[str, str], Manifest] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def waiting(self) -> int:
        """Builds that wait for their turn."""
        return self._flights.waiting

    def by_digest(self, name: str, digest: str) -> Manifest | None:
        """The manifest with `digest`, which has one form only, also when it was made here for a client of Docker's schema."""
        with self._lock:
            converted = self._converted.get((name, digest))
            if converted is not None:
                self._converted.move_to_end((name, digest))
        return converted if converted is not None else self._source.manifest(name, digest)

    def by_tag(self, name: str, tag: str, wanted: Accepted) -> Manifest | None:
        """The image in a form that the client takes; None: there is none.

        Raises ContainerError when it cannot be built, and Refusal for too many builds, or when there is no such form.
        """
        try:
            found = self._flights.fly((name, tag), lambda: self._build(name, tag))
        except Busy:
            headers = (("Retry-After", str(self._retry_after)),)
            raise Refusal("TOOMANYREQUESTS", "too many images are being built; come again later", headers=headers) from None
        return None if found is None else self._fitting(name, tag, found, wanted)

    def _build(self, name: str, tag: str) -> Manifest | None:
        started = time.monotonic()
        result = "failed"
        self._metrics.add("builds_running")
        try:
            found = self._source.image(name, tag)
            result = "absent" if found is None else "built"
        finally:
            self._metrics.add("builds_running", -1)
            self._metrics.add("build_seconds_total", time.monotonic() - started)
            self._metrics.add("builds_total", result=result)
        return found

    def _fitting(self, name: str, tag: str, found: Manifest, wanted: Accepted) -> Manifest:
        if wanted.fits(found.media_type):
            return found
        forms = [found.media_type]
        if found.media_type == OCI_INDEX:
            forms += [DOCKER_LIST, OCI_MANIFEST, DOCKER_MANIFEST]
            if wanted.fits(DOCKER_LIST):
                both = as_docker_list(found, lambda digest: self._source.manifest(name, digest))
                if both is not None:
                    return self._remembered(name, both[0], *both[1])
            digest = child_for(found, *_OLD_PLATFORM)
            child = None if digest is None else self._source.manifest(name, digest)
            if child is not None and wanted.fits(child.media_type):
                return child
            found = child if child is not None else found
        elif found.media_type == OCI_MANIFEST:
            forms.append(DOCKER_MANIFEST)
        if wanted.fits(DOCKER_MANIFEST):
            docker = as_docker(found)
            if docker is not None:
                return self._remembered(name, docker)
            if found.media_type == OCI_MANIFEST:
                return found  # Docker's schema has no form of it; clients of the last years read this one although they did not say so
        raise Refusal(
            "MANIFEST_UNKNOWN",
            f"{name}:{tag} is here, but in none of the types that the Accept headers name; it can be had as {', '.join(forms)}",
            detail={"name": name, "tag": tag, "types": forms},
        )

    def _remembered(self, name: str, *manifests: Manifest) -> Manifest:
        """The first of the manifests; all of them can be fetched by their digests from now on."""
        with self._lock:
            for manifest in reversed(manifests):
                self._converted[(name, manifest.digest)] = manifest
                self._converted.move_to_end((name, manifest.digest))
            while len(self._converted) > _REMEMBERED:
                self._converted.popitem(last=False)
        return manifests[0]
