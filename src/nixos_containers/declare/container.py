"""A container as its definition declares it: the types behind the JSON spec of nix/host/spec.nix.

Field names are the options' names (docs in nix/host/options). Not for run-time facts: see observe/.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .image import ImageOptions
from .limits import Limits as Limits
from .shared import Membership


@dataclass(frozen=True, slots=True)
class ForwardPort:
    """A port of the host, or a range of them, that leads to the container (`forwardPorts`).

    `host_address` is the one address of the host that it is taken from; None means every one, of both families.
    """

    host_port: int
    protocol: str = "tcp"
    container_port: int | None = None
    host_port_end: int | None = None
    host_address: str | None = None

    @property
    def target(self) -> int:
        """The (first) port in the container."""
        return self.host_port if self.container_port is None else self.container_port

    @property
    def ports(self) -> range:
        """The ports on the host."""
        return range(self.host_port, (self.host_port if self.host_port_end is None else self.host_port_end) + 1)


@dataclass(frozen=True, slots=True)
class VethPair:
    """One veth pair between host and container; addresses may carry a prefix length."""

    host_bridge: str | None = None
    host_address: str | None = None
    host_address6: str | None = None
    local_address: str | None = None
    local_address6: str | None = None
    local_mac_address: str | None = None
    forward_ports: tuple[ForwardPort, ...] = ()
    mtu: int | None = None

    @property
    def configured(self) -> bool:
        """Whether anything is said about it: upstream makes the main pair only then."""
        return bool(
            self.host_bridge
            or self.host_address
            or self.host_address6
            or self.local_address
            or self.local_address6
            or self.local_mac_address
            or self.forward_ports
        )


@dataclass(frozen=True, slots=True)
class HostFirewall:
    """What of the host the guest may reach (`hostFirewall`); without a word in `enable`, pairs that join a bridge are not guarded."""

    enable: bool | None = None
    tcp_ports: tuple[int, ...] = ()
    udp_ports: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Network(VethPair):
    """How the container is connected; the inherited fields describe its main pair, `eth0` inside."""

    private: bool = False
    extra_veths: dict[str, VethPair] = field(default_factory=dict)
    interfaces: tuple[str, ...] = ()
    macvlans: tuple[str, ...] = ()
    network_namespace: str | None = None
    nat: bool | None = None
    automatic_addresses: bool = True
    host_firewall: HostFirewall = HostFirewall()
    anti_spoofing: bool = True
    allowed_sources: tuple[str, ...] = ()
    networks: tuple[Membership, ...] = ()

    @property
    def separate(self) -> bool:
        """Whether it is not the host's: an interface that moves in means a network of its own (systemd-nspawn(1)), as does a namespace."""
        return self.private or bool(self.interfaces or self.macvlans or self.network_namespace)

    @property
    def main_pair(self) -> bool:
        """Whether `eth0` is a pair of the container's own: beside shared networks, only addresses or a bridge make one."""
        if not self.networks:
            return self.configured
        return bool(self.host_bridge or self.host_address or self.host_address6 or self.local_address or self.local_address6)


@dataclass(frozen=True, slots=True)
class Bind:
    """A directory or file of the host that appears in the container (`bindMounts`)."""

    mount_point: str
    host_path: str | None = None
    is_read_only: bool = True
    create: bool = False
    recursive: bool = True
    idmap: str = "idmap"

    @property
    def source(self) -> str:
        """The path on the host."""
        return self.mount_point if self.host_path is None else self.host_path


@dataclass(frozen=True, slots=True)
class Overlay:
    """Directories of the host shown as one (`overlays`).

    The first of `lower` is the topmost; what is written goes to `upper`, or to memory where there is none.
    """

    mount_point: str
    lower: tuple[str, ...] = ()
    upper: str | None = None


@dataclass(frozen=True, slots=True)
class Device:
    """A device node of the host that the container gets as its own (`devices`); `user` and `group` are ids inside."""

    permissions: str = "rw"
    user: int = 0
    group: int = 0
    mode: str | None = None


