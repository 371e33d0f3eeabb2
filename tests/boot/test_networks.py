"""Networks that containers share: who reaches whom, by which addresses and names, and what is left of it all."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from .conftest import Host, wait_until
from .test_examples import try_get

DEFINITION = """{
  networking.containers.networks = {
    nctback = { subnet = "10.213.80.0/24"; subnet6 = "fd00:213:80::/64"; };
    nctapart = { subnet = "10.213.81.0/24"; subnet6 = "fd00:213:81::/64"; isolated = true; };
    nctserved = { subnet = "10.213.82.0/24"; subnet6 = "fd00:213:82::/64"; dhcp = true; dns = true; };
  };
  containers.nctneta = {
    autoStart = true;
    networks = [ "nctback" "nctapart" ];
    hostFirewall.allowedTCPPorts = [ 28492 ];
    config = { };
  };
  containers.nctnetb = {
    autoStart = true;
    networks = [ { name = "nctback"; address = "10.213.80.7"; address6 = "fd00:213:80::7"; } ];
    forwardPorts = [ { hostPort = 28490; containerPort = 80; } ];
    config = { pkgs, ... }: {
      networking.firewall.allowedTCPPorts = [ 80 ];
      systemd.services.hello = {
        wantedBy = [ "multi-user.target" ];
        serviceConfig.ExecStart = "${pkgs.busybox}/bin/busybox httpd -f -p [::]:80 -h ${pkgs.writeTextDir "index.html" "hello"}";
      };
    };
  };
  containers.nctnetc = { autoStart = true; networks = [ "nctapart" ]; hostFirewall.enable = false; config = { }; };
  containers.nctnetd = { autoStart = true; networks = [ "nctserved" ]; config = { pkgs, ... }: { environment.systemPackages = [ pkgs.busybox ]; }; };
}
"""
BRIDGES_ARE_FILTERED = Path("/proc/sys/net/bridge/bridge-nf-call-ip6tables")


def ip(*words: str) -> str:
    return subprocess.run(["ip", *words], capture_output=True, text=True, check=False).stdout


def links() -> set[str]:
    return {link["ifname"] for link in json.loads(ip("-json", "link"))}


@pytest.fixture(scope="module")
def networked(host: Host) -> Iterator[Host]:
    if shutil.which("dnsmasq") is None:
        pytest.skip("dnsmasq is not installed: make test-setup")
    host.define(DEFINITION)
    host.switch()
    yield host
    host.remove_everything()
    assert not [link for link in links() if link.startswith(("cb-nct", "vb-nct"))], "bridges go with their last members"
    assert "dnsmasq.conf" not in subprocess.run(["ps", "-ewwo", "args="], capture_output=True, text=True, check=True).stdout


def reaches(host: Host, guest: str, address: str) -> bool:
    return host.run("run", guest, "--", "ping", "-c", "1", "-W", "1", address).returncode == 0


def addresses(host: Host, guest: str) -> dict[str, set[str]]:
    found = json.loads(host.inside(guest, "ip", "-json", "address"))
    return {link["ifname"]: {info["local"] for info in link["addr_info"] if info["scope"] == "global"} for link in found}


@pytest.mark.parametrize("address", ["nctnetb", "nctnetb.containers", "10.213.80.7", "fd00:213:80::7", "10.213.80.1", "fd00:213:80::1"])
def test_members_reach_each_other_and_the_host(networked: Host, address: str) -> None:
    assert reaches(networked, "nctneta", address)


def test_addresses_are_in_the_subnet_and_stay(networked: Host) -> None:
    before = addresses(networked, "nctneta")
    assert sorted(before) == ["eth0", "eth1", "lo"]
    assert any(address.startswith("10.213.80.") for address in before["eth0"])
    assert any(address.startswith("fd00:213:81:") for address in before["eth1"])
    assert before["eth0"].isdisjoint({"10.213.80.7", "10.213.80.1"})
    networked.succeed("restart", "nctneta")
    assert addresses(networked, "nctneta") == before
    assert networked.inside("nctneta", "ip", "-4", "route", "show", "default").split()[2] == "10.213.80.1"


def test_isolated_members_reach_the_host_only(networked: Host) -> None:
    peer = next(address for address in addresses(networked, "nctneta")["eth1"] if "." in address)
    assert reaches(networked, "nctnetc", "10.213.81.1")
    assert not reaches(networked, "nctnetc", peer)
    # Nor by way of the host, which a hostile guest may try.
    networked.inside("nctnetc", "ip", "route", "add", f"{peer}/32", "via", "10.213.81.1")
    assert not reaches(networked, "nctnetc", peer)
    networked.inside("nctnetc", "ip", "route", "del", f"{peer}/32")


def test_networks_do_not_reach_one_another(networked: Host) -> None:
    assert not reaches(networked, "nctnetc", "10.213.80.7")
    assert not reaches(networked, "nctnetc", "fd00:213:80::7")


def test_each_member_reaches_of_the_host_what_its_own_definition_opens(networked: Host) -> None:
    """Whoever starts last does not decide for the others, and opens nothing while it starts."""
    with socket.create_server(("::", 28492), family=socket.AF_INET6, dualstack_ipv6=True), socket.create_server(("", 28493)):

        def opens(guest: str, subnet: int, port: int) -> bool:
            ask = f"timeout 5 bash -c ': > /dev/tcp/10.213.{subnet}.1/{port}'"
            return networked.run("run", guest, "--", "sh", "-c", ask).returncode == 0

        def opened() -> list[bool]:
            return [
                opens(*each)
                for each in (
                    ("nctneta", 80, 28492),
                    ("nctneta", 81, 28492),
                    ("nctneta", 80, 28493),
                    ("nctneta", 81, 28493),
                    ("nctnetb", 80, 28492),
                    ("nctnetc", 81, 28492),
                    ("nctnetc", 81, 28493),
                )
            ]

        expected = [True, True, False, False, False, True, True]
        assert opened() == expected
        for last in ("nctnetb", "nctneta", "nctnetc"):
            networked.succeed("restart", last)
            assert opened() == expected, f"{last} was the last to start"


def test_a_networks_guard_that_somebody_took_comes_back(networked: Host) -> None:
    element = ["element", "inet", "nixos-containers", "guarded", '{ "cb-nctback" }']
    subprocess.run(["nft", "delete", *element], check=True)
    networked.switch()
    subprocess.run(["nft", "get", *element], check=True)


def test_a_member_has_its_own_addresses_only(networked: Host) -> None:
    done = networked.run(
        "run", "nctneta", "--", "sh", "-c",
        "ip address add 10.213.80.99/32 dev eth0; ping -c 1 -W 1 -I 10.213.80.99 10.213.80.7; s=$?; ip address del 10.213.80.99/32 dev eth0; exit $s",
    )  # fmt: skip
    assert done.returncode != 0


def test_forwarded_ports_lead_to_a_member(networked: Host) -> None:
    for address in ("10.213.80.7:80", "10.213.80.1:28490", "127.0.0.1:28490", "[fd00:213:80::1]:28490"):
        url = f"http://{address}/"
        assert wait_until(lambda url=url: try_get(url)) == "hello", address


def at_loopback() -> str:
    """What a browser would be told at [::1]: the page, or that nobody is there; TimeoutError when nobody says anything."""
    try:
        with socket.create_connection(("::1", 28490), timeout=5):
            return try_get("http://[::1]:28490/") or "nothing"
    except ConnectionRefusedError:
        return "refused"


def test_loopback_of_ipv6_answers_or_refuses_at_once(networked: Host) -> None:
    if not BRIDGES_ARE_FILTERED.exists():
        assert at_loopback() == "hello"
        pytest.skip("this kernel cannot show the packet filter what crosses bridges (br_netfilter): the rest has no subject here")
    before = BRIDGES_ARE_FILTERED.read_text(encoding="ascii")
    try:
        for state, expected in (("1", "refused"), ("0", "hello"), ("1", "refused")):
            BRIDGES_ARE_FILTERED.write_text(state, encoding="ascii")  # as Docker does while containers run
            networked.switch()
            assert at_loopback() == expected, f"{BRIDGES_ARE_FILTERED} is {state}"
        networked.succeed("stop", "nctnetb")
        subprocess.run(["nft", "flush", "set", "inet", "nixos-containers", "bridges-filtered"], check=True)
        networked.succeed("start", "nctnetb")
        wait_until(lambda: try_get("http://127.0.0.1:28490/"))
        assert at_loopback() == "refused", "after a start of its own"
        # Somebody takes everything away: both come back.
        subprocess.run(["nft", "delete", "table", "inet", "nixos-containers"], check=True)
        networked.switch()
        assert try_get("http://127.0.0.1:28490/") == "hello" and at_loopback() == "refused"
    finally:
        BRIDGES_ARE_FILTERED.write_text(before, encoding="ascii")
        networked.switch()


def test_the_networks_name_server_knows_containers(networked: Host) -> None:
    assert networked.inside("nctnetd", "cat", "/etc/resolv.conf").splitlines()[-1:] == ["nameserver 10.213.82.1"]
    found = networked.inside("nctnetd", "sh", "-c", "busybox nslookup nctnetb.containers 10.213.82.1")
    assert "10.213.80.7" in found


def test_dhcp_gives_members_their_own_address_and_others_another(networked: Host) -> None:
    own = next(address for address in addresses(networked, "nctnetd")["eth0"] if "." in address)
    said = networked.run("run", "nctnetd", "--", "sh", "-c", "busybox udhcpc -i eth0 -n -q -f -s /bin/true -t 3 2>&1").stdout
    assert own in said
    # A machine of the person's own: a veth in a network namespace stands for it.
    try:
        ip("netns", "add", "nctvm")
        ip("link", "add", "nctvm0", "type", "veth", "peer", "name", "eth0", "netns", "nctvm")
        ip("link", "set", "nctvm0", "master", "cb-nctserved", "up")
        ip("-n", "nctvm", "link", "set", "eth0", "up")
        done = subprocess.run(
            ["ip", "netns", "exec", "nctvm", "busybox", "udhcpc", "-i", "eth0", "-n", "-q", "-f", "-s", "/bin/true", "-t", "5",
             "-x", "hostname:nctwanted"],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        words = (done.stdout + done.stderr).split()
        given = words[words.index("lease") + 2] if "obtained" in words else ""
        assert given.startswith("10.213.82.") and int(given.rstrip(",").split(".")[3]) >= 192, done.stdout + done.stderr
        # Nobody gets a name in the network by asking for it.
        assert networked.run("run", "nctnetd", "--", "busybox", "nslookup", "nctwanted", "10.213.82.1").returncode != 0
    finally:
        ip("link", "del", "nctvm0")
        ip("netns", "del", "nctvm")


def test_network_list_and_show_tell_all_of_it(networked: Host) -> None:
    rows = {row["name"]: row for row in networked.json("network", "list")}
    assert {name: row["state"] for name, row in rows.items()} == {"nctback": "up", "nctapart": "up", "nctserved": "up"}
    assert rows["nctback"]["subnet"] == "10.213.80.0/24" and rows["nctapart"]["isolated"]
    assert {member["container"] for member in rows["nctback"]["members"]} == {"nctneta", "nctnetb"}
    assert "isolated" in networked.succeed("network", "list") and "nctneta, nctnetb" in networked.succeed("network")

    shown = networked.json("network", "show", "nctnetb")
    (interface,) = shown["interfaces"]
    assert (interface["host"], interface["guest"], interface["network"]) == ("vb-nctnetb", "eth0", "nctback")
    assert interface["addresses"] == ["10.213.80.7", "fd00:213:80::7"] and interface["peers"] == ["10.213.80.1", "fd00:213:80::1"]
    assert interface["sent"] > 0
    (forward,) = shown["forwards"]
    assert (forward["hostPort"], forward["containerPort"], forward["protocol"]) == (28490, 80, "tcp")
    assert "10.213.80.7" in networked.succeed("network", "show", "nctback")

    def dropped() -> int:
        return sum(each["packets"] for each in networked.json("network", "show")["counters"] if each["chain"] == "inet network-to-network")

    before = dropped()
    assert not reaches(networked, "nctnetc", "10.213.80.7")
    assert dropped() > before
    assert "dropped between shared networks" in networked.succeed("network", "show")
    assert networked.succeed("show-ip", "nctnetb") == "10.213.80.7\n"
    assert networked.json("status", "nctnetb")["address"] == "10.213.80.7"
    assert "did you mean nctback" in networked.fail("network", "show", "nctbakc")


def test_a_bridge_that_somebody_deleted_comes_back(networked: Host) -> None:
    ip("link", "del", "cb-nctback")
    assert not reaches(networked, "nctneta", "10.213.80.7")
    said = networked.run("start", "nctneta").stderr
    assert "had lost its shared network" in said
    assert reaches(networked, "nctneta", "10.213.80.7")


def test_after_a_kill_of_everything_the_next_command_takes_the_network_away(networked: Host) -> None:
    state = Path("/run/nixos-containers/.nctnetd")
    for name in ("launcher.pid", "nspawn.pid"):
        os.kill(int((state / name).read_text()), signal.SIGKILL)
    time.sleep(0.2)
    assert "cb-nctserved" in links()
    networked.succeed("start", "nctnetc")
    assert "cb-nctserved" not in links()
    assert "dnsmasq.conf" not in subprocess.run(["ps", "-ewwo", "args="], capture_output=True, text=True, check=True).stdout
    networked.succeed("start", "nctnetd")
    assert reaches(networked, "nctnetd", "10.213.82.1")


def test_the_network_goes_with_a_guest_that_shuts_itself_down(networked: Host) -> None:
    networked.inside("nctnetd", "systemctl", "poweroff", "--no-block")
    wait_until(lambda: "cb-nctserved" not in links())
    networked.succeed("start", "nctnetd")


def leaders(host: Host) -> dict[str, int]:
    return {row["name"]: row["leader"] for row in host.json("list") if row["name"].startswith("nctnet")}


def test_a_network_that_changes_takes_its_members_along(networked: Host) -> None:
    """Another subnet while the members run: the bridge, they, their routes, DHCP and names follow, and nobody is restarted."""
    before = leaders(networked)
    networked.define(DEFINITION.replace("10.213.82.0/24", "10.213.83.0/24"))
    assert "reconnect nctnetd" in networked.switch().stderr
    (own,) = [address for address in addresses(networked, "nctnetd")["eth0"] if "." in address]
    assert own.startswith("10.213.83.")
    assert "10.213.83.1/24" in ip("address", "show", "cb-nctserved") and "10.213.82.1" not in ip("address", "show", "cb-nctserved")
    assert networked.inside("nctnetd", "ip", "-4", "route", "show", "default").split()[2] == "10.213.83.1"
    assert networked.inside("nctnetd", "cat", "/etc/resolv.conf").splitlines()[-1:] == ["nameserver 10.213.83.1"]
    assert "10.213.80.7" in networked.inside("nctnetd", "busybox", "nslookup", "nctnetb.containers", "10.213.83.1")
    assert own in networked.run("run", "nctnetd", "--", "sh", "-c", "busybox udhcpc -i eth0 -n -q -f -s /bin/true -t 3 2>&1").stdout
    assert leaders(networked) == before


def test_isolation_and_services_change_while_members_run(networked: Host) -> None:
    before, text = leaders(networked), DEFINITION.replace("10.213.82.0/24", "10.213.83.0/24")
    assert reaches(networked, "nctneta", "10.213.80.7")
    networked.define(
        text.replace('subnet6 = "fd00:213:80::/64";', 'subnet6 = "fd00:213:80::/64"; isolated = true;').replace("dns = true;", "")
    )
    networked.switch()
    assert not reaches(networked, "nctneta", "10.213.80.7") and reaches(networked, "nctneta", "10.213.80.1")
    assert "10.213.83.1" not in networked.inside("nctnetd", "cat", "/etc/resolv.conf"), "the host's name servers again"
    networked.define(text)
    networked.switch()
    assert reaches(networked, "nctneta", "10.213.80.7")
    assert networked.inside("nctnetd", "cat", "/etc/resolv.conf").splitlines()[-1:] == ["nameserver 10.213.83.1"]
    assert leaders(networked) == before, "nobody was restarted"


def test_a_container_that_a_command_makes_joins(networked: Host) -> None:
    said = networked.fail("create", "nctnetx", "--network", "nctbakc")
    assert "no container is a member of a network ‘nctbakc’" in said and "nctback" in said
    assert "nctnetx" not in networked.succeed("list").splitlines()
    networked.succeed("create", "nctnetx", "--network", "nctback", "--network", "nctapart", "--port", "28491:80")
    try:
        networked.succeed("start", "nctnetx")
        assert reaches(networked, "nctnetx", "nctnetb") and reaches(networked, "nctneta", "nctnetx")
        found = addresses(networked, "nctnetx")
        assert sorted(found) == ["eth0", "eth1", "lo"] and any(address.startswith("10.213.80.") for address in found["eth0"])
        assert "nctnetx" in {member["container"] for member in networked.json("network", "show", "nctback")["members"]}
        (forward,) = networked.json("network", "show", "nctnetx")["forwards"]
        assert forward["hostPort"] == 28491
    finally:
        networked.succeed("destroy", "nctnetx")


def test_mistakes_are_named(networked: Host) -> None:
    for text, complaint in (
        ('containers.nctneta = { networks = [ "nctbakc" ]; config = { }; };', "there is no network ‘nctbakc’"),
        (
            'networking.containers.networks.nctback.subnet = "10.213.80.0/24"; containers.nctneta = { config = { };'
            ' networks = [ { name = "nctback"; address = "10.99.0.1"; } ]; };',
            "10.99.0.1 is not in the network’s subnet 10.213.80.0/24",
        ),
        (
            "networking.containers.networks.nctback = { }; containers.nctneta = { config = { }; privateNetwork = false;"
            ' networks = [ "nctback" ]; };',
            "(networks)",
        ),
    ):
        networked.define(f"{{ {text} }}")
        assert complaint in networked.fail("switch", "-c", str(networked.definition))
    networked.define(DEFINITION)
