"""Nix's error text made short: the sentence first, the place in the person's file kept, the noise gone."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from nixos_containers.base import nix
from nixos_containers.base.errors import ContainerError, DefinitionError, HostError
from nixos_containers.evaluate.backtrace import take_apart
from nixos_containers.evaluate.errors import explain
from nixos_containers.evaluate.hints import hint as advise
from nixos_containers.evaluate.hints import worth_reading, wrong_type
from nixos_containers.evaluate.tree import nix_tree


def nothing(_: str) -> list[str]:
    return []


def explained(tmp_path: Path, expression: str) -> ContainerError:
    """What we make of what the installed Nix says about `expression` in a file."""
    if shutil.which("nix-instantiate") is None:
        pytest.skip("Nix is not installed")
    path = tmp_path / "configuration.nix"
    path.write_text(expression, encoding="utf-8")
    env = {**nix.environment(substitute=False), "PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(tmp_path)}
    done = subprocess.run(
        ["nix-instantiate", "--store", "dummy://", "--eval", "--strict", str(path)], capture_output=True, text=True, env=env, check=False
    )
    assert done.returncode != 0
    return explain(done.stderr, suggest=nothing)


@pytest.mark.nix
@pytest.mark.parametrize(
    ("expression", "what", "place"),
    [
        ("{ a = [ helo ]; }", "undefined variable 'helo'", ":1:9"),
        ("let p = { hello = 1; }; in\n{\n  a = p.helo;\n}", "attribute 'helo' missing", ":3:7"),
        ("{\n  a = 1\n  b = 2;\n}\n", "syntax error", ":3:5"),
        ("assert 1 == 2; 1", "assertion", ":1:1"),
        ("let a = b; b = a; in a", "infinite recursion encountered", ""),
        ('1 + "a"', "cannot add a string to an integer", ":1:5"),
    ],
)
def test_nixs_own_errors_keep_sentence_file_and_line(tmp_path: Path, expression: str, what: str, place: str) -> None:
    failure = explained(tmp_path, expression)
    assert what in failure.what
    assert f"{tmp_path}/configuration.nix{place}" in failure.details
    assert "show-trace" not in str(failure)


@pytest.mark.nix
def test_a_thrown_text_is_passed_on_line_by_line(tmp_path: Path) -> None:
    text = "The option `x.autoStrat' does not exist. Definition values:\\n- In `/etc/nixos/configuration.nix': true\\n\\nDid you mean x?"
    failure = explained(tmp_path, f'throw "{text}"')
    assert failure.what == "The option `x.autoStrat' does not exist. Definition values:"
    assert failure.details == "- In `/etc/nixos/configuration.nix': true\n\nDid you mean x?"


@pytest.mark.nix
def test_a_thrown_text_that_speaks_of_errors_is_kept_whole(tmp_path: Path) -> None:
    failure = explained(tmp_path, 'throw "first\\nerror: second"')
    assert failure.what == "first"
    assert failure.details == "error: second"


@pytest.mark.nix
def test_warnings_before_the_error_are_left_out(tmp_path: Path) -> None:
    failure = explained(tmp_path, 'builtins.trace "warning: old" (throw "broken")')
    assert str(failure) == "broken"


LATER_NIX = """\
trace: warning: something is old
error:
       … while evaluating the attribute 'containers'
         at /etc/nixos/configuration.nix:2:3:
            1| {
            2|   containers.web = throw "not error: this";
             |   ^
            3| }

       … while calling the 'throw' builtin

       error: undefined variable 'helo'
       at /etc/nixos/configuration.nix:4:36:
            3|   x
            4|     [ helo ];
             |       ^
"""


def test_later_nix_puts_its_sentence_last() -> None:
    failure = explain(LATER_NIX, suggest=nothing)
    assert failure.what == "undefined variable 'helo'"
    assert failure.details.startswith("at /etc/nixos/configuration.nix:4:36:")


# What --show-trace says about one mistake: up to Nix 2.17, and later.
TRACE_BELOW = f"""\
error: my own words

       … while evaluating definitions from `/etc/nixos/configuration.nix':

       … while evaluating 'settle'

       at {nix_tree()}/lib/modules/definitions.nix:70:11:

           69|   settle =
           70|     defs:
             |     ^

       … while evaluating the option `containers.web.config.environment.etc.x.text':

       … while evaluating the option `containers.web.config.environment.etc.x.source':

       … while evaluating the container `web':
"""
TRACE_ABOVE = f"""\
error:
       … while evaluating the container `web':

       … while evaluating the option `containers.web.config.environment.etc.x.source':

       … while evaluating the option `containers.web.config.environment.etc.x.text':

       … while calling 'settle'
         at {nix_tree()}/lib/modules/definitions.nix:70:11:
           69|   settle =
           70|     defs:
             |     ^

       … while evaluating definitions from `/etc/nixos/configuration.nix':

       error: my own words
