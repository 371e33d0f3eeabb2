"""One connection of a client: requests in, answers out, kept open between them (HTTP/1.1, RFC 9112)."""

from __future__ import annotations

import io
import time
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING

from . import routes
from .answers import Answer, Refusal, Slice
from .endpoints import Request
from .patience import HeadTooLong, PatientReader, discard

if TYPE_CHECKING:
    from .server import Listener

_HANDSHAKE = b"\x16"  # the first byte of TLS: container engines try that first
_LONGEST_LINE = 8192
_LONGEST_BODY = 65536  # bytes of a request's body that are read to keep the connection; a client with more has to come again
_LONGEST_SHOWN = 300  # characters of a target in a line of the log


class Handler(BaseHTTPRequestHandler):
    """Speaks HTTP with one client; what is said, the Registry knows."""

    protocol_version = "HTTP/1.1"
    server_version = "nixos-containers"
    disable_nagle_algorithm = True
    server: Listener

    def setup(self) -> None:
        """Read with patience only. The first reading makes the handshake of TLS, so in this connection's own thread."""
        super().setup()
        self.connection.settimeout(self.server.options.timeout)
        self.rfile.close()
        self._reader = PatientReader(self.connection, self.server.options.timeout)
        self.rfile = self._buffer = io.BufferedReader(self._reader)
        self._unread = False
        self._begin()

    def finish(self) -> None:
        """The client gets the answer even if it still sends what nobody reads."""
        super().finish()
        if self._unread:
            discard(self.connection, seconds=2.0, most=1 << 20)

    def version_string(self) -> str:
        """Who we are, without Python's version."""
        return self.server_version

    def handle_one_request(self) -> None:
        """Read a request's head, answer it, get rid of its body. The end of a connection, in whatever way, is no failure."""
        self._begin()
        try:
            if self._buffer.peek(1)[:1] == _HANDSHAKE:
                self.send_error(HTTPStatus.BAD_REQUEST, "this registry speaks HTTP without TLS")
                return
            self.raw_requestline = self.rfile.readline(_LONGEST_LINE + 1)
            if not self.raw_requestline:
                self.close_connection = True
                return
            self._started = time.monotonic()
            if len(self.raw_requestline) > _LONGEST_LINE:
                self.send_error(HTTPStatus.REQUEST_URI_TOO_LONG)
            elif self.parse_request():
                if self.request_version == self.default_request_version:
                    self.send_error(HTTPStatus.BAD_REQUEST, "this registry speaks HTTP/1.1")
                else:
                    self._answer_request()
        except HeadTooLong:
            self.send_error(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        except (OSError, EOFError):
            self.close_connection = True
        if self.server.closing:
            self.close_connection = True

    def handle_expect_100(self) -> bool:
        """Nobody is asked to send a body: the final answer comes at once."""
        self._unread = True
        return True

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What HTTP itself forbids; called by the parser as well. The connection ends, for who knows where the next request begins."""
        self.close_connection = self._unread = True
        self.request_version = self.protocol_version
        refusal = Refusal("UNSUPPORTED", message or HTTPStatus(code).phrase, status=code)
        try:
            self._send(routes.NOWHERE, refusal.answer())
        except OSError:
            pass  # gone

    def log_message(self, format: str, *words: object) -> None:
        """Nothing: `_send` says a line for every request."""

    def _begin(self) -> None:
        """Nothing is known of the next request."""
        self._reader.expect()
        self._started = time.monotonic()
        self.command, self.path, self.requestline = "", "", ""
        self.request_version = self.protocol_version

    def _answer_request(self) -> None:
        self._drop_body()
        failure = ""
        try:
            kind, answer = self.server.registry.answer(Request(self.command, self.path, self.headers))
        except Exception as error:  # a mistake in the program or its source must not end in silence
            kind, answer = routes.NOWHERE, Refusal("UNKNOWN", "the registry failed; its log tells more").answer()
            failure = f" {type(error).__name__}: {error}"
        self._send(kind, answer, failure)

    def _drop_body(self) -> None:
        """Read the body, which no request needs here; if that is not simple, the connection ends after the answer."""
        lengths = self.headers.get_all("Content-Length", [])
        if not self._unread and not lengths and "Transfer-Encoding" not in self.headers:
            return
        plain = len(lengths) == 1 and lengths[0].isascii() and lengths[0].isdigit() and len(lengths[0]) < 10
        if self._unread or "Transfer-Encoding" in self.headers or not plain or int(lengths[0]) > _LONGEST_BODY:
            self.close_connection = self._unread = True
            return
        self._reader.expect(_LONGEST_BODY)
        if len(self.rfile.read(int(lengths[0]))) < int(lengths[0]):
            raise EOFError

    def _send(self, kind: str, answer: Answer, failure: str = "") -> None:
        """Send it, count it, say it, and close its file."""
        self.connection.settimeout(self.server.options.timeout)
        if self.server.closing:
            self.close_connection = True
        sent = 0
        try:
            self.send_response_only(answer.status)
            self.send_header("Server", self.version_string())
            self.send_header("Date", self.date_time_string())
            for name, value in answer.headers:
                self.send_header(name, value)
            if answer.status != HTTPStatus.NOT_MODIFIED:
                self.send_header("Content-Length", str(answer.length))
            self.send_header("X-Content-Type-Options", "nosniff")
            if self.close_connection:
                self.send_header("Connection", "close")
            self.end_headers()
            if self.command != "HEAD" and answer.length:
                sent = self._send_body(answer.body)
            if self.command != "HEAD" and sent < answer.length:
                failure += " gone before the end"
                self.close_connection = True
        except OSError as error:
            self.close_connection = True
            failure += f" {error.strerror or type(error).__name__}"
        finally:
            if isinstance(answer.body, Slice):
                answer.body.file.close()
            self.server.registry.metrics.add("requests_total", kind=kind, status=str(answer.status))
            self.server.registry.metrics.add("sent_bytes_total", sent, kind=kind)
            self._say(answer.status, sent, failure)

    def _send_body(self, body: bytes | Slice) -> int:
        """How many bytes went out: of a file straight from the kernel, unless TLS has to see them."""
        if isinstance(body, bytes):
            self.wfile.write(body)
            return len(body)
        try:
            return int(self.connection.sendfile(body.file, body.start, body.count))
        except OSError:
            return max(body.file.tell() - body.start, 0)

    def _say(self, status: int, sent: int, failure: str) -> None:
        seconds = time.monotonic() - self._started
        line = f"{self.command or '-'} {self.path[:_LONGEST_SHOWN] or '-'} {status} {sent} {seconds:.3f} {self.client_address[0]}{failure}"
        self.server.options.say(line.encode("unicode_escape").decode())
