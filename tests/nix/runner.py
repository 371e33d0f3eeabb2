"""Runs the tables of cases in ``nix/tests`` (format: ``nix/tests/README.md``).

For: finding cases, evaluating them with as few Nix processes as their kinds
allow, and saying what differed.

Not for: deciding which folders are tested (``test_*.py`` beside this file), or
anything that builds: nothing here writes to the store.
"""

from __future__ import annotations

import functools
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
HARNESS = ROOT / "nix" / "tests" / "harness.nix"

# Evaluation only: no daemon, no build users, no binary cache.
NIX_CONFIG = "build-users-group =\nsubstitute = false\n"

# Error cases cost a process each; more at a time than this only heats the CPU.
PARALLEL = 2

TIMEOUT_SECONDS = 120.0

# Of a long trace, this many lines from either end are shown.
SHOWN_LINES = 12


@dataclass(frozen=True, slots=True)
class Case:
    """One row of a table. ``kind`` is ``value``, ``error`` or ``trace``.

    ``fragments`` must be in what Nix prints, ``without`` must not.
    """

    file: Path
    name: str
    kind: str
    fragments: tuple[str, ...]
    without: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.file.stem}: {self.name}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """Whether a case holds, and if not, what happened instead."""

    ok: bool
    message: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What one Nix process said."""

    code: int
    out: str
    err: str


def nix_instantiate() -> str | None:
    """The program under test: ``NIX_INSTANTIATE``, or the one on PATH."""
    return os.environ.get("NIX_INSTANTIATE") or shutil.which("nix-instantiate")


def evaluate(expression: str, *flags: str) -> Answer:
    """Evaluate ``expression`` strictly to JSON, in an environment without NIX_PATH."""
    program = nix_instantiate()
    if program is None:
        raise FileNotFoundError("nix-instantiate is not on PATH: install Nix to run these tests")
    environment = {key: value for key, value in os.environ.items() if key != "NIX_PATH"}
    environment["NIX_CONFIG"] = NIX_CONFIG
    done = subprocess.run(
        [program, "--eval", "--strict", "--json", *flags, "--expr", expression],
        capture_output=True,
        text=True,
        env=environment,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )
    return Answer(done.returncode, done.stdout, done.stderr)


def nix_string(text: str) -> str:
    """``text`` as a Nix string literal."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("${", "\\${") + '"'


def harness(file: Path, selection: str) -> str:
    """The expression for a part of ``harness.nix`` applied to a table."""
    return f"(import {HARNESS} {{ file = {file}; }}).{selection}"


def one_blank(text: str) -> str:
    """``text`` with every run of white space as one blank (Nix indents messages)."""
    return re.sub(r"\s+", " ", text)


def without_source(text: str) -> str:
    """A trace without the source lines that it quotes.

    They may quote the very line of the table that says what to look for.
    """
    return "\n".join(line for line in text.splitlines() if not re.match(r"\s*\d*\s*\|", line))


def shortened(text: str) -> str:
    """Both ends of a long trace: the message stands first in old Nix, last in new."""
    lines = [line for line in without_source(text).splitlines() if line.strip()]
    if len(lines) <= 2 * SHOWN_LINES:
        return "\n".join(lines)
    return "\n".join([*lines[:SHOWN_LINES], "...", *lines[-SHOWN_LINES:]])


@functools.cache
def cases_of(file: Path) -> tuple[Case, ...]:
    """All cases of a table, by name. Raises RuntimeError if the table is broken."""
    answer = evaluate(harness(file, "list"), "--show-trace")
    if answer.code != 0:
        raise RuntimeError(f"{file} is not a table of cases:\n{answer.err}")
    return tuple(
        Case(file, name, entry["kind"], tuple(entry["fragments"]), tuple(entry["without"]))
        for name, entry in json.loads(answer.out).items()
    )


def cases_in(folder: Path) -> list[Case]:
    """The cases of all tables in ``folder`` (not below it); none where there is no Nix."""
    if nix_instantiate() is None:
        return []
    return [case for file in sorted(folder.glob("*.nix")) for case in cases_of(file)]


@functools.cache
def outcomes_of(file: Path) -> dict[str, Outcome]:
    """Evaluate a whole table."""
    cases = cases_of(file)
    outcomes = _value_outcomes(file, [case for case in cases if case.kind == "value"])
    alone = [case for case in cases if case.kind != "value"]
    with ThreadPoolExecutor(PARALLEL) as pool:
        outcomes.update(zip((case.name for case in alone), pool.map(_alone, alone), strict=True))
    return outcomes


def outcome(case: Case) -> Outcome:
    """How one case ended. The first call for a table evaluates all of it."""
    return outcomes_of(case.file)[case.name]


def check(case: Case) -> None:
    """Raise AssertionError, with both sides of the difference, unless the case holds."""
    result = outcome(case)
    if not result.ok:
        raise AssertionError(f"{case.file.relative_to(ROOT)}: {case.name}\n{result.message}")


def _value_outcomes(file: Path, cases: Sequence[Case]) -> dict[str, Outcome]:
    if not cases:
        return {}
    answer = evaluate(harness(file, "values"))
    if answer.code == 0:
        compared: dict[str, dict[str, Any]] = json.loads(answer.out)
        return {name: _compared(file, name, entry) for name, entry in compared.items()}
    # One case failed in a way that tryEval cannot catch: find out which.
    with ThreadPoolExecutor(PARALLEL) as pool:
        results = pool.map(lambda case: _one_value(file, case.name), cases)
        return dict(zip((case.name for case in cases), results, strict=True))


def _compared(file: Path, name: str, entry: dict[str, Any]) -> Outcome:
    if entry["ok"]:
        return Outcome(True)
    if entry["threw"]:
        answer = evaluate(harness(file, f"force {nix_string(name)}"), "--show-trace")
        return Outcome(False, f"it failed:\n{shortened(answer.err)}")
    return Outcome(False, f"got:  {_text(entry['got'])}\nwant: {_text(entry['want'])}")


def _one_value(file: Path, name: str) -> Outcome:
    answer = evaluate(harness(file, f"one {nix_string(name)}"), "--show-trace")
    if answer.code != 0:
        return Outcome(False, f"it failed:\n{shortened(answer.err)}")
    return _compared(file, name, json.loads(answer.out))


def _alone(case: Case) -> Outcome:
    match case.kind:
        case "error":
            answer = evaluate(harness(case.file, f"force {nix_string(case.name)}"), "--show-trace")
            if answer.code == 0:
                return Outcome(False, "it was expected to fail, and did not")
        case _:
            answer = evaluate(harness(case.file, f"one {nix_string(case.name)}"))
            result = _compared(case.file, case.name, json.loads(answer.out or '{"ok": false, "threw": true}'))
            if not result.ok:
                return result
    said = one_blank(without_source(answer.err))
    missing = [text for text in case.fragments if one_blank(text).strip() not in said]
    unwanted = [text for text in case.without if one_blank(text).strip() in said]
    if missing or unwanted:
        complaints = [f"it did not say: {text}" for text in missing] + [f"it should not say: {text}" for text in unwanted]
        return Outcome(False, "\n".join([*complaints, "it said:", shortened(answer.err)]))
    return Outcome(True)


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def main(arguments: Iterable[str]) -> int:
    """Run tables named on the command line; 1 if any case fails."""
    failed = total = 0
    for argument in arguments:
        for case in cases_of(Path(argument).resolve()):
            result = outcome(case)
            total += 1
            if not result.ok:
                failed += 1
                print(f"FAIL {case}\n{result.message}\n")
    print(f"{total} cases, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
