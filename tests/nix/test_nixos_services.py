"""Services, networking, security and programs of guests: the tables in ``nix/tests/nixos-services``."""

from __future__ import annotations

import pytest

from . import runner


@pytest.mark.skipif(runner.nix_instantiate() is None, reason="needs nix-instantiate")
@pytest.mark.parametrize("case", runner.cases_in(runner.ROOT / "nix" / "tests" / "nixos-services"), ids=str)
def test_nixos_services(case: runner.Case) -> None:
    runner.check(case)
