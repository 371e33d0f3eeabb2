"""The core of the network: addresses without asking, forwarding, forwards from everywhere, NAT, and guests that mean harm.

A network namespace stands for another machine of the host's LAN. Real packets only: what is said to work is tried.
"""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from .conftest import Host, wait_until
from .machines import Machine, bridge, machine, sh, works

LAN, LAN6 = "10.213.200.1", "fd00:213:200::1"
FAR, FAR6 = "10.213.200.2", "fd00:213:200::2"
SERVER = """
import selectors, socket
loop = selectors.DefaultSelector()
for kind, ports in ((socket.SOCK_STREAM, (80, 81, 9000, 9001, 9002)), (socket.SOCK_DGRAM, (53,))):
    for port in ports:
        server = socket.socket(socket.AF_INET6, kind)
        server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind(("::", port))
        if kind == socket.SOCK_STREAM:
            server.listen()
        loop.register(server, selectors.EVENT_READ, (kind, port))
while True:
    for key, _ in loop.select():
        kind, port = key.data
        if kind == socket.SOCK_STREAM:
            with key.fileobj.accept()[0] as connection:
                peer = connection.getpeername()[0].removeprefix("::ffff:")
                connection.sendall(f"{socket.gethostname()} {port} {peer}".encode())
        else:
            peer = key.fileobj.recvfrom(9)[1]
            key.fileobj.sendto(f"{socket.gethostname()} {port} {peer[0].removeprefix('::ffff:')}".encode(), peer)
"""
SERVE = (
    """
      networking.firewall.allowedTCPPorts = [ 80 81 9000 9001 9002 ];
      networking.firewall.allowedUDPPorts = [ 53 ];
      environment.systemPackages = [ pkgs.python3 ];
      systemd.services.echo = {
        wantedBy = [ "multi-user.target" ];
        script = "exec ${pkgs.python3}/bin/python3 ${pkgs.writeText "echo.py" ''"""
    + SERVER
    + """''}";
      };
"""
)
DEFINITION = (
    """
{
  networking.containers.addressPool = "10.213.192.0/20";
  networking.containers.addressPool6 = "fd00:213:192::/48";
  containers.nctnet = {
    privateNetwork = true;
    forwardPorts = [
      { hostPort = 28500; containerPort = 80; }
      { hostPort = 28510; hostPortEnd = 28512; containerPort = 9000; }
      { hostPort = 28520; containerPort = 81; hostAddress = "127.0.0.1"; }
      { hostPort = 28530; containerPort = 81; hostAddress = "10.213.200.1"; }
      { hostPort = 28553; containerPort = 53; protocol = "udp"; }
    ];
    config = { pkgs, ... }: {"""
    + SERVE
    + """    };
  };
  containers.nctpeer = {
    privateNetwork = true;
    mtu = 1400;
    hostFirewall.allowedTCPPorts = [ 28540 ];
    config = { pkgs, ... }: {"""
    + SERVE
    + """    };
  };
  containers.nctquiet = {
    privateNetwork = true;
    nat = false;
    config = { };
  };
}
"""
)
ASK = """
import socket, sys
host, port, kind = sys.argv[1], int(sys.argv[2]), sys.argv[3]
family = socket.AF_INET6 if ":" in host else socket.AF_INET
with socket.socket(family, socket.SOCK_STREAM if kind == "tcp" else socket.SOCK_DGRAM) as client:
    client.settimeout(3)
    if len(sys.argv) > 4:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        client.bind((sys.argv[4], 0))
    client.connect((host, port))
    if kind == "udp":
        client.send(b"x")
    print(client.recv(99).decode())
"""


def ask(address: str, port: int, kind: str = "tcp", *, at: Machine | None = None) -> str | None:
    """What answers at this address, asked from the host or from another machine; None when nothing does."""
    words = [sys.executable, "-c", ASK, address, str(port), kind]
    if at is not None:
        words = ["nsenter", "--net", f"--target={at.pid}", "--", *words]
    done = subprocess.run(words, capture_output=True, text=True, timeout=30, check=False)
    return done.stdout.strip() if done.returncode == 0 else None


def ask_inside(host: Host, name: str, address: str, port: int, kind: str = "tcp", *more: str) -> str | None:
    """The same from inside a container."""
    done = host.run("run", name, "--", "python3", "-c", ASK, address, str(port), kind, *more)
    return done.stdout.strip() if done.returncode == 0 else None


