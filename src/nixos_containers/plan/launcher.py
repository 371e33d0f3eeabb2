"""The two small shell scripts behind a running container, as text.

`launch` supervises on the host: it places nspawn in fresh cgroups with limits, configures the host's end of the
network, starts nspawn again after a guest's reboot (status 133) and cleans up after its end. It is what remains of us
while a container runs: one idle shell. `init` runs as the guest's first process, configures the guest's end and
becomes the system's own init. Not for deciding: every value is literal by the time it gets here.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .disk import disk_lines
from .events import end_lines, event_function, oom_files, oom_function
from .filtering import filter_down_lines, filter_files, filter_function
from .health import start_function as health_function
from .launcher_limits import Oom, limits_function, watch_function
from .launcher_restart import restart_function
from .nspawn import GUEST_DIRECTORY
from .service_config import RestartPolicy
from .uplink import networks_down_lines, uplink_function

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .cgroup_files import Write
    from .facts import Host
from .network import NetworkPlan

# systemd-nspawn's exit status after the guest asked for a reboot.
REBOOT = 133


@dataclass(frozen=True, slots=True)
class Launch:
    """All that a start writes and runs: texts by file name in the run-state directory.

    `repeatable` says that the scripts alone do all that a start of the unchanged container needs (run/again.py), as long as the
    `needed` paths are there.
    """

    files: dict[str, str]
    cgroup: str
    command: tuple[str, ...]
    repeatable: bool = True
    needed: tuple[str, ...] = ()


def launcher_script(
    host: Host,
    *,
    name: str,
    state: str,
    root: str,
    ephemeral: bool,
    size: int | None = None,
    image: str | None = None,
    directories: tuple[str, ...] = (),
    cgroup: str,
    limits: tuple[Write, ...],
    network: NetworkPlan,
    nspawn: list[str],
    unified_cgroups: bool = False,
    events: str = "",
    handed: tuple[str, ...] = (),
    device_policy: tuple[str, ...] = (),
    oom: Oom = Oom(),  # noqa: B008 - frozen
    health: bool = False,
    restart: RestartPolicy = RestartPolicy(),  # noqa: B008 - frozen
) -> str:
    """The supervisor of container `name`, for /bin/sh.

    `state` is the run-state directory, `cgroup` the path of the container's cgroup relative to every hierarchy,
    `limits` are writes into it, `oom` says what happens when memory runs out, `restart` when the container ended by itself,
    `nspawn` the command to supervise, `events` the file that gets a line for what happens; `handed` and `device_policy` are
    lines of plan/rights.py; `health` says that there is a script that checks the guest, `image` is the disk that holds the root.
    """
    groups = host.cgroups.paths(cgroup)
    watch = watch_function(oom)
    q = shlex.quote
    lines = [
        "#!/bin/sh",
        f"# Supervises the container {name}; made by nixos-container, which starts and stops it.",
        "set -u",
        "umask 022",
        f"cd {q(state)} || exit 1",
        f"groups={q(' '.join(groups))}",
        "",
        *event_function(events, name),
        *oom_function(oom_files(host.cgroups, cgroup)),
        *_CGROUP_FUNCTIONS,
        *(health_function() if health else ()),
        *_enter_function(groups, limits, device_policy),
        *filter_function(host, network),
        *uplink_function(host, network),
        *prepare_function(root, ephemeral=ephemeral, size=size, directories=directories, handed=handed),
        *_command_function(nspawn, unified_cgroups=unified_cgroups, oom_score=oom.score),
        *watch,
        *restart_function(restart),
        *_main_loop(host, groups, network, disk=disk_lines(image, root), watched=bool(watch), health=health),
    ]
    return "\n".join(lines) + "\n"


# Every program that these scripts start costs a start a millisecond or two: what the shell itself can do, it does.
_CGROUP_FUNCTIONS = """\
# Ends everything in the container's cgroups and removes them: a left-over cgroup of another uid stops the next boot.
# The guest names its cgroups as it likes: no name is ever a word of this shell's.
clear_groups() {
  there=
  for group in $groups; do [ ! -d "$group" ] || there="$there $group"; done
  [ -n "$there" ] || return 0
  own="*/machine.slice/${group##*/}/launcher"
  for round in 1 2 3 4 5 6 7 8 9 10; do
    for group in $there; do
      for leaf in "$group"/*/cgroup.kill; do
        [ "$leaf" = "$group/launcher/cgroup.kill" ] || [ ! -e "$leaf" ] || echo 1 > "$leaf"
      done
    done
    # The first by its own way down, since a guest may nest deeper than a path may be long. Not every busybox has that.
    find $there -mindepth 1 -depth -type d ! -path "$own" -delete ||
      find $there -mindepth 1 -depth -type d ! -path "$own" -exec rmdir {} +
    left=
    for group in $there; do
      for leaf in "$group"/*/; do [ ! -d "$leaf" ] || [ "$leaf" = "$group/launcher/" ] || left=yes; done
      while read -r pid; do case $pid in $$ | 0) ;; *) left=yes ;; esac; done < "$group/cgroup.procs"
    done
    [ -n "$left" ] || break
    for pid in $(find $there -name cgroup.procs ! -path "$own/*" -exec cat {} +); do # cgroup v1 cannot kill
      case $pid in $$ | 0) ;; *) kill -9 "$pid" ;; esac
    done
    sleep 0.1
  done 2>/dev/null
  # cgroup v2 takes no process where controllers are passed on, as nspawn did for the guest that has ended.
  for group in $there; do
    controllers=
    [ ! -e "$group/cgroup.subtree_control" ] || read -r controllers < "$group/cgroup.subtree_control"
    for controller in $controllers; do echo "-$controller" > "$group/cgroup.subtree_control"; done
  done 2>/dev/null
}
""".splitlines()


def _enter_function(groups: tuple[str, ...], limits: tuple[Write, ...], device_policy: tuple[str, ...]) -> list[str]:
    q = shlex.quote
    return [
        *limits_function(limits),
        "# Makes the cgroups; the launcher moves into a leaf of its own.",
        "make_groups() {",
        *device_policy,
        "  mkdir -p " + " ".join(q(f"{group}/launcher") for group in groups) + " || return 1",
        "  for group in $groups; do",
        "    parent=${group%/*}",
        '    if [ -e "$parent/../cpuset.cpus" ]; then # cgroup v1: a new cpuset is empty until it is told otherwise',
        '      for leaf in "$parent" "$group" "$group/launcher"; do',
        "        for file in cpuset.cpus cpuset.mems; do",
        '          value=; read -r value < "$leaf/$file"; [ -z "$value" ] || continue',
        '          read -r value < "$leaf/../$file" && echo "$value" > "$leaf/$file"',
        "        done",
        "      done",
        "    fi",
        '    for level in "$parent/.." "$parent"; do # cgroup v2: limits exist only where every level above passes controllers on',
        '      [ -e "$level/cgroup.subtree_control" ] && read -r controllers < "$level/cgroup.controllers" || continue',
        '      for controller in $controllers; do echo "+$controller" > "$level/cgroup.subtree_control"; done 2>/dev/null',
        "    done",
        '    [ ! -e "$group/memory.use_hierarchy" ] || echo 1 > "$group/memory.use_hierarchy" 2>/dev/null',
        '    echo $$ > "$group/launcher/cgroup.procs" || return 1',
        "  done",
        *(["  limit || return 1"] if limits else []),
        "}",
        "",
    ]


def prepare_function(
    root: str, *, ephemeral: bool, size: int | None = None, directories: tuple[str, ...] = (), handed: tuple[str, ...] = ()
) -> list[str]:
    """The shell function that makes what nspawn needs anew for every boot: FIFOs, an ephemeral root."""
    q = shlex.quote
    lines = ["prepare() {"]
    if ephemeral:
        lines += [
            "  # In this process's own mount namespace: the root vanishes with the container, however that ends.",
            f"  umount -l {q(root)} 2>/dev/null",
            f"  mount -t tmpfs -o mode=0755{'' if size is None else f',size={size}'} nixos-container {q(root)} || return 1",
            "  mkdir -p " + " ".join(q(root + path) for path in ("/usr", "/etc", "/nix/var/nix", *directories)) + " || return 1",
        ]
    lines += [
        "  rm -f guest/request guest/answer",
        "  mkfifo -m 666 guest/request guest/answer || return 1",
    ]
    return [*lines, *handed, "}", ""]


def command_lines(nspawn: list[str], *, unified_cgroups: bool) -> list[str]:
    """The shell lines that become nspawn."""
    arguments = " \\\n    ".join(shlex.quote(argument) for argument in nspawn)
    unified = [
        "  # nspawn looks for the guest's systemd in places that NixOS does not have, and would then give it cgroup v1.",
        "  export SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1",
    ]
    return [*(unified if unified_cgroups else ()), f"  exec {arguments}"]


def _command_function(nspawn: list[str], *, unified_cgroups: bool, oom_score: int | None) -> list[str]:
    return [
        "container() {",
        "  read -r self rest < /proc/self/stat # $$ would be the launcher's",
        '  for group in $groups; do echo "$self" > "$group/cgroup.procs" || exit 1; done',
        '  echo "$self" > nspawn.pid',
        *([] if oom_score is None else [f"  echo {oom_score} > /proc/self/oom_score_adj"]),
        *command_lines(nspawn, unified_cgroups=unified_cgroups),
        "}",
        "",
    ]


def _main_loop(host: Host, groups: tuple[str, ...], network: NetworkPlan, *, disk: Iterable[str], watched: bool, health: bool) -> list[str]:
    lines = [
        "echo $$ > launcher.pid",
        'if [ "${1:-}" = adopt ]; then',
        "  # The first launcher was killed: watch its nspawn, whose status nobody can learn, and clean up after it.",
        "  # Not make_groups: the limits are what they have been set to since.",
        '  for group in $groups; do mkdir -p "$group/launcher"; echo $$ > "$group/launcher/cgroup.procs"; done 2>/dev/null',
        "  pid=$(cat nspawn.pid); status=unknown",
        '  while [ -d "/proc/$pid" ]; do sleep 0.5; done',
        "  clear_groups",
        "else",
        "clear_groups",
        # Before the device policy is closed, which holds for the launcher as well.
        *disk,
        "make_groups || { echo 'cannot make the cgroups' >&2; exit 1; }",
    ]
    if network.borrows and not host.udev:
        lines += [
            "# nspawn waits for udev's word on every interface that it takes, except where /sys is read-only: then there is no udev.",
            "mount -o remount,bind,ro /sys",
        ]
    lines += [
        "while :; do",
        "  prepare || break",
        "  uplink & uplink=$!",
        "  container & child=$!",
        *(["  oom_watch & watch=$!"] if watched else []),
        *(["  health $child &"] if health else ()),
        "  wait $child; status=$?",
        *(["  kill $watch 2>/dev/null; wait $watch 2>/dev/null"] if watched else []),
        "  kill $uplink 2>/dev/null; wait $uplink 2>/dev/null",
        *(["  [ ! -e out-of-memory ] || { rm -f out-of-memory; [ $status != 0 ] || status=1; }"] if watched else []),
        "  oom",
        "  clear_groups",
        "  # Only the first start has a listener for readiness.",
        "  unset NOTIFY_SOCKET",
        "  [ ! -e stopping ] || break",
        f"  if [ $status = {REBOOT} ]; then event reboot",
        *(['  elif [ -e restarting ]; then rm -f restarting; event restart \',"reason":"health"\''] if health else ()),
        "  else again || break; fi",
        "done",
        "fi",
        *filter_down_lines(host, network),
        *networks_down_lines(host, network),
        'echo "$status" > ended',
        *end_lines(),
        "rm -f nspawn.pid",
        *_leave_lines(groups),
        "# As long as this is there, a next start waits.",
        "rm -f launcher.pid",
        "exit 0",
    ]
    return lines


def _leave_lines(groups: tuple[str, ...]) -> list[str]:
    q = shlex.quote
    parents = tuple(group.rpartition("/")[0] for group in groups)
    return [
        "# The launcher's own cgroup goes last: it leaves it first.",
        "for group in $groups; do",
        "  top=${group%/machine.slice/*}",
        '  echo $$ > "$top/cgroup.procs" || { # not the real root of cgroup v2, and controllers are passed on there',
        '    mkdir -p "$top/machine.slice/left"; echo $$ > "$top/machine.slice/left/cgroup.procs"',
        "  }",
        "done 2>/dev/null",
        "rmdir " + " ".join(q(f"{group}/launcher") + " " + q(group) for group in groups) + " 2>/dev/null",
        "rmdir " + " ".join(q(parent) for parent in parents) + " 2>/dev/null",
    ]


def guest_script(network: NetworkPlan, *, busybox: str, mounts: list[str] | None = None) -> str:
    """The guest's first process, for the static busybox: the network, then the system's own init ("$@").

    Upstream's container-init does the same; the difference is that the host's end is up before this goes on.
    """
    commands = [" ".join(shlex.quote(word) for word in (busybox, "ip", *command)) for command in network.guest_commands]
    lines = [
        "# Runs as the container's first process, before its own init.",
        f"directory={GUEST_DIRECTORY}",
        f"busybox={shlex.quote(busybox)}",
    ]
    if network.private:
        lines.append('"$busybox" ip link set lo up')
    if network.pairs:
        lines += [
            'echo up > "$directory/request"',
            'read -r word < "$directory/answer"',
            *(f"echo 0 2> /dev/null > /proc/sys/net/ipv6/conf/{name}/accept_dad" for name in network.alone),
            *commands,
        ]
    lines += [
        "# Written from inside, so that links that the guest made lead nowhere on the host.",
        *_NAME_SERVERS,
        *_OTHER_KIND,
        *_NAMES,
        *(mounts or ()),
        'exec "$@"',
    ]
    return "\n".join(lines) + "\n"


# Both kinds of systems make these places anew, so nothing is lost; only what the other kind makes is touched.
_OTHER_KIND = """\
# A root may have run the other kind of system: what that one put where this one wants something else is taken away.
kind=; read -r kind 2> /dev/null < "${1%/*}/init-interface-version"
case $kind in
  archive-*) # its /bin, /usr/bin, ... are links; NixOS has directories there, with a link or two in them
    for link in /bin/sh /usr/bin/env /lib/ld-linux.so.2 /lib64/ld-linux-x86-64.so.2 /lib/ld-linux-aarch64.so.1; do
      [ ! -L "$link" ] || [ -L "${link%/*}" ] || { "$busybox" rm "$link"; "$busybox" rmdir "${link%/*}"; }
    done
    ;;
  *)
    for place in bin sbin lib lib64 libexec share include; do
      [ ! -L "/usr/$place" ] || case $("$busybox" readlink "/usr/$place") in
        /run/current-system/sw/*) "$busybox" rm "/usr/$place" ;;
      esac
      [ ! -L "/$place" ] || [ "$("$busybox" readlink "/$place")" != "usr/$place" ] || "$busybox" rm "/$place"
    done
    ;;
esac 2> /dev/null
""".splitlines()


# What the shell can do itself costs no process: most often there is a file of the last start, or nothing.
_NAME_SERVERS = """\
if [ -e "$directory/resolv.conf" ]; then
  [ -d /etc ] || "$busybox" mkdir -p /etc
  if [ -L /etc/resolv.conf ] || { [ -e /etc/resolv.conf ] && [ ! -f /etc/resolv.conf ]; }; then "$busybox" rm -rf /etc/resolv.conf; fi
  while IFS= read -r line || [ -n "$line" ]; do echo "$line"; done < "$directory/resolv.conf" > /etc/resolv.conf
  if [ -e "${1%/*}/etc/systemd/resolved.conf" ]; then # systemd-resolved asks the host's servers where it knows no others
    "$busybox" mkdir -p /run/systemd/resolved.conf.d
    "$busybox" ln -sfn "$directory/resolved.conf" /run/systemd/resolved.conf.d/nixos-container.conf
  fi
fi
""".splitlines()

# The embedded universe's activation links /etc/hosts by itself; NixOS's makes it a link into its own tree, at every start and
# switch, and systemd's tmpfiles.d(5) comes after that.
_NAMES = """\
case $kind in
  archive-*) ;;
  *)
    "$busybox" mkdir -p /run/tmpfiles.d
    echo "L+ /etc/hosts - - - - $directory/hosts" > /run/tmpfiles.d/nixos-container.conf
    ;;
esac
""".splitlines()


def launch_files(network: NetworkPlan, *, launcher: str, guest: str) -> dict[str, str]:
    """File name in the run-state directory -> text, for everything that the launcher reads."""
    return {"launch": launcher, "guest/init": guest, **network_files(network)}


def network_files(network: NetworkPlan) -> dict[str, str]:
    """Those of them that a change of the running container's network writes anew."""
    files = {}
    if network.link_settings:
        files["settings"] = "".join(f"{value} {file}\n" for file, value in network.link_settings)
    if network.pairs:
        files["links"] = "".join(line + "\n" for line in network.host_batch)
    return files | filter_files(network)
