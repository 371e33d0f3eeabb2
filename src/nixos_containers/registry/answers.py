"""Answers to requests, and the refusals among them with the codes of the specification (distribution-spec, "Error codes")."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from ..base.errors import ContainerError

JSON = "application/json"

# Code -> status. The last three are not the specification's: two of Docker's registry, and one for what HTTP alone forbids.
STATUS = {
    "NAME_INVALID": 400,
    "NAME_UNKNOWN": 404,
    "MANIFEST_UNKNOWN": 404,
    "BLOB_UNKNOWN": 404,
    "DIGEST_INVALID": 400,
    "UNSUPPORTED": 405,
    "DENIED": 403,
    "UNAUTHORIZED": 401,
    "TOOMANYREQUESTS": 429,
    "UNKNOWN": 500,
    "PAGINATION_NUMBER_INVALID": 400,
    "RANGE_INVALID": 416,
}

# What of an error's details is sent: the end of a log tells most.
_MOST_DETAILS = 16384


@dataclass(frozen=True, slots=True)
class Slice:
    """A part of an open file, which whoever sends it closes."""

    file: BinaryIO
    start: int
    count: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back: Content-Length is made from the body, everything else is in `headers`."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | Slice = b""

    @property
    def length(self) -> int:
        """Bytes of the body."""
        return self.body.count if isinstance(self.body, Slice) else len(self.body)


class Refusal(Exception):
    """A request that cannot be fulfilled, with the specification's `code`; ends in an Answer."""

    def __init__(
        self, code: str, message: str, *, detail: object = None, status: int | None = None, headers: tuple[tuple[str, str], ...] = ()
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.detail = detail
        self.status = STATUS[code] if status is None else status
        self.headers = headers

    def answer(self) -> Answer:
        """As the specification wants it: a JSON object with a list of errors."""
        error = {"code": self.code, "message": self.message, "detail": self.detail}
        body = json.dumps({"errors": [error]}).encode()
        return Answer(self.status, (("Content-Type", JSON), *self.headers), body)


def explained(code: str, error: ContainerError) -> Refusal:
    """`error` for a client. The code must be one with a 4xx status: clients show no message of what comes with a 5xx."""
    message = f"{error.what} (hint: {error.hint})" if error.hint else error.what
    return Refusal(code, message, detail={"what": error.what, "hint": error.hint, "details": error.details[-_MOST_DETAILS:]})


def json_answer(document: object, *headers: tuple[str, str], media_type: str = JSON) -> Answer:
    """200 with a JSON document."""
    return Answer(200, (("Content-Type", media_type), *headers), json.dumps(document).encode())
