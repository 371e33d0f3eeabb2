"""Laws of file sets and subpaths, on many made-up values.

For: comparing ``lib.fileset`` with Python's sets and ``lib.path.subpath`` with
the documented rules, over values that nobody would think of writing down. The
values are the same in every run.

Not for: messages, which the tables in ``nix/tests/library-more`` have.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from pathlib import Path

import pytest

from . import runner

pytestmark = [
    pytest.mark.nix,
    pytest.mark.skipif(runner.nix_instantiate() is None, reason="needs nix-instantiate"),
]

SEED = 20240607

DIRECTORIES = ("", "a", "a/b", "a/b/c", "ab", "b")
NAMES = ("x", "y", "z.nix")


def evaluated(expression: str) -> list[object]:
    """A list of values, with the library in scope as ``lib``."""
    answer = runner.evaluate(f"let lib = import {runner.ROOT}/nix/lib; fs = lib.fileset; in {expression}")
    assert answer.code == 0, answer.err
    values = json.loads(answer.out)
    assert isinstance(values, list)
    return values


# --- file sets ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FileSet:
    """A file set as Nix code, and the files that should be in it."""

    code: str
    files: frozenset[str]


def made_up_file_set(choose: random.Random, files: frozenset[str], depth: int) -> FileSet:
    """A nested expression over the tree that consists of ``files``."""
    if depth == 0:
        return leaf(choose, files)
    left = made_up_file_set(choose, files, depth - 1)
    right = made_up_file_set(choose, files, depth - 1)
    match choose.choice(("union", "intersection", "difference", "unions")):
        case "union":
            return FileSet(f"(fs.union {left.code} {right.code})", left.files | right.files)
        case "intersection":
            return FileSet(f"(fs.intersection {left.code} {right.code})", left.files & right.files)
        case "difference":
            return FileSet(f"(fs.difference {left.code} {right.code})", left.files - right.files)
        case _:
            third = leaf(choose, files)
            code = f"(fs.unions [ {left.code} {right.code} {third.code} ])"
            return FileSet(code, left.files | right.files | third.files)


def leaf(choose: random.Random, files: frozenset[str]) -> FileSet:
    """A path, a filter, or nothing."""
    below = choose.choice(DIRECTORIES)
    inside = frozenset(file for file in files if not below or file.startswith(below + "/"))
    path = f'(root + "/{below}")' if below else "root"
    match choose.randrange(5):
        case 0:
            file = choose.choice(sorted(files))
            return FileSet(f'(root + "/{file}")', frozenset({file}))
        case 1:
            name = choose.choice(NAMES)
            kept = frozenset(file for file in inside if file.rpartition("/")[2] == name)
            return FileSet(f'(fs.fileFilter (file: file.name == "{name}") {path})', kept)
        case 2:
            kept = frozenset(file for file in inside if file.endswith(".nix"))
            return FileSet(f'(fs.fromSource (lib.sourceFilesBySuffices {path} [ ".nix" ]))', kept)
        case 3 if choose.random() < 0.3:
            return FileSet("fs.empty", frozenset())
        case _:
            return FileSet(path, inside)


def test_file_sets_agree_with_sets(tmp_path: Path) -> None:
    choose = random.Random(SEED)
    everything = [f"{directory}/{name}".lstrip("/") for directory in DIRECTORIES for name in NAMES]
    files = frozenset(file for file in everything if choose.random() < 0.8)
    for directory in (*DIRECTORIES, "empty/inside"):
        (tmp_path / directory).mkdir(parents=True, exist_ok=True)
    for file in files:
        (tmp_path / file).touch()

    cases = [made_up_file_set(choose, files, depth) for depth in (1, 2, 3) for _ in range(60)]
    codes = "\n".join(f"({case.code})" for case in cases)
    found = evaluated(f"let root = {tmp_path}; in map (set: map toString (fs.toList set)) [\n{codes}\n]")
    wanted = [sorted(f"{tmp_path}/{file}" for file in case.files) for case in cases]
    wrong = [
        f"{case.code}: {got} instead of {want}"
        for case, got, want in zip(cases, found, wanted, strict=True)
        if not isinstance(got, list) or sorted(got) != want
    ]
    assert not wrong, "\n".join(wrong[:3])


def test_the_store_filter_agrees_with_the_list(tmp_path: Path) -> None:
    """A path is let through if it is in the set, or a directory on the way to one."""
    choose = random.Random(SEED + 1)
    files = frozenset(f"{directory}/{name}".lstrip("/") for directory in DIRECTORIES for name in NAMES)
    for directory in DIRECTORIES:
        (tmp_path / directory).mkdir(parents=True, exist_ok=True)
    for file in files:
        (tmp_path / file).touch()

    asked = [*((directory, "directory") for directory in DIRECTORIES if directory), *((file, "regular") for file in sorted(files))]
    cases = [made_up_file_set(choose, files, 2) for _ in range(40)]
    questions = " ".join(f'{{ path = "{tmp_path}/{path}"; type = "{kind}"; }}' for path, kind in asked)
    answers = evaluated(
        f"let root = {tmp_path}; questions = [ {questions} ]; in map (fileset: let source = fs.toSource {{ inherit root fileset; }}; "
        f"in map (q: source.filter q.path q.type) questions) [ {' '.join(case.code for case in cases)} ]"
    )
    for case, answer in zip(cases, answers, strict=True):
        ways = {str(parent) for file in case.files for parent in Path(file).parents}
        assert answer == [path in case.files or path in ways for path, _ in asked], case.code


# --- subpaths -------------------------------------------------------------------


def normalised(text: str) -> str | None:
    """The normal form by the documented rules; None for what is no subpath."""
    if not text or text.startswith("/") or ".." in text.split("/"):
        return None
    return "./" + ("/".join(part for part in text.split("/") if part not in ("", ".")) or ".")


def made_up_strings(count: int) -> list[str]:
    choose = random.Random(SEED + 2)
    return ["".join(choose.choice(("/", ".", "a", "b", "/.", "..")) for _ in range(choose.randrange(9))) for _ in range(count)]


def test_normal_forms() -> None:
    texts = made_up_strings(400)
    listed = " ".join(f'"{text}"' for text in texts)
    found = evaluated(f"map (s: with lib.path.subpath; if isValid s then normalise s else null) [ {listed} ]")
    assert found == [normalised(text) for text in texts]


def test_components_and_joining_are_inverse() -> None:
    texts = [text for text in made_up_strings(400) if normalised(text) is not None]
    listed = " ".join(f'"{text}"' for text in texts)
    laws = (
        "join (components s) == normalise s",
        "normalise (normalise s) == normalise s",
        "lib.path.append /base s == lib.path.append /base (normalise s)",
        "lib.path.removePrefix /base (lib.path.append /base s) == normalise s",
        "lib.path.hasPrefix /base (lib.path.append /base s)",
        'join [ s "./." ] == normalise s',
    )
    checks = " ++ ".join(f'lib.optional (!({law})) "{law.replace(chr(34), chr(39))} for ${{s}}"' for law in laws)
    assert len(texts) > 100
    assert evaluated(f"lib.concatMap (s: with lib.path.subpath; {checks}) [ {listed} ]") == []
