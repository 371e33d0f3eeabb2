"""Name servers of guests in every mode, really asked, while the host's resolv.conf is replaced.

The host's /etc is an overlay in a mount namespace of these tests, so that the machine's own name servers are left alone.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import struct
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from nixos_containers.base.paths import Paths
from nixos_containers.kernel import proc

from .conftest import Host, OwnEtc, wait_until

FIRST, SECOND = "10.213.72.1", "10.213.73.1"
ANSWERS = {FIRST: "192.0.2.72", SECOND: "192.0.2.73"}

DEFINITION = """{
  containers.nctdnsc = {
    autoStart = true; privateNetwork = true; hostAddress = "10.213.72.1"; localAddress = "10.213.72.2";
    config = { };
  };
  # systemd-resolved inside, which knows no servers of its own.
  containers.nctdnsr = {
    autoStart = true; privateNetwork = true; hostAddress = "10.213.73.1"; localAddress = "10.213.73.2";
    config.services.resolved = { enable = true; llmnr = "false"; };
  };
  # Servers of its own, and nothing of the host's.
  containers.nctdnss = {
    autoStart = true; privateNetwork = true; hostAddress = "10.213.74.1"; localAddress = "10.213.74.2";
    config.networking = { nameservers = [ "10.213.73.1" ]; useHostResolvConf = false; search = [ "example.org" ]; };
  };
  # A search list of its own, and the host's servers.
  containers.nctdnsm = {
    autoStart = true; privateNetwork = true; hostAddress = "10.213.75.1"; localAddress = "10.213.75.2";
    config.networking.search = [ "example.org" ];
  };
  containers.nctdnsn = {
    autoStart = true; privateNetwork = true; hostAddress = "10.213.76.1"; localAddress = "10.213.76.2"; copyResolvConf = false;
    config = { };
  };
  # The name server of a shared network, which asks the host's.
  networking.containers.networks.nctdns = { subnet = "10.213.77.0/24"; subnet6 = "fd00:213:77::/64"; dns = true; };
  containers.nctdnsd = { autoStart = true; networks = [ "nctdns" ]; config = { }; };
}
"""


class NameServer(threading.Thread):
    """Answers every question for an IPv4 address with `answer` (RFC 1035), and any other with nothing."""

    def __init__(self, address: str, answer: str) -> None:
        super().__init__(daemon=True)
        self.answer = socket.inet_aton(answer)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((address, 53))

    def run(self) -> None:
        while True:
            try:
                question, sender = self.socket.recvfrom(512)
            except OSError:
                return
            end = question.index(b"\0", 12) + 5
            wanted = struct.unpack("!H", question[end - 4 : end - 2])[0] == 1
            header = question[:2] + struct.pack("!HHHHH", 0x8580, 1, 1 if wanted else 0, 0, 0)
            record = b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 0, 4) + self.answer if wanted else b""
            self.socket.sendto(header + question[12:end] + record, sender)


def end_watcher() -> None:
    """End the one that other containers of this machine have left for some seconds: it sees the machine's own /etc."""
    shared = Paths().shared
    pid = proc.read_pid(f"{shared}/resolver.pid")
    if pid is not None and f"{shared}/watch-resolver" in proc.arguments(pid):
        os.kill(pid, signal.SIGKILL)


@pytest.fixture(scope="module")
def resolving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnEtc]:
    Path("/etc/nixos-containers").mkdir(exist_ok=True)
    end_watcher()
    host = OwnEtc(tmp_path_factory.mktemp("resolving"))
    servers: list[NameServer] = []
    try:
        host.write("/etc/resolv.conf", f"nameserver {FIRST}\n")
        host.define(DEFINITION)
        # Packages come from the archive, whose name this /etc cannot resolve: they are fetched outside.
        host.command, inside = super(OwnEtc, host).command, host.command  # type: ignore[method-assign]
        host.succeed("build", "-c", str(host.definition))
        host.command = inside  # type: ignore[method-assign]
        host.switch()
        servers = [NameServer(address, answer) for address, answer in ANSWERS.items()]
        for server in servers:
            server.start()
        yield host
    finally:
        host.remove_everything()
        for server in servers:
            server.socket.close()
        host.end()


def ask(host: Host, guest: str, name: str = "www.example.com") -> str:
    """The address that `guest` finds, or what went wrong."""
    done = host.run("run", guest, "--", "getent", "ahostsv4", name)
    return done.stdout.split()[0] if done.returncode == 0 else f"status {done.returncode}"


def known(host: Host, guest: str) -> list[str]:
    return host.inside(guest, "cat", "/etc/resolv.conf").splitlines()


def test_the_hosts_servers_answer_in_a_guest(resolving: OwnEtc) -> None:
    assert ask(resolving, "nctdnsc") == ANSWERS[FIRST]


