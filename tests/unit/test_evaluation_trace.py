"""What strace says, as looks; and when a memo of an evaluation is none."""

from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from nixos_containers.evaluate import memo as memory
from nixos_containers.evaluate.evaluate import may_remember
from nixos_containers.evaluate.trace import ABSENT, Trace, Unfit, identity, look

DOOR = "/x/host/default.nix"
OPEN_DOOR = f'7  openat(AT_FDCWD</>, "{DOOR}", O_RDONLY|O_CLOEXEC) = 8<{DOOR}>'


def numbers(path: Path) -> str:
    """A file's stat as strace prints it."""
    found = path.stat()
    kind = "S_IFDIR" if path.is_dir() else "S_IFREG"
    return (
        f"{{st_dev=makedev({os.major(found.st_dev):#x}, {os.minor(found.st_dev):#x}), st_ino={found.st_ino}, "
        f"st_mode={kind}|{found.st_mode & 0o7777:04o}, st_nlink=1, st_uid=0, st_gid=0, st_blksize=4096, st_blocks=8, "
        f"st_size={found.st_size}, st_atime=1 /* 2026-11-24T14:04:06.799675535+0000 */, st_atime_nsec=5, "
        f"st_mtime={found.st_mtime_ns // 10**9} /* 2026-11-24T14:04:06+0000 */, st_mtime_nsec={found.st_mtime_ns % 10**9}, "
        f"st_ctime={found.st_ctime_ns // 10**9} /* 2026-11-24T14:04:06+0000 */, st_ctime_nsec={found.st_ctime_ns % 10**9}}}"
    )


def door() -> list[str]:
    return [OPEN_DOOR, f'7  newfstatat(8<{DOOR}>, "", {numbers(Path(__file__))}, AT_EMPTY_PATH) = 0']


def trace(*lines: str, before: tuple[str, ...] = ()) -> Trace:
    found = Trace(DOOR)
    found.add([*before, *door(), *lines])
    found.end()
    return found


def reading(path: Path | str, about: Path, descriptor: int = 9) -> list[str]:
    return [
        f'7  openat(AT_FDCWD</>, "{path}", O_RDONLY|O_CLOEXEC) = {descriptor}<{path}>',
        f'7  newfstatat({descriptor}<{path}>, "", {numbers(about)}, AT_EMPTY_PATH) = 0',
    ]


