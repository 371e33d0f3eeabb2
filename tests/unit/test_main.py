"""argv in, exit code out: messages and statuses of every kind of end, and never a traceback."""

from __future__ import annotations

import dataclasses
import errno
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from nixos_containers.base.errors import ContainerError
from nixos_containers.base.files import locked
from nixos_containers.base.paths import Paths
from nixos_containers.main import main
from nixos_containers.run import records

from .samples import record

SOURCE = Path(__file__).parents[2] / "src"
START = f"import sys; sys.path.insert(0, {str(SOURCE)!r}); from nixos_containers.main import main; sys.exit(main())"


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A host of our own, with the container `web`."""
    monkeypatch.setenv("NIXOS_CONTAINERS_ROOT", str(tmp_path))
    records.write(Paths(), record())
    return tmp_path


def command(*words: str) -> list[str]:
    return [sys.executable, "-IS", "-c", START, *words]


def outside(*words: str, **options: object) -> subprocess.CompletedProcess[str]:
    """The program in a process of its own."""
    return subprocess.run(command(*words), capture_output=True, text=True, timeout=20, check=False, **options)  # type: ignore[call-overload]


def failing(monkeypatch: pytest.MonkeyPatch, failure: BaseException) -> None:
    def show(*_: object, **__: object) -> None:
        raise failure

    monkeypatch.setattr("nixos_containers.cli.list.show", show)


def test_an_error_has_the_programs_name_evidence_a_hint_and_its_status(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    failing(monkeypatch, ContainerError("it broke", details="the evidence\n", hint="mend it", exit_code=7))
    assert main(["list", "--long"]) == 7
    assert capsys.readouterr().err == "nixos-container: it broke\nthe evidence\nhint: mend it\n"


@pytest.mark.parametrize(
    ("failure", "status", "words"),
    [
        (KeyboardInterrupt(), 130, "interrupted"),
        (PermissionError(errno.EACCES, "denied", "/etc/nixos-containers"), 1, "/etc/nixos-containers: permission denied"),
        (OSError(errno.ENOSPC, "No space left on device", "/var/x"), 1, "/var/x: No space left on device"),
        (OSError("odd"), 1, "odd"),
    ],
)
def test_the_kernels_refusals_are_sentences(
    failure: BaseException, status: int, words: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("nixos_containers.main._forget_output", lambda: None)
    failing(monkeypatch, failure)
    assert main(["list", "--long"]) == status
    assert words in capfd.readouterr().err


@pytest.mark.parametrize(("user", "words"), [(1000, ["this needs root", "sudo"]), (0, ["even root may not", "lsattr"])])
def test_what_may_not_be_done_says_who_could(
    user: int, words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    failing(monkeypatch, PermissionError(errno.EACCES, "denied", "/run/lock/x"))
    monkeypatch.setattr("os.geteuid", lambda: user)
    assert main(["list", "--long"]) == 1
    told = capsys.readouterr().err
    assert all(word in told for word in [*words, "/run/lock/x"]), told


def test_who_may_not_see_more_gets_the_names(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def refused(*_: object) -> None:
        raise PermissionError(errno.EACCES, "denied", "/run/nixos-containers/.web")

    monkeypatch.setattr("nixos_containers.base.log.quiet", False)  # an earlier test may have asked for it
    monkeypatch.setattr("nixos_containers.cli.list.describe_all", refused)
    monkeypatch.setattr("os.isatty", lambda descriptor: True)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    assert main(["list"]) == 0
    answer = capsys.readouterr()
    assert answer.out == "web\n" and "sudo" in answer.err
    assert main(["list", "--long"]) == 1


def test_answers_are_on_stdout_and_talk_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list"]) == 0
    assert capsys.readouterr() == ("web\n", "")
    assert main(["status", "web"]) == 0
    assert capsys.readouterr() == ("down\n", "")
    assert main(["list", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [(entry["name"], entry["state"]) for entry in listed] == [("web", "down")]


def test_a_container_that_is_gone(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status", "wbe"]) == 1
    said = capsys.readouterr()
    assert said.out == "gone\n"
    assert "container ‘wbe’ does not exist" in said.err and "did you mean web?" in said.err


@pytest.mark.parametrize("verb", ["run", "root-login", "login"])
def test_entering_what_does_not_run_says_how_to_start_it(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([verb, "web", *(["--", "true"] if verb == "run" else [])]) == 1
    assert "nixos-container start web" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["../x", "a b", "", "-x", ".web", "ü", "x" * 65])
def test_names_that_lead_elsewhere_are_refused(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", name, "--", "true"]) == 1
    assert main(["show-ip", "--", name]) == 1
    assert "Traceback" not in capsys.readouterr().err


def test_a_declarative_container_is_not_destroyed_but_its_file_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    definition = tmp_path / "configuration.nix"
    definition.write_text("{ }")
    records.write(Paths(), dataclasses.replace(record("declared"), declared_by=str(definition)))
    assert main(["destroy", "declared"]) == 1
    said = capsys.readouterr().err
    assert "cannot destroy declarative container" in said and str(definition) in said


def test_an_address_is_shown_without_its_prefix_length(capsys: pytest.CaptureFixture[str]) -> None:
    from .samples import FULL_NETWORK

    records.write(Paths(), record("db", network=FULL_NETWORK))
    assert main(["show-ip", "db"]) == 0
    assert capsys.readouterr().out == "10.100.0.2\n"
    assert main(["show-ip", "web"]) == 1


@pytest.mark.parametrize("text", ["", "{", "[]", '{"container": {"name": "web"}}'])
def test_a_damaged_record_is_named_and_does_not_hide_the_others(root: Path, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    records.write(Paths(), record("db"))
    (root / "etc/nixos-containers/web.json").write_text(text, encoding="utf-8")
    assert main(["show-ip", "web"]) == 1
    assert f"{root}/etc/nixos-containers/web.json is damaged" in capsys.readouterr().err
    assert main(["list", "--json"]) == 0
    states = {entry["name"]: entry["state"] for entry in json.loads(capsys.readouterr().out)}
    assert states == {"web": "damaged", "db": "down"}


def test_a_record_of_another_program_is_said_to_be_one(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / "etc/nixos-containers/old.conf").write_text("PRIVATE_NETWORK=1\n", encoding="utf-8")
    assert main(["show-ip", "old"]) == 1
    said = capsys.readouterr().err
    assert "old.json is missing" in said and "did you mean" not in said


# In a process of its own, where the interpreter's own last words would show.


def test_ctrl_c_while_waiting_ends_with_130_and_a_sentence(root: Path) -> None:
    with locked(Paths().lock(".switch"), who="another"):
        made = subprocess.Popen(command("switch", "-c", "/dev/null"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert made.stderr is not None
        assert "waiting for" in made.stderr.readline()
        made.send_signal(signal.SIGINT)
        _, said = made.communicate(timeout=10)
    assert made.returncode == 130
    assert "interrupted" in said and "Traceback" not in said


def test_a_reader_that_went_away_is_no_complaint() -> None:
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(command("list"), stdout=write, stderr=subprocess.PIPE, text=True, check=False)
    os.close(write)
    assert (done.returncode, done.stderr) == (141, "")


@pytest.mark.parametrize("words", [["list"], ["--help"], ["list", "--json"]])
def test_a_full_disk_behind_stdout_is_an_error_not_a_success(words: list[str]) -> None:
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = subprocess.run(command(*words), stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 1
    assert "No space left on device" in done.stderr and "Traceback" not in done.stderr and "ignored" not in done.stderr


@pytest.mark.parametrize("closing", [">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_closed_streams_change_nothing(closing: str) -> None:
    done = subprocess.run(["sh", "-c", f'"$@" {closing}', "sh", *command("list")], capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert done.stderr == ""


def test_help_and_version_are_successes() -> None:
    assert outside("--help").returncode == outside("status", "--help").returncode == outside("--version").returncode == 0
    assert outside("--version").stdout.startswith("nixos-container ")


def test_the_way_into_a_container_imports_next_to_nothing() -> None:
    code = START.replace("sys.exit(main())", "main(['run', 'web', '--', 'true']) if False else None")
    code += (
        "; from nixos_containers.cli import hot as enter; enter.hot(['run', 'web', '--', 'true']); print(len(sys.modules), *sys.modules)"
    )
    done = subprocess.run([sys.executable, "-IS", "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    loaded = set(done.stdout.split()[1:])
    assert not loaded & {"argparse", "json", "typing", "re", "dataclasses", "subprocess", "ipaddress", "hashlib"}
