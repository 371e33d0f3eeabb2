"""Time and memory of the one evaluation, for 1 to 200 containers: the cost must grow with their number, and no faster.

Each container has openssh, a user, a firewall and a systemd service. What is timed are the `nix-instantiate` that `switch` runs,
with the lock file in place: they evaluate every system to a derivation and print the spec. The first round, which does not
count, has written the derivations.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from harness import Contestant, Result, compete, median
from product import ROOT, Product

sys.path.insert(0, str(ROOT / "src"))

NUMBERS = (1, 10, 50, 200)

# Containers -> (seconds, megabytes) that it should stay within on two cores.
GOALS = {10: (1.0, 300.0), 200: (10.0, 1000.0)}

_CONTAINER = """\
  containers.web{number} = {{
    privateNetwork = true;
    hostAddress = "10.{high}.{low}.1";
    localAddress = "10.{high}.{low}.2";
    config = {{ pkgs, ... }}: {{
      system.stateVersion = "23.11";
      services.openssh.enable = true;
      users.users.alice{number} = {{ isNormalUser = true; openssh.authorizedKeys.keys = [ "ssh-ed25519 AAAA alice" ]; }};
      networking.firewall.allowedTCPPorts = [ 22 {port} ];
      systemd.services.hello{number} = {{
        wantedBy = [ "multi-user.target" ];
        script = "exec ${{pkgs.coreutils}}/bin/sleep infinity";
      }};
    }};
  }};
"""


@dataclass
class Size:
    """So many containers: the processes that evaluate them together, and the memory that these took, in megabytes."""

    number: int
    commands: list[list[str]]
    megabytes: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)  # seconds

    def once(self) -> float:
        """Evaluate; seconds. Memory is the sum of the processes' peaks: what they could need at the same time."""
        begun = time.perf_counter()
        started = [subprocess.Popen(command, env=_environment(), stdout=subprocess.DEVNULL) for command in self.commands]
        total = busy = 0.0
        for process in started:
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            total += usage.ru_maxrss / 1024
            busy += usage.ru_utime + usage.ru_stime
        seconds = time.perf_counter() - begun
        if any(process.returncode for process in started):
            sys.exit(f"evaluating {self.number} containers failed")
        self.megabytes.append(total)
        self.processor.append(busy)
        return seconds


def measure(product: Product, *, runs: int) -> Result:
    """Every size in turn, and the largest once more by one process: that is the cost, the rest is sharing it."""
    sizes = [*(_size(product, number) for number in NUMBERS), _size(product, NUMBERS[-1], shared=False)]
    contestants = [Contestant(_name(size), size.once) for size in sizes]
    result = compete("evaluation of containers, each with openssh, a user, a firewall and a service", contestants, runs=runs)
    seconds = [median(contestant) or 0.0 for contestant in contestants]
    megabytes = [sorted(size.megabytes)[len(size.megabytes) // 2] for size in sizes]
    for size, contestant, time_taken, memory in zip(sizes, contestants, seconds, megabytes, strict=True):
        contestant.note = f"{memory:.0f} MB, processors busy for {min(size.processor):.1f} s" + _goal(size, time_taken, memory)
    for name, unit, values in (("time", "ms", [second * 1000 for second in seconds]), ("memory", "MB", megabytes)):
        slope, start = line(NUMBERS, values[: len(NUMBERS)])
        steps = ", ".join(
            f"{(after - before) / (more - less):.1f} from {less} to {more}"
            for less, more, before, after in zip(NUMBERS, NUMBERS[1:], values, values[1:], strict=False)
        )
        result.facts[f"{name} per container"] = f"{slope:.1f} {unit} beyond {start:.0f} {unit} ({steps})"
    return result


def _name(size: Size) -> str:
    processes = len(size.commands)
    return f"{size.number} container{'s' * (size.number > 1)}, {processes} process{'es' * (processes > 1)}"


def line(xs: Sequence[float], ys: Sequence[float]) -> tuple[float, float]:
    """Slope and start of the line of least squares through the points."""
    middle_x, middle_y = sum(xs) / len(xs), sum(ys) / len(ys)
    slope = sum((x - middle_x) * (y - middle_y) for x, y in zip(xs, ys, strict=True)) / sum((x - middle_x) ** 2 for x in xs)
    return slope, middle_y - slope * middle_x


def _goal(size: Size, seconds: float, megabytes: float) -> str:
    if size.number not in GOALS:
        return ""
    most_seconds, most_megabytes = GOALS[size.number]
    reached = seconds <= most_seconds and megabytes <= most_megabytes
    return f" (goal {most_seconds:g} s and {most_megabytes:g} MB: {'reached' if reached else 'missed'})"


def definition(number: int) -> str:
    """A definition file with `number` containers."""
    containers = (_CONTAINER.format(number=n, high=64 + n // 250, low=n % 250, port=1024 + n) for n in range(1, number + 1))
    return "{ ... }:\n\n{\n" + "\n".join(containers) + "}\n"


def _environment() -> dict[str, str]:
    from nixos_containers.base import nix

    return {**os.environ, **nix.environment(substitute=False)}


def _size(product: Product, number: int, *, shared: bool = True) -> Size:
    """Write the definition and a lock for all of it; take the request from what `build` says it runs."""
    from nixos_containers.evaluate.evaluate import Request, commands

    folder = product.definition.parent
    one = folder / "one.nix"
    lock = one.with_suffix(".lock")
    if not lock.exists():
        one.write_text(definition(1), encoding="utf-8")
        product.run("build", "-c", str(one))
    told = subprocess.run(
        [product.program, "build", "--debug", "-c", str(one)], env=product.environment, capture_output=True, text=True, check=True
    ).stderr
    command = next(words for words in (shlex.split(row[2:]) for row in told.splitlines() if row.startswith("+ ")) if "--eval" in words)
    many = folder / f"many-{number}.nix"
    many.write_text(definition(number), encoding="utf-8")
    locked = json.loads(lock.read_text(encoding="utf-8"))
    # All ask for the same packages, so the lock of one answers for all.
    locked["systems"] = {f"web{n}": locked["systems"]["web1"] for n in range(1, number + 1)}
    many.with_suffix(".lock").write_text(json.dumps(locked), encoding="utf-8")
    request = Request(
        modules=(str(many),),
        index=json.loads(command[-1])["index"],
        lock=str(many.with_suffix(".lock")),
        expected=number if shared else 1,
    )
    tree = next(word for word in command if word.endswith("/host/default.nix")).removesuffix("/host/default.nix")
    return Size(number, commands(tree, request))
