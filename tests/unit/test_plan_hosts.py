"""Names of containers as lines of hosts(5): what is added, and that what was there comes back byte for byte."""

from __future__ import annotations

import pytest

from nixos_containers.declare.container import Container, Network, System, VethPair
from nixos_containers.plan.hosts import addresses, defined_names, guest_text, names_text, with_block, without_block

KNOWN = {"web": ("10.213.0.2", "fd00:213::2"), "db": ("10.213.0.3",)}


@pytest.mark.parametrize(
    "before",
    ["", "127.0.0.1 localhost\n", "127.0.0.1 localhost", "\n\n", "# only a remark\r\n10.0.0.1 a b\r\n", "10.1.1.1 bytes-\udcff\n", "\n# x"],
)
def test_the_block_goes_without_a_trace(before: str) -> None:
    with_names = with_block(before, KNOWN)
    assert with_names.startswith(before)
    assert "10.213.0.3 db.containers db\n" in with_names
    assert with_block(with_names, KNOWN) == with_names
    assert with_block(with_names, {}) == before


def test_lines_after_the_block_are_somebody_elses_and_stay() -> None:
    text = with_block("127.0.0.1 localhost", KNOWN) + "10.0.0.9 printer\n"
    assert without_block(text) == "127.0.0.1 localhost\n10.0.0.9 printer\n"
    assert with_block(text, {"web": ("10.213.0.7",)}).startswith("127.0.0.1 localhost\n10.0.0.9 printer\n#")


def test_a_block_without_its_end_takes_nothing_of_others_with_it() -> None:
    damaged = with_block("127.0.0.1 localhost\n", KNOWN).replace("# nixos-container: end\n", "") + "10.0.0.9 printer\n"
    assert without_block(damaged) == "127.0.0.1 localhost\n10.0.0.9 printer\n"


def test_short_names_that_mean_something_else_stay_what_they_are() -> None:
    text = with_block("192.0.2.1 web.example.org WEB # db\n", KNOWN | {"thishost": ("10.213.0.9",)}, host_name="thishost")
    assert "10.213.0.2 web.containers\n" in text
    assert "10.213.0.3 db.containers db\n" in text, "a remark defines nothing"
    assert "10.213.0.9 thishost.containers\n" in text
    assert names_text({"localhost": ("10.213.0.2",)}) == "10.213.0.2 localhost.containers\n"


def test_no_container_with_an_address_means_no_block() -> None:
    assert with_block("x", {"web": ()}) == "x"


def test_names_of_a_file() -> None:
    assert defined_names("127.0.0.1 a b # c\n# 1.1.1.1 d\n\n::1\te") == {"a", "b", "e"}


def test_a_guest_keeps_what_its_system_says() -> None:
    own = "127.0.0.1 localhost\n127.0.0.2 web"
    assert guest_text(own, KNOWN) == own + "\n10.213.0.3 db.containers db\n10.213.0.2 web.containers\nfd00:213::2 web.containers\n"
    assert guest_text(None, {}) == "127.0.0.1 localhost\n::1 localhost\n"


def container(network: Network) -> Container:
    return Container("web", System("/nix/store/x"), network=network)


def test_a_container_is_known_by_the_addresses_of_its_main_pair() -> None:
    network = Network(
        private=True,
        local_address="10.213.0.2/24",
        local_address6="fd00:213::2",
        extra_veths={"side": VethPair(local_address="10.213.1.2")},
    )
    assert addresses(container(network)) == ("10.213.0.2", "fd00:213::2")
    assert addresses(container(Network())) == ()
