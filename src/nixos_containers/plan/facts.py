"""What plans need to know about the host and its containers, as values that observe/ fills in."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..declare.container import Container, Record
    from .addresses import Reserved


@dataclass(frozen=True, slots=True)
class Cgroups:
    """Where the host's cgroup hierarchies are mounted.

    `v1` maps a controller (or `name=systemd`) to its mount point, `v2` is the cgroup2 mount point, or None.
    `v2_controllers` are those that the v2 tree really offers (none on a hybrid host).
    """

    v1: dict[str, str] = field(default_factory=dict)
    v2: str | None = None
    v2_controllers: frozenset[str] = frozenset()

    def paths(self, relative: str) -> tuple[str, ...]:
        """The directory `relative` in every hierarchy, each mount point once."""
        mounts = dict.fromkeys(self.v1.values())
        if self.v2 is not None:
            mounts[self.v2] = None
        return tuple(f"{mount}/{relative}" for mount in mounts)


@dataclass(frozen=True, slots=True)
class Tools:
    """Absolute paths of the programs that launcher scripts call; `device_filter` are the words before a cgroup v2 and its rules."""

    nspawn: str = "/usr/bin/systemd-nspawn"
    ip: str = "/usr/sbin/ip"
    nft: str = "/usr/sbin/nft"
    shell: str = "/bin/sh"
    device_filter: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Host:
    """The host as far as starting a container depends on it; `systemd` means that units run its containers, `lxcfs` that it runs."""

    cgroups: Cgroups = Cgroups()
    tools: Tools = Tools()
    udev: bool = False
    store_idmap: bool = True
    cpus: int = 1
    systemd: bool = False
    lxcfs: bool = False


@dataclass(frozen=True, slots=True)
class LimitFacts:
    """What this host's cgroups can do: their control files by name, and whether any disk heeds weights (`weighing`)."""

    files: frozenset[str] = frozenset()
    weighing: bool = False


@dataclass(frozen=True, slots=True)
class Running:
    """A container that runs now: the processes behind it and what it was started with.

    `leader` is the host's pid of the guest's first process, `nspawn` the pid of systemd-nspawn, `supervisor`
    the launcher's pid or None when somebody killed it. `system` is what the guest runs now; `params` is
    the digest of everything that only a restart can change, `limits` that of the limits that it has now,
    `container` what it was started as, its network as it is now (None: by an older version).
    """

    leader: int
    nspawn: int
    supervisor: int | None
    system: str | None
    params: str
    limits: str | None = None
    container: Container | None = None


@dataclass(frozen=True, slots=True)
class Listener:
    """A socket of the host that takes connections (or datagrams); the unspecified address means all."""

    protocol: str
    address: str
    port: int


@dataclass(frozen=True, slots=True)
class HostNetwork:
    """The host's own network: its addresses and where they are, (network, interface) of its routes, its links, what listens."""

    addresses: dict[str, str] = field(default_factory=dict)
    routes: tuple[tuple[str, str], ...] = ()
    interfaces: frozenset[str] = frozenset()
    listeners: tuple[Listener, ...] = ()


@dataclass(frozen=True, slots=True)
class Observed:
    """What the host holds now: records by name, running containers, existing states and profiles.

    `finished` tells where a `path` that a definition gives as the system leads to now: a profile's newest store path.
    `orphaned` are containers whose definition file is gone: any definition may take them over. `addresses` are those that were
    chosen for containers which ask for none, `disks` the bytes of roots that are kept to a size. `at` is when it was looked at, in
    seconds since the epoch.
    """

    records: dict[str, Record] = field(default_factory=dict)
    running: dict[str, Running] = field(default_factory=dict)
    profiles: dict[str, str] = field(default_factory=dict)
    states: frozenset[str] = frozenset()
    disks: dict[str, int] = field(default_factory=dict)
    user_ranges: dict[str, int] = field(default_factory=dict)
    finished: dict[str, str] = field(default_factory=dict)
    orphaned: frozenset[str] = frozenset()
    addresses: dict[str, Reserved] = field(default_factory=dict)
    network: HostNetwork = HostNetwork()
    at: float = 0
