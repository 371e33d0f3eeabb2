"""The host's own network services, really running: systemd-networkd, NetworkManager and systemd-resolved beside containers.

The host's owner lets them take every interface there is (`Name=*`, a profile for whatever is plugged in), as images of clouds and
desktops do. The systems are built outside, so that the host needs no network.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from nixos_containers.base.paths import Paths

from .conftest import PACKAGES, SystemdHost, base_root, booted, wait_until
from .test_systemd_host import Story, unplug

EXTRA = "network-manager,systemd-resolved,firewalld,dnsmasq-base,iputils-ping"
SERVICES = tuple(
    f"{service}.service"
    for service in ("NetworkManager", "NetworkManager-wait-online", "NetworkManager-dispatcher", "systemd-resolved", "firewalld")
)
PAIR, BRIDGED = "nctsvpair", "nctsvbridge"
DEFINITION = f"""
{{
  networking.containers.networks.nctsvnet = {{ subnet = "10.213.81.0/24"; subnet6 = "fd00:213:81::/64"; dns = true; }};
  containers.{PAIR} = {{
    autoStart = true; privateNetwork = true;
    hostAddress = "10.213.80.1"; localAddress = "10.213.80.2"; hostAddress6 = "fd00:213:80::1"; localAddress6 = "fd00:213:80::2";
    extraVeths.nctsvextra = {{ hostAddress = "10.213.80.5"; localAddress = "10.213.80.6"; }};
    macvlans = [ "nctsvmac" ];
    interfaces = [ "nctsvmove" ];
    config.system.stateVersion = "25.11";
  }};
  containers.{BRIDGED} = {{
    autoStart = true; privateNetwork = true;
    hostBridge = "nctsvbr"; localAddress = "10.213.82.2/24";
    networks = [ "nctsvnet" ];
    config.system.stateVersion = "25.11";
  }};
}}
"""
OURS = ("ve-nctsvpair", "nctsvextra", "vb-nctsvbridge", "cb-nctsvnet")
# The host's own network: an uplink to a machine with a DHCP server, cards for a macvlan and to be moved, a bridge.
OWN_NETWORK = """
ip netns add lan
ip link add nctsvup type veth peer name eth0 netns lan
ip link set nctsvup up
ip -n lan link set lo up
ip -n lan address add 10.213.83.1/24 dev eth0
ip -n lan link set eth0 up
ip link add nctsvmac type veth peer name nctsvmacp netns lan
ip link set nctsvmac up
ip link add nctsvmove type veth peer name nctsvmovep netns lan
ip link add nctsvbr type bridge
ip address add 10.213.82.1/24 dev nctsvbr
ip link set nctsvbr up
systemd-run --quiet --unit=lan-dhcp --property=NetworkNamespacePath=/run/netns/lan dnsmasq --keep-in-foreground --conf-file=/dev/null \
  --interface=eth0 --bind-dynamic --dhcp-range=10.213.83.100,10.213.83.150,1h --dhcp-leasefile=/run/leases --no-resolv --no-hosts \
  --address=/www.example.com/192.0.2.83 --pid-file=
