"""The command line as it is read: every verb, upstream's words, and what belongs to the command inside."""

from __future__ import annotations

import pytest

from nixos_containers.base.errors import UsageError
from nixos_containers.cli.foreign import _INSTEAD
from nixos_containers.cli.help import overview
from nixos_containers.cli.parse import Arguments, parse
from nixos_containers.cli.topics import TOPICS
from nixos_containers.cli.verbs import VERBS, Verb, find

BY_VERB = pytest.mark.parametrize("verb", VERBS, ids=[verb.name for verb in VERBS])
# https://nixos.org/manual/nixos/stable/#sec-imperative-containers, and the usage text of nixos-container.
UPSTREAM = (
    ["list"],
    ["create", "foo", "--nixos-path", "/p", "--system-path", "/s", "--config", "c", "--bridge", "br0", "--port", "tcp:8080:80"],
    [
        "create",
        "foo",
        "--config-file",
        "/c",
        "--ensure-unique-name",
        "--auto-start",
        "--host-address",
        "1.2.3.4",
        "--local-address",
        "1.2.3.5",
    ],
    ["destroy", "foo"],
    ["restart", "foo"],
    ["start", "foo"],
    ["stop", "foo"],
    ["terminate", "foo"],
    ["status", "foo"],
    ["update", "foo", "--config", "c"],
    ["update", "foo", "--config-file", "/c", "--nixos-path", "/p"],
    ["login", "foo"],
    ["root-login", "foo"],
    ["run", "foo", "--", "true"],
    ["show-ip", "foo"],
    ["show-host-key", "foo"],
)


@BY_VERB
def test_every_verb_explains_itself(verb: Verb, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        parse([verb.name, "--help"])
    assert end.value.code == 0
    text = capsys.readouterr().out
    assert f"nixos-container {verb.name}" in text
    for option in verb.options:
        assert option.flags[-1] in text, "an option that the help does not name"


@BY_VERB
def test_every_verb_has_a_module_and_a_line_in_the_overview(verb: Verb) -> None:
    from importlib import import_module

    assert callable(import_module(f"nixos_containers.cli.{verb.module}").run)
    assert f"  {verb.name} " in overview() and verb.summary in overview()


@BY_VERB
def test_every_verb_refuses_what_it_does_not_know(verb: Verb) -> None:
    with pytest.raises(UsageError) as failure:
        parse([verb.name, "--no-such-option", *(["x"] if verb.container else [])])
    assert "--no-such-option" in str(failure.value)
    assert f"nixos-container {verb.name} --help" in str(failure.value)


def test_names_and_flags_of_the_table_are_unique() -> None:
    names = [name for verb in VERBS for name in (verb.name, *verb.aliases)]
    assert len(names) == len(set(names))
    for verb in VERBS:
        flags = [flag for option in verb.options for flag in option.flags]
        assert len(flags) == len(set(flags))


@pytest.mark.parametrize("words", UPSTREAM, ids=[" ".join(words) for words in UPSTREAM])
def test_upstreams_command_lines_are_understood(words: list[str]) -> None:
    made = parse(words)
    assert made.verb.name == words[0]
    assert made.names == (("foo",) if len(words) > 1 else ())


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "no action specified"),
        (["--debug"], "no action specified"),
        (["run"], "no container name specified"),
        (["run", "--"], "no container name specified"),
        (["destroy"], "no container name specified"),
        (["option"], "no option name specified"),
        (["statuss", "x"], "did you mean status"),
        (["stat", "x"], "did you mean status or stats?"),
        (["rm", "web"], "nixos-container destroy web"),
        (["mv", "a", "b"], "nixos-container rename a b"),
        (["attach", "web"], "nixos-container root-login web"),
        (["up"], "nixos-container switch, or nixos-container start NAME"),
        (["help", "strat"], "start"),
        (["-c", "f.nix", "switch"], "nixos-container switch -c f.nix"),
        (["--all"], "stands before the action"),
        (["enter", "web", "--", "ls", "/"], "nixos-container run NAME -- ls /"),
        (["list", "--lnog"], "did you mean --long?"),
        (["upgrade", "f.nix"], "nixos-container upgrade -c f.nix"),
        (["frobnicate"], "unknown action ‘frobnicate’"),
        (["status", "a", "b"], "unrecognized arguments: b"),
        (["create", "a", "--port"], "expected one argument"),
        (["create", "a", "--por", "80"], "--por"),
    ],
)
def test_what_is_wrong_is_said_with_a_way_on(words: list[str], message: str) -> None:
    with pytest.raises(UsageError) as failure:
        parse(words)
    assert message in str(failure.value)
    assert failure.value.hint and failure.value.exit_code == 1


