"""Units, /etc, accounts, activation and the rest of the guest's core: the tables in ``nix/tests/nixos-core``."""

from __future__ import annotations

import pytest

from . import runner


@pytest.mark.skipif(runner.nix_instantiate() is None, reason="needs nix-instantiate")
@pytest.mark.parametrize("case", runner.cases_in(runner.ROOT / "nix" / "tests" / "nixos-core"), ids=str)
def test_nixos_core(case: runner.Case) -> None:
    runner.check(case)
