"""The manual page and the help of the verbs: they come from one table, and what docs/ holds was made from it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from nixos_containers.cli.help import synopsis, verb_help
from nixos_containers.cli.manual import verb_pages, verbs_manual
from nixos_containers.cli.parse import parse
from nixos_containers.cli.verbs import VERBS, Verb, find

MANUAL = Path(__file__).parents[2] / "docs" / "man" / "nixos-container.8"
BY_VERB = pytest.mark.parametrize("verb", VERBS, ids=[verb.name for verb in VERBS])


@BY_VERB
def test_the_manual_in_docs_has_every_verb_with_its_options(verb: Verb) -> None:
    text = MANUAL.read_text(encoding="utf-8").replace("\\-", "-")
    assert f".SS {verb.name}\n\\fBnixos-container {synopsis(verb)}" in text, "make docs"
    assert all(flag in text for option in verb.options for flag in option.flags), "make docs"


def test_every_verb_and_every_other_name_of_one_has_a_page_of_its_own() -> None:
    pages = verb_pages()
    assert set(pages) == {f"nixos-container-{name}" for verb in VERBS for name in (verb.name, *verb.aliases)}
    found = {page.stem: page.read_text(encoding="utf-8") for page in MANUAL.parent.glob("nixos-container-*.8")}
    assert found == pages, "make docs"
    assert pages["nixos-container-exec"] == ".so man8/nixos-container-run.8\n"


@BY_VERB
def test_every_verb_says_more_than_its_summary(verb: Verb) -> None:
    assert len(verb.text) > len(verb.summary), f"{verb.name} needs a text in cli/verbs.py"
    assert verb.text.endswith(".")
    assert f".SS {verb.name}\n".replace("-", "\\-") in verbs_manual()


@BY_VERB
def test_help_fits_a_terminal_and_names_every_option(verb: Verb) -> None:
    text = verb_help(verb)
    assert not [line for line in text.splitlines() if len(line) > 80 and "nixos-container" not in line]
    assert all(flag in text for option in verb.options for flag in option.flags)


@BY_VERB
def test_every_example_is_a_command_line_that_is_understood(verb: Verb) -> None:
    import shlex

    for example in verb.examples:
        assert parse(shlex.split(example)).verb is verb


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("status", "status [OPTIONS] NAME"),
        ("start", "start [OPTIONS] [NAME...]"),
        ("switch", "switch [OPTIONS] [NAME...]"),
        ("doctor", "doctor [OPTIONS]"),
        ("run", "run [OPTIONS] NAME [--] COMMAND..."),
        ("option", "option [OPTIONS] OPTION"),
    ],
)
def test_the_synopsis_says_which_words_are_needed(name: str, expected: str) -> None:
    verb = find(name)
    assert verb is not None
    assert synopsis(verb) == expected


@pytest.mark.skipif(shutil.which("groff") is None, reason="needs groff")
@pytest.mark.parametrize(
    "page", [path for path in sorted(MANUAL.parent.glob("*.[58]")) if not path.read_text().startswith(".so ")], ids=lambda page: page.name
)
def test_groff_reads_the_pages_without_a_complaint(page: Path) -> None:
    done = subprocess.run(["groff", "-man", "-ww", "-Tutf8", "-P-cbou", str(page)], capture_output=True, text=True, check=False)
    complaints = [line for line in done.stderr.splitlines() if "can't break line" not in line]
    assert not complaints, complaints[:5]
    assert "NAME" in done.stdout