def addresses(host: Host, name: str) -> tuple[str, str]:
    network = host.json("inspect", name)["network"]["interfaces"][0]
    four, six = network["addresses"]
    return four, six


def setting(name: str) -> str:
    return Path("/proc/sys/" + name).read_text(encoding="ascii").strip()


@contextmanager
def settings(**values: str) -> Iterator[None]:
    """Kernel settings for a while (`__` stands for `/`)."""
    before = {name: setting(name.replace("__", "/")) for name in values}
    try:
        for name, value in values.items():
            Path("/proc/sys/" + name.replace("__", "/")).write_text(value, encoding="ascii")
        yield
    finally:
        for name, value in before.items():
            Path("/proc/sys/" + name.replace("__", "/")).write_text(value, encoding="ascii")


def unneeded() -> str:
    """What ip_forward is when none of our containers needs it: containers of the machine's owner may."""
    users = Path("/run/nixos-containers/@shared/forwarding/users")
    others = [user.name for user in users.iterdir() if not user.name.startswith("nct")] if users.is_dir() else []
    return "1" if others else "0"


@pytest.fixture(scope="module")
def lan() -> Iterator[Machine]:
    """A machine that knows the host only: no route to any container."""
    with machine() as far:
        far.cable("nctlan", "eth0", f"{FAR}/24", f"{FAR6}/64")
        sh(f"ip address add {LAN}/24 dev nctlan && ip address add {LAN6}/64 dev nctlan nodad")
        yield far


@pytest.fixture(scope="module")
def net(host: Host, lan: Machine) -> Iterator[Host]:
    with settings(net__ipv4__ip_forward="0", net__ipv6__conf__all__forwarding="0"):
        host.define(DEFINITION)
        host.switch()
        for name in ("nctnet", "nctpeer"):
            host.succeed("start", name)
        four = addresses(host, "nctnet")[0]
        wait_until(lambda: ask(four, 80) and ask(addresses(host, "nctpeer")[0], 80))
        yield host
        host.remove_everything()
        assert setting("net/ipv4/ip_forward") == unneeded(), "as it was before"
        assert setting("net/ipv6/conf/all/forwarding") == "0" or unneeded() == "1"


def test_a_network_of_which_nothing_is_said_has_addresses_of_its_own(net: Host) -> None:
    (four, six), (peer, _) = addresses(net, "nctnet"), addresses(net, "nctpeer")
    assert four.startswith("10.213.") and six.startswith("fd00:213:192:") and four != peer
    assert net.succeed("show-ip", "nctnet").strip() == four
    inside = net.inside("nctnet", "ip", "-brief", "address", "show", "eth0")
    assert f"{four}/32" in inside and f"{six}/128" in inside
    assert four in net.succeed("list", "--long")
    assert f"LOCAL_ADDRESS={four}\n" in Path("/etc/nixos-containers/nctnet.conf").read_text(encoding="utf-8")


def test_it_keeps_them_as_long_as_its_state_exists(net: Host) -> None:
    before = addresses(net, "nctquiet")
    kept = Path("/var/lib/nixos-containers/.addresses.json")
    assert json.loads(kept.read_text(encoding="utf-8"))["nctquiet"]["localAddress"] == before[0]
    net.succeed("start", "nctquiet")
    net.succeed("stop", "nctquiet")
    text = net.definition.read_text(encoding="utf-8")
    net.define(re.sub(r"  containers.nctquiet = \{.*?\n  \};\n", "", text, flags=re.DOTALL))
    net.switch()
    net.define(text)
    net.switch()
    assert addresses(net, "nctquiet") == before


def test_a_host_with_a_route_into_the_pool_gives_none_of_that(net: Host) -> None:
    text = net.definition.read_text(encoding="utf-8")
    sh("ip route add 10.213.192.0/21 dev nctlan")
    try:
        net.define(text + "\n")
        more = text.rstrip().removesuffix("}") + "  containers.nctlate = { privateNetwork = true; config = { }; };\n}\n"
        net.define(more)
        net.switch()
        assert int(addresses(net, "nctlate")[0].split(".")[2]) >= 200
    finally:
        sh("ip route del 10.213.192.0/21 dev nctlan")
        net.define(text)
        net.switch("--purge")


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", LAN, LAN6, "own4", "own6"])
def test_a_forwarded_port_answers_at_every_address_of_the_host(net: Host, address: str) -> None:
    own = net.json("inspect", "nctnet")["network"]["interfaces"][0]["hostAddresses"]
    place = own[0] if address == "own4" else own[1] if address == "own6" else address
    assert (ask(place, 28500) or "").startswith("nctnet 80 ")
    assert (ask(place, 28553, "udp") or "").startswith("nctnet 53 ")


