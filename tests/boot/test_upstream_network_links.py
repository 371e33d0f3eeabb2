"""Upstream's network tests of nixos/tests/containers-*.nix, re-created: interfaces of the host in containers.

U11 macvlans, U14 physical_interfaces, U18 restart_networking, U21 network_namespace. An end of a veth pair is the physical
interface, its other end another machine's.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from .conftest import Host, wait_until
from .machines import bridge, kernel_has, machine, need_link, sh, works

SYSTEM = 'system.stateVersion = "24.11"; networking.firewall.enable = false;'


def address(interface: str, number: int, *, net: int = 14) -> str:
    return f'networking.interfaces.{interface}.ipv4.addresses = [ {{ address = "10.213.{net}.{number}"; prefixLength = 24; }} ];'


def moved(name: str, interface: str, config: str) -> str:
    return f'  containers.{name} = {{ privateNetwork = true; interfaces = [ "{interface}" ]; config = {{ {SYSTEM} {config} }}; }};\n'


MACVLANS = "".join(
    f'  containers.nctu11n{number} = {{ privateNetwork = true; macvlans = [ "ncteth11" ]; '
    f"config = {{ {SYSTEM} {address('mv-ncteth11', 252 + number, net=11)} }}; }};\n"
    for number in (1, 2)
)
PHYSICAL = (
    moved("nctu14plain", "ncteth1", address("ncteth1", 11))
    + moved("nctu14bridge", "ncteth2", f'networking.bridges.br0.interfaces = [ "ncteth2" ]; {address("br0", 12)}')
    + moved(
        "nctu14bond",
        "ncteth3",
        f'networking.bonds.bond0 = {{ interfaces = [ "ncteth3" ]; driverOptions.mode = "active-backup"; }}; {address("bond0", 13)}',
    )
    + moved(
        "nctu14both",
        "ncteth4",
        'networking.bonds.bond0 = { interfaces = [ "ncteth4" ]; driverOptions.mode = "active-backup"; };'
        f' networking.bridges.br0.interfaces = [ "bond0" ]; {address("br0", 14)}',
    )
    # As the last one, with a device on top of the interface that every kernel has.
    + moved(
        "nctu14stack",
        "ncteth5",
        'networking.macvlans.mv0 = { interface = "ncteth5"; mode = "passthru"; };'
        f' networking.bridges.br0.interfaces = [ "mv0" ]; {address("br0", 15)}',
    )
)
RESTART = """  containers.nctu18 = {{ autoStart = true; privateNetwork = true; hostBridge = "nctbr18"; localAddress = "10.213.18.100/24";
    config = {{ {system} {config} }}; }};
