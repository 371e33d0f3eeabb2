"""A host whose owner has turned IPv6 off: containers have IPv4, one sentence says so, and nobody tries to repair it for ever."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .conftest import Host, wait_until
from .test_network_core import SERVE, ask

NAME, MEMBER, OTHER = "nctnosix", "nctnosixm", "nctnosixo"
_OFF = Path("/proc/sys/net/ipv6/conf/default/disable_ipv6")


def definition(ports: str) -> str:
    return f"""{{
  networking.containers.networks.nctnosix = {{ subnet = "10.213.216.0/24"; subnet6 = "fd00:213:216::/64"; }};
  containers.{NAME} = {{
    privateNetwork = true;
    hostAddress = "10.213.215.1"; localAddress = "10.213.215.2"; hostAddress6 = "fd00:213:215::1"; localAddress6 = "fd00:213:215::2";
    forwardPorts = [ {ports} ];
    config = {{ pkgs, ... }}: {{ {SERVE} }};
  }};
  containers.{MEMBER} = {{ networks = [ "nctnosix" ]; config = {{ }}; }};
  containers.{OTHER} = {{ config = {{ }}; }};
}}"""


@contextmanager
def without_ipv6() -> Iterator[None]:
    """Interfaces that are made meanwhile have no IPv6."""
    before = _OFF.read_text(encoding="ascii")
    _OFF.write_text("1", encoding="ascii")
    try:
        yield
    finally:
        _OFF.write_text(before, encoding="ascii")


def test_containers_of_a_host_without_ipv6_are_well_with_ipv4(host: Host) -> None:
    host.define(definition("{ hostPort = 28615; containerPort = 80; }"))
    host.switch()
    alone = not any(entry["state"] == "up" for entry in host.json("list"))  # else it was told when those started
    with without_ipv6():
        said = host.run("start", NAME, MEMBER)
    assert said.returncode == 0 and said.stderr.count("this host has no IPv6") == alone, said.stderr
    for device in (f"ve-{NAME}", "cb-nctnosix"):
        assert Path(f"/proc/sys/net/ipv6/conf/{device}/disable_ipv6").read_text(encoding="ascii") == "1\n"
    assert wait_until(lambda: ask("10.213.215.2", 80))
    assert ask("127.0.0.1", 28615)

    again = host.run("start", OTHER)  # a command that changes something
    assert again.returncode == 0 and "lost" not in again.stderr and "IPv6" not in again.stderr, again.stderr
    doctor = json.loads(host.run("doctor", "--json").stdout)
    for reach in doctor["reachability"]:
        if reach["container"] in (NAME, MEMBER):
            steps = {step["name"]: step["problem"] for step in reach["steps"]}
            assert not any(steps[name] for name in ("host's end", "guest's address", "default route", "forwarding", "packet filter")), steps
            assert not any(name.startswith("ping fd") for name in steps)
    assert not any("lost" in sentence for sentence in doctor.get("repaired", ()))

    host.define(definition("{ hostPort = 28616; containerPort = 80; }"))
    changed = host.switch()
    assert f"reconnect {NAME}" in changed.stdout + changed.stderr or ask("127.0.0.1", 28616)
    assert ask("127.0.0.1", 28616) and not ask("127.0.0.1", 28615)
    assert "could be put in place" not in changed.stderr
