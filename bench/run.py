#!/usr/bin/env python3
"""Runs the benchmarks: `make bench`, or `bench/run.py [--runs N] [--json FILE] [NAME...]` as root. See README.md."""

from __future__ import annotations

import argparse
import fcntl
import importlib
import json
import os
import platform
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from harness import Result
from product import NAME, Product, install, new_directory

# In this order: the first ones need the container up, the last one needs nothing of it but its lock.
BENCHMARKS = (
    "enter",
    "many",
    "noop_switch",
    "evaluation",
    "start",
    "start_many",
    "first_ping",
    "throughput",
    "forwards",
    "isolation",
    "layers",
    "images",
    "cold_switch",
)


def machine() -> dict[str, object]:
    """What the numbers depend on."""
    versions = {}
    for program in ("nix-instantiate", "systemd-nspawn", "lxc-start", "podman", "mmdebstrap"):
        try:
            said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout.splitlines()
        except FileNotFoundError:
            continue
        versions[program] = said[0] if said else "?"
    return {"kernel": platform.release(), "cpus": os.cpu_count(), "python": platform.python_version(), "programs": versions}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHMARKS)} (default: all)")
    parser.add_argument("--runs", type=int, default=5, help="how often each contestant runs (default: 5)")
    parser.add_argument("--json", metavar="FILE", help="write every measurement there as well")
    arguments = parser.parse_args()
    unknown = set(arguments.names) - set(BENCHMARKS)
    if unknown:
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}")
    if os.geteuid() != 0:
        sys.exit("bench: starting containers needs root")

    lock = os.open("/run/lock/nixos-containers-bench.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.exit("bench: another one is running, and both would be wrong")

    directory = new_directory()
    product = Product(directory, install(directory))
    results: list[Result] = []
    try:
        print(f"preparing the container {NAME}", file=sys.stderr)
        product.switch()
        for name in BENCHMARKS:
            if not arguments.names or name in arguments.names:
                print(name, file=sys.stderr)
                results.append(importlib.import_module(name).measure(product, runs=arguments.runs))
    finally:
        product.remove()
        subprocess.run(["rm", "-rf", "--one-file-system", str(directory)], check=False)
    print("\n\n".join(result.table() for result in results))
    if arguments.json:
        document = {"machine": machine(), "results": [result.as_json() for result in results]}
        Path(arguments.json).write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
