"""What apt says when something fails, as errors that say what to do. Not for running apt (apt.py)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..base.errors import ContainerError, DefinitionError, HostError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .apt import Apt, Download


def missing(left: Sequence[Download], said: str, apt: Apt) -> ContainerError:
    """Why files could not be had: gone from the mirror, no network, no space."""
    names = ", ".join(item.name for item in left[:5]) + (f" and {len(left) - 5} more" if len(left) > 5 else "")
    # One archive that is away matters more than another one that never had the file.
    if not _AWAY.search(said) and re.search(r"\b404\b|Not Found|No such file or directory", said):
        return HostError(
            f"the package archive no longer has: {names}",
            hint="the lock file names versions that were replaced; ‘nixos-container upgrade’ moves to the present ones",
        )
    if "Hash Sum mismatch" in said:
        return HostError(
            f"the package archive has other content than the lock file says for: {names}",
            hint="if the mirror is being updated, try again later; ‘nixos-container upgrade’ takes the present versions",
        )
    error = explain(said, apt)
    error.details = error.details or f"missing: {names}"
    return error


_AWAY = re.compile(
    r"Could not (resolve|connect)|Temporary failure|Connection (failed|timed out|refused)|Network is unreachable"
    r"|Unable to connect|Cannot initiate the connection"
)
# apt's own remark about whose files it writes: ours, as root, so that nobody else can change them.
_NOISE = "W: Download is performed unsandboxed"
_MOST_LINES = 6


def _worth_reading(said: str) -> str:
    """What apt complained about, each complaint once; of a hundred files that could not be had, the first few."""
    lines = [line for line in said.splitlines() if line.startswith(("E:", "W:", "Err:", " ")) or " : " in line]
    lines = list(dict.fromkeys(line for line in lines if not line.startswith(_NOISE)))
    if len(lines) > _MOST_LINES + 1:
        lines[_MOST_LINES - 1 : -1] = [f"(and {len(lines) - _MOST_LINES} more)"]
    return "\n".join(lines)


def explain(said: str, apt: Apt) -> ContainerError:
    """apt's complaint as an error that says what to do."""
    details = _worth_reading(said)
    unknown = re.findall(r"Unable to locate package (\S+)|Package '?(\S+?)'? has no installation candidate", said)
    if unknown:
        names = ", ".join(sorted({first or second for first, second in unknown}))
        return DefinitionError(
            f"the package archive ({apt.sources.suite}) does not have: {names}",
            hint="check the names with ‘apt-cache search’; ‘nixos-container upgrade’ refreshes the list",
        )
    if re.search(r"No space left on device|don't have enough free space|not enough free (disk )?space", said):
        return HostError(f"no space left below {apt.root}", details=details, hint="free some space, then try again")
    if "unmet dependencies" in said or "held broken packages" in said:
        return DefinitionError("these packages exclude each other", details=details, hint="take one of them out")
    if re.search(r"NO_PUBKEY|not signed|EXPKEYSIG|BADSIG|is not valid yet|Release file .*expired", said):
        return HostError("the archive's signature is not accepted", details=details, hint=f"see {apt.sources.origin}")
    if _AWAY.search(said) or "Failed to fetch" in said:
        return HostError(
            "the package archive cannot be reached",
            details=details,
            hint=f"check the network and the archive in {apt.sources.origin}; what is already here stays usable",
        )
    return HostError("apt failed", details=details or said.strip(), hint=f"its configuration: {apt.configuration}")
