"""What isolation costs: the same guest on raw systemd-nspawn as it comes, with each of what we close alone, and with all of it.

As it comes: the host's users, the whole store, nspawn's own seccomp filter, which it has by default and we do not add. All of it:
a range of private users with mapped owners, and the closure's view of the store. One line has no seccomp either, to show what the
filter costs. All have a network namespace. Start time until READY=1, processor time of the guest and its nspawn until then, and
memory of the guest's cgroup a moment later.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from harness import Contestant, Result, Skipped, compete, end
from product import NAME, Product
from start import _IN_FRESH_CGROUPS, _listening, _nspawn_words, _remove_cgroups, _without_ours

# After READY=1 services of the guest still start and end: by then each run has come equally far.
_SETTLED = 1.5


@dataclass
class _Seen:
    """What a contestant used, run by run: bytes of memory, seconds of processor time."""

    memory: list[int] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)


def measure(product: Product, *, runs: int) -> Result:
    """The container must be built; it is stopped at the end."""
    product.run("start", NAME)
    product.run("stop", NAME)
    closed = [*_without_ours(_nspawn_words(product))]
    closed.insert(closed.index("--"), "--private-network")
    raw = _without_users(_with_whole_store(closed))
    ways: dict[str, tuple[list[str], dict[str, str]]] = {
        "raw nspawn as it comes (with its seccomp)": (raw, {}),
        "raw, no seccomp either": (raw, {"SYSTEMD_SECCOMP": "0"}),
        "raw and the closure of the store": (_without_users(closed), {}),
        "raw and private users": (_with_whole_store(closed), {}),
        "all of it": (closed, {}),
    }
    seen = {name: _Seen() for name in ways}
    contestants = [Contestant(name, partial(_start, words, more, seen[name])) for name, (words, more) in ways.items()]
    result = compete("the cost of isolation, systemd-nspawn until the guest is ready", contestants, runs=runs)
    result.facts["mounts that make the closure's view"] = sum(word.startswith("--bind-ro=") and ":/nix/store" in word for word in closed)
    base = seen[next(iter(ways))]
    for name, used in seen.items():
        # The first one is the round that warms up.
        if used.memory[1:] and base.memory[1:]:
            middle = statistics.median(used.memory[1:])
            result.facts[f"memory, {name}"] = f"{middle / 1e6:.1f} MB, x{middle / statistics.median(base.memory[1:]):.2f}"
        if used.cpu[1:] and base.cpu[1:]:
            seconds = statistics.median(used.cpu[1:])
            result.facts[f"processor time, {name}"] = f"{seconds * 1000:.0f} ms, x{seconds / statistics.median(base.cpu[1:]):.2f}"
    product.run("start", NAME)
    return result


def _without_users(words: list[str]) -> list[str]:
    """The same with the host's users."""
    kept = []
    for word in words:
        if word.startswith("--private-users-ownership="):
            continue
        if word.startswith("--private-users="):
            word = "--private-users=no"
        kept.append(word.replace(",idmap", "").replace(":idmap", ""))
    return kept


def _with_whole_store(words: list[str]) -> list[str]:
    """The same with all of the host's store: one mount instead of the view's, which may be one for each path of the closure."""
    kept = []
    options = ""
    for word in words:
        target = word.partition(":")[2]
        if word.startswith("--bind-ro=") and target.startswith("/nix/store"):
            options = target.partition(":")[2]
        elif not word.startswith("--tmpfs=/nix/store:"):
            kept.append(word)
    kept.insert(kept.index("--"), f"--bind-ro=/nix/store:/nix/store:{options}")
    return kept


def _start(words: list[str], more: dict[str, str], seen: _Seen) -> float:
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
            seen.cpu += _cpu()
            time.sleep(_SETTLED)
            seen.memory.append(_memory())
        finally:
            end(child)
    _remove_cgroups()
    return seconds


def _cpu() -> list[float]:
    """Seconds that the guest's cgroup has used, nspawn's own among them (cpuacct of cgroups(7), cpu.stat); none where nobody counts."""
    for line in Path("/proc/mounts").read_text(encoding="utf-8").splitlines():
        _, mount, kind, *_ = line.split()
        group = Path(mount, "bench-raw")
        if kind == "cgroup" and (group / "cpuacct.usage").exists():
            return [int((group / "cpuacct.usage").read_text(encoding="ascii")) / 1e9]
        if kind == "cgroup2" and (group / "cpu.stat").exists():
            stat = dict(row.split() for row in (group / "cpu.stat").read_text(encoding="ascii").splitlines())
            if "usage_usec" in stat and "cpu" in (group / "cgroup.controllers").read_text(encoding="ascii").split():
                return [int(stat["usage_usec"]) / 1e6]
    return []


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
