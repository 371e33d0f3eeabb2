"""Which packages a graph of .drv files asks for."""

from __future__ import annotations

from pathlib import Path

import pytest

from nixos_containers.base.errors import HostError
from nixos_containers.packages import roots


def drv(folder: Path, name: str, inputs: list[str] | None = None, **env: str) -> str:
    """Write a derivation in ATerm form; its output is /nix/store/<name>."""
    path = f"{folder}/{name}.drv"

    def quoted(text: str) -> str:
        return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'

    def pairs(items: list[str]) -> str:
        return ",".join(f'({quoted(item)},["out"])' for item in items)

    variables = ",".join(f"({quoted(key)},{quoted(value)})" for key, value in {"name": name, **env}.items())
    text = f'Derive([("out","/nix/store/{name}","","")],[{pairs(inputs or [])}],[],"x86_64-linux","/sh",[],[{variables}])'
    Path(path).write_text(text)
    return path


def test_packages_are_found_however_deep(tmp_path: Path) -> None:
    vim = drv(tmp_path, "vim", archivePackage="vim")
    curl = drv(tmp_path, "curl", archivePackage="curl")
    script = drv(tmp_path, "script", [curl], text="uses curl")
    top = drv(tmp_path, "top", [vim, drv(tmp_path, "etc", [script])])
    assert roots.archive_roots(top) == {"vim", "curl"}


def test_a_packages_own_inputs_are_not_asked_for(tmp_path: Path) -> None:
    inner = drv(tmp_path, "inner", archivePackage="inner")
    top = drv(tmp_path, "top", [drv(tmp_path, "outer", [inner], archivePackage="outer")])
    assert roots.archive_roots(top) == {"outer"}


def test_a_locked_closure_is_not_walked_but_what_was_asked_for_is(tmp_path: Path) -> None:
    dependency = drv(tmp_path, "libc6", archivePackage="libc6")
    wanted = drv(tmp_path, "vim", archivePackage="vim")
    tool = drv(tmp_path, "git", archivePackage="git")
    script = drv(tmp_path, "script", [tool])
    path = drv(
        tmp_path,
        "path",
        [dependency, wanted, script],
        archiveClosure="1",
        archiveRoots="/nix/store/vim /nix/store/script",
    )
    assert roots.archive_roots(drv(tmp_path, "top", [path])) == {"vim", "git"}


def test_tools_of_a_build_are_a_set_of_their_own(tmp_path: Path) -> None:
    jq = drv(tmp_path, "jq", archivePackage="jq")
    tools = drv(tmp_path, "tools", [jq], archiveClosure="1", archiveRoots="", archiveBuildInputs="perl jq")
    assert roots.archive_roots(drv(tmp_path, "top", [tools])) == {"@jq,perl"}


def test_text_that_looks_like_structure_is_only_text(tmp_path: Path) -> None:
    trap = 'x("/nix/store/none.drv",["out"]) ("archivePackage","evil")'
    assert roots.archive_roots(drv(tmp_path, "top", text=trap)) == frozenset()


def test_a_store_that_was_cleaned_meanwhile(tmp_path: Path) -> None:
    gone = f"{tmp_path}/gone.drv"
    with pytest.raises(HostError, match=r"gone\.drv"):
        roots.archive_roots(drv(tmp_path, "top", [gone]))
