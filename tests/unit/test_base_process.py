"""Starting programs: what their failure looks like, what they inherit, and what is said when they are missing."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from nixos_containers.base import process, programs
from nixos_containers.base.errors import HostError


def test_a_failure_can_be_pasted_into_a_shell() -> None:
    command = ["sh", "-c", 'echo "it is  broken: $1" >&2; exit 3', "sh", "a 'quoted' $word"]
    with pytest.raises(process.CommandFailed) as failure:
        process.run(command)
    text = str(failure.value)
    assert "failed with status 3" in text
    assert "it is  broken: a 'quoted' $word" in text
    pasted = text.rpartition("to see it again: ")[2]
    again = subprocess.run(["sh", "-c", pasted], capture_output=True, text=True, check=False)
    assert (again.returncode, again.stderr) == (3, "it is  broken: a 'quoted' $word\n")
    assert shlex.split(pasted) == command


def test_an_end_by_a_signal_is_named_as_one() -> None:
    with pytest.raises(process.CommandFailed, match="was ended by signal 9"):
        process.run(["sh", "-c", "kill -9 $$"])


def test_a_status_that_was_asked_for_is_no_failure() -> None:
    assert process.run(["sh", "-c", "echo out; echo err >&2; exit 5"], check=False).returncode == 5


@pytest.mark.parametrize(
    ("program", "package"),
    [("systemd-nspawn", "systemd-container"), ("/usr/sbin/nft", "nftables"), ("nix-instantiate", "nix-bin"), ("nsenter", "util-linux")],
)
def test_a_missing_program_is_named_with_its_package(program: str, package: str) -> None:
    failure = process.missing(program)
    assert program in str(failure)
    assert f"apt-get install {package}" in str(failure)


@pytest.mark.parametrize("start", [process.run, process.spawn])
def test_a_missing_program_is_no_traceback(start: object) -> None:
    with pytest.raises(HostError, match="‘no-such-program’ is not installed"):
        start(["no-such-program"])  # type: ignore[operator]


def test_input_is_given_and_otherwise_empty() -> None:
    assert process.run(["cat"], stdin="text").stdout == "text"
    assert process.run(["cat"], stdin=b"\xff").stdout == "\ufffd"
    assert process.run(["cat"]).stdout == ""


def test_a_program_that_hangs_is_given_up() -> None:
    with pytest.raises(HostError, match=r"sleep did not answer within 0.1 s"):
        process.run(["sleep", "30"], timeout=0.1)


def test_children_get_a_fixed_small_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"LC_ALL": "de_DE", "SECRET": "x", "HTTPS_PROXY": "p", "https_proxy": "q", "HOME": "/h", "IFS": "x"}.items():
        monkeypatch.setenv(name, value)
    env = process.environment({"NIX_CONFIG": "c"})
    assert env["LC_ALL"] == "C.UTF-8"
    assert (env["HTTPS_PROXY"], env["https_proxy"], env["HOME"], env["NIX_CONFIG"]) == ("p", "q", "/h", "c")
    assert "SECRET" not in env and "IFS" not in env


def test_programs_are_found_without_the_administrators_directories_in_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert programs.find("sh") in ("/usr/bin/sh", "/bin/sh")
    assert programs.search_path().split(":")[0] == str(tmp_path), "the caller's own directories come first"
    (tmp_path / "sh").mkdir()
    assert programs.find("sh") in ("/usr/bin/sh", "/bin/sh"), "a directory is no program"
    monkeypatch.delenv("PATH")
    assert programs.find("sh") is not None
    assert "" not in programs.search_path().split(":")


def test_a_detached_program_is_out_of_reach_of_the_terminals_signals() -> None:
    made = process.spawn([sys.executable, "-c", "import os; print(os.getsid(0) == os.getpid())"], stdout=subprocess.PIPE, detach=True)
    assert made.communicate()[0] == b"True\n"


def test_an_interrupted_wait_does_not_leave_a_child(tmp_path: Path) -> None:
    code = (
        f"import sys; sys.path.insert(0, {str(Path(__file__).parents[2] / 'src')!r})\n"
        "import signal, os, threading\n"
        "from nixos_containers.base import process\n"
        "threading.Timer(0.2, lambda: os.kill(os.getpid(), signal.SIGINT)).start()\n"
        "try:\n    process.run(['sleep', '987'])\nexcept KeyboardInterrupt:\n    print('interrupted')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=10, check=False)
    assert done.stdout == "interrupted\n"