@pytest.mark.parametrize(
    ("words", "command"),
    [
        (["run", "web", "--", "ls", "-l"], ("ls", "-l")),
        (["run", "web", "ls", "-l", "--json"], ("ls", "-l", "--json")),
        (["run", "web", "--", "--help"], ("--help",)),
        (["run", "web", "--", "a", "--", "b"], ("a", "--", "b")),
        (["run", "web", "--", "sh", "-c", "echo $HOME 'x'"], ("sh", "-c", "echo $HOME 'x'")),
        (["run", "web", "--", ""], ("",)),
        (["run", "--quiet", "web", "--", "--quiet"], ("--quiet",)),
        (["--quiet", "run", "web", "true"], ("true",)),
        (["exec", "web", "--", "true"], ("true",)),
    ],
)
def test_everything_after_the_name_belongs_to_the_command(words: list[str], command: tuple[str, ...]) -> None:
    made = parse(words)
    assert made.names == ("web",)
    assert made.command == command
    assert made.quiet is ("--quiet" in words[:2])


@pytest.mark.parametrize("words", [["list", "--json"], ["--json", "list"], ["--debug", "--json", "-q", "list"]])
def test_options_for_every_action_stand_before_or_after_it(words: list[str]) -> None:
    assert parse(words).json


def test_values_arrive_where_verbs_look_for_them() -> None:
    made = parse(["create", "x", "--set", "a=1", "--set", "b=2", "--auto-start", "--port=80"])
    assert made.values("set") == ("a=1", "b=2")
    assert made.flag("auto_start") and not made.flag("ensure_unique_name")
    assert made.text("port") == "80" and made.text("bridge") is None
    assert parse(["switch", "-c", "f.nix", "a", "b"]).text("config_path") == "f.nix"
    assert parse(["switch", "a", "b"]).names == ("a", "b")


def test_a_verb_about_no_container_takes_no_name() -> None:
    with pytest.raises(UsageError, match="unrecognized"):
        parse(["list", "web"])
    assert parse(["list"]) == Arguments(find("list") or VERBS[0], options={"long": False, "names": False})


@pytest.mark.parametrize("word", ["--help", "-h", "help"])
def test_the_overview_is_a_success(word: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        parse([word])
    assert end.value.code == 0
    assert capsys.readouterr().out.startswith("usage: nixos-container")


def test_help_of_one_action_is_what_the_action_says_itself(capsys: pytest.CaptureFixture[str]) -> None:
    said = []
    for words in (["help", "switch"], ["switch", "--help"]):
        with pytest.raises(SystemExit):
            parse(words)
        said.append(capsys.readouterr().out)
    assert said[0] == said[1] and "usage: nixos-container switch" in said[0]


def test_every_verb_has_one_topic_and_the_overview_fits_a_terminal() -> None:
    named = [name for _, names in TOPICS for name in names]
    assert sorted(named) == sorted(verb.name for verb in VERBS)
    assert max(len(line) for line in overview().splitlines()) <= 80


@pytest.mark.parametrize("word", _INSTEAD)
def test_words_of_other_tools_lead_to_verbs_that_exist(word: str) -> None:
    assert find(word) is None, "a word that is a verb needs no translation"
    for line in _INSTEAD[word]:
        assert find(line.split()[0]) is not None