"""


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    base = base_root(f"{PACKAGES},{EXTRA}")
    with booted(base, tmp_path_factory.mktemp("services-host"), masked=SERVICES) as host:
        made = Story(host, tmp_path_factory.mktemp("definition"))
        try:
            made.define(DEFINITION)
            shutil.copytree(Paths().cache, host.file(Paths().cache), symlinks=True, dirs_exist_ok=True)
            host.succeed("sh", "-ec", OWN_NETWORK)
            yield made
        finally:
            for name in (PAIR, BRIDGED):
                unplug(name)


def write(host: SystemdHost, path: str, text: str) -> None:
    host.file(path).parent.mkdir(parents=True, exist_ok=True)
    host.file(path).write_text(text, encoding="utf-8")


def ends(host: SystemdHost) -> dict[str, Any]:
    """Our interfaces on the host with what they have: state, master, addresses and routes; without what the kernel gives to any link."""
    links = json.loads(host.succeed("ip", "-j", "address"))
    routes = json.loads(host.succeed("ip", "-j", "route", "show", "table", "all"))
    routes += json.loads(host.succeed("ip", "-6", "-j", "route", "show", "table", "all"))
    return {
        link["ifname"]: (
            link["operstate"],
            link.get("master"),
            sorted(entry["local"] for entry in link["addr_info"] if entry["scope"] != "link"),
            sorted(str(route["dst"]) for route in routes if route.get("dev") == link["ifname"] and route["dst"][:2] not in ("fe", "ff")),
        )
        for link in links
        if link["ifname"] in OURS
    }


def all_is_reached(host: SystemdHost) -> None:
    for address in ("10.213.80.2", "fd00:213:80::2", "10.213.80.6", "10.213.82.2"):
        host.succeed("ping", "-n", "-q", "-c", "1", "-W", "2", address)
    for address in ("10.213.81.1", "fd00:213:81::1", "10.213.82.1"):
        host.succeed("nixos-container", "run", BRIDGED, "--", "ping", "-c", "1", "-W", "2", address)


def has_lease(host: SystemdHost) -> bool:
    return "10.213.83.1" in host.succeed("ip", "-4", "address", "show", "dev", "nctsvup")


def test_networkd_leaves_our_interfaces_alone(serving: Story) -> None:
    host = serving.host
    write(host, "/etc/systemd/network/00-all.network", "[Match]\nName=*\n\n[Network]\nDHCP=yes\nIPv6AcceptRA=yes\n")
    host.succeed("systemctl", "start", "systemd-networkd")
    wait_until(lambda: has_lease(host))
    serving.switch()
    all_is_reached(host)
    before = ends(host)
    assert set(before) == set(OURS)
    for change in (("networkctl", "reload"), ("systemctl", "restart", "systemd-networkd")):
        host.succeed(*change)
        wait_until(lambda: has_lease(host))
        listed = {
            line.split()[1]: line.split()[-1] for line in host.succeed("networkctl", "list", "--no-legend", "--no-pager").splitlines()
        }
        assert {name: listed[name] for name in OURS} == dict.fromkeys(OURS, "unmanaged"), listed
        assert listed["nctsvup"] == "configured"
        assert ends(host) == before
    all_is_reached(host)
    host.succeed("systemctl", "stop", "systemd-networkd")


def test_networkmanager_leaves_our_interfaces_alone(serving: Story) -> None:
    host = serving.host
    everything = (
        "[connection]\nid=everything\ntype=ethernet\nmulti-connect=3\nautoconnect-retries=0\n[ipv4]\nmethod=auto\n[ipv6]\nmethod=auto\n"
    )
    write(host, "/etc/NetworkManager/system-connections/everything.nmconnection", everything)
    host.file("/etc/NetworkManager/system-connections/everything.nmconnection").chmod(0o600)
    # Neither Debian's udev rules, which take veth pairs out, nor ifupdown.
    write(host, "/etc/NetworkManager/NetworkManager.conf", "[main]\nplugins=keyfile\n[device]\nmanaged=1\n")
    host.succeed("ip", "address", "flush", "dev", "nctsvup")
    before = ends(host)
    host.succeed("systemctl", "unmask", "NetworkManager.service", "NetworkManager-dispatcher.service")
    host.succeed("systemctl", "start", "NetworkManager")
    for change in (
        ("nixos-container", "restart", PAIR, BRIDGED),
        ("nmcli", "general", "reload"),
        ("systemctl", "restart", "NetworkManager"),
    ):
        host.succeed(*change)
        wait_until(lambda: has_lease(host))
        listed = dict(line.split(":")[:2] for line in host.succeed("nmcli", "-t", "-f", "DEVICE,STATE", "device").splitlines())
        assert {name: listed[name] for name in OURS} == dict.fromkeys(OURS, "unmanaged"), listed
        assert listed["nctsvup"].startswith("connected"), listed
        assert ends(host) == before
    all_is_reached(host)
    host.succeed("systemctl", "stop", "NetworkManager")


def test_guests_ask_the_servers_behind_resolved_and_follow_them(serving: Story) -> None:
    host = serving.host
    host.succeed("ip", "address", "replace", "10.213.83.99/24", "dev", "nctsvup")
    host.file("/etc/resolv.conf").unlink(missing_ok=True)
    host.file("/etc/resolv.conf").symlink_to("../run/systemd/resolve/stub-resolv.conf")
    host.succeed("systemctl", "unmask", "systemd-resolved.service")
    host.succeed("systemctl", "start", "systemd-resolved")
    host.succeed("resolvectl", "dns", "nctsvup", "10.213.83.1")
    host.succeed("resolvectl", "domain", "nctsvup", "~.", "example.net")
    assert "127.0.0.53" in host.succeed("cat", "/etc/resolv.conf")
    assert "192.0.2.83" in host.succeed("getent", "ahostsv4", "www.example.com"), "resolved itself works"

    def servers(guest: str) -> str:
        return host.succeed("nixos-container", "run", guest, "--", "cat", "/etc/resolv.conf")

    wait_until(lambda: "nameserver 10.213.83.1\n" in servers(PAIR))
    assert "example.net" in servers(PAIR)
    for guest in (PAIR, BRIDGED):
        assert "192.0.2.83" in host.succeed("nixos-container", "run", guest, "--", "getent", "ahostsv4", "www.example.com")
    assert "127.0.0.53" not in servers(PAIR) + servers(BRIDGED)
    host.succeed("resolvectl", "dns", "nctsvup", "10.213.83.2")
    wait_until(lambda: "nameserver 10.213.83.2\n" in servers(PAIR))
    host.succeed("ip", "-n", "lan", "address", "add", "10.213.83.2/24", "dev", "eth0")
    ask = ("nixos-container", "run", BRIDGED, "--", "getent", "ahostsv4", "www.example.com")
    wait_until(lambda: "192.0.2.83" in host.run(*ask).stdout)
    host.succeed("nixos-container", "restart", PAIR)
    assert "nameserver 10.213.83.2\n" in servers(PAIR)


def test_firewalld_is_named_with_the_command_that_lets_containers_through(serving: Story) -> None:
    host = serving.host
    serving.switch()
    host.succeed("ip", "address", "replace", "10.213.83.99/24", "dev", "nctsvup")
    out = ("nixos-container", "run", PAIR, "--", "ping", "-c", "1", "-W", "2", "10.213.83.1")
    host.succeed(*out)
    protocols = {
        "icmp": 1,
        "igmp": 2,
        "tcp": 6,
        "udp": 17,
        "dccp": 33,
        "gre": 47,
        "esp": 50,
        "ah": 51,
        "ipv6-icmp": 58,
        "vrrp": 112,
        "sctp": 132,
    }
    write(host, "/etc/protocols", "".join(f"{name} {number} {name.upper()}\n" for name, number in protocols.items()))
    host.succeed("systemctl", "unmask", "firewalld.service")
    host.succeed("systemctl", "start", "firewalld")
    assert host.succeed("firewall-cmd", "--state") == "running\n"
    host.fail(*out)
    (found,) = [
        each for each in json.loads(host.run("nixos-container", "doctor", "--json").stdout)["findings"] if "firewalld" in each["what"]
    ]
    host.succeed("sh", "-ec", found["remedy"])
    host.succeed(*out)
    host.succeed("firewall-cmd", "--reload")
    host.succeed(*out)
    assert "firewalld" not in host.run("nixos-container", "doctor", "--json").stdout
    host.succeed("systemctl", "stop", "firewalld")
