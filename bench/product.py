"""The program under measurement, on a host directory of its own: its caches, records and states are not the machine's."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
NAME = "bench"


def install(directory: Path) -> str:
    """Install this checkout below `directory`, as `make install` does for people; the program's path."""
    prefix = directory / "prefix"
    subprocess.run(["make", "--silent", "install", f"PREFIX={prefix}"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    return f"{prefix}/bin/nixos-container"


class Product:
    """`nixos-container`, installed at `program`, with everything of its own below `directory`."""

    def __init__(self, directory: Path, program: str) -> None:
        self.program = program
        self.root = directory / "root"
        self.definition = directory / "configuration.nix"
        self.root.mkdir(parents=True)
        text = (ROOT / "examples/quickstart/configuration.nix").read_text(encoding="utf-8")
        # A name and addresses that a running quickstart does not have.
        self.definition.write_text(text.replace("mycontainer", NAME).replace("10.100.0.", "10.100.251."), encoding="utf-8")

    @property
    def environment(self) -> dict[str, str]:
        """The environment that moves the program's files."""
        return {**os.environ, "NIXOS_CONTAINERS_ROOT": str(self.root)}

    def run(self, *words: str, check: bool = True) -> str:
        """`nixos-container WORDS`; its stdout."""
        done = subprocess.run([self.program, *words], env=self.environment, capture_output=True, text=True, check=False)
        if check and done.returncode != 0:
            sys.exit(f"nixos-container {' '.join(words)} failed with {done.returncode}:\n{done.stderr}")
        return done.stdout

    def switch(self) -> str:
        """Make the host match the definition."""
        return self.run("switch", "-c", str(self.definition))

    @property
    def state(self) -> Path:
        """The container's root."""
        return self.root / "var/lib/nixos-containers" / NAME

    @property
    def run_state(self) -> Path:
        """The container's run-time files."""
        return self.root / "run/nixos-containers" / f".{NAME}"

    def remove(self) -> None:
        """Stop and remove the container with its state."""
        self.definition.write_text("{ }\n", encoding="utf-8")
        self.run("switch", "-c", str(self.definition), "--purge", check=False)


def new_directory() -> Path:
    """A directory on a disk (not in /tmp, which may be memory)."""
    return Path(tempfile.mkdtemp(prefix="nixos-containers-bench-", dir="/var/tmp"))
