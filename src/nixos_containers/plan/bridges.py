"""Shared networks as finished texts: the bridge, its addresses, its packet filter's elements, and dnsmasq's configuration. Pure.

Two scripts per network, both idempotent and called with the lock of networks held: `up` before a member's interface joins, `down` after
one went, which does nothing as long as the bridge has a port. So the network is there while a member runs, whoever
started or ended it. Not for members' addresses (plan/shared.py) nor for running anything.
"""

from __future__ import annotations

import ipaddress
import shlex
from typing import TYPE_CHECKING

from ..base.errors import DefinitionError
from ..declare.container import VethPair
from .names import interface_name, siphash24
from .pairs import Pair
from .ruleset import BASE_RULES, elements_down, elements_present, elements_up
from .shared import dynamic_range, gateway

if TYPE_CHECKING:
    from ..declare.container import Container
    from ..declare.shared import Membership, SharedNetwork
    from .facts import Host

_KEY = bytes(range(16, 32))
ALIAS = "nixos-container network"
_DNS, _DHCP = 53, 67


def bridge_name(network: str) -> str:
    """The bridge of the shared network `network`."""
    return interface_name("cb-", network)


def service_of(network: str) -> str:
    """The unit that runs the network's dnsmasq on hosts with systemd."""
    return f"nixos-container-network-{network}.service"


def mac_address(*words: str) -> str:
    """A locally administered MAC address (IEEE 802) that is always the same for `words`."""
    digest = siphash24("\0".join(words).encode(), _KEY)
    return ":".join(f"{byte:02x}" for byte in (0x02, *digest.to_bytes(8, "big")[:5]))


def member_pairs(container: Container) -> list[Pair]:
    """The pairs that connect `container` with its shared networks, in their order."""
    network = container.network
    pairs = []
    first = 1 if network.main_pair else 0
    for number, membership in enumerate(network.networks):
        shared = membership.network
        if shared.subnet is None or shared.subnet6 is None:
            raise DefinitionError(f"containers.{container.name}: the shared network ‘{shared.name}’ has no subnet yet")
        host = interface_name("vb-", container.name if number + first == 0 else f"{container.name}.{shared.name}")
        main = number + first == 0
        v4, v6 = ipaddress.ip_network(shared.subnet), ipaddress.ip_network(shared.subnet6)
        config = VethPair(
            host_bridge=bridge_name(shared.name),
            host_address=str(gateway(v4)),
            host_address6=str(gateway(v6)),
            local_address=f"{membership.address}/{v4.prefixlen}",
            local_address6=f"{membership.address6}/{v6.prefixlen}",
            local_mac_address=member_mac(container, membership),
            forward_ports=network.forward_ports if main else (),
            mtu=shared.mtu,
        )
        pairs.append(Pair(host, f"eth{number + first}", config, f"containers.{container.name}", shared))
    return pairs


def member_mac(container: Container, membership: Membership) -> str:
    """The MAC address of `container` in a shared network: the declared one in its first, else a stable one."""
    network = container.network
    if network.local_mac_address is not None and not network.main_pair and network.networks[0] == membership:
        return network.local_mac_address.lower()
    return mac_address(container.name, membership.network.name)


def network_files(network: SharedNetwork, host: Host, *, directory: str, dnsmasq: str | None) -> dict[str, str]:
    """File name in `directory` (the network's run state) -> text. `dnsmasq` is the program, None where none is wanted."""
    elements = _elements(network)
    files = {
        "links": "".join(line + "\n" for line in _batch(network)),
        "filter.rules": BASE_RULES,
        "filter.up": elements_up(elements),
        "filter.down": elements_down(elements),
        "filter.present": elements_present(elements),
        "up": _up_script(network, host, directory=directory, dnsmasq=dnsmasq),
        "down": _down_script(network, host, directory=directory, dnsmasq=dnsmasq),
    }
    if dnsmasq is not None:
        files["dnsmasq.conf"] = _dnsmasq_configuration(network, directory=directory)
    return files


