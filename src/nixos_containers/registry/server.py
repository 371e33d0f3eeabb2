"""The registry as a server: an address, threads, TLS, and an end that lets answers under way arrive."""

from __future__ import annotations

import socket
import socketserver
import ssl
import threading
import time
from http.server import ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from ..base.errors import HostError
from .endpoints import Registry
from .handler import Handler
from .options import Options

if TYPE_CHECKING:
    from .source import Source

_FULL = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class Listener(ThreadingHTTPServer):
    """Accepts connections, as many as there may be, and knows those that are open."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128
    registry: Registry

    def __init__(self, place: tuple[str, int], options: Options) -> None:
        self.address_family = socket.AF_INET6 if ":" in place[0] else socket.AF_INET
        self.options = options
        self.closing = False
        self._context = _context(options)
        self._open: set[socket.socket] = set()
        self._changed = threading.Condition()
        super().__init__(place, Handler)

    def server_bind(self) -> None:
        """Without asking a name server who we are, as http.server does."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), self.server_address[1]

    def get_request(self) -> tuple[Any, Any]:
        """The next connection; the handshake of TLS is made in its own thread."""
        connection, client = super().get_request()
        if self._context is not None:
            connection = self._context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        return connection, client

    def process_request(self, request: Any, client_address: Any) -> None:
        """In a thread of its own, if there is room for one more."""
        with self._changed:
            full = len(self._open) >= self.options.connections
            if not full:
                self._open.add(request)
        if not full:
            super().process_request(request, client_address)
            return
        request.setblocking(False)
        try:
            if self._context is None:
                request.send(_FULL)
        except OSError:
            pass  # it would not have listened
        self.shutdown_request(request)

    def shutdown_request(self, request: Any) -> None:
        """Close a connection; called for every one, also for those that no thread could be started for."""
        try:
            super().shutdown_request(request)
        finally:
            with self._changed:
                self._open.discard(request)
                self._changed.notify_all()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that speaks no TLS, or is gone, is no news."""

    def drain(self, seconds: float) -> None:
        """Let answers under way arrive, and end the connections that wait for a request."""
        with self._changed:
            self.closing = True
            for connection in self._open:
                try:
                    # Not TLS's own method: that one would go on without encryption.
                    socket.socket.shutdown(connection, socket.SHUT_RD)
                except OSError:
                    pass  # closed by the client
            until = time.monotonic() + seconds
            while self._open and (remaining := until - time.monotonic()) > 0:
                self._changed.wait(remaining)


class Server:
    """A registry that listens on `address` (IPv4 or IPv6; port 0: any free one) and serves the images of `source`.

    Raises HostError when it cannot listen there, or when there is no certificate where one was named.
    """

    def __init__(self, address: str, port: int, source: Source, options: Options | None = None) -> None:
        self._options = options if options is not None else Options()
        place = address.strip("[]")
        try:
            self._listener = Listener((place, port), self._options)
        except (OSError, OverflowError) as failure:
            raise HostError(f"cannot listen on {address}, port {port}: {failure}", hint="another port may be free") from None
        host, self.port = self._listener.server_address[:2]
        self.address = f"[{host!s}]:{self.port}" if ":" in str(host) else f"{host!s}:{self.port}"
        self._listener.registry = Registry(source, self._options, self.address)
        self._serving = self._ended = False

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"{'http' if self._options.certificate is None else 'https'}://{self.address}"

    def serve_forever(self) -> None:
        """Answer until `shutdown`, or an exception such as KeyboardInterrupt; then close, when answers under way have arrived."""
        self._serving = True
        try:
            if not self._ended:
                self._listener.serve_forever(poll_interval=0.1)
        finally:
            self._listener.server_close()
            self._listener.drain(self._options.grace)

    def shutdown(self) -> None:
        """End `serve_forever` soon; may be called from any thread and from a signal's handler. Without one, only close."""
        self._ended = True
        if self._serving:
            threading.Thread(target=self._listener.shutdown, daemon=True).start()
        else:
            self._listener.server_close()


def _context(options: Options) -> ssl.SSLContext | None:
    if options.certificate is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    try:
        context.load_cert_chain(options.certificate, options.key)
    except OSError as failure:
        what = f"{options.certificate}: no certificate with its key: {failure.strerror or failure}"
        raise HostError(what, hint="PEM files, the key without a password") from None
    return context
