"""`nixos-container registry`: serves containers and packages as OCI images, made when they are asked for."""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING

from ..base import log
from ..base.errors import UsageError
from ..base.paths import Paths
from ..registry.auth import hash_password, read_users
from ..registry.options import Options
from ..registry.server import Server
from ..serving import Catalogue
from .image import choices_of
from .metrics import address
from .nix import nixpkgs_of
from .switch import definition_of

if TYPE_CHECKING:
    from .parse import Arguments

_PLACE = "127.0.0.1:5000"


def run(arguments: Arguments) -> int:
    """Carry the verb out."""
    if arguments.flag("hash_password"):
        return _hash_password()
    paths = Paths()
    host, port = address(arguments.text("listen") or _PLACE)
    given = arguments.text("config_path")
    definition = definition_of(paths, arguments) if given is not None or os.path.exists(paths.definition) else None
    packages = not arguments.flag("no_packages")
    if definition is None and not packages:
        raise UsageError(f"there is nothing to serve: no packages, and no definition file {paths.definition}", hint="name one with -c FILE")
    certificate, key, users = (arguments.text(option) for option in ("certificate", "key", "users"))
    if key is not None and certificate is None:
        raise UsageError("--key is the key of a certificate, and there is none", hint="--certificate FILE")
    catalogue = Catalogue(paths, definition, choices_of(arguments), packages=packages, nixpkgs=nixpkgs_of(arguments))
    names = catalogue.look()
    options = Options(
        users=None if users is None else read_users(users), certificate=certificate, key=key, images=names or ("shell/git",), say=log.line
    )
    if definition is None:
        log.say(f"there is no definition file {paths.definition}, so no containers: -c FILE names another")
    server = Server(host, port, catalogue, options)
    log.say(f"registry: {server.url}")
    for name in (*names, *(("shell/git",) if packages else ())):
        log.say(f"  podman pull {'--tls-verify=false ' if certificate is None else ''}{server.address}/{name}")
    # From here on a line for each request says how long it took; what evaluations and builds say besides would stand between.
    log.quiet = not log.debugging

    def end(*_: object) -> None:
        catalogue.end()
        server.shutdown()

    signal.signal(signal.SIGTERM, end)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        catalogue.end()
    return 0


def _hash_password() -> int:
    """A line's second half for a file of users: the hash of a password that is asked for, or read from a pipe."""
    from getpass import getpass

    password = getpass("password: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    if not password:
        raise UsageError("no password was given", hint="type one, or send it through a pipe")
    print(hash_password(password))
    return 0