def _batch(network: SharedNetwork) -> list[str]:
    """Input for `ip -force -batch`: what is there already fails and changes nothing."""
    bridge = bridge_name(network.name)
    v4, v6 = ipaddress.ip_network(network.subnet or ""), ipaddress.ip_network(network.subnet6 or "")
    return [
        # Its own MAC: otherwise it takes that of a port, and neighbours lose it when the port goes.
        f"link add {bridge} address {mac_address('', network.name)} type bridge stp_state 0 forward_delay 0",
        f'link set {bridge} alias "{ALIAS} {network.name}"',
        f"link set {bridge} mtu {1500 if network.mtu is None else network.mtu}",
        f"address replace {gateway(v4)}/{v4.prefixlen} dev {bridge}",
        f"address replace {gateway(v6)}/{v6.prefixlen} dev {bridge} nodad",
        f"link set {bridge} up",
        # As for a pair with forwarded ports (plan/network.py): what comes back to the host's own loopback.
        f"route append local ::1 dev {bridge} table local metric 2048",
    ]


def _elements(network: SharedNetwork) -> tuple[tuple[str, str], ...]:
    """What holds for everybody on the bridge, whoever made it. What one member may besides is among its own (plan/forwards.py)."""
    link = f'"{bridge_name(network.name)}"'
    elements = [("shared", link), ("guarded", link)]
    if not network.isolated:
        elements.append(("within", f"{link} . {link}"))
    if network.dns:
        elements += [("allowed", f"{link} . {protocol} . {_DNS}") for protocol in ("tcp", "udp")]
    if network.dhcp:
        elements += [("allowed", f"{link} . udp . {port}") for port in (_DHCP, 547)]  # RFC 2131, RFC 8415
    return tuple(elements)


def _up_script(network: SharedNetwork, host: Host, *, directory: str, dnsmasq: str | None) -> str:
    q, bridge = shlex.quote, bridge_name(network.name)
    nft = q(host.tools.nft)
    lines = [
        "#!/bin/sh",
        f"# Makes the network {network.name} of containers, or repairs it; made by nixos-container.",
        f"cd {q(directory)} || exit 1",
        f"{q(host.tools.ip)} -force -batch links > log 2>&1",
        f"for setting in accept_ra accept_redirects; do echo 0 > /proc/sys/net/ipv6/conf/{bridge}/$setting; done 2> /dev/null",
        f"echo 1 > /proc/sys/net/ipv4/conf/{bridge}/route_localnet # for forwarded ports; others' packets to it are dropped",
        f"{nft} -f filter.up 2> /dev/null || {{ {nft} -f filter.rules && {nft} -f filter.up; }} || exit 1",
        "echo > running",
    ]
    if dnsmasq is not None:
        configuration = f"--conf-file={directory}/dnsmasq.conf"
        if host.systemd:
            unit = service_of(network.name)
            lines += [
                f"systemctl is-active --quiet {q(unit)} ||",
                f"  systemd-run --quiet --collect --no-block --slice=machine.slice --unit={q(unit)} \\",
                "    --property=Restart=on-failure \\",
                f"    --description={q(f'DHCP and DNS of the network {network.name} of containers')} \\",
                f"    {q(dnsmasq)} --keep-in-foreground {q(configuration)} 9>&-",
            ]
        else:
            lines += [
                *_alive_function(directory),
                "alive || (",
                *_join_groups(network, host),
                f"  exec {q(dnsmasq)} {q(configuration)} 9>&-",
                ")",
            ]
    return "\n".join(lines) + "\n"


def _alive_function(directory: str) -> list[str]:
    return [
        "alive() { # the pid may be somebody else's by now",
        "  [ -e dnsmasq.pid ] && read -r pid < dnsmasq.pid && [ -e /proc/$pid/cmdline ] || return 1",
        f"  case $(tr '\\0' ' ' < /proc/$pid/cmdline) in *{shlex.quote(directory)}/dnsmasq.conf*) ;; *) return 1 ;; esac",
        "}",
    ]


def _groups(network: SharedNetwork, host: Host) -> str:
    return " ".join(shlex.quote(group) for group in host.cgroups.paths(f"machine.slice/@network-{network.name}"))


def _join_groups(network: SharedNetwork, host: Host) -> list[str]:
    """Out of the container's cgroups, whose end it must outlive."""
    return [
        "  read -r self rest < /proc/self/stat",
        f"  for group in {_groups(network, host)}; do",
        '    mkdir -p "$group"',
        "    for file in cpuset.cpus cpuset.mems; do # cgroup v1: a new cpuset is empty until it is told otherwise",
        '      [ ! -e "$group/$file" ] || { value=; read -r value < "$group/../$file" && echo "$value" > "$group/$file"; }',
        "    done",
        '    echo "$self" > "$group/cgroup.procs"',
        "  done 2> /dev/null",
    ]


