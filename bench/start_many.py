"""Many containers from "start" until each has said READY=1, against raw systemd-nspawn in a loop with the same parallelism.

BENCH_CONTAINERS says how many (100; 500 need some 6 GB). Beside the seconds it tells the CPU that each start costs, of the whole machine.
"""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from harness import Contestant, Result, Skipped, compete
from product import ROOT, Product
from start import _IN_FRESH_CGROUPS, _listening, _remove_cgroups, _without_ours

sys.path.insert(0, str(ROOT / "src"))

COUNT = int(os.environ.get("BENCH_CONTAINERS", "100"))
_STOP_AT_ONCE = 8
_CONTAINER = """\
  containers.{name} = {{
    privateNetwork = true; hostAddress = "10.101.{high}.{low}"; localAddress = "10.101.{high}.{next}";
    config.system.stateVersion = "23.11";
  }};
"""


def measure(product: Product, *, runs: int) -> Result:
    """The containers are made, started and stopped in turn, and removed."""
    from nixos_containers.run.jobs import at_once

    names = [f"crowd{number}" for number in range(COUNT)]
    definition = product.definition.with_name("crowd.nix")
    containers = (
        _CONTAINER.format(name=name, high=number // 100, low=2 * (number % 100) + 1, next=2 * (number % 100) + 2)
        for number, name in enumerate(names)
    )
    definition.write_text("{\n" + "".join(containers) + "}\n", encoding="utf-8")
    crowd = _Crowd(product, names, at_once())
    try:
        product.run("switch", "-c", str(definition))
        result = compete(
            f"start of {COUNT} containers until all are ready, {at_once()} at a time",
            [
                Contestant("nixos-container start", crowd.ours),
                Contestant("systemd-nspawn, raw, same roots and flags", crowd.raw, "no addresses, no rules, no supervisors"),
            ],
            runs=min(runs, 3),
        )
        result.facts.update({f"CPU for each, {who}": f"{min(cost) * 1000:.0f} ms" for who, cost in crowd.cpu.items() if cost})
        result.facts["memory for each, all of them up"] = f"{crowd.memory / COUNT / 1024:.1f} MB"
    finally:
        definition.write_text("{ }\n", encoding="utf-8")
        product.run("switch", "-c", str(definition), "--purge", check=False)
    return result


class _Crowd:
    """The containers `names`, started `at_once` at a time by us and by hand."""

    def __init__(self, product: Product, names: list[str], at_once: int) -> None:
        self.product, self.names, self.at_once = product, names, at_once
        self.cpu: dict[str, list[float]] = {"ours": [], "raw": []}
        self.memory = 0
        self._words: dict[str, list[str]] = {}

    def ours(self) -> float:
        """`nixos-container start NAME...`"""
        before = _available()
        seconds = self._measured("ours", lambda: self.product.run("start", *self.names))
        self.memory = before - _available()
        self.product.run("stop", *self.names)
        for name in self.names:
            text = (self.product.run_state.with_name(f".{name}") / "launch").read_text(encoding="utf-8")
            words = shlex.split(text.partition("\n  exec ")[2].partition("\n}")[0].replace("\\\n", " "))
            self._words[name] = _without_ours(words)
        return seconds

    def raw(self) -> float:
        """The same guests by systemd-nspawn alone."""
        children: dict[str, subprocess.Popen[bytes]] = {}

        def start(name: str) -> None:
            with _listening(Path(f"/run/nixos-containers-bench-{name}.sock")) as wait:
                children[name] = subprocess.Popen(
                    ["/bin/sh", "-c", _IN_FRESH_CGROUPS.replace("bench-raw", f"bench-raw-{name}"), "sh", *self._words[name]],
                    env={**os.environ, "NOTIFY_SOCKET": f"/run/nixos-containers-bench-{name}.sock"},
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                )
                wait(children[name])

        def all_of_them() -> None:
            with ThreadPoolExecutor(self.at_once) as pool:
                list(pool.map(start, self.names))

        try:
            return self._measured("raw", all_of_them)
        finally:
            with ThreadPoolExecutor(_STOP_AT_ONCE) as pool:
                list(pool.map(_end, children.values()))
            for name in self.names:
                _remove_cgroups(f"bench-raw-{name}")

    def _measured(self, who: str, work: Callable[[], object]) -> float:
        busy, begun = _busy(), time.perf_counter()
        work()
        seconds = time.perf_counter() - begun
        self.cpu[who].append((_busy() - busy) / len(self.names))
        return seconds


def _end(child: subprocess.Popen[bytes]) -> None:
    child.send_signal(signal.SIGTERM)
    try:
        child.wait(30)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def _busy() -> float:
    """Seconds that all processors have worked (/proc/stat)."""
    user, nice, system, _, _, irq, softirq, *_ = map(int, Path("/proc/stat").read_text(encoding="ascii").split("\n", 1)[0].split()[1:])
    return (user + nice + system + irq + softirq) / os.sysconf("SC_CLK_TCK")


def _available() -> int:
    """Memory that programs could have, in KiB."""
    for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1])
    raise Skipped("the kernel does not say how much memory is available")
