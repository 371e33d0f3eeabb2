"""The options as documentation: every one is described, and what docs/ holds was made from them.

Not for what options mean: the guest's and the library's tables hold that.
"""

from __future__ import annotations

import html
import re
import shutil
from functools import cache

import pytest

from nixos_containers.cli.options import entry, search
from nixos_containers.declare.option import Option
from nixos_containers.documentation.markdown import markdown
from nixos_containers.documentation.page import page
from nixos_containers.evaluate.options import declared_options

from .runner import ROOT

pytestmark = [pytest.mark.nix, pytest.mark.skipif(shutil.which("nix-instantiate") is None, reason="needs nix-instantiate")]

DOCS = ROOT / "docs"


@cache
def options() -> tuple[Option, ...]:
    return tuple(declared_options())


def names(found: list[Option]) -> list[str]:
    return [option.name for option in found]


def test_every_public_option_is_described() -> None:
    silent = [option.name for option in options() if len(option.description.strip()) < 3]
    assert not silent, f"options without a description: {', '.join(silent)}"


def test_every_option_says_where_it_is_declared() -> None:
    lost = [option.name for option in options() if not option.declarations]
    assert not lost, f"options without a file: {', '.join(lost)}"
    missing = {path for option in options() for path in option.declarations if not (ROOT / path).exists()}
    assert not missing


def test_defaults_and_examples_are_the_same_on_every_machine() -> None:
    """A default that is a package needs a defaultText: its store path and version are this machine's."""
    odd = re.compile(r"/nix/store/[0-9a-z]{32}|<derivation|«|‹|" + re.escape(str(ROOT)))
    offenders = [option.name for option in options() if odd.search(f"{option.default} {option.example}")]
    assert not offenders, f"options that need a defaultText or an example in words: {', '.join(offenders)}"


@pytest.mark.parametrize(
    "name",
    [
        "containers",
        "containers.<name>.autoStart",
        "containers.<name>.bindMounts.<name>.hostPath",
        "containers.<name>.forwardPorts.*.hostPort",
        "services.nginx.virtualHosts.<name>.locations.<name>.proxyPass",
        "users.users.<name>.openssh.authorizedKeys.keys",
        "systemd.services.<name>.serviceConfig",
    ],
)
def test_sub_options_are_listed(name: str) -> None:
    assert name in {option.name for option in options()}


def test_what_is_not_for_people_is_not_listed() -> None:
    listed = {option.name for option in options()}
    assert "containers.<name>.pkgs" not in listed, "a removed option"
    assert "system.archive.closure" not in listed, "an internal option"
    assert not [name for name in listed if "_module" in name]


@pytest.mark.parametrize(
    ("words", "first"),
    [
        (("containers.web.autoStart",), "containers.<name>.autoStart"),
        (('containers.web.bindMounts."/srv/a.b".hostPath',), "containers.<name>.bindMounts.<name>.hostPath"),
        (("containers.web.config.services.nginx.enable",), "services.nginx.enable"),
        (("users.users.alice.shell",), "users.users.<name>.shell"),
        (("nginx", "clientmax"), "services.nginx.clientMaxBodySize"),
        (("tun", "tap"), "containers.<name>.enableTun"),
    ],
)
def test_search_finds_paths_names_and_text(words: tuple[str, ...], first: str) -> None:
    assert names(search(options(), words))[:1] == [first]


def test_search_wants_all_words_and_says_what_it_found() -> None:
    assert search(options(), ("nginx", "no-such-word")) == []
    text = entry(search(options(), ("containers.web.limits.memoryMax",))[0])
    assert text.startswith("containers.<name>.limits.memoryMax\n")
    for part in ("MemoryMax=", "type: ", "default: null", 'example: "1G"', "declared in: nix/host/options/limits.nix"):
        assert part in text


# File in docs/ -> what names an option in it.
HEADINGS = {
    "options.md": r"(?m)^#### `(.*)`$",
    "options.html": r'<article id="(?:config\.)?([^"]*)"',
    "man/nixos-containers.nix.5": r"(?m)^\.TP\n\\fB(.*)\\fR$",
}


@pytest.mark.parametrize("file", HEADINGS)
def test_the_reference_lists_every_option(file: str) -> None:
    text = (DOCS / file).read_text(encoding="utf-8")
    listed = {html.unescape(name).replace("\\-", "-").replace("\\&", "") for name in re.findall(HEADINGS[file], text)}
    declared = {option.name for option in options()}
    assert declared - listed == set(), f"docs/{file} lacks options: make docs"
    assert listed - declared == set(), f"docs/{file} has options that are gone: make docs"


def test_a_page_has_every_anchor_once() -> None:
    anchors = re.findall(r'<article id="([^"]*)"', page(options()))
    assert len(anchors) == len(set(anchors)) == len(options())


def test_prose_is_not_shown_as_code() -> None:
    mount = next(option for option in options() if option.name == "containers.<name>.bindMounts.<name>.mountPoint")
    assert "default" in mount.prose
    assert "*Default:* the attribute name" in markdown([mount])
    assert "<dd>the attribute name</dd>" in page([mount])
