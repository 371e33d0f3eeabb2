"""The program that says which devices a cgroup may use: what it answers, by an interpreter here and by the kernel."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from nixos_containers.kernel import cgroups, device_filter

RULES = "c 1:3 rwm\nc 136:* rw\nb 8:0 r\n\nc *:7 m\n"
KINDS = {"b": 1, "c": 2}
ACCESS = {"m": 1, "r": 2, "w": 4}


def answer(rules: str, kind: str, major: int, minor: int, letters: str) -> bool:
    """What the program returns for such a use, by running its instructions."""
    context = [KINDS[kind] | sum(ACCESS[letter] for letter in letters) << 16, major, minor]
    code = device_filter.program(rules)
    steps = [struct.unpack("=BBhi", code[at : at + 8]) for at in range(0, len(code), 8)]
    registers, position = [0] * 11, 0
    while True:
        opcode, both, offset, value = steps[position]
        target, source = (both & 15, both >> 4) if sys.byteorder == "little" else (both >> 4, both & 15)
        position += 1
        match opcode:
            case 0x61:
                registers[target] = context[offset // 4]
            case 0xB7:
                registers[target] = value
            case 0xBF:
                registers[target] = registers[source]
            case 0x57:
                registers[target] &= value
            case 0x77:
                registers[target] >>= value
            case 0x55:
                position += offset if registers[target] != value else 0
            case 0x95:
                return bool(registers[0])
            case _:
                raise AssertionError(opcode)


@pytest.mark.parametrize(
    ("use", "allowed"),
    [
        (("c", 1, 3, "rwm"), True), (("c", 1, 3, "r"), True), (("b", 1, 3, "r"), False), (("c", 1, 4, "r"), False),
        (("c", 136, 999, "rw"), True), (("c", 136, 0, "m"), False), (("c", 136, 0, "rwm"), False),
        (("b", 8, 0, "r"), True), (("b", 8, 0, "rw"), False), (("b", 8, 1, "r"), False),
        (("c", 500, 7, "m"), True), (("c", 500, 7, "r"), False),
    ],
)  # fmt: skip
def test_a_use_is_allowed_by_one_rule_or_not_at_all(use: tuple[str, int, int, str], allowed: bool) -> None:
    assert answer(RULES, *use) is allowed


def test_no_rules_allow_nothing() -> None:
    assert not answer("", "c", 1, 3, "r")


@pytest.mark.parametrize("line", ["c 1:3", "x 1:3 r", "c 1 r", "c a:b r", "c 1:3 rx"])
def test_what_is_no_rule_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match="not a rule"):
        device_filter.program(line)


@pytest.fixture
def group() -> Iterator[Path]:
    mount = cgroups.hierarchies()[1]
    if mount is None:
        pytest.skip("no cgroup v2 is mounted")
    made = Path(mount) / f"nixos-containers-filter-{os.getpid()}"
    try:
        made.mkdir()
    except OSError as failure:
        pytest.skip(f"no cgroup can be made: {failure}")
    try:
        reason = device_filter.refusal()
        if reason is not None:
            pytest.skip(f"the kernel takes no such program: {reason}")
        yield made
    finally:
        cgroups.remove([str(made)])


def test_the_kernel_asks_it(group: Path) -> None:
    """As launchers call it: as a script, by an isolated interpreter."""
    below = group / "below"
    below.mkdir()
    script = [sys.executable, "-ISB", device_filter.__file__, str(group), "c 1:3 rw\nc 1:5 r"]
    subprocess.run(script, check=True)
    read = "for node in null zero full; do head -c 0 /dev/$node && echo $node; done 2> /dev/null"
    write = "for node in null zero; do : > /dev/$node && echo $node; done 2> /dev/null"

    found = subprocess.run(
        ["sh", "-c", f"exec 2> /dev/null; echo $$ > {below}/cgroup.procs; {read}; {write}"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert found.stdout.split() == ["null", "zero", "null"]


def test_a_cgroup_that_is_not_there_is_said(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-ISB", device_filter.__file__, str(tmp_path / "none"), "c 1:3 r"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1 and "device policy is not enforced" in done.stderr
