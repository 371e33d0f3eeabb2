"""`switch` when nothing has changed starts no Nix; and whatever an evaluation looked at makes it evaluate again."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from .conftest import Host

pytestmark = pytest.mark.skipif(shutil.which("strace") is None, reason="without strace every evaluation is done")

DEFINITION = """
{ lib, ... }:
{
  imports = [ ./imported.nix ];
  containers.nctmemo.config.system.stateVersion = "23.11";
  warnings = [
    ("read=" + lib.fileContents ./read.txt)
    ("listed=" + toString (builtins.attrNames (builtins.readDir ./listed)))
    ("there=" + lib.boolToString (builtins.pathExists ./perhaps))
    ("linked=" + lib.fileContents ./link/text)
    ("home=" + builtins.getEnv "HOME")
    ("copied=" + baseNameOf "${./copied}")
  ];
}
"""


class Memo:
    """The host's `nixos-container switch --dry-run`, and how many Nix processes it took."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.directory = host.directory

    def write(self, name: str, text: str) -> None:
        (self.directory / name).parent.mkdir(exist_ok=True)
        (self.directory / name).write_text(text)

    def switch(self, *words: str) -> tuple[int, str]:
        done = self.host.run("switch", "--dry-run", "--debug", "-c", str(self.host.definition), *words)
        assert done.returncode == 0, done.stderr
        started = [line for line in done.stderr.splitlines() if line.startswith("+ ") and "nix-instantiate" in line]
        return len(started), "\n".join(line for line in done.stderr.splitlines() if line.startswith("warning: "))

    def settle(self) -> str:
        """Evaluate until a memo answers; what the evaluation says."""
        time.sleep(0.15)  # a file that has just been written may change again without a new date
        for _ in range(3):
            count, said = self.switch()
            if not count:
                return said
        raise AssertionError(self.host.run("switch", "--dry-run", "--debug", "-c", str(self.host.definition)).stderr)


@pytest.fixture(scope="module")
def memo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Memo]:
    memo = Memo(Host(tmp_path_factory.mktemp("memo")))
    memo.host.define(DEFINITION)
    memo.write("imported.nix", '{ warnings = [ "imported=one" ]; }')
    memo.write("read.txt", "one")
    memo.write("listed/a", "")
    memo.write("one/text", "one")
    memo.write("two/text", "two")
    memo.write("copied/inner", "one")
    (memo.directory / "link").symlink_to("one")
    memo.host.succeed("build", "-c", str(memo.host.definition))
    yield memo


def test_nothing_changed_starts_no_nix_and_says_the_same(memo: Memo) -> None:
    said = memo.settle()
    assert "read=one" in said and "listed=a" in said and "there=false" in said and "linked=one" in said
    count, again = memo.switch()
    assert (count, again) == (0, said)
    _, real = memo.switch("--option", "eval-cache", "false")
    assert real == said


def _edit(name: str, text: str) -> Callable[[Memo], None]:
    return lambda memo: memo.write(name, text)


def _retarget(memo: Memo) -> None:
    (memo.directory / "new").symlink_to("two")
    (memo.directory / "new").rename(memo.directory / "link")


def _appear(memo: Memo) -> None:
    (memo.directory / "perhaps").mkdir()


def _vanish(memo: Memo) -> None:
    (memo.directory / "perhaps").rmdir()


def _lock(memo: Memo) -> None:
    lock = memo.host.definition.with_suffix(".lock")
    lock.write_text(lock.read_text() + " ")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        pytest.param(_edit("imported.nix", '{ warnings = [ "imported=two" ]; }'), "imported=two", id="imported file"),
        pytest.param(_edit("read.txt", "two"), "read=two", id="file read"),
        pytest.param(_edit("listed/b", ""), "listed=a b", id="directory listed"),
        pytest.param(_appear, "there=true", id="path appears"),
        pytest.param(_vanish, "there=false", id="path vanishes"),
        pytest.param(_retarget, "linked=two", id="link leads elsewhere"),
        pytest.param(_edit("copied/more", "x"), "copied=", id="directory copied"),
        pytest.param(_lock, "read=", id="lock"),
        pytest.param(lambda memo: memo.host.define(DEFINITION + "# more\n"), "read=", id="definition"),
    ],
)
def test_a_change_is_evaluated(memo: Memo, change: Callable[[Memo], None], said: str) -> None:
    before = memo.settle()
    change(memo)
    count, after = memo.switch()
    assert count == 1
    assert said in after
    _, real = memo.switch("--option", "eval-cache", "false")
    assert after == real
    assert (after == before) is (said == "read=")  # a lock or a definition with another blank says the same


def test_an_edit_at_once_after_a_switch_is_never_missed(memo: Memo) -> None:
    """The same size, within the same tick of the clock perhaps: as fast as files can be written."""
    for number in range(10, 16):
        memo.write("read.txt", str(number))
        _, said = memo.switch()
        assert f"read={number}" in said


def test_our_own_nix_files_are_inputs_too(memo: Memo) -> None:
    memo.settle()
    ours = Path(__file__).parents[2] / "nix" / "host" / "networking.nix"
    subprocess.run(["touch", str(ours)], check=True)
    assert memo.switch()[0] == 1


def test_a_system_that_is_gone_from_the_store_is_evaluated_and_built_again(memo: Memo) -> None:
    memo.settle()
    system = memo.host.succeed("build", "-c", str(memo.host.definition)).strip()
    subprocess.run(["nix-store", "--delete", system], check=True, capture_output=True)
    assert memo.switch()[0] == 1
    assert memo.host.succeed("build", "-c", str(memo.host.definition)).strip() == system
    assert Path(system).exists()


def test_the_time_is_told_every_time(memo: Memo) -> None:
    memo.host.define(DEFINITION.replace("warnings = [", "warnings = [ (toString builtins.currentTime)"))
    said = set()
    for _ in range(3):
        count, text = memo.switch()
        assert count == 1
        said.add(text)
        time.sleep(1.1)
    assert len(said) == 3
