"""`list` of 200 containers, and `switch` of 50 when nothing has changed: what a host with many pays every time."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

from harness import Contestant, Result, compete, timed
from product import NAME, Product

LISTED, SWITCHED = 200, 50
GOALS = {"list": 0.05, "switch": 0.5}
_CONTAINER = """\
  containers.many{n} = {{
    privateNetwork = true; hostAddress = "10.100.{high}.{low}"; localAddress = "10.100.{high}.{next}";
    config.system.stateVersion = "23.11";
  }};
"""


def measure(product: Product, *, runs: int) -> Result:
    """The bench container must be there: its record is what the listed ones are copies of."""
    records = product.root / "etc/nixos-containers"
    copies = _copies(records)
    definition = product.definition.with_name("many.nix")
    containers = (_CONTAINER.format(n=n, high=n // 100, low=2 * (n % 100) + 1, next=2 * (n % 100) + 2) for n in range(SWITCHED))
    definition.write_text("{\n" + "".join(containers) + "}\n", encoding="utf-8")

    def run(*words: str) -> float:
        return timed(lambda: subprocess.run([product.program, *words], env=product.environment, capture_output=True, check=True))

    try:
        lists = [Contestant(f"list of {LISTED}, {how}", lambda words=words: run(*words)) for how, words in _LISTS.items()]
        result = compete("many containers", lists, runs=max(runs, 20))
    finally:
        for path in copies:
            path.unlink()
    try:
        run("switch", "-c", str(definition))
        switches = compete("", [Contestant(f"switch of {SWITCHED}, unchanged", lambda: run("switch", "-c", str(definition)))], runs=runs)
        result.contestants.extend(switches.contestants)
    finally:
        definition.write_text("{ }\n", encoding="utf-8")
        run("switch", "-c", str(definition), "--purge")
        shutil.rmtree(product.root / "var/lib/nixos-containers/many", ignore_errors=True)
    result.facts["goals"] = f"list {GOALS['list'] * 1000:.0f} ms, switch {GOALS['switch'] * 1000:.0f} ms"
    return result


_LISTS = {"names": ("list",), "the table": ("list", "--long"), "JSON": ("list", "--json")}


def _copies(records: Path) -> list[Path]:
    """Records of containers that are down, made from the bench container's."""
    record = json.loads((records / f"{NAME}.json").read_text(encoding="utf-8"))
    conf = (records / f"{NAME}.conf").read_text(encoding="utf-8")
    made = []
    for number in range(LISTED - 1):
        name = f"listed{number}"
        record["container"]["name"] = name
        for suffix, text in (("json", json.dumps(record)), ("conf", conf)):
            path = records / f"{name}.{suffix}"
            path.write_text(text, encoding="utf-8")
            made.append(path)
    return made
