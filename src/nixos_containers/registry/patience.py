"""Reading from clients that may be slow: a head has to be there within a time and a size, whatever trickles in."""

from __future__ import annotations

import io
import socket
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

LONGEST_HEAD = 65536  # bytes of request line and header fields together


class HeadTooLong(Exception):
    """The client sent more than anybody needs to ask for an image (431)."""


class PatientReader(io.RawIOBase):
    """Reads from `connection`. Silence between two requests may last `timeout`; so may everything from the first byte of one on."""

    def __init__(self, connection: socket.socket, timeout: float) -> None:
        self._connection = connection
        self._timeout = timeout
        self.expect()

    def expect(self, most: int = LONGEST_HEAD) -> None:
        """Something new begins, of `most` bytes (and what a buffer reads ahead)."""
        self._until: float | None = None
        self._left = most

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        """As io.RawIOBase. Raises TimeoutError, HeadTooLong."""
        if self._left <= 0:
            raise HeadTooLong
        remaining = self._timeout if self._until is None else self._until - time.monotonic()
        if remaining <= 0:
            raise TimeoutError
        self._connection.settimeout(remaining)
        count = self._connection.recv_into(buffer)
        if self._until is None:
            self._until = time.monotonic() + self._timeout
        self._left -= count
        return count


def discard(connection: socket.socket, *, seconds: float, most: int) -> None:
    """Throw away what a client still sends after its answer, for a moment: closing at once would take the answer from it (RFC 9112, 9.6).

    Works on the socket below TLS, for what comes is not looked at.
    """
    until = time.monotonic() + seconds
    try:
        socket.socket.shutdown(connection, socket.SHUT_WR)
        while most > 0 and (remaining := until - time.monotonic()) > 0:
            socket.socket.settimeout(connection, remaining)
            data = socket.socket.recv(connection, 65536)
            if not data:
                return
            most -= len(data)
    except OSError:
        pass  # it is gone already