@pytest.mark.parametrize(("address", "client"), [(LAN, FAR), (LAN6, FAR6)])
def test_another_machine_reaches_it_and_is_known_by_its_own_address(net: Host, lan: Machine, address: str, client: str) -> None:
    assert ask(address, 28500, at=lan) == f"nctnet 80 {client}"
    assert ask(address, 28553, "udp", at=lan) == f"nctnet 53 {client}"


def test_a_range_leads_to_a_range(net: Host, lan: Machine) -> None:
    assert [ask(LAN, port, at=lan) for port in (28510, 28512)] == [f"nctnet 9000 {FAR}", f"nctnet 9002 {FAR}"]
    assert ask(LAN6, 28511, at=lan) == f"nctnet 9001 {FAR6}"


def test_a_bound_port_answers_there_only(net: Host, lan: Machine) -> None:
    assert (ask("127.0.0.1", 28520) or "").startswith("nctnet 81 ")
    assert ask(LAN, 28520) is None and ask(LAN, 28520, at=lan) is None and ask("::1", 28520) is None
    assert ask(LAN, 28530, at=lan) == f"nctnet 81 {FAR}"
    assert ask("127.0.0.1", 28530) is None


def test_other_containers_and_the_container_itself_reach_it_by_the_host(net: Host) -> None:
    peer = addresses(net, "nctpeer")
    assert ask_inside(net, "nctpeer", LAN, 28500) == f"nctnet 80 {peer[0]}"
    assert ask_inside(net, "nctpeer", LAN6, 28500) == f"nctnet 80 {peer[1]}"
    assert (ask_inside(net, "nctnet", LAN, 28500) or "").startswith("nctnet 80 ")
    assert (ask_inside(net, "nctnet", LAN6, 28500) or "").startswith("nctnet 80 ")


def test_the_guests_own_firewall_is_respected(net: Host) -> None:
    net.inside("nctnet", "nft", "insert", "rule", "inet", "nixos-fw", "input", "tcp", "dport", "80", "drop")
    try:
        assert ask(LAN, 28500) is None
    finally:
        handle = re.search(
            r"tcp dport 80 drop # handle (\d+)", net.inside("nctnet", "nft", "-a", "list", "chain", "inet", "nixos-fw", "input")
        )
        assert handle is not None
        net.inside("nctnet", "nft", "delete", "rule", "inet", "nixos-fw", "input", "handle", handle[1])
    assert ask(LAN, 28500) is not None


