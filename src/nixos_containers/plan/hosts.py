"""Names of containers as lines of hosts(5): `NAME.containers` and `NAME`, for the host's /etc/hosts and every guest's.

All containers with a record and an address have a name, running or not, as upstream declares them: so a start or a stop
changes no file. Pure; run/hosts.py reads and writes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .addresses import bare
from .network import plan_network

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..declare.container import Container

DOMAIN = "containers"
_BEGIN = "# nixos-container: names of containers, up to the line that ends them. Others keep their lines outside."
# The text before did not end its last line; what is said here is undone with the block.
_BEGIN_AFTER_UNENDED = _BEGIN + " (No newline stood before.)"
_END = "# nixos-container: end"
# What the machine itself is called by, everywhere: never a container's short name.
_RESERVED = frozenset({"localhost", "localhost.localdomain", "ip6-localhost", "ip6-loopback"})
_LOCAL = "127.0.0.1 localhost\n::1 localhost\n"


def addresses(container: Container) -> tuple[str, ...]:
    """The addresses that `container` is known by, best first: those of its main pair and in shared networks, without prefix lengths."""
    found = []
    for pair in plan_network(container).pairs:
        if pair.guest == "eth0" or pair.shared is not None:
            found += [bare(address) for address in (pair.config.local_address, pair.config.local_address6) if address]
    return tuple(found)


def names_text(known: dict[str, tuple[str, ...]], *, taken: Iterable[str] = ()) -> str:
    """The lines for containers by name and their addresses; `taken` names mean something else there, and stay what they are."""
    others = {name.lower() for name in taken} | _RESERVED
    lines = []
    for name, at in sorted(known.items()):
        names = f"{name}.{DOMAIN}" if name.lower() in others else f"{name}.{DOMAIN} {name}"
        lines += [f"{address} {names}\n" for address in at]
    return "".join(lines)


def defined_names(text: str) -> frozenset[str]:
    """Every name that the hosts file `text` gives to an address (hosts(5))."""
    found: set[str] = set()
    for line in text.splitlines():
        found.update(line.partition("#")[0].split()[1:])
    return frozenset(found)


def without_block(text: str) -> str:
    """`text` as it was before `with_block`, byte for byte; a block whose end somebody took away ends at its last known line."""
    kept: list[str] = []
    inside = unended = False
    for line in text.split("\n"):
        if line in (_BEGIN, _BEGIN_AFTER_UNENDED):
            inside, unended = True, line == _BEGIN_AFTER_UNENDED
        elif inside and (line == _END or _is_ours(line)):
            inside = line != _END
        else:
            inside = False
            kept.append(line)
    # What somebody wrote below the block needs the newline that had to be put before it.
    if unended and kept[-1:] == [""] and "\n".join(text.split("\n")[-2:]) == f"{_END}\n":
        kept.pop()
    return "\n".join(kept)


def _is_ours(line: str) -> bool:
    words = line.split()
    return len(words) in (2, 3) and words[1].endswith(f".{DOMAIN}") and not line.startswith("#")


def with_block(text: str, known: dict[str, tuple[str, ...]], *, host_name: str = "") -> str:
    """The host's hosts file `text` with the names of `known` in a marked block at its end; without any, no block.

    What else stands there keeps every byte, and its names keep their meaning; so does `host_name`.
    """
    own = without_block(text)
    if not any(known.values()):
        return own
    lines = names_text(known, taken=defined_names(own) | {host_name})
    if own and not own.endswith("\n"):
        return f"{own}\n{_BEGIN_AFTER_UNENDED}\n{lines}{_END}\n"
    return f"{own}{_BEGIN}\n{lines}{_END}\n"


def guest_text(own: str | None, known: dict[str, tuple[str, ...]]) -> str:
    """A guest's hosts file: what its system says (`own`, None where it says nothing), then its peers and itself."""
    own = _LOCAL if own is None else own
    if own and not own.endswith("\n"):
        own += "\n"
    return own + names_text(known, taken=defined_names(own))
