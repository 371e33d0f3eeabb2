"""`switch` when nothing has changed, against the one evaluation that it would be without a memory of the last one."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys

from harness import Contestant, Result, compete, timed
from product import ROOT, Product

sys.path.insert(0, str(ROOT / "src"))


def measure(product: Product, *, runs: int) -> Result:
    """The container must be there and up to date."""
    from nixos_containers.base import nix

    command = [product.program, "switch", "--debug", "--option", "eval-cache", "false", "-c", str(product.definition)]
    done = subprocess.run(command, env=product.environment, capture_output=True, text=True, check=True)
    started = [shlex.split(line[2:]) for line in done.stderr.splitlines() if line.startswith("+ ")]
    evaluation = next(words for words in started if words[0] == "nix-instantiate")
    env = {**os.environ, **nix.environment(substitute=False)}

    def evaluate() -> float:
        return timed(lambda: subprocess.run(evaluation, env=env, stdout=subprocess.DEVNULL, check=True))

    result = compete(
        "switch when nothing has changed",
        [
            Contestant("nixos-container switch", lambda: timed(product.switch)),
            Contestant("the same, evaluated again", lambda: timed(lambda: product.run(*command[1:]))),
            Contestant("nix-instantiate, the same evaluation alone", evaluate),
        ],
        runs=runs,
    )
    result.facts["programs that it starts"] = ", ".join(words[0] for words in started)
    return result
