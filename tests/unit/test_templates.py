"""Templates of `create`: found by name or as a file, the administrator's before the program's."""

from __future__ import annotations

from pathlib import Path

import pytest

from nixos_containers.base.errors import UsageError
from nixos_containers.base.paths import Paths
from nixos_containers.evaluate.templates import names, template_text
from nixos_containers.plan.imperative import Wish, check

TEMPLATES = Path(__file__).parents[2] / "nix" / "templates"


def test_names_and_files(tmp_path: Path) -> None:
    paths = Paths(str(tmp_path))
    assert names(paths) == ["database", "minimal", "ssh", "web"]
    assert template_text(paths, "web") == (TEMPLATES / "web.nix").read_text()
    own = Path(paths.records) / "templates"
    own.mkdir(parents=True)
    (own / "web.nix").write_text("{ }")
    (own / "mine.nix").write_text("{ }")
    assert template_text(paths, "web") == "{ }"
    assert "mine" in names(paths)
    assert template_text(paths, str(own / "mine.nix")) == "{ }"


def test_what_is_not_there_is_said_with_what_is(tmp_path: Path) -> None:
    paths = Paths(str(tmp_path))
    with pytest.raises(UsageError) as failure:
        template_text(paths, "wbe")
    assert "database, minimal, ssh, web" in failure.value.hint
    with pytest.raises(UsageError, match="there is no file"):
        template_text(paths, "./wbe.nix")


@pytest.mark.parametrize("other", ["config", "config_file", "flake", "system_path"])
def test_a_template_is_the_configuration(other: str) -> None:
    with pytest.raises(UsageError, match="both bring a configuration"):
        check(Wish(template="web", **{other: "x"}))
