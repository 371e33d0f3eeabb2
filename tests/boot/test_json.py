"""`--json`: every verb that has it prints one JSON document (or one a line, where it streams) and nothing else on stdout."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from nixos_containers.cli.verbs import VERBS

from .conftest import Host

NAME, MADE, COPY, RENAMED = "nctjson", "nctjsonm", "nctjsonc", "nctjsonr"
DEFINITION = f"""{{
  containers.{NAME} = {{
    privateNetwork = true;
    config = {{ pkgs, ... }}: {{ system.stateVersion = "23.11"; services.openssh.enable = true; WORDS }};
  }};
}}"""
STREAMS = {"events", "logs"}
C = ("-c", "FILE")
# In this order: what each does, the next ones need. A word FILE stands for the definition file.
STORY: tuple[tuple[tuple[str, ...], Any], ...] = (
    (("upgrade", *C, "--dry-run"), list),
    (("build", *C), {NAME}),
    (("plan", *C), {"actions", "changes"}),
    (("switch", *C, "--dry-run"), list),
    (("switch", *C), list),
    (("list",), list),
    (("status", NAME), {"name", "state"}),
    (("start", NAME), {NAME}),
    (("wait", NAME), {NAME}),
    (("restart", NAME), {NAME}),
    (("show-ip", NAME), {"address", "name"}),
    (("show-host-key", NAME), {"hostKey", "name"}),
    (("inspect", NAME), {"name", "generations", "network"}),
    (("generations", NAME), list),
    (("set-limit", NAME, "memoryMax=300M"), {"memoryMax"}),
    (("cp", "/etc/hostname", f"{NAME}:/root/copied"), {"from", "to"}),
    (("mount", NAME, "/srv", "/srv"), {"name", "path"}),
    (("umount", NAME, "/srv"), {"name", "path"}),
    (("logs", NAME, "-n", "3"), {"MESSAGE"}),
    (("ps", NAME), list),
    (("tree", NAME), {"groups", "name"}),
    (("stats", NAME), list),
    (("events", NAME), {"time", "event", "container"}),
    (("metrics",), list),
    (("network", "show", NAME), dict),
    (("network",), list),
    (("du", NAME), list),
    (("volume", "list"), list),
    (("doctor",), {"findings", "problems"}),
    (("option", f"containers.{NAME}.autoStart", *C), {"name", "value"}),
    (("options", "openssh", "enable"), list),
    (("prune", NAME, "--keep", "5"), {NAME}),
    (("terminate", NAME), {NAME}),
    (("stop", NAME), {NAME}),
    (("update", NAME), list),
    (("create", MADE), {"name", "definition"}),
    (("edit", MADE), list),
    (("copy", MADE, COPY), {"name", "from"}),
    (("rename", COPY, RENAMED), {"name", "from"}),
    (("destroy", MADE, RENAMED), {"destroyed"}),
)
# What needs more than this story has: told in test_disk.py, test_images.py and below.
ELSEWHERE = {"convert-disk", "image", "rollback"}


@pytest.fixture(scope="module")
def told(host: Host) -> Iterator[Host]:
    host.define(DEFINITION.replace("WORDS", ""))
    yield host
    for name in (MADE, COPY, RENAMED):
        host.run("destroy", name)


def test_the_story_has_every_verb() -> None:
    assert {words[0] for words, _ in STORY} | ELSEWHERE == {verb.name for verb in VERBS if verb.json}


def test_every_verb_answers_in_json(told: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDITOR", "true")
    for words, expected in STORY:
        done = told.run(*(str(told.definition) if word == "FILE" else word for word in words), "--json")
        assert done.returncode == 0, (words, done.stdout, done.stderr)
        documents = done.stdout.splitlines() if words[0] in STREAMS else [done.stdout]
        assert documents, words
        for text in documents:
            answer = json.loads(text)
            if isinstance(expected, set):
                assert expected <= set(answer), (words, text)
            else:
                assert isinstance(answer, expected), (words, text)


def test_a_rollback_and_dates(told: Host) -> None:
    told.define(DEFINITION.replace("WORDS", 'environment.etc."json".text = "2";'))
    told.switch()
    rows = told.json("generations", NAME)
    assert len(rows) == 2
    for row, same in zip(rows, told.json("inspect", NAME)["generations"], strict=True):
        assert row["date"] == same["date"] and datetime.fromisoformat(row["date"]).tzinfo is not None
    assert told.json("rollback", NAME) == {"name": NAME, "generation": rows[0]["generation"]}


def test_a_container_that_is_gone_is_so_in_json_too(told: Host) -> None:
    done = told.run("status", "nctnothing", "--json")
    assert done.returncode != 0 and json.loads(done.stdout) == {"name": "nctnothing", "state": "gone"}
    for verb in ("show-ip", "start", "inspect"):
        done = told.run(verb, "nctnothing", "--json")
        assert done.returncode != 0 and done.stdout == "", "an error is on stderr alone"
