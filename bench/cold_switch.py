"""The first `switch` of the quickstart on a machine that has nothing yet, against mmdebstrap with the same packages.

Every run has a Nix store, a package index and an archive cache of its own, all empty: the store's directory is mounted over
/nix in a mount namespace that ends with the run. Both sides download everything from the host's mirror.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from pathlib import Path

from harness import Contestant, Result, Skipped, compete
from product import NAME, Product, new_directory

_WITH_EMPTY_STORE = 'mount --bind "$1" /nix && shift && exec "$@"'


def measure(product: Product, *, runs: int) -> Result:
    """`product` has switched already: its lock tells which packages mmdebstrap is to install."""
    product.run("stop", NAME)  # the other one has its name, its interface and its addresses
    lock = json.loads(product.definition.with_suffix(".lock").read_text(encoding="utf-8"))
    roots = [name for name in lock["systems"][NAME]["roots"] if not name.startswith("@")]  # "@" marks what builders run
    suite = lock["archive"]["suite"]
    result = compete(
        "a first switch: packages fetched, system built, container created, started and ready",
        [
            Contestant("nixos-container switch, nothing there yet", lambda: _cold_switch(product.program)),
            Contestant("mmdebstrap, the same packages", lambda: _mmdebstrap(suite, roots), "a directory only: nothing is started"),
        ],
        runs=runs,
        warm=False,
    )
    result.facts["packages asked for"] = len(roots)
    result.facts["packages in the container's closure"] = len(lock["closures"][lock["systems"][NAME]["closure"]])
    return result


def _cold_switch(program: str) -> float:
    if os.path.realpath(shutil.which("nix-instantiate") or "").startswith("/nix/"):
        raise Skipped("Nix itself lives in /nix here, so that an empty store cannot be mounted over it")
    directory = new_directory()
    fresh = Product(directory, program)
    store = directory / "nix"
    store.mkdir()
    inside = ["unshare", "--mount", "--propagation", "private", "/bin/sh", "-c", _WITH_EMPTY_STORE, "sh", str(store)]
    command = [*inside, program, "switch", "-c", str(fresh.definition)]
    begun = time.perf_counter()
    done = subprocess.run(command, env=fresh.environment, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - begun
    fresh.run("terminate", NAME, check=False)
    _remove(directory)
    if done.returncode != 0:
        raise Skipped(f"the switch failed: {done.stderr.strip()[-300:]}")
    return seconds


def _mmdebstrap(suite: str, roots: list[str]) -> float:
    if shutil.which("mmdebstrap") is None:
        raise Skipped("mmdebstrap is not installed")
    directory = new_directory()
    sources = [str(path) for path in (Path("/etc/apt/sources.list"), *sorted(Path("/etc/apt/sources.list.d").glob("*"))) if path.is_file()]
    include = f"--include={','.join(roots)}"
    command = [
        "mmdebstrap",
        "--variant=essential",
        include,
        '--aptopt=APT::Install-Recommends "false"',
        suite,
        str(directory / "root"),
        *sources,
    ]
    begun = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - begun
    _remove(directory)
    if done.returncode != 0:
        raise Skipped(f"mmdebstrap failed: {done.stderr.strip()[-300:]}")
    return seconds


def _remove(directory: Path) -> None:
    """Everything in `directory`; a Nix store is read-only even to its owner's rmtree."""
    subprocess.run(["chattr", "-R", "-i", str(directory)], capture_output=True, check=False)
    subprocess.run(["rm", "-rf", "--one-file-system", str(directory)], check=False)
