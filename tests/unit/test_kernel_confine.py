"""What is given up before a container is entered."""

from __future__ import annotations

from nixos_containers.kernel.confine import surplus

ALL = "Name:\tx\nCapBnd:\t000001ffffffffff\nNoNewPrivs:\t0\n"


def test_what_the_container_lacks_is_given_up() -> None:
    theirs = "CapBnd:\t000001ffffffbfff\nNoNewPrivs:\t1\n"  # without CAP_IPC_LOCK, which is number 14
    assert surplus(1, theirs, ALL) == ([14], True)


def test_nothing_is_given_up_that_both_have_or_we_lack() -> None:
    assert surplus(1, ALL, ALL) == ([], False)
    assert surplus(1, ALL, "CapBnd:\t0\nNoNewPrivs:\t0\n") == ([], False)


def test_nothing_is_kept_that_the_container_lacks() -> None:
    dropped, _ = surplus(1, "CapBnd:\t0\n", ALL)
    assert set(dropped) == set(range(41))
