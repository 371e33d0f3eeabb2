"""The nixos-rebuild of hosts that are not NixOS: which words of nixos-container it says."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "contrib" / "nixos-rebuild.in"


def rebuild(directory: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    program = directory / "nixos-container"
    program.write_text('#!/bin/sh\nif [ "$1" = list ]; then printf "db\\nweb\\n"; else echo "$@"; fi\n', encoding="utf-8")
    program.chmod(0o755)
    script = directory / "nixos-rebuild"
    script.write_text(SCRIPT.read_text(encoding="utf-8").replace("@BIN@", str(directory)), encoding="utf-8")
    env = {"PATH": "/usr/bin:/bin", **environment}
    return subprocess.run(["sh", str(script), *words], capture_output=True, text=True, check=False, env=env)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["switch"], "switch"),
        (["test"], "switch"),
        (["build", "-q"], "build --quiet"),
        (["dry-build"], "switch --dry-run"),
        (["dry-activate"], "plan"),
        (["switch", "--rollback"], "switch --rollback"),
        (["--rollback", "test"], "switch --rollback"),
        (["--rollback"], "switch --rollback"),
        (["switch", "--show-trace", "--fast", "--sudo"], "switch --debug"),
        (["switch", "--upgrade", "--option", "cores", "1"], "upgrade\nswitch --option cores 1"),
        (["switch", "-I", "nixos-config=/a b.nix"], "switch -c /a b.nix"),
        (["switch", "--upgrade"], "upgrade\nswitch"),
        (["list-generations"], "db:\ngenerations db\nweb:\ngenerations web"),
    ],
)
def test_what_it_says(words: list[str], said: str, tmp_path: Path) -> None:
    done = rebuild(tmp_path, *words)
    assert (done.returncode, done.stdout, done.stderr) == (0, said + "\n", "")


def test_the_definition_of_the_environment(tmp_path: Path) -> None:
    assert rebuild(tmp_path, "switch", NIXOS_CONFIG="/x.nix").stdout == "switch -c /x.nix\n"


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["boot"],
        ["switch", "build"],
        ["build", "--rollback"],
        ["switch", "--flake", "."],
        ["switch", "--nosuch"],
        ["switch", "--option", "a"],
    ],
)
def test_what_it_refuses(words: list[str], tmp_path: Path) -> None:
    done = rebuild(tmp_path, *words)
    assert done.returncode == 1 and done.stderr and not done.stdout
