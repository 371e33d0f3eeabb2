"""Real containers on this host: a definition in, the product's own command line, and what a user would notice.

Every test cleans up through the product; the last check (test_zz_nothing_left) looks for what it missed.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ..waiting import wait_until as wait_until

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"


# What stands in the examples -> what the tests use. Every container of the tests starts with `nct`.
_NAMES = {
    "mycontainer": "nctquick",
    "shortlived": "nctshort",
    "sharing": "nctshare",
    "containers.db ": "containers.nctdb ",
    "containers.app ": "containers.nctapp ",
    "containers.web ": "containers.nctweb ",
    "networks.backend ": "networks.nctbackend ",
    '"backend"': '"nctbackend"',
    "10.100.0.": "10.213.100.",
    "10.0.0.": "10.213.0.",
    "hostPort = 8080": "hostPort = 28480",
    "port = 8081": "port = 28481",
}


def renamed(text: str) -> str:
    for before, after in _NAMES.items():
        text = text.replace(before, after)
    return text


class Host:
    """The host under test, in the vocabulary of the NixOS test driver: succeed, fail, wait_until_succeeds."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.definition = directory / "configuration.nix"

    def command(self, *words: str) -> list[str]:
        return ["/usr/bin/python3", "-IS", "-c", _START.format(source=str(ROOT / "src")), *words]

    def run(self, *words: str, stdin: str = "", timeout: float = 300) -> subprocess.CompletedProcess[str]:
        """`nixos-container WORDS`."""
        return subprocess.run(
            self.command(*words), input=stdin, capture_output=True, text=True, timeout=timeout, cwd=self.directory, check=False
        )

    def succeed(self, *words: str, stdin: str = "") -> str:
        done = self.run(*words, stdin=stdin)
        assert done.returncode == 0, f"nixos-container {' '.join(words)}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout

    def fail(self, *words: str) -> str:
        done = self.run(*words)
        assert done.returncode != 0, f"nixos-container {' '.join(words)} was expected to fail\n{done.stdout}{done.stderr}"
        assert "Traceback" not in done.stderr, done.stderr
        return done.stderr

    def json(self, *words: str) -> Any:
        return json.loads(self.succeed(*words, "--json"))

    def inside(self, name: str, *words: str, stdin: str = "") -> str:
        return self.succeed("run", name, "--", *words, stdin=stdin)

    def define(self, text: str) -> None:
        """Write the definition file."""
        self.definition.write_text(text, encoding="utf-8")

    def switch(self, *words: str) -> subprocess.CompletedProcess[str]:
        done = self.run("switch", "-c", str(self.definition), *words)
        assert done.returncode == 0, done.stdout + done.stderr
        return done

    def use_example(self, name: str) -> None:
        """The example with names, addresses and ports of our own: the user may be running the real one."""
        self.define(renamed((EXAMPLES / name / "configuration.nix").read_text(encoding="utf-8")))

    def declares(self) -> bool:
        """Whether the host has a container of the definition file."""
        records = (json.loads(record.read_text(encoding="utf-8")) for record in Path("/etc/nixos-containers").glob("nct*.json"))
        return any(record.get("declaredBy") == str(self.definition) for record in records)

    def remove_everything(self) -> None:
        if not self.declares():
            return
        self.define("{ }")
        self.run("switch", "-c", str(self.definition), "--purge")


class OwnEtc(Host):
    """The host with an /etc of its own: an overlay, in a mount namespace that `holder` keeps.

    So the machine's own names and name servers are left alone, and nobody else's containers come between.
    """

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        mounts = """set -e
            mount --make-rprivate /
            mkdir -p upper work records; mount --bind /etc/nixos-containers records
            mount -t tmpfs tmpfs upper; mkdir upper/u upper/w
            mount -t overlay -o lowerdir=/etc,upperdir=upper/u,workdir=upper/w overlay /etc
            mount --bind records /etc/nixos-containers
            mkdir -p /run/systemd/resolve; mount -t tmpfs tmpfs /run/systemd/resolve
            echo ready; exec sleep infinity"""
        self.holder = subprocess.Popen(
            ["unshare", "--mount", "sh", "-c", mounts], cwd=directory, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL
        )
        assert self.holder.stdout is not None and self.holder.stdout.readline() == b"ready\n"

    def within(self, *words: str) -> list[str]:
        return ["nsenter", "--mount", f"--target={self.holder.pid}", f"--wdns={self.directory}", "--", *words]

    def command(self, *words: str) -> list[str]:
        return self.within(*super().command(*words))

    def outside(self, *words: str) -> subprocess.CompletedProcess[str]:
        """A program on this host."""
        return subprocess.run(self.within(*words), capture_output=True, text=True, check=False)

    def write(self, path: str, text: str) -> None:
        """Replace a file of this host as resolvconf and its kin do: by another one of the name."""
        subprocess.run(self.within("sh", "-c", f"cat > {path}.new && mv {path}.new {path}"), input=text, text=True, check=True)

    def end(self) -> None:
        self.holder.terminate()
        self.holder.wait()
        try:
            Path("/run/systemd/resolve").rmdir()
        except OSError:
            pass  # this machine's own


_START = (
    'import sys; sys.path.insert(0, "{source}"); sys.dont_write_bytecode = True; from nixos_containers.main import main; sys.exit(main())'
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/boot" in str(item.path):
            item.add_marker(pytest.mark.boot)


@pytest.fixture(scope="session", autouse=True)
def can_boot() -> None:
    """Ask the machine what it may do, not who we are."""
    if os.geteuid() != 0:
        pytest.skip("starting containers needs root")
    for program in ("systemd-nspawn", "nix-instantiate", "ip", "nft"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed: make runtime-setup")


@pytest.fixture(scope="session", autouse=True)
def clean_start(can_boot: None, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Remove what an earlier run that was killed has left: containers of the tests, by their names, and rules for nobody."""
    cleaner = Host(tmp_path_factory.mktemp("clean"))
    for record in Path("/etc/nixos-containers").glob("nct*.json"):
        declared = json.loads(record.read_text(encoding="utf-8")).get("declaredBy")
        if declared is not None:
            Path(declared).unlink(missing_ok=True)
        cleaner.run("destroy", record.stem)
    if not any(Path("/run/nixos-containers").glob(".*/nspawn.pid")):
        for family in ("inet", "bridge"):
            subprocess.run(["nft", "delete", "table", family, "nixos-containers"], stderr=subprocess.DEVNULL, check=False)


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    made = Host(tmp_path_factory.mktemp("host"))
    yield made
    made.remove_everything()


assert sys.version_info >= (3, 11)