@dataclass(frozen=True, slots=True)
class Credential:
    """Where a secret comes from at every start: one of a file, a command's output, an encrypted file (`credentials`)."""

    file: str | None = None
    command: str | None = None
    encrypted: str | None = None


@dataclass(frozen=True, slots=True)
class AllowedDevice:
    """A device node the container may use, with systemd's r, w, m letters (`allowedDevices`)."""

    node: str
    modifier: str


@dataclass(frozen=True, slots=True)
class HealthCheck:
    """One check of a running container (`healthChecks.<name>`): one of the first four, and when and how often."""

    command: str | None = None
    http: str | None = None
    tcp: int | str | None = None
    unit: str | None = None
    interval: str = "30s"
    timeout: str = "5s"
    retries: int = 3
    start_period: str = "30s"
    action: str = "none"
    readiness: bool = True


@dataclass(frozen=True, slots=True)
class System:
    """The system that a container runs: the store path, and the derivation that builds it if there is one."""

    path: str | None
    drv: str | None = None
    label: str | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Container:
    """Everything that the definition says about one container."""

    name: str
    system: System
    universe: str = "embedded"
    nixpkgs: str | None = None
    nixpkgs_release: str | None = None
    flake: str | None = None
    flake_options: tuple[str, ...] = ()
    auto_start: bool = False
    restart_if_changed: bool = True
    activation: str = "auto"
    timeout_start: str = "1min"
    after: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    wants: tuple[str, ...] = ()
    ephemeral: bool = False
    copy_resolv_conf: bool = True
    private_users: str | None = None
    additional_capabilities: tuple[str, ...] = ()
    allowed_devices: tuple[AllowedDevice, ...] = ()
    enable_tun: bool = False
    devices: dict[str, Device] = field(default_factory=dict)
    drop_capabilities: tuple[str, ...] = ()
    no_new_privileges: bool = False
    system_call_filter: tuple[str, ...] = ()
    credentials: dict[str, Credential] = field(default_factory=dict)
    extra_flags: tuple[str, ...] = ()
    binds: tuple[Bind, ...] = ()
    tmpfs: tuple[str, ...] = ()
    overlays: tuple[Overlay, ...] = ()
    persistent_paths: tuple[str, ...] = ()
    keep_journal: bool = True
    volumes: dict[str, str] = field(default_factory=dict)
    nix_store: str = "closure"
    nix_daemon: bool = False
    limits: Limits = field(default_factory=Limits)
    service_config: dict[str, tuple[str, ...]] = field(default_factory=dict)
    unit_config: dict[str, tuple[str, ...]] = field(default_factory=dict)
    unit_other: tuple[str, ...] = ()
    slice_limits: dict[str, Any] = field(default_factory=dict)
    network: Network = Network()
    health_checks: dict[str, HealthCheck] = field(default_factory=dict)
    image: ImageOptions = field(default_factory=ImageOptions)
    hosts: bool = True
    pass_firewalls: bool = True


@dataclass(frozen=True, slots=True)
class Built:
    """A store path and the derivation that makes it."""

    path: str
    drv: str


@dataclass(frozen=True, slots=True)
class Spec:
    """What one evaluation of a definition gave: the document that nix/host/default.nix writes."""

    version: int
    declared: tuple[str, ...]
    warnings: tuple[str, ...]
    busybox: Built
    containers: dict[str, Container]
    address_pool: str | None = "10.233.0.0/16"
    address_pool6: str | None = "fd6e:6978:6f73::/48"


@dataclass(frozen=True, slots=True)
class Record:
    """What the host keeps about a container that exists, in NAME.json beside upstream's NAME.conf.

    `declared_by` is the definition file that `switch` read, or None for an imperative container, whose
    own definition then stands at `definition`. `busybox` is the static program that runs the guest's first
    script; `user_base` the first uid of the private range.
    """

    container: Container
    busybox: str
    version: int = 1
    declared_by: str | None = None
    definition: str | None = None
    user_base: int | None = None
