"""The runner of tables must notice what does not hold, and say what happened instead."""

from __future__ import annotations

from pathlib import Path

import pytest

from . import runner

pytestmark = [
    pytest.mark.nix,
    pytest.mark.skipif(runner.nix_instantiate() is None, reason="needs nix-instantiate"),
]

# One case each: its text, and what the outcome says (None: it holds).
CASES: dict[str, tuple[str, str | None]] = {
    "equal values hold": ("{ expr = [ 1 ]; expected = [ 1 ]; }", None),
    "different values show both": ("{ expr = 1; expected = 2; }", "got:  1\nwant: 2"),
    "a throw where a value is expected": ('{ expr = throw "boom"; expected = 1; }', "boom"),
    "an uncatchable error where a value is expected": ("{ expr = { }.missing; expected = 1; }", "attribute 'missing' missing"),
    "values are compared all the way down": ('{ expr = { a = throw "deep"; }; expected = { }; }', "deep"),
    "functions are never equal": ("let f = x: x; in { expr = f; expected = f; }", "<function>"),
    "an expected error holds": ('{ expr = throw "it rains"; error = "rains"; }', None),
    "all texts of an error must occur": ('{ expr = throw "it rains"; error = [ "rains" "snows" ]; }', "it did not say: snows"),
    "an error that does not happen": ('{ expr = 1; error = "rains"; }', "it was expected to fail, and did not"),
    "the text is not found in the quoted source": ('{ expr = throw "wet"; error = "dry"; }', "it did not say: dry"),
    "white space in errors counts as one blank": ('{ expr = throw "it\\n   rains"; error = "it rains"; }', None),
    "a forbidden text": ('{ expr = throw "it rains"; error = "it"; without = "rains"; }', "it should not say: rains"),
    "a trace that is printed": ('{ expr = builtins.trace "psst" 1; expected = 1; trace = "psst"; }', None),
    "a trace that is not printed": ('{ expr = 1; expected = 1; trace = "psst"; }', "it did not say: psst"),
    "a trace with a wrong value": ('{ expr = builtins.trace "psst" 1; expected = 2; trace = "psst"; }', "want: 2"),
}


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, runner.Outcome]:
    table = tmp_path_factory.mktemp("tables") / "table.nix"
    rows = "\n".join(f"{runner.nix_string(name)} = {text};" for name, (text, _) in CASES.items())
    table.write_text(f"{{ lib }}: {{ {rows} }}")
    return runner.outcomes_of(table)


@pytest.mark.parametrize("name", CASES)
def test_outcome(name: str, outcomes: dict[str, runner.Outcome]) -> None:
    said = CASES[name][1]
    assert outcomes[name].ok == (said is None)
    assert (said or "") in outcomes[name].message


def test_a_broken_table_is_named(tmp_path: Path) -> None:
    table = tmp_path / "broken.nix"
    table.write_text("{ lib }: {")
    with pytest.raises(RuntimeError, match=r"broken\.nix is not a table of cases"):
        runner.cases_of(table)


def test_names_may_have_quotes(tmp_path: Path) -> None:
    table = tmp_path / "quotes.nix"
    table.write_text('{ lib }: { "a \\"b\\" \\${c}" = { expr = 1; expected = 1; }; }')
    assert [case.name for case in runner.cases_of(table)] == ['a "b" ${c}']
    assert runner.outcomes_of(table)['a "b" ${c}'].ok
