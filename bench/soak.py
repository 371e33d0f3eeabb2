"""Soak: many containers for many minutes with load, restarts and switches; what of ours takes memory must stay flat.

    python3 bench/soak.py --minutes 20 --containers 100

Every container runs a service that computes and writes in bursts and has a health check. Each round restarts one container, switches
one to the other of two systems, kills the launcher of one (which the next command must adopt) and looks at all of them; every minute
the memory of our own processes (launchers, health checks) is summed. It fails when that grew by more than a tenth from the second
minute on, when a command failed, or when anything is left afterwards. Root, and a machine with about 20 MB per container.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

SOURCE = Path(__file__).resolve().parents[1] / "src"
PREFIX = "ncsoak"
_GROWTH = 1.1
_CONFIG = """system.stateVersion = "23.11"; environment.etc.word.text = "@WORD@";
systemd.services.load = { wantedBy = [ "multi-user.target" ]; serviceConfig.ExecStart =
  "/bin/sh -c 'while :; do seq 20000 > /tmp/x; sort -r /tmp/x | tail -n 1; sleep 5; done'"; };"""


def command(*words: str) -> list[str]:
    """The product's command line."""
    code = f"import sys; sys.path.insert(0, {str(SOURCE)!r}); from nixos_containers.main import main; sys.exit(main())"
    return [sys.executable, "-IS", "-c", code, *words]


def run(*words: str) -> str:
    """What `nixos-container WORDS` printed; ends the soak when it fails."""
    done = subprocess.run(command(*words), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"nixos-container {' '.join(words)} failed with status {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


def definition(count: int, words: dict[int, str]) -> str:
    """`count` containers; `words` says which of the two systems each runs."""
    lines = ["{"]
    for number in range(count):
        config = _CONFIG.replace("@WORD@", words.get(number, "one"))
        health = 'healthChecks.load = { unit = "load.service"; interval = "10s"; };'
        lines.append(f"  containers.{PREFIX}{number} = {{ privateNetwork = true; {health} config = {{ {config} }}; }};")
    return "\n".join([*lines, "}", ""])


def own_memory() -> tuple[int, int]:
    """Processes of ours (launchers and health checks of the soak's containers) and the bytes that are theirs alone (Pss)."""
    count = total = 0
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            arguments = Path(f"/proc/{entry}/cmdline").read_bytes().split(b"\0")
            rollup = Path(f"/proc/{entry}/smaps_rollup").read_text(encoding="ascii")
            directory = os.readlink(f"/proc/{entry}/cwd")
        except OSError:
            continue
        if f"/.{PREFIX}" in directory and any(word.endswith((b"/launch", b"/health")) for word in arguments):
            count += 1
            total += next(int(line.split()[1]) * 1024 for line in rollup.splitlines() if line.startswith("Pss:"))
    return count, total


def one_round(path: Path, words: dict[int, str], count: int) -> None:
    """A restart, a switch, a killed launcher, and a look at everything."""
    run("restart", f"{PREFIX}{random.randrange(count)}")
    changed = random.randrange(count)
    words[changed] = "two" if words.get(changed, "one") == "one" else "one"
    path.write_text(definition(count, words), encoding="utf-8")
    run("switch", "-c", str(path), f"{PREFIX}{changed}")
    victim: dict[str, Any] = json.loads(run("inspect", f"{PREFIX}{random.randrange(count)}"))
    if victim["running"] and (victim["running"]["supervisor"] or 0) > 1:
        os.kill(victim["running"]["supervisor"], 9)
    run("doctor")
    down = [row["name"] for row in json.loads(run("list", "--json")) if row["name"].startswith(PREFIX) and row["state"] != "up"]
    if down:
        raise SystemExit(f"not up: {' '.join(down)}")


def main() -> int:
    """Run it; 0 when the memory stayed flat and nothing is left."""
    parser = argparse.ArgumentParser(description="Many containers for many minutes; our memory must stay flat.")
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--containers", type=int, default=100)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        path, words = Path(directory) / "configuration.nix", dict[int, str]()
        path.write_text(definition(given.containers, words), encoding="utf-8")
        names = [f"{PREFIX}{number}" for number in range(given.containers)]
        try:
            run("switch", "-c", str(path))
            began = time.monotonic()
            run("start", *names)
            print(f"{given.containers} containers started in {time.monotonic() - began:.1f} s", flush=True)
            samples = soak(path, words, given.containers, given.minutes * 60)
        finally:
            path.write_text("{ }\n", encoding="utf-8")
            subprocess.run(command("switch", "-c", str(path), "--purge"), check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    left = [name for name in run("list").split() if name.startswith(PREFIX)]
    settled = samples[1:] or samples
    growth = settled[-1] / settled[0]
    print(
        f"memory of ours: {settled[0] >> 10} KiB at first, {settled[-1] >> 10} KiB at last, {growth:.2f} times; left: {left or 'nothing'}"
    )
    return 0 if growth <= _GROWTH and not left else 1


def soak(path: Path, words: dict[int, str], count: int, seconds: float) -> list[int]:
    """Rounds until `seconds` are over; the memory of ours in bytes, once a minute (at least ten times)."""
    pause, began = min(60.0, seconds / 10), time.monotonic()
    samples, rounds = list[int](), 0
    while (now := time.monotonic() - began) < seconds:
        if now >= len(samples) * pause:
            processes, memory = own_memory()
            samples.append(memory)
            print(f"{now:6.0f} s  {rounds:4} rounds  {processes:4} processes of ours  {memory >> 10:6} KiB", flush=True)
        one_round(path, words, count)
        rounds += 1
    return [*samples, own_memory()[1]]


if __name__ == "__main__":
    sys.exit(main())
