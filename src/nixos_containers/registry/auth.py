"""Who may pull: HTTP's Basic authentication (RFC 7617) against scrypt hashes (RFC 7914).

The specification leaves authentication open; every client knows Basic. A file of users has a line `user:scrypt:N:r:p:salt:hash` each.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
import threading
from typing import TYPE_CHECKING

from ..base.errors import HostError
from ..base.files import read_text

if TYPE_CHECKING:
    from collections.abc import Mapping

_SALT, _HASH = 16, 32  # bytes
_N, _R, _P = 1 << 14, 8, 1
_MOST_MEMORY = 1 << 28  # bytes that one hash may cost, whatever a file says
_MOST_P = 16
_REMEMBERED = 1024
_HINT = "write lines of user:scrypt:N:r:p:salt:hash"


def hash_password(password: str, *, n: int = _N, r: int = _R, p: int = _P) -> str:
    """`scrypt:N:r:p:salt:hash` of `password` with a new salt, both in base64: what follows `user:` in a file of users."""
    salt = secrets.token_bytes(_SALT)
    return f"scrypt:{n}:{r}:{p}:{_encoded(salt)}:{_encoded(_scrypt(password, salt, n, r, p))}"


def verify_password(password: str, hashed: str) -> bool:
    """Whether `hashed` was made from `password`."""
    parts = _parts(hashed)
    if parts is None:
        return False
    n, r, p, salt, expected = parts
    return hmac.compare_digest(_scrypt(password, salt, n, r, p, len(expected)), expected)


def read_users(path: str) -> dict[str, str]:
    """The users of a file, each with the hash of the password. Raises HostError for what is no such file."""
    text = read_text(path)
    if text is None:
        raise HostError(f"{path}: there is no such file of users", hint=_HINT)
    users = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        user, _, hashed = line.strip().partition(":")
        if not user or _parts(hashed) is None:
            raise HostError(f"{path}, line {number}: no user with a hash of a password", hint=_HINT)
        if user in users:
            raise HostError(f"{path}, line {number}: {user} is there twice", hint="remove one of the two lines")
        users[user] = hashed
    return users


class Gate:
    """Lets in who knows a password. A right answer is remembered in memory, for a pull is many requests and scrypt is slow on purpose."""

    def __init__(self, users: Mapping[str, str]) -> None:
        self._users = dict(users)
        self._nobody = hash_password(secrets.token_hex())
        self._secret = secrets.token_bytes(_HASH)
        self._known: set[bytes] = set()
        self._one_by_one = threading.Semaphore(2)  # guessing costs the guesser time, and the host two cores at most

    def admits(self, authorization: str | None) -> bool:
        """Whether an `Authorization` header is right."""
        credentials = _credentials(authorization)
        if credentials is None:
            return False
        seen = hmac.digest(self._secret, credentials, "sha256")
        if seen in self._known:
            return True
        name, _, word = credentials.partition(b":")
        user, password = name.decode(errors="replace"), word.decode(errors="surrogateescape")
        with self._one_by_one:
            # An unknown user takes as long as a wrong password.
            right = verify_password(password, self._users.get(user, self._nobody)) and user in self._users
        if right:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known.add(seen)
        return right


def _credentials(authorization: str | None) -> bytes | None:
    scheme, _, encoded = (authorization or "").strip().partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        found = base64.b64decode(encoded.strip(), validate=True)
    except (binascii.Error, ValueError):
        return None
    return found if b":" in found else None


def _parts(hashed: str) -> tuple[int, int, int, bytes, bytes] | None:
    """N, r, p, salt and hash, if they are fit to be computed with."""
    kind, _, rest = hashed.partition(":")
    try:
        first, second, third, salt_text, hash_text = rest.split(":")
        n, r, p = int(first), int(second), int(third)
        salt, expected = base64.b64decode(salt_text, validate=True), base64.b64decode(hash_text, validate=True)
    except (binascii.Error, ValueError):
        return None
    fit = n > 1 and n & (n - 1) == 0 and r > 0 and 0 < p <= _MOST_P and 128 * n * r <= _MOST_MEMORY
    return (n, r, p, salt, expected) if kind == "scrypt" and fit and salt and len(expected) >= _SALT else None


def _scrypt(password: str, salt: bytes, n: int, r: int, p: int, size: int = _HASH) -> bytes:
    memory = 128 * r * (n + p + 2) + (1 << 16)
    return hashlib.scrypt(password.encode(errors="surrogateescape"), salt=salt, n=n, r=r, p=p, maxmem=memory, dklen=size)


def _encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()
