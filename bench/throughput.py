"""iperf3 from a guest to the host and to another guest, beside raw namespaces that are cabled alike and have nothing of ours.

Raw: a namespace stands for the host, so that neither our packet filter nor the machine's is on that way. Each pair of contestants is
the same topology: routed pairs, or ports of a bridge.
"""

from __future__ import annotations

import json
import shutil
import statistics
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from harness import Contestant, Result, Skipped, compete
from namespaces import Namespace, namespaces, wait_for
from product import Product

PORT, SECONDS, GOAL = 5201, 2, 0.95
_DEFINITION = """{
  networking.containers.networks.through = { subnet = "10.100.253.0/24"; };
  networking.containers.hostFirewall.allowedTCPPorts = [ 53 5201 ];
  containers = builtins.mapAttrs (name: network: network // {
    config = { pkgs, ... }: {
      system.stateVersion = "23.11";
      networking.firewall.enable = builtins.substring 0 4 name != "open";
      environment.systemPackages = [ pkgs.iperf3 ];
      networking.firewall.allowedTCPPorts = [ 5201 ];
      systemd.services.iperf3 = { wantedBy = [ "multi-user.target" ]; serviceConfig.ExecStart = "${pkgs.iperf3}/bin/iperf3 --server"; };
    };
  }) {
    through1 = { privateNetwork = true; hostAddress = "10.100.252.1"; localAddress = "10.100.252.2"; };
    through2 = { privateNetwork = true; hostAddress = "10.100.252.3"; localAddress = "10.100.252.4"; };
    through3.networks = [ { name = "through"; address = "10.100.253.3"; } ];
    through4.networks = [ { name = "through"; address = "10.100.253.4"; } ];
    open1 = { privateNetwork = true; hostAddress = "10.100.252.5"; localAddress = "10.100.252.6"; };
    open2 = { privateNetwork = true; hostAddress = "10.100.252.7"; localAddress = "10.100.252.8"; };
    open3.networks = [ { name = "through"; address = "10.100.253.5"; } ];
    open4.networks = [ { name = "through"; address = "10.100.253.6"; } ];
  };
}
"""
_GUESTS = ("through1", "through2", "through3", "through4", "open1", "open2", "open3", "open4")
# Which guest sends where: with NixOS's firewall in both guests, and without.
_WAYS = {
    "guest to host": (("through1", "10.100.252.1"), ("open1", "10.100.252.5")),
    "pairs": (("through1", "10.100.252.4"), ("open1", "10.100.252.8")),
    "shared network": (("through3", "10.100.253.4"), ("open3", "10.100.253.6")),
}


def measure(product: Product, *, runs: int) -> Result:
    """Seconds that a gibibyte takes; the facts say it as ratios of throughput."""
    if shutil.which("iperf3") is None:
        return Result("throughput", [Contestant("iperf3", lambda: 0.0, skipped="iperf3 is not installed")])
    definition = product.definition.with_name("throughput.nix")
    definition.write_text(_DEFINITION, encoding="utf-8")
    try:
        product.run("switch", "-c", str(definition))
        for guest in _GUESTS:
            product.run("start", guest)
        with _raw() as (routed, bridged), _server(["iperf3"]):
            bases = {
                "guest to host": Contestant("guest to host, raw", _from_namespace(routed, "10.100.252.1")),
                "pairs": Contestant("guest to guest, pairs, raw", _from_namespace(routed, "10.100.252.4")),
                "shared network": Contestant("guest to guest, shared network, raw", _from_namespace(bridged, "10.100.253.4")),
            }
            contestants = []
            for way, base in bases.items():
                contestants.append(base)
                for (guest, address), firewall in zip(_WAYS[way], ("", ", no firewall inside"), strict=True):
                    name = base.name.replace("raw", f"ours{firewall}")
                    contestants.append(Contestant(name, _from_guest(product, guest, address), note=way))
            result = compete("throughput: seconds for one GiB", contestants, runs=runs)
    finally:
        definition.write_text("{ }\n", encoding="utf-8")
        product.run("switch", "-c", str(definition), "--purge", check=False)
    for ours in result.contestants:
        theirs = bases.get(ours.note)
        if theirs and theirs.seconds and ours.seconds:
            fast, reached = statistics.median(theirs.seconds), statistics.median(ours.seconds)
            said = f"{8 / reached * 1.073741824:.1f} Gbit/s, {fast / reached:.2f} of the raw pair's"
            result.facts[ours.name] = f"{said} (goal: {GOAL})"
    return result


def _from_guest(product: Product, guest: str, address: str) -> Callable[[], float]:
    return lambda: _run([product.program, "run", guest, "--", "iperf3"], address, product)


def _from_namespace(namespace: Namespace, address: str) -> Callable[[], float]:
    return lambda: _run(namespace.words("iperf3"), address)


def _run(words: list[str], address: str, product: Product | None = None) -> float:
    """Seconds for a GiB, by what the receiver counted."""
    command = [*words, "--client", address, "--port", str(PORT), "--time", str(SECONDS), "--omit", "0.3", "--json"]
    done = subprocess.run(command, env=product.environment if product else None, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Skipped(f"iperf3 to {address}: {(done.stdout + done.stderr).strip()[-160:]}")
    return float(2**33 / json.loads(done.stdout)["end"]["sum_received"]["bits_per_second"])


@contextmanager
def _server(words: list[str]) -> Iterator[None]:
    child = subprocess.Popen([*words, "--server", "--port", str(PORT)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        child.kill()
        child.wait()


@contextmanager
def _raw() -> Iterator[tuple[Namespace, Namespace]]:
    """A routed and a bridged client; their servers have the addresses that the product's guests have."""
    with namespaces(5) as (host, routed1, routed2, bridged1, bridged2), ExitStack() as stack:
        host.ip("link add bridge0 type bridge", "addr add 10.100.253.1/24 dev bridge0", "link set bridge0 up")
        subprocess.run(host.words("sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward"), check=True)
        for number, guest in enumerate((routed1, routed2)):
            near, far = f"10.100.252.{2 * number + 1}", f"10.100.252.{2 * number + 2}"
            host.ip(f"link add ve{number} type veth peer name eth0 netns {guest.pid}", f"addr add {near}/32 dev ve{number}",
                    f"link set ve{number} up", f"route add {far} dev ve{number}")  # fmt: skip
            guest.ip(f"addr add {far}/32 dev eth0", "link set eth0 up", f"route add {near} dev eth0", f"route add default via {near}")
        for number, guest in enumerate((bridged1, bridged2), start=3):
            host.ip(f"link add vb{number} type veth peer name eth0 netns {guest.pid}", f"link set vb{number} master bridge0 up")
            guest.ip(f"addr add 10.100.253.{number}/24 dev eth0", "link set eth0 up")
        for server in (host, routed2, bridged2):
            stack.enter_context(_server(server.words("iperf3")))
        reached: list[tuple[Namespace, str]] = [(routed1, "10.100.252.1"), (routed1, "10.100.252.4"), (bridged1, "10.100.253.4")]
        for client, address in reached:
            wait_for(_listens(client, address), f"iperf3 at {address}")
        yield routed1, bridged1


def _listens(client: Namespace, address: str) -> Callable[[], bool]:
    words = client.words("iperf3", "--client", address, "--bytes", "1K", "--connect-timeout", "500")
    return lambda: subprocess.run(words, capture_output=True, check=False).returncode == 0
