"""What the store says about a closure: sizes, contents' hashes and references. Looks, never touches."""

from __future__ import annotations

from ..base import nix, process
from ..base.errors import HostError
from ..plan.store_graph import StorePath


def closure_of(system: str) -> tuple[dict[str, str], list[StorePath]]:
    """The closure of `system`: each path's hash of its contents (narHash), and the graph. Raises ContainerError."""
    environment = nix.environment(substitute=False)
    paths = process.run(["nix-store", "--query", "--requisites", system], env=environment).stdout.split()
    dump = process.run(["nix-store", "--dump-db", *paths], env=environment).stdout
    hashes: dict[str, str] = {}
    graph = []
    lines = iter(dump.splitlines())
    try:
        # nix-store(1), --dump-db: path, hash, size, deriver, how many references, the references.
        for path in lines:
            hashes[path] = next(lines)
            size, _deriver, count = int(next(lines)), next(lines), int(next(lines))
            graph.append(StorePath(path, size, tuple(next(lines) for _ in range(count))))
    except (StopIteration, RuntimeError, ValueError):
        raise HostError("cannot read what Nix says about the closure", hint=f"nix-store --dump-db {system}") from None
    return hashes, graph