def listening(at: Machine, address: str, port: int, seconds: int = 2) -> subprocess.Popen[str]:
    """A process that prints from where datagrams come."""
    family = "AF_INET6" if ":" in address else "AF_INET"
    code = (
        f"import socket; s = socket.socket(socket.{family}, socket.SOCK_DGRAM); s.bind(({address!r}, {port})); s.settimeout({seconds})\n"
        "print('up', flush=True)\ntry:\n  while True: print(s.recvfrom(9)[1][0], flush=True)\nexcept TimeoutError: pass"
    )
    made = subprocess.Popen(["nsenter", "--net", f"--target={at.pid}", "--", sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert made.stdout is not None and made.stdout.readline() == "up\n"
    return made


SEND = "import socket,sys; s=socket.socket(socket.AF_INET6 if ':' in sys.argv[1] else socket.AF_INET, socket.SOCK_DGRAM); s.bind((sys.argv[2],0)); s.sendto(b'x',(sys.argv[1],7))"


@pytest.mark.parametrize(("far", "near"), [(FAR, LAN), (FAR6, LAN6)])
def test_a_guest_goes_out_by_the_hosts_address(net: Host, lan: Machine, far: str, near: str) -> None:
    with listening(lan, far, 7) as heard:
        net.inside("nctnet", "python3", "-c", SEND, far, "::" if ":" in far else "0.0.0.0")
        assert heard.communicate(timeout=20)[0].split() == [near]


@pytest.mark.parametrize(("far", "near", "width"), [(FAR, LAN, 32), (FAR6, LAN6, 128)])
def test_a_guest_cannot_speak_with_its_neighbours_address(net: Host, lan: Machine, far: str, near: str, width: int) -> None:
    neighbour = addresses(net, "nctnet")[width == 128]
    net.inside("nctpeer", "ip", "address", "add", f"{neighbour}/{width}", "dev", "lo")
    try:
        with listening(lan, far, 7) as heard:
            net.inside("nctpeer", "python3", "-c", SEND, far, neighbour)
            net.inside("nctpeer", "python3", "-c", SEND, far, addresses(net, "nctpeer")[width == 128])
            assert heard.communicate(timeout=20)[0].split() == [near], "only what came from its own address"
    finally:
        net.inside("nctpeer", "ip", "address", "del", f"{neighbour}/{width}", "dev", "lo")


def test_of_the_hosts_services_a_guest_reaches_what_is_allowed(net: Host) -> None:
    with host_services():
        for name, port, answer in (("nctpeer", 28540, "host"), ("nctpeer", 28541, None), ("nctnet", 28540, None)):
            own = net.json("inspect", name)["network"]["interfaces"][0]["hostAddresses"]
            for address in (LAN, LAN6, *own):
                assert ask_inside(net, name, address, port) == answer, f"{name} {address} {port}"
        assert net.run("run", "nctnet", "--", "ping", "-c", "1", "-W", "2", own[0]).returncode == 0


@contextmanager
def host_services() -> Iterator[None]:
    """Two services of the host, at all of its addresses."""
    code = "import socket, threading\nfor p in (28540, 28541):\n  s = socket.create_server(('::', p), family=socket.AF_INET6, dualstack_ipv6=True)\n  threading.Thread(target=lambda s=s: [s.accept()[0].sendall(b'host') for _ in range(99)]).start()\nprint('up', flush=True)"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None and server.stdout.readline() == "up\n"
            yield
        finally:
            server.kill()


def test_the_mtu_is_that_of_both_ends(net: Host) -> None:
    assert "mtu 1400" in sh("ip link show ve-nctpeer") and "mtu 1400" in net.inside("nctpeer", "ip", "link", "show", "eth0")


def test_a_guest_tells_the_host_nothing_about_the_world(net: Host) -> None:
    assert setting("net/ipv6/conf/ve-nctnet/accept_ra") == "0"


def test_the_host_forwards_as_long_as_somebody_needs_it(net: Host) -> None:
    assert setting("net/ipv4/ip_forward") == "1" and setting("net/ipv6/conf/all/forwarding") == "1"
    assert setting("net/ipv6/conf/nctlan/accept_ra") in ("0", "2"), "it still believes its routers"
    net.succeed("start", "nctquiet")
    try:
        for name in ("nctnet", "nctpeer"):
            net.succeed("terminate" if name == "nctnet" else "stop", name)
        assert setting("net/ipv4/ip_forward") == unneeded(), "without NAT nothing needs it"
    finally:
        for name in ("nctnet", "nctpeer"):
            net.succeed("start", name)
    assert setting("net/ipv4/ip_forward") == "1"
    net.succeed("stop", "nctquiet")
    assert setting("net/ipv4/ip_forward") == "1", "somebody is left"


DATAGRAM = """
import socket, sys
with socket.socket(socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET, socket.SOCK_DGRAM) as client:
    client.bind(("", 28600)); client.settimeout(3); client.sendto(b"x", (sys.argv[1], 28553))
    try:
        print(client.recv(99).decode())
    except OSError:
        print("nothing")
"""


@pytest.mark.parametrize(("address", "client"), [(LAN, FAR), (LAN6, FAR6)])
def test_no_connection_outlives_its_container_or_goes_past_a_new_one(net: Host, lan: Machine, address: str, client: str) -> None:
    guest = addresses(net, "nctnet")[":" in address]
    words = ["nsenter", "--net", f"--target={lan.pid}", "--", sys.executable, "-c", DATAGRAM, address]

    def asked() -> str:
        return subprocess.run(words, capture_output=True, text=True, timeout=30, check=True).stdout.strip()

    wait_until(lambda: asked() == f"nctnet 53 {client}")
    net.succeed("stop", "nctnet")
    known = Path("/proc/net/nf_conntrack")
    if known.exists() and ":" not in guest:
        assert f"={guest} " not in known.read_text(encoding="ascii")
    assert asked() == "nothing", "and the kernel now remembers that these go to the host itself"
    net.succeed("start", "nctnet")
    wait_until(lambda: ask(guest, 80))
    assert asked() == f"nctnet 53 {client}"


def test_what_somebody_flushed_is_back_with_the_next_start(net: Host) -> None:
    wait_until(lambda: ask(LAN, 28500))
    sh("nft delete table inet nixos-containers")
    assert ask(LAN, 28500) is None
    net.succeed("restart", "nctpeer")
    assert ask(LAN, 28500) is not None, "of a container that was not even named"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ('localAddress = "10.213.200.1";', ("10.213.200.1", "nctlan")),
        ('localAddress = "10.213.77.2"; forwardPorts = [ { hostPort = 28500; } ];', ("nctnet", "nctbad", "28500")),
        ('localAddress = "10.213.77.2"; forwardPorts = [ { hostPort = 28541; } ];', ("28541", "listens")),
        ('localAddress = "10.213.77.2"; extraVeths.nctlan = { };', ("interface nctlan",)),
        ('localAddress = "10.213.77.2"; mtu = 1200; localAddress6 = "fd00:213::2";', ("mtu", "1280")),
    ],
)
def test_clashes_are_named_before_anything_is_done(net: Host, options: str, words: tuple[str, ...]) -> None:
    text = net.definition.read_text(encoding="utf-8")
    code = "import socket, time; s = socket.create_server(('0.0.0.0', 28541)); print('up', flush=True); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None and server.stdout.readline() == "up\n"
        try:
            net.define(
                text.rstrip().removesuffix("}") + f"  containers.nctbad = {{ privateNetwork = true; {options} config = {{ }}; }};\n}}\n"
            )
            said = net.fail("switch", "-c", str(net.definition))
            for word in words:
                assert word in said, said
            assert "nctbad" not in net.succeed("list")
        finally:
            server.kill()
            net.define(text)


