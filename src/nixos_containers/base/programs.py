"""Where programs are found: one search path for us and for our children. Imports nothing but os."""

from __future__ import annotations

import os

# Where both kinds of guests keep su, login and systemctl: NixOS's wrappers and profile, then the merged /usr.
GUEST_PATH = "/run/wrappers/bin:/run/current-system/sw/bin:/usr/bin:/usr/sbin:/bin"
# sudo and minimal inits leave out the administrator's directories, where ip, nft and nsenter live.
_DIRECTORIES = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_NIX_DIRECTORIES = "/nix/var/nix/profiles/default/bin:/run/current-system/sw/bin:/root/.nix-profile/bin"


def search_path() -> str:
    """The caller's PATH, then the directories that it may lack."""
    return ":".join(dict.fromkeys((os.environ.get("PATH", "") + ":" + _DIRECTORIES + ":" + _NIX_DIRECTORIES).strip(":").split(":")))


def find(program: str) -> str | None:
    """Absolute path of `program`, or None."""
    for directory in search_path().split(":"):
        path = f"{directory}/{program}"
        if os.access(path, os.X_OK) and not os.path.isdir(path):
            return path
    return None
