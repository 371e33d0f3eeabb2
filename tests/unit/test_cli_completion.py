"""Completion scripts: each shell parses its own, and really completes verbs, options, choices and containers."""

from __future__ import annotations

import os
import pty
import select
import shutil
import signal
import subprocess
import time
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


def pretend(tmp_path: Path) -> None:
    """A host that has the containers web and db."""
    program = tmp_path / "nixos-container"
    program.write_text("#!/bin/sh\n[ $1 = list ] && printf 'web\\ndb\\n'\n", encoding="utf-8")
    program.chmod(0o755)


def complete(tmp_path: Path, *words: str) -> list[str]:
    """What bash offers for the last of `words`."""
    pretend(tmp_path)
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


COMPLETED = (
    ("nixos-container termi", "terminate"),
    ("nixos-container start w", "web"),
    ("nixos-container switch --pur", "--purge"),
    ("nixos-container wait --for hea", "healthy"),
    ("nixos-container completion f", "fish"),
)


@pytest.mark.skipif(shutil.which("fish") is None, reason="fish is not installed")
@pytest.mark.parametrize(("line", "expected"), COMPLETED)
def test_fish_completes(line: str, expected: str, tmp_path: Path) -> None:
    pretend(tmp_path)
    (tmp_path / "script").write_text(script("fish"), encoding="utf-8")
    env = {"PATH": f"{tmp_path}:/usr/bin:/bin", "HOME": str(tmp_path)}
    command = ["fish", "--no-config", "-c", f"source script; complete -C '{line}'"]
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert [each.partition("\t")[0] for each in done.stdout.splitlines()] == [expected], done.stderr


@pytest.mark.skipif(shutil.which("zsh") is None, reason="zsh is not installed")
def test_zsh_completes(tmp_path: Path) -> None:
    """By its line editor on a terminal, as there is no other way to ask it."""
    pretend(tmp_path)
    (tmp_path / "_nixos-container").write_text(script("zsh"), encoding="utf-8")
    pid, terminal = pty.fork()
    if pid == 0:
        env = {"PATH": f"{tmp_path}:/usr/bin:/bin", "HOME": str(tmp_path), "TERM": "dumb"}
        os.execve("/usr/bin/env", ["env", "zsh", "-f", "-i"], env)

    def until(text: str) -> str:
        seen, deadline = "", time.monotonic() + 20
        while text not in seen and time.monotonic() < deadline:
            if select.select([terminal], [], [], 0.1)[0]:
                seen += os.read(terminal, 65536).decode(errors="replace")
        return seen

    try:
        start = f"fpath=({tmp_path} $fpath); autoload -Uz compinit; compinit -u -D; PROMPT=; echo rea''dy\n"
        os.write(terminal, start.encode())
        assert "ready" in until("ready")
        for line, expected in COMPLETED:
            whole = line.rpartition(" ")[0] + f" {expected} "
            os.write(terminal, line.encode() + b"\t")
            assert whole in until(whole)
            os.write(terminal, b"\x15")  # Ctrl-U: another line
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(terminal)
