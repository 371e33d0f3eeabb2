"""Realising derivations: one nix-store process for everything a command needs."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ..base import files, log, nix, process
from ..base.errors import ContainerError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


_TAIL = 20


class BuildFailed(ContainerError):
    """A derivation did not build; `details` is the end of Nix's log."""


def realise(drvs: Iterable[str], *, substitute: bool = False, options: Iterable[str] = ()) -> None:
    """Build the derivations that are not built yet; `options` are Nix's own. Raises BuildFailed, or HostError when the disk is full."""
    wanted = list(dict.fromkeys(drvs))
    if not wanted:
        return
    command = ["nix-store", "--realise", *wanted, "--option", "max-jobs", "auto", "--option", "cores", "1", *options]
    done = process.run(command, env=nix.environment(substitute=substitute), check=False)
    if done.returncode == 0:
        return
    log.debug(done.stderr)
    lines = [line for line in done.stderr.splitlines() if line.strip() and not line.startswith(("building '", "these ", "  /nix/store"))]
    tail = "\n".join(lines[-_TAIL:])
    trouble = nix.disk_trouble(done.stderr)
    if trouble is not None:
        raise trouble
    raise BuildFailed(
        "the system could not be built", details=tail, hint=f"to see it again: nix-store --realise {_culprit(lines) or wanted[0]}"
    )


def _culprit(lines: list[str]) -> str | None:
    """The first derivation whose builder failed, as Nix names it."""
    for line in lines:
        if line.startswith("error: builder for '"):
            return line.split("'")[1]
    return None


def packages_of(system: str) -> list[str]:
    """The store paths of the packages that make up `system`; () when it is not in the store any more.

    Systems of the embedded universe list them, of others it is the whole closure.
    """
    text = files.read_text(f"{system}/packages")
    if text is not None:
        return text.split()
    if not os.path.exists(system):
        return []
    return process.run(["nix-store", "--query", "--requisites", system], env=nix.environment(substitute=False)).stdout.split()


@contextmanager
def rooted(directory: str, store_paths: Iterable[str]) -> Iterator[None]:
    """While the block runs, no garbage collection takes `store_paths`, also those that it builds: nothing else may hold them yet.

    The links are in `directory`, below gcroots/, which is the block's own.
    """
    shutil.rmtree(directory, ignore_errors=True)  # of one that was killed, and had the same pid before a boot
    os.makedirs(directory, mode=0o755)
    try:
        for number, path in enumerate(dict.fromkeys(store_paths)):
            os.symlink(path, f"{directory}/{number}")
        yield
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def add_root(path: str, link: str) -> None:
    """Make `link` a garbage collector root for store path `path` (a link below gcroots/ suffices)."""
    from ..base.files import symlink_atomically

    if not os.path.islink(link) or os.readlink(link) != path:
        symlink_atomically(path, link)
