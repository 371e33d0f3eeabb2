"""From a record and the host's facts to everything that a start needs. Pure; run/start.py carries it out."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, TypedDict

from ..base.errors import DefinitionError
from ..declare.codec import encode
from .cgroup_files import cgroup_writes, oom_counter
from .disk import disk_size
from .health import attempts_group, health_script
from .launcher import Launch, guest_script, launch_files, launcher_script
from .launcher_limits import Oom
from .limit_view import view_flags, view_lines
from .limits import container_limits, live_digest, root_size, start_limits, systemd_names
from .mounts import check_mounts, overlay_lines, parents, sources
from .network import plan_network
from .nspawn import STATES, limit_flags, nspawn_command
from .rights import device_policy_lines, handed_lines
from .service_config import restart_policy
from .units import nspawn_flags, unit_of, unit_script

if TYPE_CHECKING:
    from ..declare.container import Container, Record
    from .cgroup_files import Write
    from .facts import Host
    from .limits import CgroupLimits
    from .network import NetworkPlan
    from .nspawn import Nixos

CGROUP_PARENT = "machine.slice"
# What a running guest is not made of: where its system comes from, and what concerns starting and switching.
_NOT_FOR_A_RUNNING_GUEST = (
    "system",
    "autoStart",
    "restartIfChanged",
    "activation",
    "timeoutStart",
    "after",
    "before",
    "requires",
    "wants",
    "universe",
    "nixpkgs",
    "nixpkgsRelease",
    "flake",
    "flakeOptions",
    "unitConfig",
    "unitOther",
    "hosts",
    "image",
    # Changed while it runs (limits_digest); those that a start sets are added again below.
    "limits",
    "sliceLimits",
    "extraFlags",
)


def cgroup_of(name: str) -> str:
    """The container's cgroup, relative to each hierarchy's mount point (systemd's place for machines)."""
    return f"{CGROUP_PARENT}/{name}"


def private_users(container: Container) -> str:
    """`pick`, `no`, `identity` or a number: what was asked for, or the default.

    Private users are the default. On the host's network a guest with them could not use ports below 1024, because the
    network belongs to the host's user namespace: there the default is upstream's, `no`. Raises DefinitionError when
    both are asked for.
    """
    shared_network = not container.network.private
    if container.private_users is None:
        return "no" if shared_network else "pick"
    if shared_network and container.private_users not in ("no", "identity") and container.network.network_namespace is None:
        name = container.name
        raise DefinitionError(
            f"containers.{name}: privateUsers on the host's network would leave the container without ports below 1024",
            hint=f'set containers.{name}.privateNetwork = true, or containers.{name}.privateUsers = "no"',
        )
    return container.private_users


def params_digest(container: Container, host: Host) -> str:
    """A digest of all that only a restart can change: the container's own parameters, not its system."""
    parameters = encode(container)
    for key in _NOT_FOR_A_RUNNING_GUEST:
        parameters.pop(key)
    limits, flags = start_limits(container), container_limits(container)[1]
    if container.limits.disk_max is not None and container.ephemeral:
        limits["disk_max"] = container.limits.disk_max
    if limits:
        parameters["limits"] = limits
    parameters["extraFlags"] = list(flags)
    service = {key: value for key, value in parameters.pop("serviceConfig").items() if key not in systemd_names()}
    if service and host.systemd:
        parameters["serviceConfig"] = service
    if is_nixos(container):
        # NixOS and the embedded universe lay out a root each in its own way: neither can be switched into the other.
        parameters["nixos"] = True
    return hashlib.sha256(json.dumps(parameters, sort_keys=True).encode()).hexdigest()[:16]


def limits_digest(container: Container) -> str:
    """A digest of the limits that a running container can be given without a restart."""
    return live_digest(container_limits(container)[0])


def is_nixos(container: Container) -> bool:
    """Whether the system is taken for real NixOS, which expects more of its surroundings than the embedded universe does."""
    return container.universe != "embedded"


class _Kept(TypedDict):
    device_policy: tuple[str, ...]
    limits: tuple[Write, ...]
    oom: Oom


def _for_the_launcher(container: Container, limits: CgroupLimits, host: Host, cgroup: str) -> _Kept:
    policy: tuple[str, ...] = ()
    devices = host.cgroups.v1.get("devices")
    if devices is not None:
        policy = device_policy_lines(container, f"{devices}/{cgroup}")
    elif host.cgroups.v2 is not None and host.tools.device_filter:
        policy = device_policy_lines(container, f"{host.cgroups.v2}/{cgroup}", filtering=host.tools.device_filter)
    oom = Oom(limits.oom_policy, oom_counter(host.cgroups, cgroup), limits.oom_score_adjust)
    return {"device_policy": policy, "limits": cgroup_writes(limits, host.cgroups, cgroup), "oom": oom}


def _user_base(record: Record) -> str | int:
    """What --private-users= gets: the recorded range's first uid, or one of the words."""
    wanted = private_users(record.container)
    return record.user_base if wanted == "pick" and record.user_base is not None else wanted


def first_user(record: Record) -> int:
    """The host's id of root inside."""
    base = _user_base(record)
    return int(base) if str(base).isdigit() else 0


class _Common(TypedDict):
    """What the scripts for both kinds of hosts are made from."""

    name: str
    state: str
    root: str
    ephemeral: bool
    size: int | None
    image: str | None
    directories: tuple[str, ...]
    network: NetworkPlan
    nspawn: list[str]
    unified_cgroups: bool
    events: str
    health: bool
    handed: tuple[str, ...]


def _repeatable(container: Container) -> bool:
    """Each start makes an ephemeral root and what real NixOS expects, looks for interfaces, waits for other containers."""
    return not (container.ephemeral or container.requires or container.wants or container.after)


def _files(container: Container, host: Host, common: _Common, limits: CgroupLimits, cgroup: str, *, guest: str) -> dict[str, str]:
    if host.systemd:
        files = launch_files(common["network"], launcher=unit_script(host, **common), guest=guest)
        # Tells the other commands whose the container is.
        return {**files, "unit": unit_of(common["name"]) + "\n"}
    restart = restart_policy(container)
    script = launcher_script(host, **common, cgroup=cgroup, restart=restart, **_for_the_launcher(container, limits, host, cgroup))
    return launch_files(common["network"], launcher=script, guest=guest)


def _common(record: Record, network: NetworkPlan, nspawn: list[str], *, nixos: Nixos | None, **places: Any) -> _Common:
    container = record.container
    return {
        "name": container.name,
        "state": places["state"],
        "root": places["root"],
        "ephemeral": container.ephemeral,
        "size": root_size(container),
        "image": places["image"],
        "directories": tuple(parents(container)),
        "network": network,
        "nspawn": nspawn,
        "unified_cgroups": nixos is not None and nixos.recent_systemd,
        "events": places["events"],
        "health": bool(container.health_checks),
        "handed": handed_lines(container, user_base=first_user(record)),
    }


def plan_launch(
    record: Record,
    host: Host,
    *,
    state: str,
    root: str,
    busybox: str,
    system: str,
    store: str | tuple[str, ...] = "/nix/store",
    nixos: Nixos | None = None,
    events: str = "",
    states: str = STATES,
    image: str | None = None,
) -> Launch:
    """The files and the command that start `record`'s container with `system` on `root`.

    `store` is what the guest gets as its store: a directory of the host, or store paths one by one; `nixos` is what a system
    that `is_nixos` depends on besides; `events` the file of events, if they are wanted; `states` where states are kept;
    `image` the disk that is mounted on `root`, if it has one. Raises
    DefinitionError for options that contradict each other or the host.
    """
    container = record.container
    check_mounts(container)
    disk_size(container)  # one that makes no sense is refused before anything is done
    network = plan_network(container)
    limits, flags = container_limits(container)
    cgroup = cgroup_of(container.name)
    nspawn = nspawn_command(
        container,
        host,
        network,
        root=root,
        guest_directory=f"{state}/guest",
        busybox=busybox,
        system=system,
        store=store,
        user_base=_user_base(record),
        flags=(*limit_flags(limits), *view_flags(limits, host), *(nspawn_flags(flags) if host.systemd else flags)),
        nixos=nixos,
        states=states,
    )
    common = _common(record, network, nspawn, nixos=nixos, state=state, root=root, events=events, image=image)
    guest = guest_script(network, busybox=busybox, mounts=[*overlay_lines(container), *view_lines(limits, host)])
    health = _health(container, host, state=state, busybox=busybox, events=events)
    return Launch(
        files=_files(container, host, common, limits, cgroup, guest=guest) | health,
        cgroup=cgroup,
        command=("unshare", "--mount", "--propagation", "slave", host.tools.shell, f"{state}/launch"),
        repeatable=nixos is None and not network.borrows and _repeatable(container),
        needed=(
            *((store,) if isinstance(store, str) else store),
            *sources(container, states),
            *_bridges(network),
            *filter(None, [container.network.network_namespace, image]),
        ),
    )


def _bridges(network: NetworkPlan) -> list[str]:
    """The host's bridges that pairs join, as files: without one of them a start is refused by its name (observe/links.py)."""
    return [f"/sys/class/net/{pair.config.host_bridge}/bridge" for pair in network.pairs if pair.config.host_bridge and not pair.shared]


def _health(container: Container, host: Host, *, state: str, busybox: str, events: str) -> dict[str, str]:
    """The script that checks the guest's health, if there are checks."""
    unit = unit_of(container.name) if host.systemd else None
    attempts = attempts_group(host.cgroups, f"machine.slice/{unit or container.name}")
    script = health_script(container, state=state, busybox=busybox, events=events, systemd_unit=unit, attempts=attempts)
    return {} if script is None else {"health": script}
