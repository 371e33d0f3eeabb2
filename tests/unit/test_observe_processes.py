"""The tree of a container's cgroups, whose names and depth are the guest's."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from nixos_containers.cli.output import emit_json
from nixos_containers.cli.ps import _tree_json, tree_lines
from nixos_containers.observe import processes
from nixos_containers.observe.processes import Process, walk


def test_names_of_any_bytes_are_text_and_no_depth_is_too_deep(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    top = tmp_path / "machine.slice/web/payload"
    deep = top / "/".join(["n"] * 300)
    odd = os.fsencode(top) + b"/\xff\x1b]0;title\x07"
    for number, place in enumerate((os.fsencode(deep), odd)):
        os.makedirs(place)
        with open(place + b"/cgroup.procs", "w") as file:
            file.write(f"{100 + number}\n")
    monkeypatch.setattr(processes.cgroups, "hierarchies", lambda: ({"name=systemd": str(tmp_path)}, None))
    found = processes.tree("web")
    assert max(depth for depth, _ in walk(found)) < 100
    known = {pid: Process(pid, pid, "root", 0, 0, 0, f"command {pid}") for pid in (100, 101)}
    lines = "\n".join(tree_lines(found, known))
    assert "command 100" in lines and "command 101" in lines and "\x1b" not in lines
    emit_json(_tree_json(found, known))
    shown = json.loads(capsys.readouterr().out)
    assert "\x1b" not in json.dumps(shown, ensure_ascii=False)


def test_json_of_names_that_are_no_text_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    emit_json({"name": os.fsdecode(b"\xff")})
    assert json.loads(capsys.readouterr().out) == {"name": "?"}
