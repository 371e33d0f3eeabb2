"""Completion scripts: each shell parses its own, and bash really completes verbs, options, choices and containers."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from nixos_containers.cli.completion import script
from nixos_containers.cli.verbs import VERBS


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_shell_parses_its_script(shell: str, tmp_path: Path) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    file = tmp_path / "script"
    file.write_text(script(shell), encoding="utf-8")
    done = subprocess.run([shell, "-n", str(file)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_verb_and_option_is_in_it(shell: str) -> None:
    text = script(shell)
    for verb in VERBS:
        assert verb.name in text
        for option in verb.options:
            assert option.flags[-1].lstrip("-") in text
    assert "nixos-container list" in text


def complete(tmp_path: Path, *words: str) -> list[str]:
    """What bash offers for the last of `words`, with a host that has the containers web and db."""
    program = tmp_path / "nixos-container"
    program.write_text("#!/bin/sh\n[ $1 = list ] && printf 'web\\ndb\\n'\n", encoding="utf-8")
    program.chmod(0o755)
    (tmp_path / "script").write_text(script("bash"), encoding="utf-8")
    line = " ".join(f"'{word}'" for word in ("nixos-container", *words))
    shell = f'. ./script; COMP_WORDS=({line}); COMP_CWORD={len(words)}; _nixos_container; printf "%s\\n" "${{COMPREPLY[@]}}"'
    done = subprocess.run(
        ["bash", "-c", shell], cwd=tmp_path, env={"PATH": f"{tmp_path}:/usr/bin:/bin"}, capture_output=True, text=True, check=True
    )
    return done.stdout.split()


def test_bash_completes(tmp_path: Path) -> None:
    assert complete(tmp_path, "sta") == ["status", "start", "stats"]
    assert complete(tmp_path, "start", "") == ["web", "db"]
    assert complete(tmp_path, "start", "web", "d") == ["db"]
    assert complete(tmp_path, "switch", "--pur") == ["--purge"]
    assert complete(tmp_path, "wait", "--for", "") == ["up", "ready", "running", "healthy", "down", "stopped"]
    assert complete(tmp_path, "completion", "f") == ["fish"]
    assert complete(tmp_path, "run", "web", "--", "") == [], "the command is the guest's affair"
    assert "script" in complete(tmp_path, "switch", "-c", "scr")
