"""The name servers that a guest gets from its host: which of the host's files says them, and how it is followed. Pure.

A name server on the host's loopback cannot be reached from a private network: where systemd-resolved stands behind it, the
servers that it asks itself are taken instead (systemd-resolved.service(8), /run/systemd/resolve/resolv.conf).
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .nspawn import GUEST_DIRECTORY

if TYPE_CHECKING:
    from ..declare.container import Container

# Seconds between two looks at the host's file where no systemd watches it.
WATCH_INTERVAL = 5


@dataclass(frozen=True, slots=True)
class Resolver:
    """The text for a guest's resolv.conf, and the servers on the host's loopback that it cannot reach, if there is no other."""

    text: str
    unreachable: tuple[str, ...] = ()


def nameservers(text: str) -> tuple[str, ...]:
    """The addresses on `nameserver` lines of `text`, in their order (resolv.conf(5))."""
    found = []
    for line in text.splitlines():
        words = line.split()
        if len(words) > 1 and words[0] == "nameserver":
            found.append(words[1])
    return tuple(found)


def _on_loopback(server: str) -> bool:
    try:
        address = ipaddress.ip_address(server.partition("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified  # the unspecified address means this machine, too


def network_servers(container: Container) -> tuple[str, ...]:
    """The name servers of ours in the shared networks of `container`."""
    return tuple(str(ipaddress.ip_network(m.network.subnet)[1]) for m in container.network.networks if m.network.dns and m.network.subnet)


def guest_resolver(own: str, upstream: str | None, *, private: bool, servers: tuple[str, ...] = ()) -> Resolver:
    """What a guest is told, where the host's resolv.conf is `own` and systemd-resolved's list of servers `upstream`.

    On the host's network (not `private`) that is what the host itself is told; where `servers` of shared networks answer, these.
    """
    if servers:
        return Resolver(_without(own, nameservers(own)) + "".join(f"nameserver {server}\n" for server in servers))
    given = nameservers(own)
    lost = tuple(server for server in given if _on_loopback(server))
    if not private or not lost:
        return Resolver(own)
    if len(lost) < len(given):
        return Resolver(_without(own, lost))
    if upstream is not None and any(not _on_loopback(server) for server in nameservers(upstream)):
        return Resolver(_without(upstream, tuple(filter(_on_loopback, nameservers(upstream)))))
    return Resolver(own, unreachable=lost)


def _without(text: str, servers: tuple[str, ...]) -> str:
    kept = [
        line
        for line in text.splitlines(keepends=True)
        if not (line.split()[:1] == ["nameserver"] and line.split()[1:2] != [] and line.split()[1] in servers)
    ]
    return "".join(kept)


def resolved_text(resolver: Resolver) -> str:
    """A drop-in of resolved.conf(5) for guests with systemd-resolved: the host's servers, where the guest names none of its own."""
    servers = () if resolver.unreachable else nameservers(resolver.text)
    return "[Resolve]\n" + "".join(f"FallbackDNS={server}\n" for server in servers)


# Run inside, by root of the guest, after the host's file changed. A file that the guest wrote itself is left alone.
FOLLOW_SCRIPT = f"""\
directory={GUEST_DIRECTORY}
if [ -e /run/resolvconf/host ]; then # the embedded universe's own list, with the host's at its end
  cat "$directory/resolv.conf" > /run/resolvconf/host
  systemctl restart resolvconf.service
elif [ -e /run/resolvconf/interfaces/host ] && command -v resolvconf > /dev/null; then # NixOS's
  resolvconf -m 1000 -a host < "$directory/resolv.conf"
elif [ -f /etc/resolv.conf ] && [ ! -L /etc/resolv.conf ] && "$1" cmp -s /etc/resolv.conf "$directory/resolv.conf.before"; then
  "$1" cp "$directory/resolv.conf" /etc/.resolv.conf.new && "$1" mv -f /etc/.resolv.conf.new /etc/resolv.conf
fi
if [ -e /run/systemd/resolved.conf.d/nixos-container.conf ]; then systemctl try-restart systemd-resolved.service; fi
"""


def watcher_script(file: str, run: str, command: str) -> str:
    """For /bin/sh on hosts without systemd: call `command` whenever the text of `file` changes, as long as a container runs.

    One process for all containers, which looks with the shell's own means; it ends after the last container, whose
    `nspawn.pid` stands below `run`: not between the end of a container and its next start.
    """
    return f"""\
# Tells containers of this host when its name servers change; started and ended by nixos-container.
look() {{
  now=
  while IFS= read -r line || [ -n "$line" ]; do now="$now$line;"; done < {file}
}}
look; seen=$now idle=0
while sleep {WATCH_INTERVAL}; do
  set -- {run}/.*/nspawn.pid
  if [ -e "$1" ]; then idle=0; else idle=$((idle + 1)); [ "$idle" -lt 3 ] || exit 0; fi
  look 2> /dev/null
  [ "$now" = "$seen" ] || {{ seen=$now; {command}; }}
done
"""
