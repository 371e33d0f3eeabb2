"""`nixos-container metrics`: the containers in Prometheus' text format, printed once or served over HTTP."""

from __future__ import annotations

import os
import socket
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

from ..base import log
from ..base.errors import ContainerError, HostError, UsageError
from ..base.paths import Paths
from ..observe.metrics import CONTENT_TYPE, METRICS, collect, text
from .output import emit_json

if TYPE_CHECKING:
    from .parse import Arguments

_FIRST_PASSED = 3  # the first descriptor that systemd passes (sd_listen_fds(3))


def run(arguments: Arguments) -> int:
    """Carry the verb out."""
    paths = Paths()
    listen = arguments.text("listen")
    if listen is not None:
        return _serve(paths, address(listen))
    values = collect(paths)
    if arguments.json:
        emit_json([{"metric": value.name, "kind": METRICS[value.name][0], "value": value.value, **dict(value.labels)} for value in values])
    else:
        sys.stdout.write(text(values))
    return 0


def address(words: str) -> tuple[str, int]:
    """Host and port of `HOST:PORT`, `[V6]:PORT` or `PORT`; port 0 is any. Raises UsageError."""
    host, _, port = words.rpartition(":")
    if not port.isdigit() or int(port) > 65535:
        raise UsageError(f"--listen {words}: expected HOST:PORT", hint="--listen 127.0.0.1:9713")
    return host.strip("[]") or "127.0.0.1", int(port)


class _Handler(BaseHTTPRequestHandler):
    server_version, sys_version = "nixos-container", ""
    timeout = 10  # seconds that a client may be silent

    def do_GET(self) -> None:
        if self.path.partition("?")[0] not in ("/metrics", "/"):
            self.send_error(404)
            return
        try:
            body = text(collect(Paths())).encode()
        except (ContainerError, OSError) as failure:
            log.warn(f"metrics cannot be measured: {failure}")
            self.send_error(500, "cannot measure")
            return
        self.send_response(200)
        self.send_header("Content-Type", CONTENT_TYPE)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *words: object) -> None:
        log.debug(format % words)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away in the middle is no news, and a container that did is measured by the next request."""
        log.debug(f"metrics for {client_address}: {sys.exc_info()[1]}")


def _serve(paths: Paths, place: tuple[str, int]) -> int:
    collect(paths)  # who may not look is told now, not at the first scrape
    passed = _passed()
    family = socket.AF_INET6 if ":" in place[0] else socket.AF_INET
    _Server.address_family = family
    try:
        server = _Server(place, _Handler, bind_and_activate=passed is None)
    except OSError as failure:
        raise HostError(f"cannot listen on {place[0]}, port {place[1]}: {failure.strerror}", hint="--listen 127.0.0.1:9713") from None
    if passed is not None:
        server.socket.close()
        server.socket = passed
    host, port = server.socket.getsockname()[:2]
    log.say(f"metrics: http://{f'[{host}]' if ':' in host else host}:{port}/metrics")
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass
    finally:
        server.server_close()
    return 0


def _passed() -> socket.socket | None:
    """The socket that systemd listens on for us, or None."""
    if os.environ.get("LISTEN_PID") != str(os.getpid()) or os.environ.get("LISTEN_FDS") != "1":
        return None
    return socket.socket(fileno=_FIRST_PASSED)
