"""Everything about a registry that whoever starts it may choose."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


def _nothing(line: str) -> None:
    """Nobody listens."""


@dataclass(frozen=True, slots=True)
class Options:
    """How the registry behaves."""

    # Builds.
    keep: float = 5.0  # seconds that the answer for a tag is good for: HEAD, then GET, builds once
    builds: int = 2  # images that are built at the same time
    waiting: int = 32  # images that wait for their turn; the next one is refused (429)
    retry_after: int = 10  # seconds after which whoever was refused may come again

    # Access.
    users: Mapping[str, str] | None = None  # user -> hash of the password (auth.read_users); None: everybody may pull
    realm: str = "images"
    certificate: str | None = None  # path of a PEM file with the certificate and its chain: HTTPS
    key: str | None = None  # path of the certificate's private key, unless the same file has it

    # Clients.
    timeout: float = 30.0  # seconds that a client may take for a request's head, and be silent otherwise
    connections: int = 256  # at the same time
    grace: float = 5.0  # seconds that answers under way have when the server ends

    # What is said.
    images: Sequence[str] = ()  # names that the page for browsers shows
    address: str | None = None  # host and port that the page shows, if others than the ones listened on
    say: Callable[[str], None] = _nothing  # gets a line for every request