"""


@pytest.mark.parametrize("text", [TRACE_BELOW, TRACE_ABOVE], ids=["2.8", "later"])
def test_an_error_without_a_place_of_its_own_says_which_option_it_is(text: str) -> None:
    said = take_apart(text)
    assert said.lines == ("my own words",) and said.place is None
    assert [frame.place.file for frame in said.frames if frame.place] == [f"{nix_tree()}/lib/modules/definitions.nix"]
    assert str(explain(text, suggest=nothing)) == (
        "my own words\nwhile evaluating the option `containers.web.config.environment.etc.x.text', defined in /etc/nixos/configuration.nix"
    )


@pytest.mark.parametrize(
    "text",
    [
        "error:\n       Failed assertions:\n       - one\n\n       … while evaluating the container `web':\n",
        "error:\n       … while evaluating the container `web':\n\n       error:\n       Failed assertions:\n       - one\n",
    ],
    ids=["2.8", "later"],
)
def test_a_failed_assertion_says_whose_it_is(text: str) -> None:
    assert str(explain(text, suggest=nothing)) == "containers.web: Failed assertions:\n- one"


def test_a_place_in_a_file_of_ours_gives_way_to_the_persons_own() -> None:
    text = (
        f"error: value is a list while a set was expected\n\n       at {nix_tree()}/lib/attrsets.nix:1:1:\n\n            1| x\n\n"
        "       … from call site\n\n       at /etc/nixos/web.nix:3:7:\n\n            3|   a = lib.attrNames [ ];\n             |       ^\n"
    )
    details = explain(text, suggest=nothing).details
    assert details.startswith("at /etc/nixos/web.nix:3:7:\n     3|   a = lib.attrNames [ ];\n      |       ^")
    assert nix_tree() not in details


def test_a_place_that_nix_names_itself_needs_no_option() -> None:
    text = "error: undefined variable 'q'\n\n       at /x.nix:1:2:\n\n            1| q\n\n       … while evaluating the option `containers.web.after':\n"
    assert "option" not in str(explain(text, suggest=nothing))


@pytest.mark.parametrize("key", ["/etc/nixos/web.nix", ":anon-1"])
def test_a_module_argument_that_nothing_provides(key: str) -> None:
    text = (
        f"error: attribute 'inputs' missing\n\n       at {nix_tree()}/lib/modules/syntax.nix:1:1:\n\n            1| x\n\n"
        "       … noting that argument `inputs` is not externally provided, so querying `_module.args` instead, requiring `config`\n\n"
        f"       … while evaluating the module argument `inputs' in \"{key}\":\n\n       … while evaluating the container `web':\n"
    )
    failure = explain(text, suggest=lambda _: ["inetsim"])
    assert "wants the argument ‘inputs’" in failure.what and "containers.web.specialArgs" in failure.hint
    assert ("in /etc/nixos/web.nix" in failure.details) == (key != ":anon-1")


def test_colours_are_taken_out() -> None:
    assert str(explain("\x1b[31;1merror:\x1b[0m broken\n", suggest=nothing)) == "broken"


@pytest.mark.parametrize("sentence", ["undefined variable 'htoop'", "attribute 'htoop' missing"])
def test_a_misspelt_name_gets_near_ones(sentence: str) -> None:
    failure = explain(f"error: {sentence}\n\n       at /x.nix:1:1:\n", suggest=lambda name: ["htop", "atop"] if name == "htoop" else [])
    assert "did you mean htop or atop?" in failure.hint


def test_a_name_that_is_like_none_gets_no_hint() -> None:
    assert explain("error: undefined variable 'q'\n", suggest=nothing).hint == ""


def test_a_full_disk_is_the_hosts_fault_not_the_definitions() -> None:
    failure = explain("error: writing to file: No space left on device\n", suggest=nothing)
    assert isinstance(failure, HostError)
    assert "free some space" in failure.hint


def test_a_store_that_may_not_be_written_asks_for_root() -> None:
    failure = explain(
        "error: could not set permissions on '/nix/var/nix/profiles/per-user' to 755: Operation not permitted\n", suggest=nothing
    )
    assert isinstance(failure, HostError) and "sudo" in failure.hint and "/nix/var/nix/profiles" in failure.details


@pytest.mark.parametrize("text", ["", "\n", "killed"])
def test_silence_is_still_an_error(text: str) -> None:
    failure = explain(text, suggest=nothing)
    assert isinstance(failure, DefinitionError)
    assert failure.what


OPTIONS = ["containers.<name>.autoStart", "containers.<name>.limits.memoryMax", "services.mysql.enable", "time.timeZone"]


@pytest.mark.parametrize(
    ("what", "details", "hint"),
    [
        ("syntax error, unexpected end of file", "\nat /x.nix:1:1:", "the file is empty"),
        ("The option `containers.web.config' was accessed but has no value defined. Try setting", "", "containers.web.config ="),
        ("getting status of '/a/nope.nix': No such file or directory", "", "the definition names /a/nope.nix"),
        ("reading from file: Invalid argument", "", "where a set is expected"),
        ("module /x.nix (/x.nix) does not look like a module.", "", "containers.NAME"),
        ("The option `outputs' does not exist. Definition values:", "", "this is a flake"),
        ("The option `containers.web.memoryMax' does not exist. Definition values:", "", "containers.web.limits.memoryMax?"),
        ("The option `containers.web.enable' does not exist. Definition values:", "", "containers.web.autoStart?"),
        ("The option `containers.web.config.services.mariadb' does not exist. Definition values:", "", "services.mysql?"),
        ("The option `containers.web.config.services.fail2ban' does not exist. Definition values:", "", "pkgs.fail2ban"),
        ("The option `containers.web.config.services.gone' does not exist. Definition values:", "", "no module for it"),
        ("The option `containers.web.frobnicate' does not exist. Definition values:", "", "options frobnicate"),
        ("A definition for option `x' is not of type `package'. Definition values:", '- In `/x.nix\': "vim"', "pkgs.NAME"),
        ("file 'nixpkgs' was not found in the Nix search path", "", "--nixos-path"),
        ("undefined variable 'pkgs'", "", "{ pkgs, ... }:"),
        ("attribute 'x' already defined at /x.nix:1:2", "", "take one ‘x’ away"),
        ("stack overflow (possible infinite recursion)", "", "that same value"),
        ("syntax error, unexpected '=', expecting ';'", "", "a ; is missing"),
        ("syntax error, unexpected ':', expecting '.' or '='", "", "with ="),
        ("syntax error, unexpected invalid token", "at /x.nix:1:1:", "UTF-8"),
        ("value is a path while a list was expected", "", "imports = [ ./guest.nix ]"),
        ("cannot coerce an integer to a string", "", "toString"),
        ("cannot coerce an integer to a string: 8080", "", "toString"),
        ("unable to download 'https://x': Couldn't connect to server (7)", "", "on the network"),
    ],
)
def test_common_mistakes_get_a_way_on(what: str, details: str, hint: str) -> None:
    packages = {"fail2ban": ["fail2ban"]}
    assert hint in advise(what, details, suggest=lambda name: packages.get(name, []), options=lambda: OPTIONS)


def test_suggestions_that_resemble_nothing_are_left_out() -> None:
    what = "The option `containers.web.autostart' does not exist. Definition values:"
    details = "- In `/x.nix': true\n\nDid you mean `containers.web.autoStart', `containers.web.after' or `containers.web.nat'?"
    assert worth_reading(details, what, "") == "- In `/x.nix': true\n\nDid you mean `containers.web.autoStart'?"
    assert worth_reading(details, "The option `containers.web.frobnicate' does not exist.", "") == "- In `/x.nix': true"


@pytest.mark.parametrize(
    ("type_", "value", "hint"),
    [
        ("package", '"vim"', "pkgs.NAME"),
        ("list of package", "22", "[ 22 ]"),
        ("list of (submodule)", "{", "[ { ... } ]"),
        ("boolean", '"true"', "without quotes"),
        ("null or boolean", "1", "true or false"),
        ("16 bit unsigned integer; between 0 and 65535 (both inclusive)", '"80"', "without quotes: 80"),
        ("null or string", "8", 'in quotes: "8"'),
        ("attribute set of (submodule)", "[", "{ NAME = VALUE; }"),
        ("absolute path", '"data"', "from the root on"),
        ("list of package", "[", ""),
        ("boolean", "{", ""),
        ("16 bit unsigned integer; between 0 and 65535 (both inclusive)", "99999", ""),
    ],
)
def test_a_value_of_the_wrong_type_is_written_right(type_: str, value: str, hint: str) -> None:
    said = wrong_type("containers.web.x", type_, value)
    assert hint in said if hint else said == ""


@pytest.mark.parametrize(("source", "packages"), [("pkgs.htoop", True), ("lib.htoop", False), ("pkgs.python3Packages.htoop", False)])
def test_packages_are_suggested_for_packages_alone(source: str, packages: bool) -> None:
    text = f"error: attribute 'htoop' missing\n\n       at /x.nix:1:5:\n\n            1| a = {source};\n             |     ^\n       Did you mean one of a or b?\n"
    said = str(explain(text, suggest=lambda _: ["htop"]))
    assert ("did you mean htop?" in said) == packages
    assert ("Did you mean one of a or b?" in said) != packages
