"""Which name servers a guest is told: those that it can reach."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from nixos_containers.base.paths import Paths
from nixos_containers.declare.container import Network
from nixos_containers.plan.resolver import Resolver, guest_resolver, nameservers, resolved_text, watcher_script
from nixos_containers.run.resolver import write_guest

from .samples import container

PLAIN = "search example.org\nnameserver 192.0.2.1\nnameserver 2001:db8::1\n"
STUB = "# stub\nnameserver 127.0.0.53\noptions edns0 trust-ad\nsearch example.org\n"
UPSTREAM = "nameserver 192.0.2.53\nsearch example.org\n"


@pytest.mark.parametrize(
    ("own", "upstream", "private", "expected"),
    [
        (PLAIN, None, True, Resolver(PLAIN)),
        (PLAIN, UPSTREAM, True, Resolver(PLAIN)),
        (STUB, UPSTREAM, True, Resolver(UPSTREAM)),
        (STUB, UPSTREAM, False, Resolver(STUB)),
        (STUB, None, True, Resolver(STUB, ("127.0.0.53",))),
        (STUB, "# no servers\n", True, Resolver(STUB, ("127.0.0.53",))),
        ("nameserver ::1\n", None, True, Resolver("nameserver ::1\n", ("::1",))),
        ("nameserver 127.0.0.1\n" + PLAIN, None, True, Resolver(PLAIN)),
        ("", None, True, Resolver("")),
        ("nameserver\nnameserver fe80::1%eth0\n", None, True, Resolver("nameserver\nnameserver fe80::1%eth0\n")),
    ],
)
def test_a_guest_is_told_of_servers_that_it_can_reach(own: str, upstream: str | None, private: bool, expected: Resolver) -> None:
    assert guest_resolver(own, upstream, private=private) == expected


@pytest.mark.parametrize(
    ("network", "told"),
    [
        (Network(), STUB),
        (Network(private=True), UPSTREAM),
        (Network(interfaces=("eth1",)), UPSTREAM),
        (Network(macvlans=("eth1",)), UPSTREAM),
        (Network(network_namespace="/run/netns/vpn"), UPSTREAM),
    ],
)
def test_every_network_that_is_not_the_hosts_is_told_of_servers_besides_loopback(tmp_path: Path, network: Network, told: str) -> None:
    paths = Paths(str(tmp_path))
    for path, text in ((paths.resolv_conf, STUB), (paths.upstream_servers, UPSTREAM)):
        Path(path).parent.mkdir(parents=True)
        Path(path).write_text(text)
    guest = Path(paths.run_state("web")) / "guest"
    guest.mkdir(parents=True)
    write_guest(paths, container(network=network))
    assert (guest / "resolv.conf").read_text() == told


def test_name_servers_of_a_file() -> None:
    assert nameservers(PLAIN + "# nameserver 1.1.1.1\n nameserver\t9.9.9.9 # x\n") == ("192.0.2.1", "2001:db8::1", "9.9.9.9")


def test_resolved_asks_the_hosts_servers_last() -> None:
    assert resolved_text(Resolver(PLAIN)) == "[Resolve]\nFallbackDNS=192.0.2.1\nFallbackDNS=2001:db8::1\n"
    assert resolved_text(Resolver(STUB, ("127.0.0.53",))) == "[Resolve]\n", "its own stub would be asked"


def test_the_watcher_calls_on_change_and_ends_with_the_last_container(tmp_path: Path) -> None:
    file, run, calls = tmp_path / "resolv.conf", tmp_path / "run", tmp_path / "calls"
    (run / ".web").mkdir(parents=True)
    (run / ".web/nspawn.pid").touch()
    file.write_text("nameserver 192.0.2.1")
    script = watcher_script(str(file), str(run), f"echo called >> {calls}").replace("sleep 5", "sleep 0.05")
    watcher = subprocess.Popen(["/bin/sh", "-c", script])
    try:
        with pytest.raises(subprocess.TimeoutExpired):
            watcher.wait(0.5)
        assert not calls.exists()
        fresh = tmp_path / "new"
        fresh.write_text("nameserver 192.0.2.2")
        fresh.rename(file)
        with pytest.raises(subprocess.TimeoutExpired):
            watcher.wait(0.5)
        assert calls.read_text() == "called\n"
        (run / ".web/nspawn.pid").unlink()
        assert watcher.wait(5) == 0
    finally:
        watcher.kill()
