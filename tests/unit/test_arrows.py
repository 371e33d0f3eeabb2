"""The rooms and the arrows between them (ARCHITECTURE.md): a room imports only what is below it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "src" / "nixos_containers"

# Room -> rooms it may import. Everything may import base.
ARROWS: dict[str, set[str]] = {
    "base": set(),
    "declare": set(),
    "kernel": set(),
    "plan": {"declare"},
    "evaluate": {"declare"},
    "packages": {"declare"},
    "build": {"declare"},
    "documentation": {"declare"},
    "oci": {"plan", "declare"},
    "observe": {"plan", "kernel", "declare"},
    "registry": {"declare"},
    "run": {"plan", "kernel", "declare", "observe", "build"},
    "imperative": {"pipeline", "build", "observe", "run", "plan", "declare"},
    "history": {"build", "observe", "run", "plan"},
    "images": {"pipeline", "oci", "build", "observe", "plan", "declare"},
    "serving": {"images", "pipeline", "oci", "registry", "packages", "plan", "declare"},
    "ui": {"observe", "plan", "kernel", "declare"},
    "pipeline": {"evaluate", "packages", "build", "observe", "run", "plan", "declare"},
    "cli": {
        "ui",
        "pipeline",
        "imperative",
        "history",
        "images",
        "serving",
        "registry",
        "documentation",
        "evaluate",
        "packages",
        "build",
        "observe",
        "run",
        "plan",
        "declare",
    },
    "main": {"cli"},
    "__main__": {"main"},
    "__init__": set(),
}


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports_of(path: Path) -> set[str]:
    """Rooms that the file imports, by walking every import statement, also those inside functions."""
    package = ("nixos_containers", *path.relative_to(PACKAGE).parts[:-1])
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            module = (*base, *(node.module or "").split(".")) if node.module else base
            targets = [module] if node.module else [(*module, alias.name) for alias in node.names]
        elif isinstance(node, ast.Import):
            targets = [tuple(alias.name.split(".")) for alias in node.names]
        else:
            continue
        found |= {target[1] for target in targets if target[0] == "nixos_containers" and len(target) > 1}
    return found


FILES = sorted(PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=[str(path.relative_to(PACKAGE)) for path in FILES])
def test_imports_follow_the_arrows(path: Path) -> None:
    room = room_of(path)
    assert room in ARROWS, f"a new room {room}: add it to ARCHITECTURE.md and to this table"
    assert imports_of(path) <= ARROWS[room] | {room, "base"} | ({"__version__"} if room == "cli" else set())


def test_only_one_module_starts_processes() -> None:
    users = [path.relative_to(PACKAGE) for path in FILES if "subprocess" in _plain_imports(path)]
    assert users == [Path("base/process.py")]


def _plain_imports(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    tree.body = [node for node in tree.body if not (isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING")]
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            found.add(node.module.split(".")[0])
    return found


def test_plan_and_declare_do_no_input_or_output() -> None:
    forbidden = {"os", "pathlib", "shutil", "socket", "subprocess", "tempfile", "sys", "time"}
    for path in FILES:
        if room_of(path) in ("plan", "declare"):
            assert not _plain_imports(path) & forbidden, path


@pytest.mark.parametrize("path", FILES, ids=[str(path.relative_to(PACKAGE)) for path in FILES])
def test_files_and_functions_stay_readable(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            assert (node.end_lineno or 0) - node.lineno < 60, f"{node.name} is too long"


@pytest.mark.parametrize("path", FILES, ids=[str(path.relative_to(PACKAGE)) for path in FILES])
def test_every_module_says_what_it_is_for(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
