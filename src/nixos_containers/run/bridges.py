"""Shared networks on the host: their files in the run state, and putting right what somebody deleted. Texts are plan/bridges.py's.

A network is made by the launcher of a member that starts and taken away by that of the last that ends; here is what goes before and
after.
"""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

from ..base import log, process
from ..base.errors import HostError
from ..base.files import locked, read_text, remove
from ..kernel import cgroups, proc, processes
from ..plan.bridges import ALIAS, bridge_name, dhcp_hosts, network_files, service_of
from ..plan.network import plan_network

if TYPE_CHECKING:
    from ..base.paths import Paths
    from ..declare.container import Container
    from ..declare.shared import SharedNetwork
    from ..plan.facts import Host

# The file with which a network is served; without it, it wants neither DHCP nor DNS.
_DNSMASQ = "dnsmasq.conf"
_DNS = 53


def prepare(paths: Paths, container: Container, host: Host) -> None:
    """Write what the launcher of `container` needs for its shared networks. Raises HostError when one of them cannot be."""
    for membership in container.network.networks:
        network = membership.network
        bridge = bridge_name(network.name)
        alias = read_text(f"/sys/class/net/{bridge}/ifalias")
        if alias is not None and not alias.startswith(ALIAS):
            raise HostError(
                f"the host has an interface {bridge} that is not ours, in the place of the shared network ‘{network.name}’",
                hint="give the network another name, or remove the interface",
            )
        dnsmasq = None
        if network.dhcp or network.dns:
            dnsmasq = process.find("dnsmasq")
            if dnsmasq is None:
                raise HostError(
                    f"the shared network ‘{network.name}’ wants DHCP or DNS, and dnsmasq is not installed",
                    hint="apt-get install dnsmasq-base",
                )
            if network.dns and dnsmasq_pid(paths, network.name) is None:
                _check_port(network.name)
        with locked(f"{paths.networks}/.lock", who="preparing a shared network"):
            _write(paths, network, host, dnsmasq)


def _check_port(network: str) -> None:
    """Raises HostError where dnsmasq could not begin: a service at every address has the port at the network's, too."""
    from ..observe.network import listening

    if any(listener.port == _DNS and listener.address in ("0.0.0.0", "::") for listener in listening()):
        raise HostError(
            f"the shared network ‘{network}’ wants DNS, and something on the host listens at port {_DNS} of every address",
            hint=f"‘ss -lnp sport = :{_DNS}’ tells what it is; let it listen at single addresses, or leave networks.{network}.dns false",
        )


def renew(paths: Paths, container: Container, host: Host) -> None:
    """Bring the shared networks of `container`, which runs, to what its definition says now: others' interfaces stay on their bridges.

    Addresses, isolation and address translation change at once; dnsmasq is started again where its configuration is another.
    Raises HostError when a network cannot be so.
    """
    prepare(paths, container, host)
    with locked(f"{paths.networks}/.lock", who="renewing a shared network"):
        for membership in container.network.networks:
            process.run(["/bin/sh", f"{paths.network(membership.network.name)}/up"])


def _write(paths: Paths, network: SharedNetwork, host: Host, dnsmasq: str | None) -> None:
    from .hosts import replace

    directory = paths.network(network.name)
    os.makedirs(directory, mode=0o755, exist_ok=True)
    files = network_files(network, host, directory=directory, dnsmasq=dnsmasq)
    before = {name: read_text(f"{directory}/{name}") for name in {*files, _DNSMASQ}}
    bridge = bridge_name(network.name)
    if os.path.exists(f"/sys/class/net/{bridge}"):
        if before["links"] not in (None, files["links"]):
            process.run(["ip", "address", "flush", "dev", bridge, "scope", "global"], check=False)
        if before["filter.down"] not in (None, files["filter.down"]):
            _exchange_rules(before["filter.down"] or "", files)
        if before[_DNSMASQ] != files.get(_DNSMASQ):
            _stop_dnsmasq(paths, network.name, host)
    if _DNSMASQ not in files:
        remove(f"{directory}/{_DNSMASQ}")
    for name, text in files.items():
        if before[name] != text:
            replace(f"{directory}/{name}", text)
    if dnsmasq is not None:
        _follow_servers(paths, network.name)
    if network.dhcp and not os.path.exists(f"{directory}/dhcp-hosts"):
        from ..observe import containers as observe

        replace(f"{directory}/dhcp-hosts", dhcp_hosts(network.name, {n: r.container for n, r in observe.records(paths).items()}))


