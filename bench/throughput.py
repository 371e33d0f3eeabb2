"""iperf3 from a guest to the host and to another guest, beside raw namespaces that are cabled alike and have nothing of ours.

Raw: a namespace stands for the host, so that neither our packet filter nor the machine's is on that way. Each pair of contestants is
the same topology: routed pairs, or ports of a bridge. A firewall inside costs what it costs anywhere, most of it for the kernel's table of
connections: so guests without one are beside bare namespaces, and guests with NixOS's beside namespaces that have its rules.
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
    autoStart = true;
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
# What sends where: a guest with NixOS's firewall, as the raw namespace (0 routed, 1 bridged) does, and one without.
_WAYS = {
    "guest to host": (("through1", "10.100.252.1"), ("open1", "10.100.252.5"), 0),
    "guest to guest, pairs": (("through1", "10.100.252.4"), ("open1", "10.100.252.8"), 0),
    "guest to guest, shared network": (("through3", "10.100.253.4"), ("open3", "10.100.253.6"), 1),
}


def measure(product: Product, *, runs: int) -> Result:
    """Seconds that a gibibyte takes; the facts say it as ratios of throughput."""
    if shutil.which("iperf3") is None:
        return Result("throughput", [Contestant("iperf3", lambda: 0.0, skipped="iperf3 is not installed")])
    definition = product.definition.with_name("throughput.nix")
    definition.write_text(_DEFINITION, encoding="utf-8")
    try:
        product.run("switch", "-c", str(definition))
        leader = json.loads(product.run("inspect", "through1"))["running"]["leader"]
        rules = subprocess.run(
            ["nsenter", f"--net=/proc/{leader}/ns/net", "nft", "list", "ruleset"], stdout=subprocess.PIPE, text=True, check=True
        ).stdout
        with _raw() as open_ends, _raw(rules) as guarded_ends, _server(["iperf3"]):
            contestants = []
            for way, (ours, ours_open, number) in _WAYS.items():
                contestants += [
                    Contestant(f"{way}, raw", _from_namespace(open_ends[number], ours[1])),
                    Contestant(f"{way}, ours, no firewall inside", _from_guest(product, *ours_open)),
                    Contestant(f"{way}, raw, NixOS's firewall at the ends", _from_namespace(guarded_ends[number], ours[1])),
                    Contestant(f"{way}, ours", _from_guest(product, *ours)),
                ]
            result = compete("throughput: seconds for one GiB", contestants, runs=runs)
    finally:
        definition.write_text("{ }\n", encoding="utf-8")
        product.run("switch", "-c", str(definition), "--purge", check=False)
    for theirs, ours in zip(result.contestants[::2], result.contestants[1::2], strict=True):
        if theirs.seconds and ours.seconds:
            fast, reached = statistics.median(theirs.seconds), statistics.median(ours.seconds)
            said = f"{8 / reached * 1.073741824:.1f} Gbit/s, {fast / reached:.2f} of {theirs.name.partition(', ')[2]}"
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
def _raw(rules: str = "") -> Iterator[tuple[Namespace, Namespace]]:
    """A routed and a bridged client; their servers have the addresses that the product's guests have. `rules` are for all but the host."""
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
        for guest in (routed1, routed2, bridged1, bridged2) if rules else ():
            subprocess.run(guest.words("nft", "-f", "-"), input=rules, text=True, check=True)
        for server in (host, routed2, bridged2):
            stack.enter_context(_server(server.words("iperf3")))
        reached: list[tuple[Namespace, str]] = [(routed1, "10.100.252.1"), (routed1, "10.100.252.4"), (bridged1, "10.100.253.4")]
        for client, address in reached:
            wait_for(_listens(client, address), f"iperf3 at {address}")
        yield routed1, bridged1


def _listens(client: Namespace, address: str) -> Callable[[], bool]:
    words = client.words("iperf3", "--client", address, "--bytes", "1K", "--connect-timeout", "500")
    return lambda: subprocess.run(words, capture_output=True, check=False).returncode == 0
