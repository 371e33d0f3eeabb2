"""The tables once more, by a newer Nix than the host's: the one of a later suite, unpacked by ``newer_nix.py``.

One test for a table, in a process of its own, because the runner remembers what the host's Nix said. Not for what needs
a store or builds: only evaluation is known to differ between versions.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from nixos_containers.evaluate.errors import explain
from nixos_containers.evaluate.evaluate import Request, command
from nixos_containers.evaluate.tree import nix_tree

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


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{ containers.web = { autoStart = throw ''broken''; config = { }; }; }", ["broken", "/configuration.nix"]),
        ("{ containers.web = { autoStart = helo; config = { }; }; }", ["undefined variable 'helo'", "/configuration.nix:1:34"]),
        (
            "{ config, ... }: { containers.web = { autoStart = config.containers.web.autoStart; config = { }; }; }",
            ["infinite recursion", "`containers.web.autoStart', defined in", "/configuration.nix", "hint: "],
        ),
        (
            "{ containers.web.config.assertions = [ { assertion = false; message = ''one''; } ]; }",
            ["containers.web: Failed assertions:\n- one"],
        ),
        ("{ containers.web = { autoStrat = true; config = { }; }; }", ["containers.web.autoStrat' does not exist", "/configuration.nix'"]),
    ],
)
def test_its_errors_are_understood(newer: str, tmp_path: Path, text: str, said: list[str]) -> None:
    definition = tmp_path / "configuration.nix"
    definition.write_text(text, encoding="utf-8")
    lock = tmp_path / "lock.json"
    lock.write_text(json.dumps({"bootstrap": {"busybox": {"name": "static-busybox", "version": "1", "sha256": "1" * 64}}}))
    request = Request(modules=(str(definition),), index=None, lock=str(lock))
    words = [word for word in command(nix_tree(), request.text()) if word != "--read-write-mode"]
    done = subprocess.run([newer, *words[1:]], capture_output=True, text=True, timeout=SECONDS, check=False)
    assert done.returncode != 0
    told = str(explain(done.stderr, suggest=lambda _: []))
    for fragment in said:
        assert fragment in told, told
    assert nix_tree() not in told
