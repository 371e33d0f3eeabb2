"""Soak: many containers for many minutes with load, restarts and switches; what of ours costs anything must stay flat.

    python3 bench/soak.py --minutes 20 --containers 100 [--json FILE]

Every container runs a service that computes and writes in bursts, has a forwarded port and a health check. Each round restarts one
container, switches one to the other of two systems, kills the launcher of one (which the next command must adopt), runs a command in
one and looks at all of them. Every minute (at least ten times) it is counted what is ours: processes (launchers, health checks) with
their memory and open files, mounts, elements and rules of the packet filter, interfaces, cgroups, files of runs and of store views.

It fails when any of these grew by more than a tenth from the second count on, when a command failed, when a container was down or
unhealthy, or when anything is left afterwards. Ctrl-C ends it early, with the same verdict. Root, and about 20 MB per container.
"""

from __future__ import annotations

import argparse
import glob
import json
import os
import random
import signal
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
        forward = f"forwardPorts = [ {{ hostPort = {20000 + number}; containerPort = 80; }} ];"
        lines.append(f"  containers.{PREFIX}{number} = {{ privateNetwork = true; {forward} {health} config = {{ {config} }}; }};")
    return "\n".join([*lines, "}", ""])


def own_processes() -> tuple[int, int, int]:
    """Processes of ours (launchers and health checks of the soak's containers), the bytes that are theirs alone (Pss), open files."""
    count = total = files = 0
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            arguments = Path(f"/proc/{entry}/cmdline").read_bytes().split(b"\0")
            if not any(word.endswith((b"/launch", b"/health")) for word in arguments):
                continue
            if f"/.{PREFIX}" not in os.readlink(f"/proc/{entry}/cwd"):
                continue
            rollup = Path(f"/proc/{entry}/smaps_rollup").read_text(encoding="ascii")
            descriptors = len(os.listdir(f"/proc/{entry}/fd"))
        except OSError:
            continue  # it has ended
        count += 1
        files += descriptors
        total += next(int(line.split()[1]) * 1024 for line in rollup.splitlines() if line.startswith("Pss:"))
    return count, total, files


def lines_of(*words: str) -> int:
    """How many lines a program prints."""
    return len(subprocess.run(words, capture_output=True, text=True, check=False).stdout.splitlines())


def entries(top: str, mark: str) -> int:
    """Files and directories below `top` whose path has `mark`."""
    return sum(mark in f"{where}/{name}" for where, directories, files in os.walk(top) for name in (*directories, *files))


def count_ours() -> dict[str, int]:
    """Everything of ours that could grow, by its name."""
    processes, memory, files = own_processes()
    mounts = Path("/proc/self/mountinfo").read_text(encoding="utf-8")
    return {
        "processes": processes,
        "memory": memory,
        "openFiles": files,
        "mounts": mounts.count("nixos-containers"),
        "packetFilterLines": lines_of("nft", "list", "table", "inet", "nixos-containers"),
        "interfaces": len([name for name in os.listdir("/sys/class/net") if PREFIX[:8] in name]),
        "cgroups": len([path for path in glob.glob("/sys/fs/cgroup/**/machine.slice/*", recursive=True) if PREFIX in path]),
        "runFiles": entries("/run/nixos-containers", ""),
        "storeViews": len(glob.glob("/nix/var/nixos-containers/*/*")),
    }


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
    run("run", f"{PREFIX}{random.randrange(count)}", "--", "true")
    down = [row["name"] for row in json.loads(run("list", "--json")) if row["name"].startswith(PREFIX) and row["state"] != "up"]
    if down:
        raise SystemExit(f"not up: {' '.join(down)}")


def main() -> int:
    """Run it; 0 when everything stayed flat and nothing is left."""
    parser = argparse.ArgumentParser(description="Many containers for many minutes; what is ours must stay flat.")
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--containers", type=int, default=100)
    parser.add_argument("--json", metavar="FILE", help="write all counts and the verdict there")
    given = parser.parse_args()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    result: dict[str, Any] = {"containers": given.containers, "minutes": given.minutes, "rounds": 0, "counts": [], "trouble": []}
    before = count_ours()
    with tempfile.TemporaryDirectory() as directory:
        path, words = Path(directory) / "configuration.nix", dict[int, str]()
        path.write_text(definition(given.containers, words), encoding="utf-8")
        try:
            run("switch", "-c", str(path))
            began = time.monotonic()
            run("start", *(f"{PREFIX}{number}" for number in range(given.containers)))
            result["startSeconds"] = round(time.monotonic() - began, 1)
            print(f"{given.containers} containers started in {result['startSeconds']} s", flush=True)
            run("wait", *(f"{PREFIX}{number}" for number in range(given.containers)), "--for", "healthy", "--timeout", "3min")
            soak(path, words, given.containers, given.minutes * 60, result)
        except KeyboardInterrupt:
            print("interrupted: taking everything away", flush=True)
        except SystemExit as failure:
            result["trouble"].append(str(failure))
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)  # what follows is short, and must not be left half done
        path.write_text("{ }\n", encoding="utf-8")
        subprocess.run(
            command("switch", "-c", str(path), "--purge"), check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip
        result["trouble"] += what_is_left(before)
    return judge(result, given.json)


def what_is_left(before: dict[str, int]) -> list[str]:
    """What should have gone with the containers and is still there."""
    names = [name for name in run("list").split() if name.startswith(PREFIX)]
    after = count_ours()
    found = [f"left: {' '.join(names)}"] if names else []
    for kind in ("processes", "mounts", "interfaces", "cgroups"):
        if after[kind] > before[kind]:
            found.append(f"left: {after[kind] - before[kind]} {kind}")
    return found


def judge(result: dict[str, Any], file: str | None) -> int:
    """Print the verdict, write it to `file`; 0 when it is a good one."""
    settled = result["counts"][1:] or result["counts"]
    for kind in settled[0] if settled else ():
        if kind == "seconds":
            continue
        first, last = settled[0][kind], settled[-1][kind]
        print(f"{kind:18} {first:>12} at first {last:>12} at last")
        # A health check is made at this moment, or a container is being restarted: a few more are no growth.
        if last > first * _GROWTH + 3:
            result["trouble"].append(f"{kind} grew from {first} to {last}")
    if not settled:
        result["trouble"].append("nothing was counted")
    result["flat"] = not result["trouble"]
    for sentence in result["trouble"]:
        print(sentence)
    print(f"{result['rounds']} rounds; " + ("flat, and nothing is left" if result["flat"] else "FAILED"))
    if file is not None:
        Path(file).write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    return 0 if result["flat"] else 1


def soak(path: Path, words: dict[int, str], count: int, seconds: float, result: dict[str, Any]) -> None:
    """Rounds until `seconds` are over; what is ours is counted once a minute (at least ten times) into `result`."""
    pause, began = min(60.0, seconds / 10), time.monotonic()
    counts: list[dict[str, Any]] = result["counts"]
    while (now := time.monotonic() - began) < seconds:
        if now >= len(counts) * pause:
            counts.append({"seconds": round(now), **count_ours()})
            last = counts[-1]
            memory = last["memory"] >> 10
            print(f"{now:6.0f} s  {result['rounds']:4} rounds  {last['processes']:4} processes  {memory:6} KiB", flush=True)
        one_round(path, words, count)
        result["rounds"] += 1
    counts.append({"seconds": round(time.monotonic() - began), **count_ours()})


if __name__ == "__main__":
    sys.exit(main())
