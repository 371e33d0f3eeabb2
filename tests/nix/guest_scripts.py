"""Runs the guest's own scripts the way a guest does: by busybox, with nothing else in the path.

For: the tests of the scripts in ``nix/nixos``. Not for: anything that needs a running guest (see tests/boot).
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

NIXOS = Path(__file__).parents[2] / "nix" / "nixos"
BUSYBOX = shutil.which("busybox")

needs_busybox = pytest.mark.skipif(BUSYBOX is None, reason="needs busybox")
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="changes owners of files")

# The separator of file-tree.nix.
SEPARATOR = "=:=nixos-file-83f1c0d27a5e=:="


class Shell:
    """busybox with all its applets as links in one directory, which is the whole PATH."""

    def __init__(self, directory: Path) -> None:
        assert BUSYBOX is not None
        self.path = directory / "bin"
        self.path.mkdir()
        for applet in subprocess.run([BUSYBOX, "--list"], capture_output=True, text=True, check=True).stdout.split():
            (self.path / applet).symlink_to(BUSYBOX)

    def run(
        self, *words: str | Path, env: Mapping[str, str] | None = None, cwd: Path | None = None, stdin: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """Run an applet with `words`; the status is the caller's to look at."""
        argv = [str(self.path / str(words[0])), *map(str, words[1:])]
        return subprocess.run(
            argv, env={"PATH": str(self.path), **(env or {})}, cwd=cwd, input=stdin, capture_output=True, text=True, check=False
        )


def rows(lines: Sequence[Sequence[str]]) -> str:
    """Lines of fields as the scripts read them: tabs between, a newline after each."""
    return "".join("\t".join(fields) + "\n" for fields in lines)


def records(files: Mapping[str, str]) -> str:
    """Files as file-tree.nix encodes them."""
    return "".join(f"{SEPARATOR}{path}\n{text}\n" for path, text in files.items())
