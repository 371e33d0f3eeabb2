"""What forwarded ports of many containers cost: a change of one container's rules, and a connection through them.

The packet filter's very texts (plan/ruleset.py), for as many containers, in a network namespace that stands for the host; another one is
the guest behind the last container's forward. Beside them, what chains of rules would cost: one rule for each forward.
"""

from __future__ import annotations

import dataclasses
import json
import statistics
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from harness import Contestant, Result, compete, timed
from namespaces import Namespace, namespaces
from product import NAME, ROOT, Product

sys.path.insert(0, str(ROOT / "src"))

from nixos_containers.declare.codec import decode
from nixos_containers.declare.container import Container, ForwardPort
from nixos_containers.plan.network import plan_network
from nixos_containers.plan.ruleset import BASE_RULES, elements_down, elements_up

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nixos_containers.plan.ruleset import Elements

MANY, FORWARDS, CONNECTIONS, GOAL = 200, 3, 2000, 0.05
_HOST, _GUEST, _TARGET = "10.100.250.1", "10.100.250.2", 8000


def measure(product: Product, *, runs: int) -> Result:
    """The bench container's record is what the others' networks are made from."""
    record = json.loads((product.root / f"etc/nixos-containers/{NAME}.json").read_text(encoding="utf-8"))
    container = decode(Container, record["container"])
    every = [_elements(container, number) for number in range(MANY)]
    with namespaces(6) as (few, many, chains, *guests), ExitStack() as stack:
        for host, guest in zip((few, many, chains), guests, strict=True):
            stack.enter_context(_served(host, guest))
        _nft(few, BASE_RULES + elements_up(every[-1]))
        _nft(many, BASE_RULES + "".join(elements_up(elements) for elements in every))
        _nft(chains, _as_rules(every))
        updates = [
            Contestant(f"rules of one of {number} taken out and put in", lambda space=space: _update(space, every[-1]))
            for number, space in ((1, few), (MANY, many))
        ]
        result = compete("forwarded ports", updates, runs=max(runs, 10))
        texts = (f"{FORWARDS} forwards", f"{MANY * FORWARDS} forwards", f"{MANY * FORWARDS} forwards as a chain of rules")
        connections = [
            Contestant(f"{CONNECTIONS} connections, {text}", lambda host=host: _connect(host))
            for text, host in zip(texts, (few, many, chains), strict=True)
        ]
        rates = compete("", connections, runs=max(runs, 5))
    result.contestants.extend(rates.contestants)
    one, two, chain = (statistics.median(each.seconds) for each in rates.contestants)
    result.facts["rules of one container, out and in"] = (
        f"{statistics.median(updates[1].seconds) * 1000:.1f} ms beside {MANY - 1} others (goal: {GOAL * 1000:.0f} ms)"
    )
    result.facts["connections"] = f"{two / one:.2f} of the time of one container's with {MANY}; as a chain of rules {chain / one:.2f}"
    return result


def _elements(container: Container, number: int) -> Elements:
    """What the packet filter gets for the container of this number; the last one's address is the guest's that is there."""
    last = number == MANY - 1
    network = dataclasses.replace(
        container.network,
        host_address=_HOST if last else f"10.99.{number}.1",
        local_address=_GUEST if last else f"10.99.{number}.2",
        host_address6=f"fd00:99::{number:x}:1",
        local_address6=f"fd00:99::{number:x}:2",
        forward_ports=tuple(ForwardPort(20000 + number * FORWARDS + each, container_port=_TARGET + each) for each in range(FORWARDS)),
    )
    return plan_network(dataclasses.replace(container, name=f"many{number}", network=network)).elements


def _as_rules(every: list[Elements]) -> str:
    """The same forwards as rules one after the other, for comparison."""
    lines = []
    for elements in every:
        for name, element in elements:
            if name == "forwards4":
                ports, _, target = element.partition(" : ")
                port, (address, inner) = ports.rpartition(" ")[2], target.split(" . ")
                lines.append(f"    fib daddr type local tcp dport {port} dnat ip to {address}:{inner}")
    chain = "\n".join(["    type nat hook output priority -100; policy accept;", *lines])
    return f"table inet chains {{\n  chain out {{\n{chain}\n  }}\n}}\n"


def _nft(namespace: Namespace, text: str) -> None:
    subprocess.run(namespace.words("nft", "-f", "-"), input=text, text=True, check=True)


def _update(namespace: Namespace, elements: Elements) -> float:
    """As `switch` does for a container whose forwards change: one transaction, by the program nft."""
    return timed(lambda: _nft(namespace, elements_down(elements) + elements_up(elements)))


_SERVER = """
import socket, sys
with socket.create_server((sys.argv[1], int(sys.argv[2])), backlog=512) as server:
    print(flush=True)
    while True:
        server.accept()[0].close()
"""
# Aborted, not closed: ports in TIME_WAIT would run out.
_CLIENT = """
import socket, struct, sys, time
address, abort = (sys.argv[1], int(sys.argv[2])), struct.pack("ii", 1, 0)
begun = time.perf_counter()
for _ in range(int(sys.argv[3])):
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, abort)
        client.connect(address)
print(time.perf_counter() - begun)
"""


@contextmanager
def _served(host: Namespace, guest: Namespace) -> Iterator[None]:
    """A guest behind a pair of `host`, which takes connections and says nothing."""
    host.ip(f"link add ve type veth peer name eth0 netns {guest.pid}", f"addr add {_HOST}/24 dev ve", "link set ve up")
    guest.ip(f"addr add {_GUEST}/24 dev eth0", "link set eth0 up")
    words = guest.words(sys.executable, "-c", _SERVER, _GUEST, str(_TARGET + FORWARDS - 1))
    with subprocess.Popen(words, stdout=subprocess.PIPE) as server:
        assert server.stdout is not None
        server.stdout.readline()
        try:
            yield
        finally:
            server.kill()


def _connect(host: Namespace) -> float:
    """Seconds for the connections, one after the other, through the last forward of the last container."""
    port = 20000 + MANY * FORWARDS - 1
    words = host.words(sys.executable, "-c", _CLIENT, _HOST, str(port), str(CONNECTIONS))
    return float(subprocess.run(words, capture_output=True, text=True, check=True).stdout)
