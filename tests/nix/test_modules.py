"""The module system, options and types: the tables in ``nix/tests/modules``."""

from __future__ import annotations

import pytest

from . import runner


@pytest.mark.nix
@pytest.mark.parametrize("case", runner.cases_in(runner.ROOT / "nix" / "tests" / "modules"), ids=str)
def test_modules(case: runner.Case) -> None:
    runner.check(case)