def test_a_file_that_was_read_is_known_by_its_inode_size_and_dates(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_text("text")
    found = trace(*reading(file, file))
    assert found.looks["f", str(file)] == identity(file.stat()) == look("f", str(file))
    assert str(file) in found.read


def test_modern_libcs_call_fstat(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_text("text")
    opened, described = reading(file, file)
    described = described.replace("newfstatat(", "fstat(").replace(' "",', "").replace(", AT_EMPTY_PATH", "")
    assert trace(opened, described).looks["f", str(file)] == look("f", str(file))


def test_what_is_not_there_is_an_observation(tmp_path: Path) -> None:
    missing = f"{tmp_path}/no"
    found = trace(f'7  newfstatat(AT_FDCWD</>, "{missing}", 0x7ffe, AT_SYMLINK_NOFOLLOW) = -1 ENOENT (No such file or directory)')
    assert found.looks["l", missing] == ABSENT == look("l", missing)


def test_a_listed_directory_and_a_link(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("there")
    found = trace(
        f'7  openat(AT_FDCWD</>, "{tmp_path}", O_RDONLY|O_NONBLOCK|O_CLOEXEC|O_DIRECTORY) = 9<{tmp_path}>',
        f'7  newfstatat(9<{tmp_path}>, "", {numbers(tmp_path)}, AT_EMPTY_PATH) = 0',
        f'7  getdents64(9<{tmp_path}>, [{{d_ino=1, d_off=1, d_reclen=24, d_type=DT_DIR, d_name="."}}], 32768) = 72',
        f'7  readlink("{tmp_path}/link", "there", 4096) = 5',
    )
    assert found.looks["d", str(tmp_path)] == look("d", str(tmp_path))
    assert found.looks["r", f"{tmp_path}/link"] == "there" == look("r", f"{tmp_path}/link")


def test_names_of_any_bytes(tmp_path: Path) -> None:
    odd = tmp_path / 'a "b) = 3\n\udcff'
    odd.write_text("x")
    quoted = str(odd).replace('"', '\\"').replace("\n", "\\n").replace("\udcff", "\\377")
    assert trace(*reading(quoted, odd)).looks["f", str(odd)] == look("f", str(odd))


def test_calls_of_several_threads_are_put_together(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_text("text")
    opened, described = reading(file, file)
    call, _, result = opened.partition(") = ")
    found = trace(f"{call} <unfinished ...>", '8  chmod("/nix/store/x", 0555) = 0', f"7  <... openat resumed>) = {result}", described)
    assert ("f", str(file)) in found.looks


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('7  execve("/usr/bin/git", ["git"], 0x7f /* 3 vars */) = 0', "program"),
        ('9  connect(5<socket:[1]>, {sa_family=AF_INET, sin_port=htons(443), sin_addr=inet_addr("192.0.2.1")}, 16) = 0', "network"),
        ('7  openat(AT_FDCWD</>, "/root/.cache/nix/fetcher-cache-v1.sqlite", O_RDWR|O_CREAT|O_NOFOLLOW|O_CLOEXEC, 0644) = 9</r>', "writes"),
        ('7  openat(AT_FDCWD</>, "/root/.cache/nix/x", O_RDONLY|O_CLOEXEC) = 9</root/.cache/nix/x>', "fetched"),
        ('7  openat(AT_FDCWD</>, "/proc/uptime", O_RDONLY|O_CLOEXEC) = 9</proc/uptime>', "/proc/uptime"),
        ('7  openat(AT_FDCWD</>, "/etc/secret", O_RDONLY|O_CLOEXEC) = -1 EACCES (Permission denied)', "EACCES"),
        ('7  openat(AT_FDCWD</>, "/etc/passwd", O_RDONLY|O_CLOEXEC) = 9</etc/passwd>', "which file"),
        ('7  inotify_add_watch(5, "/x", IN_CREATE) = 1', "inotify_add_watch"),
        ('7  mkdir("/tmp/elsewhere", 0777) = 0', "makes /tmp/elsewhere"),
        ("7  +++ killed by SIGKILL +++", "strace said"),
        ('7  newfstatat(11<anon_inode:x>, "name", 0x7ff, 0) = -1 ENOENT (No such file or directory)', "unknown directory"),
    ],
)
def test_what_nobody_can_compare_later_makes_it_unfit(line: str, said: str) -> None:
    with pytest.raises(Unfit, match=said):
        trace(line)


def test_what_nix_does_while_it_begins_does_not_count() -> None:
    found = trace(
        before=(
            '7  execve("/usr/bin/nix-instantiate", ["nix-instantiate"], 0x7f /* 3 vars */) = 0',
            '7  openat(AT_FDCWD</>, "/proc/self/maps", O_RDONLY|O_CLOEXEC) = 3</proc/7/maps>',
            '7  connect(4<UNIX-STREAM:[1]>, {sa_family=AF_UNIX, sun_path="/var/run/nscd/socket"}, 110) = -1 ENOENT (No such file or directory)',
            '7  openat(AT_FDCWD</>, "/etc/nix/nix.conf", O_RDONLY|O_CLOEXEC) = -1 ENOENT (No such file or directory)',
        )
    )
    assert set(found.looks) == {("s", "/etc/nix/nix.conf"), ("f", DOOR)}


def test_a_process_that_evaluated_nothing_is_no_evaluation() -> None:
    with pytest.raises(Unfit, match="nobody open"):
        Trace(DOOR).add(['7  execve("/usr/bin/nix-instantiate", ["nix-instantiate"], 0x7f /* 3 vars */) = 0'])


def test_two_different_answers_about_one_path() -> None:
    with pytest.raises(Unfit, match="changed meanwhile"):
        trace(
            '7  newfstatat(AT_FDCWD</>, "/x/y", 0x7ffe, AT_SYMLINK_NOFOLLOW) = -1 ENOENT (No such file or directory)',
            f'7  newfstatat(AT_FDCWD</>, "/x/y", {numbers(Path(__file__))}, AT_SYMLINK_NOFOLLOW) = 0',
        )


def test_derivations_that_nix_writes_are_its_answer_and_no_input() -> None:
    drv = "/nix/store/00000000000000000000000000000000-x.drv"
    found = trace(
        f'7  openat(AT_FDCWD</>, "{drv}.lock", O_RDWR|O_CREAT|O_CLOEXEC, 0600) = 11<{drv}.lock>',
        f'7  newfstatat(12</nix/store>, "{drv[11:]}", 0x7ffc, AT_SYMLINK_NOFOLLOW) = -1 ENOENT (No such file or directory)',
        f'7  openat(AT_FDCWD</>, "{drv}", O_WRONLY|O_CREAT|O_TRUNC|O_CLOEXEC, 0666) = 12<{drv}>',
        f'7  newfstatat(AT_FDCWD</>, "{drv}", {numbers(Path(__file__))}, AT_SYMLINK_NOFOLLOW) = 0',
        f'7  chmod("{drv}", 0100444) = 0',
    )
    assert not any(path.startswith("/nix/store") for _, path in found.looks)


def test_a_store_path_that_somebody_else_made_meanwhile_is_an_input() -> None:
    with pytest.raises(Unfit, match="changed meanwhile"):
        trace(
            '7  newfstatat(AT_FDCWD</>, "/nix/store/0-y", 0x7ffe, AT_SYMLINK_NOFOLLOW) = -1 ENOENT (No such file or directory)',
            f'7  newfstatat(AT_FDCWD</>, "/nix/store/0-y", {numbers(Path(__file__))}, AT_SYMLINK_NOFOLLOW) = 0',
        )


@pytest.mark.parametrize(
    "text",
    [
        "builtins.readFile ./x",
        "inherit (builtins) map filter;",
        "with builtins; map (x: x) [ ]",
        "if builtins ? zipAttrs then 1 else 2",
        "my-builtins.x + builtins_'",
    ],
)
def test_plain_uses_of_builtins(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.nix").write_text(text)
    memory._scan(str(tmp_path / "a.nix"))


@pytest.mark.parametrize(
    "text",
    [
        "builtins.currentTime",
        "with builtins; currentTime",
        "__currentTime",
        'builtins.${"current" + "Time"}',
        'builtins."current${"T"}ime"',
        "lib.attrValues builtins",
        "let b = builtins; in b",
        "inherit (builtins) builtins;",
        "builtins.builtins.${x}",
        "builtins /* */ . ${x}",
        "scopedImport { inherit builtins; } ./x",
    ],
)
def test_ways_to_ask_for_the_time(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.nix").write_text(text)
    with pytest.raises(Unfit, match="time"):
        memory._scan(str(tmp_path / "a.nix"))


SPEC: dict[str, Any] = {
    "containers": {"a": {"universe": "embedded", "system": {"drv": "/", "path": "/"}}},
    "busybox": {"drv": "/", "path": "/"},
}


class Evaluation:
    """One evaluation that reads `files`, made by hand."""

    def __init__(self, directory: Path, request: str = "{}", env: dict[str, str] | None = None) -> None:
        self.directory, self.request, self.env = directory, request, env or {"HOME": "/root"}

    @property
    def memo(self) -> memory.Memo:
        return memory.Memo(str(self.directory), self.request, self.env, DOOR, trusted=["/x/"])

    def keep(self, *files: Path, started: int | None = None, spec: dict[str, Any] | None = None) -> None:
        found = Trace(DOOR)
        found.add([*door(), *(line for file in files for line in reading(file, file))])
        del found.looks["f", DOOR]
        evaluated = memory.Evaluated([subprocess.CompletedProcess([], 0)], found, started or time.time_ns() + 10**9, None)
        self.memo.keep(evaluated, SPEC if spec is None else spec, [str(file) for file in files])


@pytest.fixture
def evaluation(tmp_path: Path) -> Evaluation:
    return Evaluation(tmp_path / "memos")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a.nix"
    path.write_text("{ }")
    return path


def test_a_memo_answers_while_nothing_changed(evaluation: Evaluation, file: Path) -> None:
    evaluation.keep(file)
    assert evaluation.memo.recall() == SPEC


def test_same_size_and_same_mtime_are_not_enough(evaluation: Evaluation, file: Path) -> None:
    evaluation.keep(file)
    before = file.stat()
    file.write_text("[ ]")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert evaluation.memo.recall() is None


def test_a_directory_swapped_for_another_with_older_files(evaluation: Evaluation, tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.nix").write_text("{ }")
    evaluation.keep(tmp_path / "one" / "a.nix")
    (tmp_path / "one").rename(tmp_path / "old")
    (tmp_path / "two").rename(tmp_path / "one")
    assert evaluation.memo.recall() is None


def test_other_requests_and_environments_have_their_own(evaluation: Evaluation, file: Path, tmp_path: Path) -> None:
    evaluation.keep(file)
    assert Evaluation(tmp_path / "memos", request='{"names": ["a"]}').memo.recall() is None
    assert Evaluation(tmp_path / "memos", env={"HOME": "/other"}).memo.recall() is None


def test_a_file_changed_just_before_or_during_the_evaluation_is_not_kept(evaluation: Evaluation, file: Path) -> None:
    evaluation.keep(file, started=time.time_ns())
    assert evaluation.memo.recall() is None


def test_a_file_that_changed_after_it_was_read_is_not_kept(evaluation: Evaluation, file: Path) -> None:
    found = Trace(DOOR)
    found.add([*door(), *reading(file, file)])
    del found.looks["f", DOOR]
    file.write_text("{ a = 1; }")
    evaluated = memory.Evaluated([], found, time.time_ns() + 10**10, None)
    evaluation.memo.keep(evaluated, SPEC, [str(file)])
    assert evaluation.memo.recall() is None


def test_a_system_that_the_garbage_collector_took(evaluation: Evaluation, file: Path, tmp_path: Path) -> None:
    system = tmp_path / "system"
    system.write_text("")
    evaluation.keep(file, spec={**SPEC, "busybox": {"drv": str(system), "path": "/"}})
    assert evaluation.memo.recall() is not None
    system.unlink()
    assert evaluation.memo.recall() is None


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", '{"format": 1}', '{"format": 1, "spec": {}}', '{"format": 1, "spec": {}, "looks": [["f"]], "directory": null}'],
)
def test_a_damaged_memo_is_none(evaluation: Evaluation, file: Path, content: str) -> None:
    evaluation.keep(file)
    [path] = evaluation.directory.iterdir()
    path.write_text(content)
    assert evaluation.memo.recall() is None


def test_a_memo_of_an_older_version_is_none(evaluation: Evaluation, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    evaluation.keep(file)
    monkeypatch.setattr(memory, "_FORMAT", 0)
    assert evaluation.memo.recall() is None


def test_what_is_unfit_takes_the_older_memo_away(evaluation: Evaluation, file: Path) -> None:
    evaluation.keep(file)
    evaluated = memory.Evaluated([], Trace(DOOR), time.time_ns(), Unfit("it reaches the network", "network"))
    evaluation.memo.keep(evaluated, SPEC, [str(file)])
    assert evaluation.memo.recall() is None
    # And nobody is traced in vain until the definition changes.
    assert not evaluation.memo.worth_tracing
    file.write_text("{ b = 1; }")
    assert evaluation.memo.worth_tracing is (
        memory.process.find("strace") is not None and memory.process.find("nix-instantiate") is not None
    )


def test_nixpkgs_is_never_kept(evaluation: Evaluation, file: Path) -> None:
    evaluation.keep(file, spec={**SPEC, "containers": {"a": {**SPEC["containers"]["a"], "universe": "nixpkgs"}}})
    assert evaluation.memo.recall() is None


def test_only_the_newest_are_kept(tmp_path: Path, file: Path) -> None:
    for number in range(30):
        Evaluation(tmp_path / "memos", request=str(number)).keep(file)
    assert len(list((tmp_path / "memos").iterdir())) == memory._KEPT


def test_what_another_command_removes_meanwhile_is_no_failure(evaluation: Evaluation, file: Path) -> None:
    evaluation.keep(file)
    (evaluation.directory / "gone.json").symlink_to("removed")  # listed, and not there any more when its time is asked for
    evaluated = memory.Evaluated([], Trace(DOOR), time.time_ns(), Unfit("it reaches the network", "network"))
    evaluation.memo.keep(evaluated, SPEC, [str(file)])
    assert not evaluation.memo.worth_tracing


def test_memos_are_for_their_owner_only(evaluation: Evaluation, file: Path) -> None:
    evaluation.keep(file)
    [path] = evaluation.directory.iterdir()
    assert path.stat().st_mode & 0o077 == 0
    assert "spec" in json.loads(path.read_text())


def test_nixs_own_setting_turns_it_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NIX_CONFIG", raising=False)
    assert may_remember(("--option", "cores", "1"))
    assert not may_remember(("--impure", "--option", "eval-cache", "false"))
    monkeypatch.setenv("NIX_CONFIG", "cores = 1\neval-cache = false")
    assert not may_remember(())
