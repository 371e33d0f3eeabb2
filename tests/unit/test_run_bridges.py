"""What keeps a shared network from being served is said before a member starts."""

from __future__ import annotations

from pathlib import Path
from subprocess import CompletedProcess

import pytest

from nixos_containers.base import process
from nixos_containers.base.errors import HostError
from nixos_containers.base.paths import Paths
from nixos_containers.declare.container import Network
from nixos_containers.declare.shared import Membership, SharedNetwork
from nixos_containers.observe import network as host_side
from nixos_containers.plan.facts import Host, Listener
from nixos_containers.run import bridges
from nixos_containers.run.bridges import prepare

from .samples import container


def member(*, dns: bool) -> Network:
    served = SharedNetwork("nctunitserved", subnet="10.9.0.0/24", subnet6="fd09::/64", dns=dns)
    return Network(private=True, networks=(Membership(served, "10.9.0.2", "fd09::2"),))


@pytest.mark.parametrize(
    ("listener", "dns", "refused"),
    [
        (Listener("udp", "0.0.0.0", 53), True, True),
        (Listener("tcp", "::", 53), True, True),
        (Listener("udp", "127.0.0.53", 53), True, False),
        (Listener("udp", "0.0.0.0", 5353), True, False),
        (Listener("udp", "0.0.0.0", 53), False, False),
    ],
)
def test_a_service_at_every_address_leaves_no_place_for_the_networks_name_server(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, listener: Listener, dns: bool, refused: bool
) -> None:
    """dnsmasq would end at once, and the members' questions would go nowhere."""
    monkeypatch.setattr(host_side, "listening", lambda: (listener,))
    monkeypatch.setattr(process, "find", lambda program: f"/usr/sbin/{program}")
    paths = Paths(str(tmp_path))
    Path(paths.networks).mkdir(parents=True)
    if refused:
        with pytest.raises(HostError, match="‘nctunitserved’ wants DNS") as failure:
            prepare(paths, container(network=member(dns=dns)), Host())
        assert failure.value.hint is not None and "ss -lnp" in failure.value.hint
        assert not Path(paths.network("nctunitserved")).exists()
    else:
        prepare(paths, container(network=member(dns=dns)), Host())
        assert Path(paths.network("nctunitserved"), "up").exists()


def test_a_server_that_cannot_begin_says_why_with_every_command(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = Paths(str(tmp_path))
    directory = Path(paths.network("back"))
    directory.mkdir(parents=True)
    (directory / "dnsmasq.conf").touch()
    said = "\ndnsmasq: failed to bind DHCP server socket: Address already in use\n"
    monkeypatch.setattr(process, "run", lambda words, **more: CompletedProcess(words, 2, "", said))
    assert not bridges._serve_again(paths, "back")
    assert "‘back’ has no DHCP and DNS server: dnsmasq: failed to bind DHCP server socket" in capsys.readouterr().err
