"""Runs nix/host/default.nix on a definition and decodes what it says."""

from __future__ import annotations

import json
import os
import platform
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..base import nix, process
from ..base.errors import DefinitionError, UsageError
from ..base.paths import check_name
from ..declare.codec import decode
from ..declare.container import Spec
from .errors import explain
from .tree import nix_tree

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Sequence

_SPEC_VERSION = 1
_WORTH_A_PROCESS = 12
_MOST_PROCESSES = 4


@dataclass(frozen=True, slots=True)
class Request:
    """What to evaluate.

    `modules` are paths of definition files, `index` the directory of the package index, `lock` the path of the lock
    file, `names` the containers to evaluate (None: all), `nixpkgs` a tree that replaces the embedded universe.
    `expected` is about how many containers there will be, as far as anybody knows.
    """

    modules: tuple[str, ...]
    index: str | None
    lock: str | None
    names: tuple[str, ...] | None = None
    nixpkgs: str | None = None
    expected: int = 1

    def text(self, number: int = 0, of: int = 1) -> str:
        """The JSON that nix/host/default.nix takes, for the containers of share `number` of `of`."""
        return json.dumps(
            {
                "share": {"number": number, "of": of},
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
        "--show-trace",
        f"{tree}/host/default.nix",
        "--argstr",
        "request",
        request,
    ]


def shares(expected: int, processors: int) -> int:
    """How many processes share the evaluation of so many containers.

    A process needs a quarter of a second before its first container, and then some 50 ms for each; it needs 200 MB.
    """
    return max(1, min(processors, expected // _WORTH_A_PROCESS, _MOST_PROCESSES))


def evaluate(request: Request, *, suggest: Callable[[str], list[str]], memory: str | None = None) -> Spec:
    """The spec of the definition files in `request`.

    `memory` is the directory of earlier evaluations: one that would find everything as it was is not done again. `suggest`
    names packages near a misspelt one. Raises DefinitionError with Nix's message when it does not evaluate.
    """
    for path in request.modules:
        if not os.path.exists(path):
            raise DefinitionError(f"there is no definition file {path}", hint="give one with -c FILE, or write that file first")
    data = _answer(request, memory, suggest)
    spec = decode(Spec, data, "spec")
    for name in spec.declared:
        # Names become parts of paths, units and scripts; the host name inside, which would refuse most others, may be set apart.
        try:
            check_name(name)
        except UsageError as failure:
            raise DefinitionError(f"containers.{json.dumps(name, ensure_ascii=False)}: {failure.what}", hint=failure.hint) from None
    return spec


def _answer(request: Request, memory: str | None, suggest: Callable[[str], list[str]]) -> dict[str, Any]:
    """The spec as JSON: from memory, or from Nix."""
    tree, env = nix_tree(), nix.environment(substitute=False)
    words = commands(tree, request)
    if memory is None or request.nixpkgs is not None:
        return _merged(_together(words), suggest)
    from .memo import Memo

    trusted = [f"{tree}/", *(path for path in (request.lock, request.index and f"{request.index}/") if path)]
    memo = Memo(memory, request.text(), process.environment(env), f"{tree}/host/default.nix", trusted=trusted)
    known = memo.recall()
    if known is not None:
        return known
    if not memo.worth_tracing:
        return _merged(_together(words), suggest)
    evaluated = memo.run(words, _together)
    if evaluated.untraceable:
        return _merged(_together(words), suggest)
    data = _merged(evaluated.answers, suggest)
    memo.keep(evaluated, data, request.modules)
    return data


def _merged(answers: list[subprocess.CompletedProcess[str]], suggest: Callable[[str], list[str]]) -> dict[str, Any]:
    """The shares of an evaluation as one. Raises DefinitionError when one of them failed."""
    data: dict[str, Any] = {}
    warnings: dict[str, None] = {}
    for done in answers:
        if done.returncode != 0:
            raise explain(done.stderr, suggest=suggest)
        answer = json.loads(done.stdout)
        if answer.get("version") != _SPEC_VERSION:
            raise DefinitionError(
                f"the Nix files write spec version {answer.get('version')}, this program reads {_SPEC_VERSION}", hint="make install"
            )
        answer["containers"].update(data.get("containers", {}))
        data = answer
        warnings.update(dict.fromkeys(warnings_of(done.stderr)))
    data["warnings"] = [*data["warnings"], *warnings]
    return data


def commands(tree: str, request: Request) -> list[list[str]]:
    """The processes that evaluate `request` together, each a share of the containers."""
    count = shares(request.expected, os.cpu_count() or 1)
    return [command(tree, request.text(number, count)) for number in range(count)]


def _together(commands: list[list[str]]) -> list[subprocess.CompletedProcess[str]]:
    """Run all commands at the same time, to the end of the last."""
    env = nix.environment(substitute=False)

    def run(words: list[str]) -> subprocess.CompletedProcess[str]:
        return process.run(words, env=env, check=False)

    if len(commands) == 1:
        return [run(commands[0])]
    from concurrent.futures import ThreadPoolExecutor  # only many containers are worth its import

    with ThreadPoolExecutor(len(commands)) as pool:
        return list(pool.map(run, commands))


def warnings_of(stderr: str) -> list[str]:
    """What `lib.warn` and builtins.warn said."""
    return [line.split("warning: ", 1)[1] for line in stderr.splitlines() if line.startswith(("trace: warning: ", "evaluation warning: "))]


def may_remember(options: Sequence[str]) -> bool:
    """Whether earlier evaluations may answer: Nix's own setting `eval-cache`, on the command line or in NIX_CONFIG, says no when false."""
    words = tuple(options)
    if any(words[at : at + 3] == ("--option", "eval-cache", "false") for at in range(len(words))):
        return False
    settings = (line.replace(" ", "") for line in os.environ.get("NIX_CONFIG", "").splitlines())
    return "eval-cache=false" not in settings
