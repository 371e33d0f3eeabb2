"""The unit files that run containers where systemd is the host's init, and the script that such a unit runs, as text.

The directives are those of upstream's `container@.service` (nixos/modules/virtualisation/nixos-containers.nix); their
meaning is in systemd.unit(5), systemd.service(5), systemd.resource-control(5). Not for writing or starting anything.
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from ..base.durations import parse_duration
from .disk import disk_lines
from .events import event_function, oom_files, oom_function, unit_end_lines
from .filtering import filter_down_lines, filter_function
from .launcher import REBOOT, command_lines, prepare_function
from .limits import container_limits, systemd_names
from .rights import devices_of
from .service_config import service_lines, unit_lines
from .uplink import networks_down_lines, uplink_function

if TYPE_CHECKING:
    from ..declare.container import Container
    from .facts import Host
    from .network import NetworkPlan

MARK = "# Made by nixos-container, which writes it again when it needs to. Changes of yours: systemctl edit container@NAME"
TEMPLATE = "container@.service"
DROP_IN = "50-nixos-container.conf"
_PROPERTY = "--property="
# Service, object and interface of systemd-machined (org.freedesktop.machine1(5)).
_MACHINED = "org.freedesktop.machine1 /org/freedesktop/machine1 org.freedesktop.machine1.Manager"


def unit_of(name: str) -> str:
    """The unit that runs container `name`."""
    return f"container@{name}.service"


def drop_in_of(name: str) -> str:
    """Where the container's own drop-in stands, relative to the directory of units."""
    return f"{unit_of(name)}.d/{DROP_IN}"


def template_unit(program: tuple[str, ...], *, run: str, records: str, unshare: str, shell: str) -> str:
    """The template that every container shares.

    `program` is how to call nixos-container, `run` the directory of run states, `records` that of the records. What
    a start needs stands below /run, which a reboot empties: ExecStartPre= makes it from the record alone. A guest may be
    rebooted more often than systemd's own limit allows; a start that fails at once is not tried for ever.
    """
    call = _call(program)
    script = f"{_word(run)}/.%i/launch"
    return f"""\
{MARK}
[Unit]
Description=Container '%i'
Documentation=man:nixos-container(8)
Wants=network.target {RESOLVER_UNITS[0]} {RULES_UNIT}
After=network.target dbus.socket nix-daemon.socket
PartOf=machines.target
Before=machines.target
StartLimitIntervalSec=10
StartLimitBurst=10

[Service]
Type=notify
NotifyAccess=all
EnvironmentFile=-{_word(records)}/%i.conf
ExecStartPre={call} unit prepare %i
ExecStart={unshare} --mount --propagation slave {shell} {script}
ExecStartPost=-{shell} {script} ready
ExecReload={call} unit reload %i
ExecStopPost=-{shell} {script} down
KillMode=mixed
KillSignal=TERM
TimeoutStopSec=90
Restart=on-failure
RestartForceExitStatus={REBOOT}
SuccessExitStatus={REBOOT}
SyslogIdentifier=container %i
Slice=machine.slice
Delegate=yes
TasksMax=infinity
DevicePolicy=closed
"""


RESOLVER_UNITS = ("nixos-container-resolver.path", "nixos-container-resolver.service", "nixos-container-resolver-again.service")


def resolver_units(program: tuple[str, ...], *, files: tuple[str, ...]) -> dict[str, str]:
    """Unit name -> text: a path unit that notices new name servers of the host in `files`, and what brings them to the guests.

    It watches as long as a container's unit wants it. A change while the service it starts is running starts nothing
    (systemd.path(5)), so that one is followed by another look.
    """
    call = _call(program)
    path, service, again = RESOLVER_UNITS
    changed = "".join(f"PathChanged={_word(file)}\n" for file in files)

    def bring(description: str, then: str = "") -> str:
        start = f"[Service]\nType=oneshot\nExecStart={call} unit resolver\n"
        return f"{MARK}\n[Unit]\nDescription={description}\nStartLimitIntervalSec=0\n{then}\n{start}"

    return {
        path: f"{MARK}\n[Unit]\nDescription=Name servers of this host, for its containers\nStopWhenUnneeded=yes\n\n[Path]\n{changed}",
        service: bring("New name servers for containers", f"OnSuccess={again}\nOnFailure={again}\n"),
        again: bring("Name servers that changed meanwhile, for containers"),
    }


