"""The library's functions: the tables in ``nix/tests/library``."""

from __future__ import annotations

import pytest

from . import runner


@pytest.mark.skipif(runner.nix_instantiate() is None, reason="needs nix-instantiate")
@pytest.mark.parametrize("case", runner.cases_in(runner.ROOT / "nix" / "tests" / "library"), ids=str)
def test_library(case: runner.Case) -> None:
    runner.check(case)
