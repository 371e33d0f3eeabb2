"""Runs nix/host/default.nix on a definition and decodes what it says."""

from __future__ import annotations

import json
import os
import platform
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..base import nix, process
from ..base.errors import DefinitionError
from ..declare.codec import decode
from ..declare.container import Spec
from .errors import explain

if TYPE_CHECKING:
    from collections.abc import Callable

_SPEC_VERSION = 1


def nix_tree() -> str:
    """The directory of our Nix files: beside the package when installed, or the checkout's."""
    here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    for candidate in (f"{here}/nix", f"{os.path.dirname(here)}/nix", f"{os.path.dirname(os.path.dirname(here))}/nix"):
        if os.path.exists(f"{candidate}/host/default.nix"):
            return candidate
    raise DefinitionError("the Nix files of nixos-containers are not installed beside its Python files", hint="make install")


@dataclass(frozen=True, slots=True)
class Request:
    """What to evaluate.

    `modules` are paths of definition files, `index` the directory of the package index, `lock` the path of the lock
    file, `names` the containers to evaluate (None: all), `nixpkgs` a tree that replaces the embedded universe.
    """

    modules: tuple[str, ...]
    index: str | None
    lock: str | None
    names: tuple[str, ...] | None = None
    nixpkgs: str | None = None

    def text(self) -> str:
        """The JSON that nix/host/default.nix takes."""
        return json.dumps(
            {
                "modules": list(self.modules),
                "index": self.index,
                "lock": self.lock,
                "names": None if self.names is None else list(self.names),
                "nixpkgs": self.nixpkgs,
                "system": nix_system(),
            }
        )


def nix_system() -> str:
    """Nix's name for this machine, such as x86_64-linux."""
    machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(platform.machine(), platform.machine())
    return f"{machine}-linux"


def command(tree: str, request: str) -> list[str]:
    """The one evaluation: derivations are written to the store (--read-write-mode), the spec is printed."""
    return [
        "nix-instantiate",
        "--eval",
        "--strict",
        "--json",
        "--read-write-mode",
        f"{tree}/host/default.nix",
        "--argstr",
        "request",
        request,
    ]


def evaluate(request: Request, *, suggest: Callable[[str], list[str]]) -> Spec:
    """The spec of the definition files in `request`.

    `suggest` names packages near a misspelt one. Raises DefinitionError with Nix's message when it does not evaluate.
    """
    for path in request.modules:
        if not os.path.exists(path):
            raise DefinitionError(f"there is no definition file {path}", hint="give one with -c FILE, or write that file first")
    done = process.run(command(nix_tree(), request.text()), env=nix.environment(substitute=False), check=False)
    if done.returncode != 0:
        raise explain(done.stderr, suggest=suggest)
    warnings = tuple(
        line.split("warning: ", 1)[1] for line in done.stderr.splitlines() if line.startswith(("trace: warning: ", "evaluation warning: "))
    )
    data = json.loads(done.stdout)
    if data.get("version") != _SPEC_VERSION:
        raise DefinitionError(
            f"the Nix files write spec version {data.get('version')}, this program reads {_SPEC_VERSION}", hint="make install"
        )
    data["warnings"] = [*data["warnings"], *warnings]
    return decode(Spec, data, "spec")