def _exchange_rules(down: str, files: dict[str, str]) -> None:
    """Put the network's new elements in the place of those that `down` takes out, in one transaction: no member is unguarded meanwhile.

    Raises CommandFailed, with the old ones in place, when the packet filter takes the new ones in no way.
    """
    up, rules = files["filter.up"], files["filter.rules"]
    # Somebody has flushed the table, or it is that of another version, which may have had other sets.
    tried = (down + up, rules + down + up)
    if not any(process.run(["nft", "-f", "-"], stdin=text, check=False).returncode == 0 for text in tried):
        process.run(["nft", "-f", "-"], stdin=rules + up)


def _guards_hold(paths: Paths, networks: list[str]) -> bool:
    """Whether the packet filter has the elements of all `networks`, in one question: every command that changes something asks."""
    directories = [paths.network(network) for network in networks]
    asked = "".join(read_text(f"{each}/filter.present") or "" for each in directories if os.path.exists(f"{each}/running"))
    return not asked or process.run(["nft", "-f", "-"], stdin=asked, check=False).returncode == 0


def _guard_again(paths: Paths, network: str) -> bool:
    """Put back the packet filter's elements of `network`, which has members, when some are missing; whether that was so."""
    if _guards_hold(paths, [network]):
        return False
    with locked(f"{paths.networks}/.lock", who="repairing a shared network"):
        if _guards_hold(paths, [network]):
            return False
        # The rules themselves are there: members need them as well, and were looked at before (run/reconnect.py).
        said = process.run(["nft", "-f", f"{paths.network(network)}/filter.up"], check=False)
        if said.returncode != 0:
            log.warn(f"the packet filter refuses what guards the host from the shared network ‘{network}’: {said.stderr.strip()}")
        return _guards_hold(paths, [network])


def _stop_dnsmasq(paths: Paths, network: str, host: Host) -> None:
    if host.systemd:
        process.run(["systemctl", "stop", service_of(network)], check=False)
        return
    pid = dnsmasq_pid(paths, network)
    if pid is not None:
        processes.send(pid, signal.SIGTERM)
        processes.wait_until_gone(pid, 5)


def dnsmasq_pid(paths: Paths, network: str) -> int | None:
    """The process that answers DHCP and DNS in `network`, or None."""
    directory = paths.network(network)
    pid = proc.read_pid(f"{directory}/dnsmasq.pid")
    if pid is None or f"--conf-file={directory}/{_DNSMASQ}" not in proc.arguments(pid):
        return None
    return pid


def known(paths: Paths) -> list[str]:
    """Shared networks that have had a member since the host started."""
    try:
        return sorted(entry for entry in os.listdir(paths.networks) if not entry.startswith("."))
    except FileNotFoundError:
        return []


def tell_names(paths: Paths, containers: dict[str, Container]) -> None:
    """Let every dnsmasq know the members as they are now, and read the names anew."""
    from .hosts import replace

    for network in known(paths):
        path = f"{paths.network(network)}/dhcp-hosts"
        if os.path.exists(path):
            replace(path, dhcp_hosts(network, containers))
        pid = dnsmasq_pid(paths, network)
        if pid is not None:
            processes.send(pid, signal.SIGHUP)


def follow_servers(paths: Paths) -> None:
    """Let every dnsmasq ask the servers that the host asks now; it sees by itself that its file was replaced."""
    for network in known(paths):
        if os.path.exists(f"{paths.network(network)}/{_DNSMASQ}"):
            _follow_servers(paths, network)


def _follow_servers(paths: Paths, network: str) -> None:
    from .hosts import replace

    path, text = f"{paths.network(network)}/resolv.conf", read_text(paths.resolv_conf) or ""
    if read_text(path) != text:
        replace(path, text)