"""
NAMESPACES = "".join(
    f'  containers.nctu21{name} = {{ networkNamespace = "/run/netns/nct{name}"; config = {{ {SYSTEM} }}; }};\n' for name in ("alice", "bob")
)


def definition(restart: str = "") -> str:
    return "{\n" + MACVLANS + PHYSICAL + NAMESPACES + RESTART.format(system=SYSTEM, config=restart) + "}\n"


@pytest.fixture(scope="module")
def containers(host: Host) -> Iterator[Host]:
    with bridge("nctbr18", "10.213.18.1/24"):
        host.define(definition())
        host.switch()
        yield host


def ping(host: Host, name: str, address: str) -> bool:
    return host.run("run", name, "--", "ping", "-n", "-c", "1", "-W", "2", address).returncode == 0


def test_u11_macvlans(containers: Host) -> None:
    """Two containers on one interface reach each other, the host by a macvlan of its own, and another machine."""
    need_link("macvlan")
    with machine() as other:
        other.cable("ncteth11", "eth0", "10.213.11.1/24")
        sh(
            "ip link add link ncteth11 name nctmv type macvlan mode bridge && ip address add 10.213.11.2/24 dev nctmv && ip link set nctmv up"
        )
        for name in ("nctu11n1", "nctu11n2"):
            containers.succeed("start", name)
            assert "mv-ncteth11" in containers.inside(name, "ip", "link")
        for name, peer in (("nctu11n1", 254), ("nctu11n2", 253)):
            for target in (f"10.213.11.{peer}", "10.213.11.2", "10.213.11.1"):
                assert wait_until(lambda name=name, target=target: ping(containers, name, target))
        for number in (253, 254):
            assert works(f"ping -n -c 1 -W 2 10.213.11.{number}")
            assert other.works(f"ping -n -c 1 -W 2 10.213.11.{number}")
        for name in ("nctu11n1", "nctu11n2"):
            containers.succeed("stop", name)
        assert not other.works("ping -n -c 1 -W 1 10.213.11.253")
        assert works("ip link show ncteth11"), "the host's interface is untouched"


@pytest.mark.parametrize(
    ("kind", "interface", "number"),
    [("plain", "ncteth1", 11), ("bridge", "ncteth2", 12), ("bond", "ncteth3", 13), ("both", "ncteth4", 14), ("stack", "ncteth5", 15)],
)
def test_u14_physical_interfaces(containers: Host, kind: str, interface: str, number: int) -> None:
    """An interface of the host alone, in a bridge, in a bond and in a bridge over a bond of the guest; then it is given back."""
    if kind in ("bond", "both"):
        need_link("bond")
    if kind == "stack":
        need_link("macvlan")
    name = f"nctu14{kind}"
    with machine() as other:
        other.cable(interface, "eth0", "10.213.14.1/24")
        mac = sh(f"cat /sys/class/net/{interface}/address")
        containers.succeed("start", name)
        assert not works(f"ip link show {interface}"), "it has left the host"
        assert interface in containers.inside(name, "ip", "link")
        assert wait_until(lambda: ping(containers, name, "10.213.14.1"))
        assert other.works(f"ping -n -c 1 -W 2 10.213.14.{number}")
        containers.succeed("stop", name)
        assert wait_until(lambda: works(f"ip link show {interface}"))
        assert sh(f"cat /sys/class/net/{interface}/address") == mac
        # And once more, with the same interface.
        sh(f"ip link set {interface} up")
        containers.succeed("start", name)
        assert wait_until(lambda: ping(containers, name, "10.213.14.1"))
        containers.succeed("stop", name)
        assert works(f"ip link show {interface}")


def test_u14_a_dummy_interface_and_one_that_is_missing(containers: Host) -> None:
    """A missing interface is an error at once that names it: nothing waits for a device unit to time out."""
    said = containers.fail("start", "nctu14plain")
    assert "ncteth1" in said and "interfaces" in said
    assert containers.succeed("status", "nctu14plain") == "down\n"
    if kernel_has("dummy"):
        sh("ip link add ncteth1 type dummy")
    else:
        sh("ip link add ncteth1 type veth peer name nctpeer")
    try:
        containers.succeed("start", "nctu14plain")
        assert "10.213.14.11/24" in containers.inside("nctu14plain", "ip", "address", "show", "ncteth1")
        containers.succeed("stop", "nctu14plain")
    finally:
        sh("ip link del ncteth1", check=False)


def test_an_interface_that_another_container_has_is_said_to_be_its(containers: Host) -> None:
    containers.define(definition().rstrip().removesuffix("}") + moved("nctu14other", "ncteth1", address("ncteth1", 12)) + "}\n")
    containers.switch()
    with machine() as other:
        other.cable("ncteth1", "eth0", "10.213.14.1/24")
        containers.succeed("start", "nctu14plain")
        try:
            said = containers.fail("start", "nctu14other")
            assert "container ‘nctu14plain’ has the interface ncteth1" in said and "nixos-container stop nctu14plain" in said
        finally:
            containers.succeed("stop", "nctu14plain")
    containers.define(definition())
    containers.switch("--purge")


def test_u18_restart_networking(containers: Host) -> None:
    """The bridge gets another port and loses it again, and the guest's own network configuration changes in place: packets flow."""
    name = "nctu18"

    def connected() -> bool:
        return works("ping -n -c 1 -W 1 10.213.18.100") and ping(containers, name, "10.213.18.1")

    assert wait_until(connected)
    leader = containers.json("inspect", name)["running"]["leader"]
    with machine() as other:
        other.cable("ncteth18", "eth0", "10.213.18.2/24", master="nctbr18")
        containers.define(definition('networking.hosts."10.213.18.2" = [ "other" ];' + address("eth0", 101, net=18)))
        containers.switch()
        assert connected()
        assert "10.213.18.101/24" in containers.inside(name, "ip", "address", "show", "eth0")
        assert other.works("ping -n -c 1 -W 2 10.213.18.100") and ping(containers, name, "other")
        sh("ip link set ncteth18 nomaster")
        containers.define(definition())
        containers.switch()
        assert connected()
        assert "10.213.18.101" not in containers.inside(name, "ip", "address", "show", "eth0")
        assert not other.works("ping -n -c 1 -W 1 10.213.18.100")
    assert containers.json("inspect", name)["running"]["leader"] == leader, "it was never restarted"


@pytest.fixture
def namespaces() -> Iterator[None]:
    with ExitStack() as stack:
        for name in ("nctalice", "nctbob"):
            sh(f"ip netns del {name}", check=False)
            sh(f"ip netns add {name}")
            stack.callback(sh, f"ip netns del {name}", check=False)
        sh("ip link add nctab netns nctalice type veth peer name nctab netns nctbob")
        for name, number in (("nctalice", 1), ("nctbob", 2)):
            sh(f"ip -n {name} address add 10.213.21.{number}/24 dev nctab && ip -n {name} link set nctab up && ip -n {name} link set lo up")
        yield


def test_u21_network_namespace(containers: Host, namespaces: None) -> None:
    """Two containers join namespaces that somebody else made, and see those and nothing else."""
    for name in ("nctu21alice", "nctu21bob"):
        containers.succeed("start", name)
        links = containers.inside(name, "ip", "-o", "link")
        assert "nctab" in links and len(links.splitlines()) == 2, "lo and the namespace's own"
    assert ping(containers, "nctu21alice", "10.213.21.2") and ping(containers, "nctu21bob", "10.213.21.1")
    assert works("ip netns exec nctalice ping -n -c 1 -W 2 10.213.21.2")
    for name in ("nctu21alice", "nctu21bob"):
        containers.succeed("stop", name)
    assert works("ip netns exec nctalice ping -n -c 1 -W 2 10.213.21.2"), "the namespaces stay as they were"


def test_u21_a_namespace_that_is_missing(containers: Host) -> None:
    said = containers.fail("start", "nctu21alice")
    assert "/run/netns/nctalice" in said and "networkNamespace" in said