def mac_of(station: Machine) -> str:
    return str(json.loads(station.run("ip -json link show eth0"))[0]["address"])


POISON = """
import socket, struct, sys
own, target4, target6, far_mac, far4, far6 = sys.argv[1:]
pack = lambda mac: bytes.fromhex(mac.replace(":", ""))
four = lambda text: socket.inet_aton(text)
link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
link.bind(("eth0", 0))
answer = struct.pack("!HHBBH", 1, 0x0800, 6, 4, 2) + pack(own) + four(target4) + pack(far_mac) + four(far4)
link.send(pack(far_mac) + pack(own) + b"\\x08\\x06" + answer)
talk = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
talk.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, 255)
six = socket.inet_pton(socket.AF_INET6, target6)
talk.sendto(struct.pack("!BBHI", 136, 0, 0, 0x60000000) + six + b"\\x02\\x01" + pack(own), (far6, 0))
"""
# Frames with a word each, of which only the last may be heard: tagged for a VLAN once and twice, PPPoE, a spanning tree's.
FRAMES = """
import socket, struct, sys
own, far, address, target = sys.argv[1:]
pack = lambda mac: bytes.fromhex(mac.replace(":", ""))
link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
link.bind(("eth0", 0))
def ip(word):
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(word), 0, 0, 64, 253, 0, socket.inet_aton(address), socket.inet_aton(target))
    total = sum(struct.unpack("!10H", head))
    total = (total & 0xffff) + (total >> 16)
    return head[:10] + struct.pack("!H", 0xffff - total) + head[12:] + word
start = pack(far) + pack(own)
link.send(start + bytes.fromhex("8100000a0800") + ip(b"nct-tagged"))
link.send(start + bytes.fromhex("88a8000a8100000b0800") + ip(b"nct-twice"))
link.send(start + bytes.fromhex("8864") + b"nct-pppoe")
link.send(start + struct.pack("!H", 20) + b"\\x42\\x42\\x03nct-llc")
link.send(start + bytes.fromhex("0800") + ip(b"nct-plain"))
"""
HEAR_FRAMES = """
import re, socket
heard = []
with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3)) as link:
    link.settimeout(10)
    print("ready", flush=True)
    while "nct-plain" not in heard:
        heard += [word.decode() for word in re.findall(rb"nct-[a-z]+", link.recv(2000))]
print(*heard)
"""
BRIDGED = (
    """
{
  containers.nctbridged = {
    forwardPorts = [ { hostPort = 28560; containerPort = 80; } ];
    hostFirewall = { enable = true; allowedTCPPorts = [ 28540 ]; };

    privateNetwork = true;
    hostBridge = "nctbr";
    localAddress = "10.213.201.2/24";
    localAddress6 = "fd00:213:201::2/64";
    config = { pkgs, ... }: {"""
    + SERVE
    + """    };
  };
}
"""
)


