"""Network services of the host leave our interfaces alone: files only where a service runs, ours only, gone with the container."""

from __future__ import annotations

import configparser
from pathlib import Path

from nixos_containers.base.paths import Paths
from nixos_containers.declare.container import Container, Network, System, VethPair
from nixos_containers.declare.shared import Membership, SharedNetwork
from nixos_containers.run import unmanaged

NETWORK = Network(private=True, host_address="10.0.0.1", local_address="10.0.0.2", extra_veths={"storage": VethPair(host_bridge="br0")})
WEB = Container(name="web", system=System(path=None), network=NETWORK)


def read(path: Path) -> configparser.ConfigParser:
    parsed = configparser.ConfigParser()
    parsed.read_string(path.read_text(encoding="utf-8"))
    return parsed


def test_a_file_only_where_the_service_runs(tmp_path: Path) -> None:
    unmanaged.tell(WEB, run=str(tmp_path), usr=str(tmp_path))
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "systemd/netif").mkdir(parents=True)
    (tmp_path / "systemd/netif/state").touch()
    unmanaged.tell(WEB, run=str(tmp_path), usr=str(tmp_path))
    made = read(tmp_path / "systemd/network/00-0-nixos-container-web.network")
    assert made["Match"]["Name"] == "ve-web storage" and made["Link"]["Unmanaged"] == "yes"
    assert not (tmp_path / "NetworkManager").exists()


def test_networkmanager_gets_each_interface_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "NetworkManager").mkdir()
    unmanaged.tell(WEB, run=str(tmp_path))
    made = read(tmp_path / "NetworkManager/conf.d/00-0-nixos-container-web.conf")["device-nixos-container-web"]
    assert made["match-device"] == "interface-name:=ve-web,interface-name:=storage" and made["managed"] == "0"


def test_files_go_with_the_container_and_those_of_others_stay(tmp_path: Path) -> None:
    for directory in ("systemd/netif", "NetworkManager"):
        (tmp_path / directory).mkdir(parents=True)
    unmanaged.tell(WEB, run=str(tmp_path))
    other = tmp_path / "systemd/network/00-0-nixos-container-mine.network"
    other.write_text("[Match]\nName=mine\n", encoding="utf-8")
    unmanaged.settle(Paths(), run=str(tmp_path))
    assert sorted(path.name for path in tmp_path.glob("**/00-0-*")) == [other.name]


def test_the_hosts_network_needs_no_file(tmp_path: Path) -> None:
    (tmp_path / "NetworkManager").mkdir()
    unmanaged.tell(Container(name="web", system=System(path=None)), run=str(tmp_path))
    assert not list(tmp_path.glob("**/00-0-*"))


def test_a_service_that_is_installed_finds_the_file_when_it_is_started(tmp_path: Path) -> None:
    (tmp_path / "sbin").mkdir()
    (tmp_path / "sbin/NetworkManager").touch()
    unmanaged.tell(WEB, run=str(tmp_path), usr=str(tmp_path))
    assert [path.name for path in tmp_path.glob("**/00-0-*")] == ["00-0-nixos-container-web.conf"]


def test_bridges_of_shared_networks_are_ours_too(tmp_path: Path) -> None:
    shared = SharedNetwork(name="backend", subnet="10.213.9.0/24", subnet6="fd00:213:9::/64")
    network = Network(private=True, networks=(Membership(shared, address="10.213.9.2", address6="fd00:213:9::2"),))
    (tmp_path / "systemd/netif").mkdir(parents=True)
    (tmp_path / "systemd/netif/state").touch()
    unmanaged.tell(Container(name="web", system=System(path=None), network=network), run=str(tmp_path), usr=str(tmp_path))
    made = read(tmp_path / "systemd/network/00-0-nixos-container-web.network")
    assert made["Match"]["Name"] == "vb-web cb-backend"