RULES_UNIT = "nixos-container-rules.service"


def rules_unit(program: tuple[str, ...]) -> str:
    """The unit that puts our packet filter back when the host's is loaded anew, which on Debian begins with `flush ruleset`.

    It is restarted and reloaded with nftables.service (systemd.unit(5), PartOf=), as long as a container's unit wants it.
    """
    call = _call(program) + " unit rules"
    return f"""\
{MARK}
[Unit]
Description=Packet filter of containers, after the host's was loaded
After=nftables.service
PartOf=nftables.service
ReloadPropagatedFrom=nftables.service
StopWhenUnneeded=yes
StartLimitIntervalSec=0

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart={call}
ExecReload={call}
"""


SHARED_UNITS = (TEMPLATE, *RESOLVER_UNITS, RULES_UNIT)


def drop_in(container: Container, *, state: str, disk: bool = False) -> str:
    """What is this container's alone: its time-out, mounts, devices and limits. `state` is its persistent root,
    `disk` says that a disk is mounted there.

    Raises DefinitionError for a limit or a time-out that cannot be read.
    """
    where = f"containers.{container.name}.timeoutStartSec"
    timeout = parse_duration(container.timeout_start, where)
    unit = [] if container.ephemeral else [f"RequiresMountsFor={_word(state)}"]
    unit += [f"RequiresMountsFor={_word(bind.source)}" for bind in container.binds]
    for key, names in (("Requires", container.requires), ("Wants", container.wants), ("Before", container.before)):
        unit += [f"{key}={unit_of(name)}" for name in names]
    unit += [
        f"After={unit_of(name)}"
        for name in dict.fromkeys((*container.after, *container.requires, *container.wants))
        if name not in container.before
    ]
    for interface in (*container.network.interfaces, *container.network.macvlans):
        device = f"sys-subsystem-net-devices-{_escaped(interface)}.device"
        unit += [f"Wants={device}", f"After={device}"]
    service = ["TimeoutStartSec=" + ("infinity" if container.timeout_start.strip() == "infinity" else _decimal(timeout))]
    service += [f"DeviceAllow={_word(device.node)} {device.modifier}" for device in container.allowed_devices]
    # With m: the launcher makes a node of the container's own (plan/rights.py).
    service += [f"DeviceAllow={_word(node)} {device.permissions}m" for node, device in devices_of(container).items()]
    # As systemd's own unit for images has it: what mounts the disk is part of this unit.
    service += ["DeviceAllow=/dev/loop-control rw", "DeviceAllow=block-loop rw"] if disk else []
    service += _limits(container)
    unit += unit_lines(container)
    service += service_lines(container, systemd_names())
    return "\n".join([MARK, "[Unit]", *unit, "", "[Service]", *service]) + "\n"


def _limits(container: Container) -> list[str]:
    limits, flags = container_limits(container)
    lines = []
    if limits.cpu_quota_us is not None:
        lines.append(f"CPUQuota={_decimal(limits.cpu_quota_us / 1000)}%")
    for key, value in (
        ("CPUWeight", limits.cpu_weight),
        ("AllowedCPUs", limits.allowed_cpus),
        ("AllowedMemoryNodes", limits.allowed_memory_nodes),
        ("MemoryHigh", limits.memory_high),
        ("MemoryMax", limits.memory_max),
        ("MemorySwapMax", limits.memory_swap_max),
        ("TasksMax", limits.tasks_max or "infinity"),
        ("IOWeight", limits.io_weight),
        ("OOMPolicy", limits.oom_policy),
        ("OOMScoreAdjust", limits.oom_score_adjust),
    ):
        if value is not None:
            lines.append(f"{key}={value}")
    for key, rates in (
        ("IOReadBandwidthMax", limits.io_read_bandwidth_max),
        ("IOWriteBandwidthMax", limits.io_write_bandwidth_max),
        ("IOReadIOPSMax", limits.io_read_iops_max),
        ("IOWriteIOPSMax", limits.io_write_iops_max),
    ):
        lines += [f"{key}={_word(path)} {rate}" for path, rate in rates.items()]
    # The unit is ours and not a scope that nspawn makes: its properties belong here.
    return lines + [flag.removeprefix(_PROPERTY) for flag in flags if flag.startswith(_PROPERTY)]


