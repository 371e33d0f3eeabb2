"""The tables once more, by a newer Nix than the host's: the one of a later suite, unpacked by ``newer_nix.py``.

One test for a table, in a process of its own, because the runner remembers what the host's Nix said. Not for what needs
a store or builds: only evaluation is known to differ between versions.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from . import runner
from .conftest import version_of

pytestmark = pytest.mark.nix

TABLES = sorted(runner.ROOT.glob("nix/tests/*/*.nix"))
SECONDS = 120.0


def test_it_is_newer_than_the_oldest_that_is_supported(newer: str) -> None:
    version = version_of(newer)
    assert tuple(int(part) for part in version.split(".")[:2]) > (2, 8), version


@pytest.mark.parametrize("table", TABLES, ids=lambda table: f"{table.parent.name}/{table.stem}")
def test_the_table_holds(newer: str, table: Path) -> None:
    done = subprocess.run(
        [sys.executable, runner.__file__, str(table)],
        env={**os.environ, "NIX_INSTANTIATE": newer},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-6000:]
    assert not done.stdout.startswith("0 cases"), "a table without cases tests nothing"
