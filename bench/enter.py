"""`run NAME -- true` against nsenter, lxc-attach and podman exec, and how much Python is loaded on the way.

lxc and podman run the same system on a copy of the container's root, and are up beside it while everybody is measured in turn.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack

from harness import Contestant, Result, Skipped, compete, timed
from product import NAME, ROOT, Product
from start import _nspawn_words, _Peers

_IMPORTS = (
    f"import sys; before = set(sys.modules); sys.path.insert(0, {str(ROOT / 'src')!r})\n"
    "import os; os.fork = lambda: (print(*sorted(set(sys.modules) - before), flush=True), os._exit(0))\n"
    f"from nixos_containers.main import main; sys.exit(main(['run', {NAME!r}, '--', 'true']))"
)


def measure(product: Product, *, runs: int) -> Result:
    """The container must be running."""
    leader = next(entry for entry in _listed(product) if entry["name"] == NAME)["leader"]
    enter = ["nsenter", "--all", f"--target={leader}", "--"]

    def time_of(command: list[str]) -> float:
        return timed(lambda: subprocess.run(command, env=product.environment, stdin=subprocess.DEVNULL, check=True))

    with ExitStack() as up:
        peers = [_peer(product, up, kind, time_of) for kind in ("lxc", "podman")]
        result = _compete(product, enter, time_of, peers, runs)
    command = ["/usr/bin/python3", "-IS", "-c", _IMPORTS]
    loaded = subprocess.run(command, env=product.environment, capture_output=True, text=True, check=False).stdout.split()
    result.facts["modules imported on the way"] = f"{len(loaded)}, of which ours: {sum(name.startswith('nixos_') for name in loaded)}"
    return result


def _peer(product: Product, up: ExitStack, kind: str, time_of: Callable[[list[str]], float]) -> Contestant:
    """A guest of another program, up until `up` ends; it and its root are gone then."""
    name = {"lxc": "lxc-attach", "podman": "podman exec"}[kind]
    root = product.root.parent / f"peer-{kind}"
    up.callback(subprocess.run, ["rm", "-rf", "--one-file-system", str(root)], check=False)
    subprocess.run(["cp", "-a", "--one-file-system", str(product.state), str(root)], check=True)
    peers = _Peers(product, _nspawn_words(product)[-1].removesuffix("/init"), root)
    try:
        words = up.enter_context(peers.lxc_up() if kind == "lxc" else peers.podman_up())
    except Skipped as reason:
        return Contestant(name, lambda: 0.0, skipped=str(reason))
    return Contestant(name, lambda: time_of([*words, "/run/current-system/sw/bin/true"]), "no login, no PAM")


def _compete(product: Product, enter: list[str], time_of: Callable[[list[str]], float], peers: list[Contestant], runs: int) -> Result:
    shell = "export PATH=/run/current-system/sw/bin:/usr/bin:/bin; exec su root -l -c 'exec true'"
    return compete(
        "a command in a running container, until it has ended",
        [
            Contestant("nixos-container run bench -- true", lambda: time_of([product.program, "run", NAME, "--", "true"])),
            Contestant("nsenter, with su as upstream", lambda: time_of([*enter, "/bin/sh", "-c", shell]), "the same work inside"),
            Contestant("nsenter alone", lambda: time_of([*enter, "/usr/bin/true"])),
            Contestant("the Python interpreter, doing nothing", lambda: time_of(["/usr/bin/python3", "-IS", "-c", ""])),
            *peers,
        ],
        runs=max(runs, 20),
    )


def _listed(product: Product) -> list[dict]:
    import json

    listed: list[dict] = json.loads(product.run("list", "--json"))
    if not listed:
        sys.exit("the bench container is not there")
    return listed