def test_on_a_bridge_a_guest_keeps_to_its_mac_address_and_its_own_addresses(host: Host, tmp_path: Path) -> None:
    definition = tmp_path / "bridged.nix"
    definition.write_text(BRIDGED, encoding="utf-8")
    with bridge("nctbr", "10.213.201.1/24", "fd00:213:201::1/64"), machine() as neighbour, machine() as other:
        neighbour.cable("nctbr1", "eth0", "10.213.201.3/24", "fd00:213:201::3/64", master="nctbr")
        other.cable("nctbr2", "eth0", "10.213.201.4/24", "fd00:213:201::4/64", master="nctbr")
        try:
            host.succeed("switch", "-c", str(definition))
            host.succeed("start", "nctbridged")
            if not works("nft list table bridge nixos-containers"):
                pytest.skip("this kernel's packet filter does not look at bridges (CONFIG_NF_TABLES_BRIDGE)")
            # Forwards work here as well, though the guest has no way back but the bridge.
            wait_until(lambda: ask("10.213.201.2", 80) and ask("fd00:213:201::2", 80))  # a bridge is searched for duplicates first
            places = ["127.0.0.1", "10.213.201.1", "fd00:213:201::1"]
            # Where bridged frames go through the filter for routed packets as well, the kernel drops the answer to ::1.
            diverted = Path("/proc/sys/net/bridge/bridge-nf-call-ip6tables")
            if diverted.exists() and diverted.read_text(encoding="ascii") == "1\n":
                with pytest.raises(ConnectionRefusedError):
                    socket.create_connection(("::1", 28560), timeout=5)
            else:
                places.append("::1")
            for place in places:
                assert (ask(place, 28560) or "").startswith("nctbridged 80 "), place
            assert ask("10.213.201.1", 28560, at=other) == "nctbridged 80 10.213.201.1"
            mac = host.inside("nctbridged", "cat", "/sys/class/net/eth0/address").strip()
            assert mac == host.json("inspect", "nctbridged")["record"]["container"]["network"]["localMacAddress"]
            for far, own, foreign in (
                ("10.213.201.4", "10.213.201.2", "10.213.201.3"),
                ("fd00:213:201::4", "fd00:213:201::2", "fd00:213:201::3"),
            ):
                host.inside("nctbridged", "ip", "address", "add", foreign, "dev", "lo")
                with listening(other, far, 7) as heard:
                    host.inside("nctbridged", "python3", "-c", SEND, far, foreign)
                    host.inside("nctbridged", "python3", "-c", SEND, far, own)
                    assert heard.communicate(timeout=20)[0].split() == [own]
            with host_services():
                for place in ("10.213.201.1", "fd00:213:201::1"):
                    assert ask(place, 28541, at=other) == "host", "other stations are none of our business"
                    assert ask_inside(host, "nctbridged", place, 28540) == "host"
                    assert ask_inside(host, "nctbridged", place, 28541) is None
            # Nor does it tell a neighbour that it is another one (ARP, and IPv6's neighbour advertisements).
            wait_until(lambda: other.works("ping -c 1 -W 2 10.213.201.3 && ping -c 1 -W 2 fd00:213:201::3"))
            far = mac_of(other)
            true = mac_of(neighbour)
            foreign = ("10.213.201.3", "fd00:213:201::3")
            host.inside("nctbridged", "python3", "-c", POISON, mac, *foreign, far, "10.213.201.4", "fd00:213:201::4")
            for address in foreign:
                assert true in other.run(f"ip neighbour show {address}")
            words = ["nsenter", "--net", f"--target={other.pid}", "--", sys.executable, "-c", HEAR_FRAMES]
            with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as hearing:
                assert hearing.stdout is not None and hearing.stdout.readline() == "ready\n"
                host.inside("nctbridged", "python3", "-c", FRAMES, mac, far, "10.213.201.2", "10.213.201.4")
                assert hearing.communicate(timeout=20)[0] == "nct-plain\n"
            # As another station it is not heard at all, and the neighbour's table of addresses stays right.
            host.inside("nctbridged", "ip", "link", "set", "eth0", "address", mac_of(neighbour))
            assert host.run("run", "nctbridged", "--", "ping", "-c", "1", "-W", "1", "10.213.201.4").returncode != 0
            host.inside("nctbridged", "ip", "link", "set", "eth0", "address", mac)
            wait_until(lambda: host.run("run", "nctbridged", "--", "ping", "-c", "1", "-W", "1", "10.213.201.4").returncode == 0)
        finally:
            definition.write_text("{ }", encoding="utf-8")
            host.run("switch", "-c", str(definition), "--purge")
    assert "nctbridged" not in sh("nft list table bridge nixos-containers", check=False)
