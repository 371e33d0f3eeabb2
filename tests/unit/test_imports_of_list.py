"""`list` is called all the time: what it loads is held here."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from nixos_containers.base.paths import Paths
from nixos_containers.run import records

from . import samples

SOURCE = Path(__file__).parents[2] / "src"
_CODE = """
import sys
sys.path.insert(0, {source!r})
from nixos_containers.main import main
status = main(["list", *sys.argv[1:]])
print(*sys.modules, file=sys.stderr)
sys.exit(status)
"""


def test_the_table_of_containers_loads_no_typing_and_no_planner(tmp_path: Path) -> None:
    paths = Paths(str(tmp_path))
    os.makedirs(paths.records)
    records.write(paths, samples.record("web", network=samples.FULL_NETWORK))
    for words in (["--long"], ["--json"]):
        done = subprocess.run(
            [sys.executable, "-IS", "-c", _CODE.format(source=str(SOURCE)), *words],
            env={**os.environ, "NIXOS_CONTAINERS_ROOT": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert "web" in done.stdout
        loaded = set(done.stderr.split())
        assert not loaded & {"typing", "dataclasses", "argparse", "subprocess", "ipaddress"}, words
        assert not [module for module in loaded if module.startswith("nixos_containers.plan")], words
