"""Where things live on the host, all under one root that tests can move.

The places are upstream's (stateVersion >= 22.05), so that people find them. Not for reading or writing.
"""

from __future__ import annotations

import os

from .errors import UsageError

# Upstream's rule for names, and nspawn's: a name is also a host name and part of unit names.
_NAME_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")

# Of the files that say that a container is being made, changed, moved or removed.
UNFINISHED = ".unfinished"


def check_name(name: str) -> str:
    """Return `name` if it can name a container, else raise UsageError (upstream: `[a-zA-Z0-9_-]+`)."""
    if not name or name.startswith("-") or len(name) > 64 or not _NAME_CHARACTERS.issuperset(name):
        raise UsageError("invalid container name", hint="letters, digits, - and _ (at most 64 characters)")
    return name


class Paths:
    """Every path the product uses, computed from `root` ("/" unless NIXOS_CONTAINERS_ROOT moves it)."""

    __slots__ = ("root",)

    def __init__(self, root: str | None = None) -> None:
        self.root = (root or os.environ.get("NIXOS_CONTAINERS_ROOT") or "/").rstrip("/")

    def _under(self, *parts: str) -> str:
        return "/".join((self.root, *parts))

    @property
    def definition(self) -> str:
        """The definition file that `switch` reads when no `-c` is given."""
        return self._under("etc/nixos/configuration.nix")

    @property
    def records(self) -> str:
        """One NAME.conf per container that exists (upstream's keys)."""
        return self._under("etc/nixos-containers")

    def record(self, name: str) -> str:
        """The record of container `name`."""
        return self._under("etc/nixos-containers", f"{name}.conf")

    def imperative(self, name: str) -> str:
        """The definition file of an imperative container: its owner may edit it."""
        return self._under("etc/nixos-containers", f"{name}.nix")

    def unfinished(self, name: str) -> str:
        """The file that says that container `name` is being made, changed, moved or removed."""
        return self._under("etc/nixos-containers", f".{name}{UNFINISHED}")

    @property
    def states(self) -> str:
        """The directory of all containers' persistent roots."""
        return self._under("var/lib/nixos-containers")

    def state(self, name: str) -> str:
        """The persistent root of container `name`."""
        return self._under("var/lib/nixos-containers", name)

    def disk(self, name: str) -> str:
        """The image that holds the root of container `name`, where a root is kept to a size."""
        return self._under("var/lib/nixos-containers/.disks", f"{name}.ext4")

    @property
    def user_ranges(self) -> str:
        """Which uid range belongs to which container, kept as long as its state exists."""
        return self._under("var/lib/nixos-containers", ".user-ranges.json")

    @property
    def addresses(self) -> str:
        """Which addresses were chosen for which container, kept as long as its state exists."""
        return self._under("var/lib/nixos-containers", ".addresses.json")

    @property
    def run(self) -> str:
        """Everything about running containers; gone after a reboot of the host."""
        return self._under("run/nixos-containers")

    @property
    def shared(self) -> str:
        """What running containers have in common: their names, their networks. No container can be called so."""
        return self._under("run/nixos-containers/@shared")

    @property
    def networks(self) -> str:
        """The run states of networks that containers share."""
        return f"{self.shared}/networks"

    def network(self, name: str) -> str:
        """The run state of the shared network `name`."""
        return f"{self.networks}/{name}"

    @property
    def hosts(self) -> str:
        """The host's own file of names, hosts(5)."""
        return self._under("etc/hosts")

    @property
    def resolv_conf(self) -> str:
        """The host's own name servers, resolv.conf(5)."""
        return self._under("etc/resolv.conf")

    @property
    def upstream_servers(self) -> str:
        """The servers behind the host's systemd-resolved, where it has one."""
        return self._under("run/systemd/resolve/resolv.conf")

    def run_state(self, name: str) -> str:
        """Run-time files of container `name`: launcher, sockets, the running system."""
        return self._under("run/nixos-containers", f".{name}")

    def ephemeral_root(self, name: str) -> str:
        """The root of an ephemeral container while it runs (upstream's place)."""
        return self._under("run/nixos-containers", name)

    def lock(self, name: str) -> str:
        """The lock file that one command at a time holds for container `name`."""
        return self._under("run/lock/nixos-containers", f"{name}.lock")

    @property
    def cache(self) -> str:
        """What can be made again: the private apt state, the package index, the archive cache."""
        return self._under("var/cache/nixos-containers")

    @property
    def logs(self) -> str:
        """The directory of console logs, which are readable after a container's death."""
        return self._under("var/log/nixos-containers")

    def log(self, name: str) -> str:
        """The console log of container `name`."""
        return self._under("var/log/nixos-containers", f"{name}.log")

    @property
    def events(self) -> str:
        """What happened to containers, one JSON object a line."""
        return self._under("var/log/nixos-containers", "events.jsonl")

    def profile(self, name: str) -> str:
        """The Nix profile `system` of container `name`: its generations stand beside it."""
        return self._under("nix/var/nix/profiles/per-container", name, "system")

    def profiles(self, name: str) -> str:
        """The directory of container `name`'s profiles."""
        return self._under("nix/var/nix/profiles/per-container", name)

    @property
    def store_views(self) -> str:
        """What containers see of the store, one directory for each closure (build/view.py): on the store's own file system."""
        return self._under("nix/var/nixos-containers/views")

    def store_view(self, name: str) -> str:
        """The link to the view that container `name` uses."""
        return self._under("nix/var/nixos-containers/containers", name)

    def building(self, pid: int, apart: str = "") -> str:
        """The garbage collector roots of what process `pid` builds and has not given to containers yet; `apart` where it builds several."""
        return self._under("nix/var/nix/gcroots/per-container", f".building-{pid}" + (f"-{apart}" if apart else ""))

    def gcroots(self, name: str) -> str:
        """The garbage collector roots of container `name`."""
        return self._under("nix/var/nix/gcroots/per-container", name)
