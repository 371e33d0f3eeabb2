"""Fixtures of the tests of Nix code and of the guest's scripts."""

from __future__ import annotations

import platform
import subprocess
from pathlib import Path

import pytest

from . import newer_nix, runner
from .guest_scripts import Shell

_NEWER = Path.home() / ".cache" / "nixos-containers" / f"nix-{newer_nix.DEFAULT_SUITE}"


def version_of(program: str) -> str:
    """The version of a ``nix-instantiate``. Raises CalledProcessError when it does not run."""
    return subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout.split()[-1]


@pytest.fixture(scope="session")
def newer() -> str:
    """The newer ``nix-instantiate``; skips, with the reason, where it cannot be had."""
    if platform.machine() != "x86_64":
        pytest.skip(f"newer_nix.py knows the loader of x86_64 only, this is {platform.machine()}")
    try:
        program = str(newer_nix.fetch(_NEWER, newer_nix.DEFAULT_SUITE))
        version_of(program)
    except (OSError, RuntimeError, subprocess.CalledProcessError) as failure:
        pytest.skip(f"no Nix from {newer_nix.DEFAULT_SUITE}: {failure}")
    return program


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """By which Nix the tables were evaluated."""
    if not any("tests/nix/" in report.nodeid for report in terminalreporter.getreports("passed")):
        return
    programs = {"of this host": runner.nix_instantiate(), f"of {newer_nix.DEFAULT_SUITE}": _NEWER / "nix-instantiate"}
    told = [f"{version_of(str(program))} ({whose})" for whose, program in programs.items() if program and Path(program).exists()]
    terminalreporter.write_line("Nix: " + ", ".join(told))


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    directory = tmp_path / "busybox"
    directory.mkdir()
    return Shell(directory)
