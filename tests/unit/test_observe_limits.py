"""Which limits a kernel can keep, by the files of its cgroups."""

from __future__ import annotations

from pathlib import Path

import pytest

from nixos_containers.observe.limits import limit_facts
from nixos_containers.plan.facts import Cgroups


@pytest.mark.parametrize(
    ("lower", "throttles"),
    [
        ((), True),  # a systemd host of which no unit has asked for the controller
        (("io.stat", "io.max"), True),
        (("io.stat",), False),  # CONFIG_BLK_DEV_THROTTLING is not set
    ],
)
def test_a_controller_that_is_not_passed_on_yet_is_not_taken_for_a_weak_one(
    tmp_path: Path, lower: tuple[str, ...], throttles: bool
) -> None:
    (tmp_path / "machine.slice").mkdir()
    for name in lower:
        (tmp_path / "machine.slice" / name).touch()
    facts = limit_facts(Cgroups(v2=str(tmp_path), v2_controllers=frozenset({"io", "memory"})))
    assert ("io.max" in facts.files) == throttles
