"""Upstream's network tests of nixos/tests/containers-*.nix, re-created: bridges, veth pairs, names, forwards.

Each test has the name and the assertions of its original; addresses are the tests' own. Interfaces of the host that move
into containers are in test_upstream_network_links.py.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest

from .conftest import Host, wait_until
from .machines import bridge, machine, sh, works

# A web server of one program that is in every guest: the store's busybox.
WEB = """
  networking.firewall.allowedTCPPorts = [ 80 ];
  systemd.services.web = {
    wantedBy = [ "multi-user.target" ];
    serviceConfig.ExecStart = "${pkgs.staticBusybox}/bin/busybox httpd -f -p 80 -h ${pkgs.writeTextDir "index.html" "It works!"}";
  };
"""
DEFINITION = f"""
let web = {{ pkgs, ... }}: {{ system.stateVersion = "24.11"; {WEB} }}; in
{{
  containers.nctu1web = {{
    autoStart = true;
    privateNetwork = true;
    hostBridge = "nctbr0";
    localAddress = "10.213.1.100/24";
    localAddress6 = "fd00:213:1::2/64";
    config = {{
      system.stateVersion = "24.11";
      services.httpd = {{ enable = true; adminAddr = "foo@example.org"; }};
      networking.firewall.allowedTCPPorts = [ 80 ];
    }};
  }};
  containers.nctu1noip = {{ autoStart = true; privateNetwork = true; hostBridge = "nctbr0"; config = web; }};

  containers.nctu4 = {{
    autoStart = true;
    privateNetwork = true;
    extraVeths = {{
      nctveth1 = {{ hostBridge = "nctbr1"; localAddress = "10.213.4.100/24"; }};
      nctveth2 = {{ hostAddress = "10.213.5.1"; localAddress = "10.213.5.100"; localMacAddress = "02:00:00:21:34:05";
        forwardPorts = [ {{ hostPort = 28404; containerPort = 80; }} ]; }};
    }};
    config = web;
  }};

  containers.nctu5 = {{
    privateNetwork = true;
    hostBridge = "nctbr0";
    localAddress = "10.213.1.105/24";
    localAddress6 = "fd00:213:1::5/64";
    config = {{
      system.stateVersion = "24.11";
      networking.defaultGateway = {{ address = "10.213.1.1"; interface = "eth0"; }};
      networking.defaultGateway6 = {{ address = "fd00:213:1::1"; interface = "eth0"; }};
    }};
  }};

  containers.nctu6simple = {{ privateNetwork = true; hostAddress = "10.213.6.254"; localAddress = "10.213.6.1"; config = web; }};
  containers.nctu6mask = {{ privateNetwork = true; hostBridge = "nctbr6"; localAddress = "10.213.7.1/24"; config = web; }};

  containers.nctu9 = {{
    autoStart = true;
    privateNetwork = true;
    hostAddress = "10.213.9.1"; localAddress = "10.213.9.2";
    hostAddress6 = "fd00:213:9::2"; localAddress6 = "fd00:213:9::1";
    config = web;
  }};

  containers.nctu10 = {{
    privateNetwork = true;
    hostBridge = "nctbr10";
    localMacAddress = "b2:65:3f:c9:6b:10";
    config = web;
  }};

  containers.nctu15 = {{
    privateNetwork = true;
    hostAddress = "10.213.15.10";
    localAddress = "10.213.15.100";
    forwardPorts = [ {{ protocol = "tcp"; hostPort = 28415; containerPort = 80; }} ];
    config = web;
  }};

  containers.nct1 = {{ privateNetwork = true; hostAddress = "10.213.12.1"; localAddress = "10.213.12.2"; config = web; }};
  containers.nct-really-long-name = {{ privateNetwork = true; hostAddress = "10.213.12.3"; localAddress = "10.213.12.4"; config = web; }};
  containers.nct-really-long-name-2 = {{ privateNetwork = true; hostAddress = "10.213.12.5"; localAddress = "10.213.12.6"; config = web; }};
}}
"""


def get(address: str, port: int = 80) -> bool:
    """Whether a page of the web server at `address` comes."""
    place = f"[{address}]" if ":" in address else address
    return works(f"curl --fail --silent --max-time 2 --noproxy '*' http://{place}:{port}/ >/dev/null")


def ping(address: str) -> bool:
    return works(f"ping -n -c 1 -W 1 {address}")


@pytest.fixture(scope="module")
def containers(host: Host) -> Iterator[Host]:
    with bridge("nctbr0", "10.213.1.1/24", "fd00:213:1::1/64"), bridge("nctbr1"), bridge("nctbr6", "10.213.7.254/24"):
        host.define(DEFINITION)
        host.switch()
        yield host


def declarative(host: Host, name: str) -> None:
    """Upstream refuses to destroy a declarative container."""
    host.fail("destroy", name)
    assert name in host.succeed("list").splitlines()


def test_u01_bridge(containers: Host) -> None:
    assert {"nctu1web", "nctu1noip"} <= set(containers.succeed("list").splitlines())
    assert "up" in containers.succeed("status", "nctu1web")
    for name in ("nctu1web", "nctu1noip"):
        assert "eth0" in containers.inside(name, "ip", "link")
        assert "master nctbr0" in sh(f"ip link show vb-{name}")
    ip = containers.succeed("show-ip", "nctu1web").strip()
    assert ip == "10.213.1.100", "without its prefix length"
    ip6 = "fd00:213:1::2"
    for address in (ip, ip6):
        wait_until(lambda address=address: ping(address))
        wait_until(lambda address=address: get(address))
    containers.succeed("stop", "nctu1web")
    assert not get(ip) and not get(ip6)
    assert not works("ip link show vb-nctu1web")
    declarative(containers, "nctu1web")


def test_u04_extra_veth(containers: Host) -> None:
    for name in ("nctveth1", "nctveth2"):
        assert "state UP" in containers.inside("nctu4", "ip", "link", "show", name)
        assert "state UP" in sh(f"ip link show {name}")
    assert "master nctbr1" in sh("ip link show nctveth1")
    assert "eth0" not in containers.inside("nctu4", "ip", "link")
    sh("ip address add 10.213.4.1/24 dev nctbr1")
    assert "10.213.4.100/24" in containers.inside("nctu4", "ip", "address", "show", "nctveth1")
    assert wait_until(lambda: ping("10.213.4.100"))
    assert ping("10.213.5.100")
    containers.inside("nctu4", "ping", "-n", "-c", "1", "-W", "5", "10.213.5.1")
    # Upstream ignores these two on extra pairs.
    assert "02:00:00:21:34:05" in containers.inside("nctu4", "ip", "link", "show", "nctveth2")
    assert wait_until(lambda: get("10.213.5.1", 28404)) and get("127.0.0.1", 28404)
    containers.succeed("stop", "nctu4")
    assert not ping("10.213.4.100") and not ping("10.213.5.100")
    assert not works("ip link show nctveth1") and not works("ip link show nctveth2")


def test_u05_gateway(containers: Host) -> None:
    containers.succeed("start", "nctu5")
    assert "default via 10.213.1.1 dev eth0" in wait_until(
        lambda: containers.inside("nctu5", "ip", "-4", "route", "show", "default"), seconds=10
    )
    assert "default via fd00:213:1::1 dev eth0" in wait_until(
        lambda: containers.inside("nctu5", "ip", "-6", "route", "show", "default"), seconds=10
    )


def test_u06_hosts(containers: Host) -> None:
    containers.succeed("start", "nctu6simple")
    containers.succeed("start", "nctu6mask")
    assert wait_until(lambda: ping("nctu6simple.containers"))
    assert wait_until(lambda: ping("nctu6mask.containers"))


def test_u09_ip(containers: Host) -> None:
    ip, ip6 = containers.succeed("show-ip", "nctu9").strip(), "fd00:213:9::1"
    assert ip == "10.213.9.2"
    for address in (ip, ip6):
        assert wait_until(lambda address=address: ping(address))
        assert wait_until(lambda address=address: get(address))
    containers.inside("nctu9", "ping", "-n", "-c", "1", "-W", "5", "10.213.9.1")
    containers.inside("nctu9", "ping", "-n", "-c", "1", "-W", "5", "fd00:213:9::2")
    containers.succeed("stop", "nctu9")
    assert not get(ip) and not get(ip6)
    declarative(containers, "nctu9")


def test_u10_ipv6_slaac(containers: Host, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A router on the bridge, another machine, announces a prefix; the guest makes its address of that and its MAC address."""
    directory = tmp_path_factory.mktemp("router")
    configuration = directory / "radvd.conf"
    configuration.write_text(
        "interface eth0 { AdvSendAdvert on; MinRtrAdvInterval 3; MaxRtrAdvInterval 4; AdvManagedFlag off;\n"
        "  prefix fd00:213:10::/64 { AdvAutonomous on; AdvOnLink on; }; };\n",
        encoding="utf-8",
    )
    if not works("command -v radvd"):
        pytest.skip("radvd is not installed: make test-setup")
    with bridge("nctbr10"), machine() as router:
        router.cable("nctrouter", "eth0", "fd00:213:10::1/64", master="nctbr10")
        router.run("echo 1 > /proc/sys/net/ipv6/conf/all/forwarding")
        daemon = subprocess.Popen(
            router.command(f"exec radvd -n -C {configuration} -p {directory}/pid -m stderr"),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            containers.succeed("start", "nctu10")
            # EUI-64 of b2:65:3f:c9:6b:10 (RFC 4291, appendix A)
            address = "fd00:213:10:0:b065:3fff:fec9:6b10"
            assert wait_until(
                lambda: f"inet6 {address}/64" in containers.inside("nctu10", "ip", "-6", "address", "show", "dev", "eth0"), seconds=15
            )
            assert "fd00:213:10::/64" in containers.inside("nctu10", "ip", "-6", "route", "show", "dev", "eth0")
            assert wait_until(lambda: router.works(f"ping -n -c 1 -W 1 {address}"))
            assert router.works(f"curl --fail --silent --max-time 5 --noproxy '*' 'http://[{address}]/'")
        finally:
            daemon.terminate()
            daemon.wait()
            containers.succeed("stop", "nctu10")


def test_a_bridge_that_is_missing(containers: Host) -> None:
    """Upstream's start fails too: a guest that waits for its network in vain is worse."""
    said = containers.fail("start", "nctu10")
    assert "containers.nctu10.hostBridge: nctbr10 does not exist" in said and "ip link add nctbr10" in said


def test_u12_names(containers: Host) -> None:
    """Short names are whole, long ones end in nspawn's hash, two that begin alike do not clash, and the whole name finds each."""
    for name in ("nct1", "nct-really-long-name", "nct-really-long-name-2"):
        containers.succeed("start", name)
    assert works("ip link show ve-nct1")
    # By the hash that gives upstream's test its ve-really-l3QgY and ve-really-lFYWO (tests/unit/test_plan_names.py).
    for shortened, inside in (("ve-nct-real_SbY", "10.213.12.4"), ("ve-nct-realKf8n", "10.213.12.6")):
        assert f"dev {shortened}" in sh(f"ip route get {inside}")
    for name in ("nct-really-long-name", "nct-really-long-name-2"):
        assert works(f"ip link show ve-{name}"), "by its alternative name"
    for address in ("10.213.12.2", "10.213.12.4", "10.213.12.6"):
        assert ping(address)


def test_u15_portforward(containers: Host) -> None:
    """From the host's addresses, its loopback and from another machine."""
    containers.succeed("start", "nctu15")
    with machine() as client:
        client.cable("nctclient", "eth0", "10.213.16.2/24")
        sh("ip address add 10.213.16.1/24 dev nctclient")
        assert wait_until(lambda: get("10.213.16.1", 28415))
        assert get("127.0.0.1", 28415)
        assert client.works("curl --fail --silent --max-time 5 --noproxy '*' http://10.213.16.1:28415/")
        containers.succeed("stop", "nctu15")
        assert not get("10.213.16.1", 28415)
        assert not client.works("curl --fail --silent --max-time 2 --noproxy '*' http://10.213.16.1:28415/")
    declarative(containers, "nctu15")