def leave(paths: Paths, name: str) -> None:
    """Take away the networks of container `name`, which has ended without its launcher, where it was the last."""
    try:
        from ..observe import containers as observe

        networks = plan_network(observe.record(paths, name).container).networks
    except Exception:  # whose networks they were is not known any more: `repair` looks at all
        return
    _down(paths, [network.name for network in networks])


def _down(paths: Paths, networks: list[str]) -> None:
    present = [f"{paths.network(network)}/down" for network in networks]
    present = [script for script in present if os.path.exists(script)]
    if present:
        with locked(f"{paths.networks}/.lock", who="leaving a shared network"):
            for script in present:
                process.run(["/bin/sh", script], check=False)


def _serve_again(paths: Paths, network: str) -> bool:
    """Start the dnsmasq of `network`, which has members, when it should have one and has none; whether that was so."""

    def missing() -> bool:
        return os.path.exists(f"{paths.network(network)}/{_DNSMASQ}") and dnsmasq_pid(paths, network) is None

    if not missing():
        return False
    with locked(f"{paths.networks}/.lock", who="repairing a shared network"):  # held by a launcher that is just starting it
        if not missing():
            return False
        said = process.run(["/bin/sh", f"{paths.network(network)}/up"], check=False).stderr
        complaints = [line for line in said.splitlines() if line.startswith("dnsmasq: ")]
        if complaints:
            log.warn(f"the shared network ‘{network}’ has no DHCP and DNS server: {complaints[-1]}")
        return not missing()


def _has_cgroups(network: str) -> bool:
    """Whether those of its dnsmasq exist, as they do without the network when a start was killed in the middle."""
    v1, v2 = cgroups.hierarchies()
    return any(os.path.isdir(f"{mount}/machine.slice/@network-{network}") for mount in {*v1.values(), v2})


def repair(paths: Paths) -> list[str]:
    """Remove networks without members, and give back what somebody took from the others; say what was done."""
    done: list[str] = []
    networks = [network for network in known(paths) if os.path.exists(f"{paths.network(network)}/running") or _has_cgroups(network)]
    if not networks:
        return done
    from ..observe import containers as observe

    members: dict[str, list[str]] = {network: [] for network in networks}
    for name in observe.run_states(paths):
        state = paths.run_state(name)
        text = read_text(f"{state}/links") or ""
        if not any(f" master {bridge_name(network)}\n" in text for network in networks) or observe.running(paths, name) is None:
            continue
        lost = False
        for line in text.splitlines():
            words = line.split()
            for network in networks:
                if words[:2] == ["link", "set"] and words[3:] == ["master", bridge_name(network)]:
                    members[network].append(name)
                    master = os.path.basename(os.path.realpath(f"/sys/class/net/{words[2]}/master"))
                    lost = lost or (master != bridge_name(network) and os.path.exists(f"/sys/class/net/{words[2]}"))
        if lost:
            joined = [network for network in networks if name in members[network]]
            with locked(f"{paths.networks}/.lock", who="repairing a shared network"):
                for network in joined:
                    process.run(["/bin/sh", f"{paths.network(network)}/up"], check=False)
                process.run(["ip", "-force", "-batch", f"{state}/links"], check=False)
            done.append(f"container ‘{name}’ had lost its shared network ({', '.join(joined)}); it is a member again")
    guarded = _guards_hold(paths, [network for network in networks if members[network]])
    for network in networks:
        if not members[network]:
            _down(paths, [network])
            if not os.path.exists(f"{paths.network(network)}/running"):
                done.append(f"the shared network ‘{network}’ had no member left; removed")
            continue
        if not guarded and _guard_again(paths, network):
            done.append(f"somebody had taken rules of the shared network ‘{network}’ from the packet filter; they are back")
        if _serve_again(paths, network):
            done.append(f"the DHCP and DNS server of the shared network ‘{network}’ had been killed; another one serves it now")
    for sentence in done:
        log.warn(sentence)
    return done
