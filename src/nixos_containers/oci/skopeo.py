"""Takes an image to where our own code does not write: registries, docker's daemon, podman's storage, docker's archives.

skopeo(1) knows them all, with their passwords, certificates and mounted blobs; what is at the destination already is not sent again.
"""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

from ..base import log, process
from ..base.errors import ContainerError, HostError
from . import layout

if TYPE_CHECKING:
    from ..declare.image import Image
    from .blobs import Blobs

# Where it finds passwords (containers-auth.json(5)) and docker.
_ENVIRONMENT = ("XDG_RUNTIME_DIR", "REGISTRY_AUTH_FILE", "DOCKER_CONFIG", "DOCKER_HOST", "DOCKER_CERT_PATH", "DOCKER_TLS_VERIFY")
# How the image is called in the layout that it is copied from.
_REFERENCE = "image"


def copy(blobs: Blobs, image: Image, destination: str, *, verify_tls: bool = True) -> None:
    """Copy `image` to `destination` (containers-transports(5)). Raises ContainerError with skopeo's own reason."""
    if process.find("skopeo") is None:
        raise HostError(f"the program ‘skopeo’ is not installed, which takes images to {destination}", hint="apt-get install skopeo")
    scratch = f"{blobs.directory}/copy.{os.getpid()}.tmp"
    # The layout names it itself; skopeo has nothing to verify: the source is our own.
    command = ["skopeo", "--insecure-policy", "copy", "--quiet", f"--dest-tls-verify={str(verify_tls).lower()}"]
    try:
        shutil.rmtree(scratch, ignore_errors=True)
        layout.write_directory(blobs, image, scratch, _REFERENCE)
        with log.step(f"copying {image.name} to {destination}"):
            known = {name: value for name in _ENVIRONMENT if (value := os.environ.get(name)) is not None}
            process.run([*command, f"oci:{scratch}:{_REFERENCE}", destination], env=known)
    except process.CommandFailed as failure:
        raise _explain(failure, destination) from failure
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _explain(failure: process.CommandFailed, destination: str) -> ContainerError:
    sentence = failure.stderr.strip().rpartition("msg=")[2].strip('"\n') or failure.stderr.strip()
    hint = ""
    if "server gave HTTP response to HTTPS client" in sentence or "x509" in sentence:
        hint = "--insecure takes a registry without a certificate, or with one that nobody vouches for"
    elif "authentication required" in sentence or "unauthorized" in sentence or "denied" in sentence:
        hint = f"log in first: skopeo login {destination.removeprefix('docker://').partition('/')[0]}"
    elif "connection refused" in sentence:
        hint = "is the registry there? skopeo list-tags asks it"
    return ContainerError(f"the image could not be copied to {destination}", details=sentence, hint=hint)
