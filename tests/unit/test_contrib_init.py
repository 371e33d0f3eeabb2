"""The files for other inits: shells read them, and they call verbs that exist."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from nixos_containers.cli.parse import parse

FILES = sorted(path for path in (Path(__file__).parents[2] / "contrib" / "init").rglob("*") if path.is_file())


@pytest.mark.parametrize("path", FILES, ids=[path.name for path in FILES])
def test_file(path: Path) -> None:
    assert path.stat().st_mode & 0o111
    done = subprocess.run(["sh", "-n", str(path)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    calls = re.findall(r"^[^#\n]*\bnixos-container ((?:[a-z]+)(?: --[a-z]+)*)", path.read_text(encoding="utf-8"), flags=re.M)
    assert calls
    for call in calls:
        parse(call.split())


def test_the_sysvinit_script_calls_the_product(tmp_path: Path) -> None:
    script = next(path for path in FILES if path.suffix == ".sysvinit")
    fake = tmp_path / "nixos-container"
    fake.write_text('#!/bin/sh\necho "$@"\n', encoding="utf-8")
    fake.chmod(0o755)
    text = script.read_text(encoding="utf-8").replace("PATH=/usr/local/sbin", f"PATH={tmp_path}:/usr/local/sbin")
    (tmp_path / "init").write_text(text, encoding="utf-8")

    def call(*words: str) -> tuple[int, str]:
        done = subprocess.run(["sh", str(tmp_path / "init"), *words], capture_output=True, text=True, check=False)
        return done.returncode, done.stdout

    assert call("start") == (0, "start --auto\n")
    assert call("stop") == (0, "stop --all\n")
    assert call("restart") == (0, "stop --all\nstart --auto\n")
    assert call("frobnicate")[0] == 2
