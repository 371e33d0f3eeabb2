"""The package set: the tables in ``nix/tests/pkgs``."""

from __future__ import annotations

import pytest

from . import runner


@pytest.mark.skipif(runner.nix_instantiate() is None, reason="needs nix-instantiate")
@pytest.mark.parametrize("case", runner.cases_in(runner.ROOT / "nix" / "tests" / "pkgs"), ids=str)
def test_pkgs(case: runner.Case) -> None:
    runner.check(case)
