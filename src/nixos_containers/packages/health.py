"""Whether the package archive can be used: apt's configuration and the index. For `doctor`."""

from __future__ import annotations

import os
import shutil
import time
from typing import TYPE_CHECKING

from ..base.errors import ContainerError
from ..declare.finding import Finding
from . import sources
from .index import is_damaged

if TYPE_CHECKING:
    from ..base.paths import Paths

_OLD = 45 * 86400


def archive_findings(paths: Paths) -> list[Finding]:
    """What is wrong with the archive that packages come from."""
    found = []
    try:
        sources.find(paths)
    except ContainerError as failure:
        found.append(Finding(failure.what, "packages of the embedded universe cannot be resolved", failure.hint))
    for path in _indexes(paths):
        age = time.time() - os.stat(path).st_mtime
        if age > _OLD:
            found.append(
                Finding(
                    f"the package index is {age / 86400:.0f} days old",
                    "the archive may have removed packages that it names",
                    "nixos-container upgrade",
                    notice=True,
                )
            )
    return found


def remove_damaged_indexes(paths: Paths) -> list[str]:
    """Remove indexes that cannot be read whole: they are made again when they are needed. Returns what was done."""
    done = []
    for path in _indexes(paths):
        if is_damaged(path):
            shutil.rmtree(path)
            done.append(f"removed the damaged package index {path}; the next command that needs it makes it again")
    return done


def _indexes(paths: Paths) -> list[str]:
    directory = f"{paths.cache}/index"
    try:
        return [f"{directory}/{entry}" for entry in sorted(os.listdir(directory)) if not entry.endswith(".tmp")]
    except OSError:
        return []
