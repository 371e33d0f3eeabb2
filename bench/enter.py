"""`run NAME -- true` against what nsenter alone costs, and how much Python is loaded on the way."""

from __future__ import annotations

import subprocess
import sys

from harness import Contestant, Result, compete, timed
from product import NAME, ROOT, Product

_IMPORTS = (
    f"import sys; before = set(sys.modules); sys.path.insert(0, {str(ROOT / 'src')!r})\n"
    "import os; os.execve = lambda *_: sys.exit(0 * print(*sorted(set(sys.modules) - before)))\n"
    f"from nixos_containers.main import main; sys.exit(main(['run', {NAME!r}, '--', 'true']))"
)


def measure(product: Product, *, runs: int) -> Result:
    """The container must be running."""
    leader = next(entry for entry in _listed(product) if entry["name"] == NAME)["leader"]
    enter = ["nsenter", "--all", f"--target={leader}", "--"]

    def time_of(command: list[str]) -> float:
        return timed(lambda: subprocess.run(command, env=product.environment, stdin=subprocess.DEVNULL, check=True))

    shell = "export PATH=/run/current-system/sw/bin:/usr/bin:/bin; exec su root -l -c 'exec true'"
    result = compete(
        "a command in a running container, until it has ended",
        [
            Contestant("nixos-container run bench -- true", lambda: time_of([product.program, "run", NAME, "--", "true"])),
            Contestant("nsenter, with su as upstream", lambda: time_of([*enter, "/bin/sh", "-c", shell]), "the same work inside"),
            Contestant("nsenter alone", lambda: time_of([*enter, "/usr/bin/true"])),
            Contestant("the Python interpreter, doing nothing", lambda: time_of(["/usr/bin/python3", "-IS", "-c", ""])),
        ],
        runs=max(runs, 20),
    )
    command = ["/usr/bin/python3", "-IS", "-c", _IMPORTS]
    loaded = subprocess.run(command, env=product.environment, capture_output=True, text=True, check=False).stdout.split()
    result.facts["modules imported on the way"] = f"{len(loaded)}, of which ours: {sum(name.startswith('nixos_') for name in loaded)}"
    return result


def _listed(product: Product) -> list[dict]:
    import json

    listed: list[dict] = json.loads(product.run("list", "--json"))
    if not listed:
        sys.exit("the bench container is not there")
    return listed