def _call(program: tuple[str, ...]) -> str:
    return " ".join(_word(word) for word in program)


def _decimal(number: float) -> str:
    """`number` with as many of two decimals as it needs, and never as 1e+06."""
    return f"{number:.2f}".rstrip("0").rstrip(".")


def nspawn_flags(flags: tuple[str, ...]) -> tuple[str, ...]:
    """The extra flags without those that `drop_in` has made properties of the unit."""
    return tuple(flag for flag in flags if not flag.startswith(_PROPERTY))


def _word(text: str) -> str:
    """`text` as one word of a unit file (systemd.syntax(7)): specifiers and blanks mean nothing in it."""
    text = text.replace("%", "%%")
    if text and not set(text) & set(" \t\n\"'\\;$"):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("$", "$$")
    return f'"{escaped}"'


def _escaped(name: str) -> str:
    """`name` as systemd-escape(1) writes it in the name of a unit."""
    return "".join(
        character if character.isascii() and (character.isalnum() or character in ":_.") else f"\\x{ord(character):02x}"
        for character in name
    )


def unit_script(
    host: Host,
    *,
    name: str,
    state: str,
    root: str,
    ephemeral: bool,
    size: int | None = None,
    image: str | None = None,
    directories: tuple[str, ...] = (),
    network: NetworkPlan,
    nspawn: list[str],
    unified_cgroups: bool = False,
    events: str = "",
    health: bool = False,
    handed: tuple[str, ...] = (),
) -> str:
    """What the unit of container `name` runs, for /bin/sh: the same hand-shake as the launcher's, and then nspawn itself.

    Limits, restarts after a reboot (status 133) and the end of left-over processes are systemd's. With the argument
    `down` it removes what a run left on the host; with `ready` it notes that the guest is.
    """
    q = shlex.quote
    down = [f"  {line}" for line in (*filter_down_lines(host, network), *networks_down_lines(host, network))]
    down += [
        "  # A killed nspawn has not said that its machine is gone, and machined keeps it as long as the unit is being restarted.",
        f"  [ ! -e /run/systemd/machines/{q(name)} ] || busctl --quiet call {_MACHINED} UnregisterMachine s {q(name)}",
    ]
    down += [f"  rmdir {q(root)} 2>/dev/null"] if ephemeral else []
    lines = [
        "#!/bin/sh",
        f"# Becomes the systemd-nspawn of the container {name}, as the main process of {unit_of(name)}; made by nixos-container.",
        "set -u",
        "umask 022",
        f"cd {q(state)} || exit 1",
        *event_function(events, name),
        *oom_function(oom_files(host.cgroups, f"machine.slice/{unit_of(name)}")),
        'if [ "${1:-}" = ready ]; then event ready; exit 0; fi',
        'if [ "${1:-}" = down ]; then',
        *down,
        "  oom",
        *unit_end_lines(REBOOT),
        '  echo "${EXIT_STATUS:-}" > ended',
        "  rm -f nspawn.pid guest/request guest/answer",
        "  exit 0",
        "fi",
        "",
        *filter_function(host, network),
        *uplink_function(host, network),
        *prepare_function(root, ephemeral=ephemeral, size=size, directories=directories, handed=handed),
        *disk_lines(image, root),
        "prepare || exit 1",
        *(_beside_lines(host, "uplink &", "uplink") if network.pairs else ()),
        *(_beside_lines(host, "/bin/sh ./health $$ &", "health") if health else ()),
        "echo $$ > nspawn.pid",
        *command_lines(nspawn, unified_cgroups=unified_cgroups),
    ]
    return "\n".join(lines) + "\n"


def _beside_lines(host: Host, start: str, leaf: str) -> list[str]:
    """What `start` puts into the background goes into the cgroup `leaf` of the unit."""
    if host.cgroups.v2 is None:
        return [start]
    mount = shlex.quote(host.cgroups.v2)
    return [
        start,
        "# Out of the unit's own cgroup, which it is delegated: nspawn passes controllers on, so that it must be no leaf.",
        "while IFS=: read -r number _ path; do",
        '  [ "$number" = 0 ] || continue',
        f'  mkdir -p {mount}"$path/{leaf}" && echo $! > {mount}"$path/{leaf}/cgroup.procs"',
        "done < /proc/self/cgroup 2>/dev/null",
    ]
