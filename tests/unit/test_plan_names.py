"""Interface names: nspawn's and upstream's, never longer than the kernel takes."""

from __future__ import annotations

import string

import pytest

from nixos_containers.plan.names import interface_name, siphash24


def test_siphash_gives_the_authors_vector() -> None:
    assert siphash24(bytes(range(15)), bytes(range(16))) == 0xA129CA6149BE45E5


def test_siphash_of_nothing_gives_the_authors_vector() -> None:
    assert siphash24(b"", bytes(range(16))) == 0x726FDB47DD0E0E31


@pytest.mark.parametrize(
    ("prefix", "container", "name"),
    [
        ("ve-", "first", "ve-first"),
        # The very names that upstream's test containers-names looks for.
        ("ve-", "second", "ve-second"),
        ("ve-", "really-long-name", "ve-really-l3QgY"),
        ("ve-", "really-long-long-name-2", "ve-really-lFYWO"),
        ("ve-", "exactly12345", "ve-exactly12345"),
        ("vb-", "web", "vb-web"),
    ],
)
def test_names_are_those_that_upstreams_users_know(prefix: str, container: str, name: str) -> None:
    assert interface_name(prefix, container) == name


@pytest.mark.parametrize("length", range(1, 65))
def test_names_fit_the_kernel_and_keep_their_beginning(length: int) -> None:
    container = (string.ascii_lowercase * 3)[:length]
    name = interface_name("ve-", container)
    assert len(name.encode()) <= 15
    assert name.startswith(("ve-" + container)[:11])


def test_long_names_that_differ_at_their_end_stay_different() -> None:
    names = {interface_name("ve-", f"a-rather-long-name-{number}") for number in range(500)}
    assert len(names) == 500


def test_bridged_and_routed_names_of_one_container_differ() -> None:
    assert interface_name("ve-", "a-rather-long-name") != interface_name("vb-", "a-rather-long-name")
