"""What the guides in docs/ and the README tell people to write: definitions that evaluate, command lines that are understood, links that lead
somewhere. Not for whether the advice is good."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from nixos_containers.cli.options import search
from nixos_containers.cli.parse import parse
from nixos_containers.evaluate.options import declared_options

from .runner import NIX_CONFIG, ROOT

pytestmark = [pytest.mark.nix, pytest.mark.skipif(shutil.which("nix-instantiate") is None, reason="needs nix-instantiate")]

GENERATED = {"options.md"}
GUIDES = [ROOT / "README.md", *(path for path in sorted((ROOT / "docs").glob("*.md")) if path.name not in GENERATED)]
BLOCK = re.compile(r"(?ms)^```(\w*)\n(.*?)^```$")
LINK = re.compile(r"\]\(([^)#\s]+)?(?:#([^)\s]+))?\)")

# Evaluates a definition without packages: every option that it sets has to exist and to have that type.
EVALUATE = """
let
  lib = import {root}/nix/lib;
  host = import {root}/nix/host/evaluate.nix {{
    inherit lib;
    pkgs = import {root}/nix/pkgs {{ inherit lib; lock = {{ }}; index = null; system = "x86_64-linux"; }};
    modules = [ {file} ];
    hostSystem = "x86_64-linux";
  }};
in
lib.mapAttrs (_: container: if container.nixpkgs != null then [ ] else lib.attrNames container.config.systemd.services) host.config.containers
"""


def definitions() -> list[tuple[str, str]]:
    """Guide and text of every block of Nix: a definition, or lines of one."""
    found = []
    for guide in GUIDES:
        blocks = [text for language, text in BLOCK.findall(guide.read_text(encoding="utf-8")) if language == "nix"]
        found += [(f"{guide.name} {number}", text) for number, text in enumerate(blocks, 1)]
    return found


def command_lines() -> list[tuple[str, str]]:
    """Guide and text of every command line of ours that stands alone, in a block or indented."""
    found = []
    for guide in GUIDES:
        for line in guide.read_text(encoding="utf-8").splitlines():
            match = re.match(r"\s*(nixos-container .*)$", line)
            if match:
                found.append((guide.name, match[1]))
    return found


@pytest.mark.parametrize(("where", "text"), definitions(), ids=[where for where, _ in definitions()])
def test_definitions_evaluate(where: str, text: str, tmp_path: Path) -> None:
    file = tmp_path / "configuration.nix"
    # A few lines stand for what a definition has between its braces.
    whole = text.lstrip().startswith("{") or re.match(r"\s*\w+:", text)
    file.write_text(text if whole else "{\n" + text + "}\n", encoding="utf-8")
    done = subprocess.run(
        ["nix-instantiate", "--eval", "--strict", "--json", "--expr", EVALUATE.format(root=ROOT, file=file)],
        env={**os.environ, "NIX_CONFIG": NIX_CONFIG},
        capture_output=True,
        text=True,
        check=False,
    )
    # Without an index there are no packages; that one is missing is then no fault of the guide.
    if done.returncode != 0 and not re.search(r"attribute '[^']+' missing", done.stderr):
        raise AssertionError(f"{where}:\n{done.stderr[-3000:]}")


@pytest.mark.parametrize(("where", "line"), command_lines())
def test_command_lines_are_understood(where: str, line: str) -> None:
    words = shlex.split(line, comments=True)[1:]
    if words[0].startswith("--") or words[0].isupper():
        return
    assert parse(words).verb.name, where


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.name)
def test_links_lead_somewhere(guide: Path) -> None:
    text = guide.read_text(encoding="utf-8")
    for target, anchor in LINK.findall(re.sub(BLOCK, "", text)):
        if "://" in target:
            continue
        path = guide.parent / target if target else guide
        assert path.exists(), f"{guide.name} links to {target}"
        if anchor and path.suffix == ".md":
            headings = [
                re.sub(r"[^\w -]", "", title).strip().lower().replace(" ", "-") for title in re.findall(r"(?m)^#+ (.*)$", path.read_text())
            ]
            assert anchor in headings, f"{guide.name} links to #{anchor} of {path.name}"


def test_options_in_tables_exist() -> None:
    """`forwardPorts = ...` in a table of a guide names an option of a container."""
    known = declared_options()
    for guide in GUIDES:
        for name in re.findall(r"(?m)^\|.*\| `(\w+) = ", guide.read_text(encoding="utf-8")):
            assert search(known, (f"containers.x.{name}",)), f"{guide.name} names an option {name}"


def test_every_guide_is_linked_from_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    missing = [guide.name for guide in GUIDES[1:] if f"docs/{guide.name}" not in readme]
    assert not missing


def test_the_guide_of_services_names_every_module() -> None:
    """Families that only accept what shared configurations set are recognised by their few options."""
    guide = (ROOT / "docs" / "services.md").read_text(encoding="utf-8")
    families: dict[str, int] = {}
    for option in declared_options():
        parts = option.name.split(".")
        if option.side == "guest" and parts[0] == "services" and len(parts) > 1:
            families[parts[1]] = families.get(parts[1], 0) + 1
    missing = [family for family, count in families.items() if count > 2 and f"`services.{family}" not in guide]
    assert missing == []