def test_resolved_inside_asks_the_hosts_servers(resolving: OwnEtc) -> None:
    assert "nameserver 127.0.0.53" in known(resolving, "nctdnsr")
    assert wait_until(lambda: ask(resolving, "nctdnsr") == ANSWERS[FIRST])


def test_servers_of_its_own_are_all_that_a_guest_asks(resolving: OwnEtc) -> None:
    assert ask(resolving, "nctdnss") == ANSWERS[SECOND]
    assert known(resolving, "nctdnss") == [f"nameserver {SECOND}", "search example.org", "options edns0"]


def test_a_search_list_of_its_own_goes_before_the_hosts_servers(resolving: OwnEtc) -> None:
    assert known(resolving, "nctdnsm") == ["search example.org", "options edns0", f"nameserver {FIRST}"]
    assert ask(resolving, "nctdnsm") == ANSWERS[FIRST]


def test_without_copyResolvConf_the_guest_gets_nothing(resolving: OwnEtc) -> None:
    assert resolving.run("run", "nctdnsn", "--", "grep", "nameserver", "/etc/resolv.conf").returncode != 0


def test_new_servers_of_the_host_arrive_by_themselves(resolving: OwnEtc) -> None:
    if any(entry["state"] == "up" and not entry["name"].startswith("nct") for entry in resolving.json("list")):
        pytest.skip("a container of this machine's owner is up, so that the watch sees the machine's own /etc and not this test's")
    resolving.write("/etc/resolv.conf", f"nameserver {SECOND}\n")
    for guest in ("nctdnsc", "nctdnsr", "nctdnsm"):
        wait_until(lambda guest=guest: ask(resolving, guest) == ANSWERS[SECOND])
    assert known(resolving, "nctdnsm") == ["search example.org", "options edns0", f"nameserver {SECOND}"]
    assert known(resolving, "nctdnss")[0] == f"nameserver {SECOND}"


def test_any_command_brings_them_at_once(resolving: OwnEtc) -> None:
    resolving.write("/etc/resolv.conf", f"nameserver {FIRST}\n")
    resolving.succeed("start", "nctdnsc")
    assert ask(resolving, "nctdnsc") == ANSWERS[FIRST]


def test_what_a_guest_wrote_itself_is_left_alone(resolving: OwnEtc) -> None:
    resolving.inside("nctdnsc", "sh", "-c", f"echo nameserver {SECOND} > /etc/resolv.conf")
    resolving.write("/etc/resolv.conf", f"# other bytes\nnameserver {FIRST}\n")
    resolving.succeed("start", "nctdnsc")
    assert known(resolving, "nctdnsc") == [f"nameserver {SECOND}"]
    resolving.succeed("restart", "nctdnsc")
    assert known(resolving, "nctdnsc") == ["# other bytes", f"nameserver {FIRST}"]


def test_behind_systemd_resolved_the_servers_themselves_are_asked(resolving: OwnEtc) -> None:
    resolving.write("/run/systemd/resolve/resolv.conf", f"nameserver {SECOND}\nsearch example.net\n")
    resolving.write("/etc/resolv.conf", "nameserver 127.0.0.53\noptions edns0 trust-ad\n")
    resolving.succeed("start", "nctdnsc")
    assert known(resolving, "nctdnsc") == [f"nameserver {SECOND}", "search example.net"]
    assert ask(resolving, "nctdnsc") == ANSWERS[SECOND]


def test_a_shared_networks_name_server_asks_also_on_the_hosts_loopback(resolving: OwnEtc) -> None:
    """systemd-resolved's place, and that of a resolver of the host's owner, which containers themselves cannot reach."""
    if shutil.which("dnsmasq") is None:
        pytest.skip("dnsmasq is not installed: make test-setup")
    for loopback, answer in (("127.0.0.53", "192.0.2.53"), ("127.0.0.1", "192.0.2.1")):
        server = NameServer(loopback, answer)
        server.start()
        try:
            resolving.write("/etc/resolv.conf", f"nameserver {loopback}\n")
            resolving.succeed("start", "nctdnsc")  # any command brings it to dnsmasq
            assert known(resolving, "nctdnsd")[-1] == "nameserver 10.213.77.1"
            assert wait_until(lambda answer=answer: ask(resolving, "nctdnsd") == answer)
            assert ask(resolving, "nctdnsd", "nctdnsc.containers") == "10.213.72.2"
        finally:
            server.socket.close()


def test_a_server_that_only_the_host_can_reach_is_warned_of(resolving: OwnEtc) -> None:
    resolving.write("/run/systemd/resolve/resolv.conf", "")
    resolving.write("/etc/resolv.conf", "nameserver 127.0.0.1\n")
    said = resolving.run("restart", "nctdnsc").stderr
    assert "the host's name server 127.0.0.1 cannot be reached from a private network" in said
    assert "networking.nameservers" in said
