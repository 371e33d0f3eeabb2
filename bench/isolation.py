"""What isolation costs: the same guest on raw systemd-nspawn, with everything that we close and with nothing closed.

Open: the host's users, the whole store, no seccomp filter. Closed: a range of private users with mapped owners, the closure's view
of the store, seccomp. Both have a network namespace. Start time until READY=1, and memory of the guest's cgroup a moment later.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from pathlib import Path

from harness import Contestant, Result, Skipped, compete, end
from product import NAME, Product
from start import _IN_FRESH_CGROUPS, _listening, _nspawn_words, _remove_cgroups, _without_ours

# After READY=1 services of the guest still start and end: by then each run has come equally far.
_SETTLED = 1.5


def measure(product: Product, *, runs: int) -> Result:
    """The container must be built; it is stopped at the end."""
    product.run("start", NAME)
    product.run("stop", NAME)
    closed = [*_without_ours(_nspawn_words(product))]
    closed.insert(closed.index("--"), "--private-network")
    memory: dict[str, list[int]] = {"open": [], "closed": []}
    result = compete(
        "the cost of isolation, raw systemd-nspawn until the guest is ready",
        [
            Contestant("nothing closed", lambda: _start(_opened(closed), {"SYSTEMD_SECCOMP": "0"}, memory["open"])),
            Contestant("private users, closure of the store, seccomp", lambda: _start(closed, {}, memory["closed"])),
        ],
        runs=runs,
    )
    if all(memory.values()):
        middle = {kind: statistics.median(values) for kind, values in memory.items()}
        result.facts["memory, nothing closed"] = f"{middle['open'] / 1e6:.1f} MB"
        result.facts["memory, closed"] = f"{middle['closed'] / 1e6:.1f} MB, x{middle['closed'] / middle['open']:.2f}"
    product.run("start", NAME)
    return result


def _opened(words: list[str]) -> list[str]:
    kept = []
    for word in words:
        if word.startswith("--private-users-ownership="):
            continue
        if word.startswith("--private-users="):
            word = "--private-users=no"
        elif word.startswith("--bind-ro=") and ":/nix/store:" in word:
            word = "--bind-ro=/nix/store:/nix/store:norbind"
        kept.append(word.replace(",idmap", "").replace(":idmap", ""))
    return kept


def _start(words: list[str], more: dict[str, str], memory: list[int]) -> float:
    socket = "/run/nixos-containers-bench.sock"
    with _listening(Path(socket)) as wait:
        begun = time.perf_counter()
        child = subprocess.Popen(
            ["/bin/sh", "-c", _IN_FRESH_CGROUPS, "sh", *words],
            env={**os.environ, **more, "NOTIFY_SOCKET": socket},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            wait(child)
            seconds = time.perf_counter() - begun
            time.sleep(_SETTLED)
            memory.append(_memory())
        finally:
            end(child)
    _remove_cgroups()
    return seconds


def _memory() -> int:
    """Bytes of the guest's cgroup that are its own and not cache of files, the kernel's for it among them (cgroups(7))."""
    for line in Path("/proc/mounts").read_text(encoding="utf-8").splitlines():
        _, mount, kind, options, *_ = line.split()
        group = Path(mount, "bench-raw")
        if kind == "cgroup" and "memory" in options.split(","):
            stat = dict(row.split() for row in (group / "memory.stat").read_text(encoding="ascii").splitlines())
            kernel = group / "memory.kmem.usage_in_bytes"
            return int(stat["total_rss"]) + (int(kernel.read_text(encoding="ascii")) if kernel.exists() else 0)
        if kind == "cgroup2" and (group / "memory.stat").exists():
            stat = dict(row.split() for row in (group / "memory.stat").read_text(encoding="ascii").splitlines())
            return int(stat["anon"]) + int(stat.get("kernel", 0))
    raise Skipped("no cgroup tells memory here")
