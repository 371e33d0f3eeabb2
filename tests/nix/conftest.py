"""Fixtures of the tests of Nix code and of the guest's scripts."""

from __future__ import annotations

import platform
import subprocess
from pathlib import Path

import pytest

from . import newer_nix, runner
from .guest_scripts import Shell

# Which Nix the tables were evaluated by, for the summary; the newer one is added by its fixture.
versions: dict[str, str] = {}


def version_of(program: str) -> str:
    """The version of a ``nix-instantiate``. Raises CalledProcessError when it does not run."""
    return subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout.split()[-1]


@pytest.fixture(scope="session")
def newer() -> str:
    """The newer ``nix-instantiate``; skips, with the reason, where it cannot be had."""
    if platform.machine() != "x86_64":
        pytest.skip(f"newer_nix.py knows the loader of x86_64 only, this is {platform.machine()}")
    home = Path.home() / ".cache" / "nixos-containers" / f"nix-{newer_nix.DEFAULT_SUITE}"
    try:
        program = str(newer_nix.fetch(home, newer_nix.DEFAULT_SUITE))
        versions[f"of {newer_nix.DEFAULT_SUITE}"] = version_of(program)
    except (OSError, RuntimeError, subprocess.CalledProcessError) as failure:
        pytest.skip(f"no Nix from {newer_nix.DEFAULT_SUITE}: {failure}")
    return program


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if versions:
        host = runner.nix_instantiate()
        told = {"of this host": version_of(host) if host else "none", **versions}
        terminalreporter.write_line("Nix: " + ", ".join(f"{version} ({whose})" for whose, version in told.items()))


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    directory = tmp_path / "busybox"
    directory.mkdir()
    return Shell(directory)
