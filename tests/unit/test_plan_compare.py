"""What a person is shown before a switch: packages by version, units by fate, options by name."""

from __future__ import annotations

import dataclasses

from nixos_containers.declare.container import Limits, Network
from nixos_containers.plan.compare import FieldChange, PackageChange, compare_packages, compare_records, package, units_of

from .samples import container, record

HASH = "0" * 32


def path(name: str) -> str:
    return f"/nix/store/{HASH}-{name}"


def test_a_name_ends_where_its_version_starts() -> None:
    assert package(path("vim-9.0.1378-2+deb12u2")) == ("vim", "9.0.1378-2+deb12u2")
    assert package(path("unit-script-sshd-start")) is None
    known = frozenset({"libnl-3-200", "libnl-genl-3-200"})
    assert package(path("libnl-3-200-3.7.0-0.2+b1"), known) == ("libnl-3-200", "3.7.0-0.2+b1")


def test_packages_that_come_go_and_move() -> None:
    old = [path("vim-9.0"), path("curl-7.88"), path("bash-5.2"), path("etc")]
    new = [path("vim-9.1"), path("htop-3.2"), path("bash-5.2").replace("000", "111"), path("etc")]
    changes = compare_packages(old, new)
    assert changes == (
        PackageChange("curl", ("7.88",), ()),
        PackageChange("htop", (), ("3.2",)),
        PackageChange("vim", ("9.0",), ("9.1",)),
    )
    assert [str(change) for change in changes] == ["- curl 7.88", "+ htop 3.2", "~ vim 9.0 -> 9.1"]


def test_units_from_a_dry_activation() -> None:
    said = (
        "would stop the following units: a.service, b.socket\n"
        "would NOT stop the following changed units: dbus.service\n"
        "would activate the configuration...\n"
        "would restart the following units: nginx.service\n"
        "would start the following units: b.socket\n"
    )
    assert units_of(said) == {
        "stop": ("a.service", "b.socket"),
        "keep": ("dbus.service",),
        "restart": ("nginx.service",),
        "start": ("b.socket",),
    }


def test_options_and_network_are_told_apart_and_defaults_are_silent() -> None:
    old = record(limits=Limits(memory_max="1G"), network=Network(private=True, local_address="10.0.0.2"))
    new = dataclasses.replace(
        container(ephemeral=True, limits=Limits(memory_max="2G"), network=Network(private=True, local_address="10.0.0.3")),
        system=dataclasses.replace(container().system, path="/nix/store/other"),
    )
    options, network = compare_records(old, new)
    assert options == (FieldChange("ephemeral", None, True), FieldChange("limits.memoryMax", "1G", "2G"))
    assert network == (FieldChange("localAddress", "10.0.0.2", "10.0.0.3"),)
    assert compare_records(old, old.container) == ((), ())