def _down_script(network: SharedNetwork, host: Host, *, directory: str, dnsmasq: str | None) -> str:
    q, bridge = shlex.quote, bridge_name(network.name)
    lines = [
        "#!/bin/sh",
        f"# Takes the network {network.name} of containers away when nobody is on it; made by nixos-container.",
        f"cd {q(directory)} || exit 0",
        f"set -- /sys/class/net/{bridge}/brif/*",
        '[ ! -e "$1" ] || exit 0',
    ]
    if dnsmasq is not None:
        if host.systemd:
            lines.append(f"systemctl stop {q(service_of(network.name))} 2> /dev/null")
        else:
            lines += [
                *_alive_function(directory),
                "if alive; then",
                "  kill $pid",
                "  while alive; do sleep 0.02; done",
                "fi",
                "# One that was killed or made a moment ago has no pid file, and may still be on its way in or out.",
                f"for round in 1 2 3 4 5 6 7 8 9 10; do for group in {_groups(network, host)}; do",
                '  [ -d "$group" ] || continue',
                '  while read -r pid; do [ "$pid" = 0 ] || kill -9 "$pid"; done < "$group/cgroup.procs"',
                '  rmdir "$group" || sleep 0.02',
                "done; done 2> /dev/null",
            ]
    lines += [
        f"{q(host.tools.nft)} -f filter.down 2> /dev/null",
        "alias=",
        f"read -r alias 2> /dev/null < /sys/class/net/{bridge}/ifalias",
        f'case $alias in "{ALIAS} "*) {q(host.tools.ip)} link delete {bridge} ;; esac',
        "rm -f running dnsmasq.pid",
        "exit 0",
    ]
    return "\n".join(lines) + "\n"


def _dnsmasq_configuration(network: SharedNetwork, *, directory: str) -> str:
    """dnsmasq(8). Names come from the file that run/hosts.py keeps; other questions go where the host's own resolver asks.

    A copy of the host's file, which run/bridges.py keeps: dnsmasq does not start where /etc/resolv.conf leads nowhere yet, as before the
    first start of systemd-resolved.
    """
    v4, v6 = ipaddress.ip_network(network.subnet or ""), ipaddress.ip_network(network.subnet6 or "")
    lines = [
        f"# The network {network.name} of containers; made by nixos-container.",
        f"interface={bridge_name(network.name)}",
        "except-interface=lo",
        "bind-dynamic",
        f"pid-file={directory}/dnsmasq.pid",
        "no-hosts",
        f"resolv-file={directory}/resolv.conf",
        f"addn-hosts={directory.rpartition('/')[0].rpartition('/')[0]}/hosts",
        "local=/containers/",
        "domain-needed",
        "bogus-priv",
    ]
    if not network.dns:
        lines.append("port=0")
    if network.dhcp:
        low, high = dynamic_range(v4)
        low6, high6 = dynamic_range(v6)
        lines += [
            f"dhcp-range={low},{high},{v4.netmask},12h",
            f"dhcp-range={low6},{high6},{v6.prefixlen},12h",
            "enable-ra",
            "dhcp-authoritative",
            f"dhcp-option=option:router,{gateway(v4)}",
            *([f"dhcp-option=option:dns-server,{gateway(v4)}", f"dhcp-option=option6:dns-server,[{gateway(v6)}]"] if network.dns else ()),
            *([f"dhcp-option=option:mtu,{network.mtu}"] if network.mtu is not None else ()),
            f"dhcp-leasefile={directory}/leases",
            f"dhcp-hostsfile={directory}/dhcp-hosts",
            "dhcp-ignore-names=tag:!known",  # nobody gets a name in the network by asking for it
        ]
    return "\n".join(lines) + "\n"


def dhcp_hosts(network: str, containers: dict[str, Container]) -> str:
    """dnsmasq's list of the members of `network`, by MAC address: who asks is told the address that it has anyway."""
    lines = []
    for name, container in sorted(containers.items()):
        for membership in container.network.networks:
            if membership.network.name == network:
                mac = member_mac(container, membership)
                lines.append(f"{mac},{membership.address},[{membership.address6}],{name},infinite\n")
    return "".join(lines)
