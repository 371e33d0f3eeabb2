"""How Nix is called: which Nix, with which settings. Our settings travel in NIX_CONFIG; the host's nix.conf is
never edited. Not for what is evaluated (evaluate/) or built (build/).
"""

from __future__ import annotations

import grp
import os

from .errors import HostError

STORE = "/nix/store"

# Nix grows its heap before it ever collects. A larger first heap makes many containers faster, and lets it collect in time:
# 10 guests take 175 MB instead of 313, 40 guests 2.3 s instead of 3.0.
_HEAP = "128M"


def environment(*, substitute: bool) -> dict[str, str]:
    """Environment for Nix's commands.

    `substitute` allows binary caches: wanted for nixpkgs, never for the embedded universe, where an offline host would
    wait for a cache that has nothing for it. A daemon is used when there is one.
    """
    settings = ["experimental-features = nix-command flakes"]
    if not substitute:
        settings.append("substitute = false")
    if not os.path.exists("/nix/var/nix/daemon-socket/socket"):
        # As root without a daemon (the archive's nix-bin): build as root in the sandbox when no build users exist.
        settings.append("sandbox = true")
        if not _group_exists("nixbld"):
            settings.append("build-users-group =")
    inherited = os.environ.get("NIX_CONFIG", "")
    return {"NIX_CONFIG": "\n".join([*settings, inherited]), "GC_INITIAL_HEAP_SIZE": os.environ.get("GC_INITIAL_HEAP_SIZE", _HEAP)}


def disk_trouble(stderr: str) -> HostError | None:
    """The error to raise when Nix failed with `stderr` because it cannot write, or None for all other failures."""
    sentence = stderr.strip().rpartition("error: ")[2].strip()
    if "No space left on device" in stderr or "database or disk is full" in stderr:
        return HostError(
            "the disk is full: Nix could not write", details=sentence, hint="free some space, then try again; nothing was changed"
        )
    if "Read-only file system" in sentence or sentence.startswith("remounting /nix/store writable"):
        return HostError(
            "the file system is read-only: Nix could not write",
            details=sentence,
            hint="make /nix writable (mount -o remount,rw, after a look at dmesg), then try again; nothing was changed",
        )
    if "/nix/" in sentence and sentence.endswith(("Operation not permitted", "Permission denied")):
        return HostError("Nix may not write its store", details=sentence, hint="run it as root, for example with sudo")
    if "executing SQLite statement" in sentence and "disk I/O error" in sentence:
        return HostError(
            "Nix cannot write its database",
            details=sentence,
            hint="is the disk full, or read-only, or broken? df -h /nix, and dmesg, tell; nothing was changed",
        )
    return None


def _group_exists(name: str) -> bool:
    try:
        grp.getgrnam(name)
    except KeyError:
        return False
    return True
