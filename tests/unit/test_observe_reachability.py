"""Steps of doctor that need no container: this very process stands for a guest."""

from __future__ import annotations

import os
import socket

import pytest

from nixos_containers.declare.container import ForwardPort, Network
from nixos_containers.observe import reachability
from nixos_containers.plan.network import plan_network

from .samples import container


@pytest.mark.parametrize(
    ("address", "silent"), [("127.0.0.1", True), ("::1", True), ("::ffff:127.0.0.1", True), ("0.0.0.0", False), ("::", False)]
)
def test_what_listens_on_loopback_only_does_not_answer_behind_a_forward(address: str, silent: bool) -> None:
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as server:
        if address.startswith("::f"):
            server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        server.bind((address, 0))
        server.listen()
        port = server.getsockname()[1]
        (pair,) = plan_network(
            container(network=Network(private=True, local_address="10.0.0.2", forward_ports=(ForwardPort(8080, container_port=port),)))
        ).pairs
        (step,) = reachability._forwards(os.getpid(), pair)
        assert (step.problem != "") == silent


@pytest.mark.parametrize("nat", [True, False])
def test_forwards_need_the_host_to_forward_packets_also_without_nat(monkeypatch: pytest.MonkeyPatch, nat: bool) -> None:
    monkeypatch.setattr(reachability, "read_text", lambda path: "0\n")
    plan = plan_network(container(network=Network(private=True, nat=nat, local_address="10.0.0.2", forward_ports=(ForwardPort(80),))))
    assert reachability._forwarding(plan).remedy == "sysctl -w net.ipv4.ip_forward=1"
