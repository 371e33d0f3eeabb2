"""The library's formats, paths, file sets, sources, systems and licences.

For: the tables in ``nix/tests/library-more``, and what tables cannot show
because it needs a tree that git cannot hold (empty directories, pipes,
repositories) or the contents of a store path.

Not for: the rest of the library, see ``test_library.py``.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from . import runner

pytestmark = pytest.mark.nix
needs_nix = pytest.mark.skipif(runner.nix_instantiate() is None, reason="needs nix-instantiate")
needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="needs git")

# Newer versions of git refuse local submodules unless they are told to.
GIT_CONFIG = """
[user]
  name = Test
  email = test@example.org
[protocol "file"]
  allow = always
"""

TABLES = runner.ROOT / "nix" / "tests" / "library-more"


@needs_nix
@pytest.mark.parametrize("case", runner.cases_in(TABLES), ids=str)
def test_library_more(case: runner.Case) -> None:
    runner.check(case)


@dataclass(frozen=True, slots=True)
class Work:
    """A directory for sources and a store of its own, which may be written."""

    tree: Path
    store: Path
    gitconfig: Path

    def make(self, *names: str) -> None:
        """Create files, and directories where a name ends with a slash."""
        for name in names:
            path = self.tree / name
            if name.endswith("/"):
                path.mkdir(parents=True, exist_ok=True)
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(name)

    def run(self, expression: str) -> subprocess.CompletedProcess[str]:
        """Evaluate with ``lib``, ``fs`` (lib.fileset) and ``tree`` (the path) in scope."""
        scope = f"let lib = import {runner.ROOT}/nix/lib; fs = lib.fileset; tree = {self.tree}; in with lib; "
        environment = {key: value for key, value in os.environ.items() if key != "NIX_PATH"}
        environment |= {
            # A store that is where it says it is, unlike one below another root.
            "NIX_CONFIG": f"{runner.NIX_CONFIG}store = local\n",
            "NIX_STORE_DIR": str(self.store / "store"),
            "NIX_STATE_DIR": str(self.store / "var"),
            "NIX_LOG_DIR": str(self.store / "log"),
            "GIT_CONFIG_GLOBAL": str(self.gitconfig),
            "XDG_CACHE_HOME": str(self.store / "cache"),
        }
        program = runner.nix_instantiate()
        assert program is not None
        return subprocess.run(
            [program, "--eval", "--strict", "--json", "--read-write-mode", "--expr", scope + expression],
            capture_output=True,
            text=True,
            env=environment,
            timeout=runner.TIMEOUT_SECONDS,
            check=False,
        )

    def value(self, expression: str) -> object:
        """The value of ``expression``; raises AssertionError with Nix's message."""
        done = self.run(expression)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def stored(self, expression: str) -> list[str]:
        """Everything below the store path of a source, directories with a slash."""
        path = self.value(f'"${{{expression}}}"')
        assert isinstance(path, str)
        root = Path(path)
        return sorted(
            str(entry.relative_to(root)) + ("/" if entry.is_dir() and not entry.is_symlink() else "") for entry in root.rglob("*")
        )

    def source(self, fileset: str) -> list[str]:
        """What ``toSource`` puts into the store for a file set."""
        return self.stored(f"fs.toSource {{ root = tree; fileset = {fileset}; }}")

    def git(self, *arguments: str) -> None:
        """Run git in the tree, with the configuration of the test."""
        subprocess.run(
            ["git", "-C", str(self.tree), *arguments],
            check=True,
            capture_output=True,
            env={**os.environ, "GIT_CONFIG_GLOBAL": str(self.gitconfig)},
        )


@pytest.fixture
def work(tmp_path: Path) -> Iterator[Work]:
    tree = tmp_path / "tree"
    tree.mkdir()
    gitconfig = tmp_path / "gitconfig"
    gitconfig.write_text(GIT_CONFIG)
    yield Work(tree, tmp_path / "store", gitconfig)
    # Nix makes store paths read-only, which would keep pytest from removing them.
    subprocess.run(["chmod", "-R", "u+w", str(tmp_path)], check=False)


# --- file sets in the store -----------------------------------------------------

TREE = ("a/x", "a/b/y", "c/", "c/d/", "e/f/g/")

# file set -> what of TREE is in the store; ``tree`` is the path value
STORED: dict[str, list[str]] = {
    "tree": ["a/", "a/b/", "a/b/y", "a/x"],
    "tree + /a": ["a/", "a/b/", "a/b/y", "a/x"],
    "tree + /a/x": ["a/", "a/x"],
    "tree + /a/b": ["a/", "a/b/", "a/b/y"],
    "tree + /c": [],
    "fs.empty": [],
    "fs.unions [ ]": [],
    "fs.maybeMissing (tree + /missing)": [],
    "fs.union (tree + /a/x) (tree + /c)": ["a/", "a/x"],
    "fs.difference tree (tree + /a/b)": ["a/", "a/x"],
    "fs.intersection (tree + /a) (tree + /a/b/y)": ["a/", "a/b/", "a/b/y"],
    'fs.fileFilter (file: file.name == "y") tree': ["a/", "a/b/", "a/b/y"],
    "fs.fileFilter (file: false) tree": [],
    'fs.fromSource (cleanSourceWith { src = tree; filter = path: type: baseNameOf path != "b"; })': ["a/", "a/x"],
}


@needs_nix
@pytest.mark.parametrize("fileset", STORED)
def test_file_sets_have_no_empty_directories_in_the_store(work: Work, fileset: str) -> None:
    work.make(*TREE)
    assert work.source(fileset) == STORED[fileset]


@needs_nix
def test_names_that_begin_alike_are_told_apart(work: Work) -> None:
    work.make("a", "ab/x", "ab/xy", "ab/xyz", "abc")
    assert work.source("tree + /ab/xy") == ["ab/", "ab/xy"]


@needs_nix
def test_many_directories_need_no_deep_stack(work: Work) -> None:
    work.make(*(f"{number}/{name}" for number in range(300) for name in "ab"))
    union = 'fs.unions (mapAttrsToList (name: _: tree + "/${name}/a") (builtins.readDir tree))'
    stored = work.source(union)
    assert len(stored) == 600
    assert all(name.endswith(("/", "/a")) for name in stored)


@needs_nix
def test_a_pipe_in_the_set_is_an_error(work: Work) -> None:
    work.make("a")
    os.mkfifo(work.tree / "pipe")
    done = work.run('"${fs.toSource { root = tree; fileset = tree; }}"')
    assert f"contains a file that cannot be added to the store: {work.tree}/pipe" in done.stderr


@needs_nix
def test_a_pipe_outside_the_set_is_none(work: Work) -> None:
    work.make("a")
    os.mkfifo(work.tree / "pipe")
    assert work.source("tree + /a") == ["a"]


@needs_nix
def test_trace_names_pipes_and_skips_empty_directories(work: Work) -> None:
    work.make("a", "b/c/d/", "x")
    os.mkfifo(work.tree / "pipe")
    done = work.run("fs.trace (fs.unions [ (tree + /a) (tree + /b) (tree + /pipe) ]) null")
    assert done.stderr.splitlines()[-3:] == [
        f"trace: {work.tree}",
        "trace: - a (regular)",
        "trace: - pipe (unknown)",
    ]


@needs_nix
@pytest.mark.parametrize(
    ("made", "fileset", "shown"),
    [
        (("b/c/",), "tree", "(empty)"),
        (("a", "b/"), "fs.union (tree + /a) (tree + /b)", "{tree} (all files in directory)"),
        (("a",), "fs.fromSource (cleanSourceWith { src = tree; filter = _: _: false; })", "(empty)"),
    ],
)
def test_trace_takes_empty_directories_for_either(work: Work, made: tuple[str, ...], fileset: str, shown: str) -> None:
    work.make(*made)
    done = work.run(f"fs.trace ({fileset}) null")
    assert done.stderr.splitlines()[-1] == "trace: " + shown.format(tree=work.tree)


# --- git ------------------------------------------------------------------------


def _untracked(work: Work) -> None:
    work.make("new")


def _staged(work: Work) -> None:
    work.make("new", "d/e/f")
    work.git("add", "new", "d")


def _committed(work: Work) -> None:
    _staged(work)
    work.git("commit", "-q", "-m", "more")


def _edited(work: Work) -> None:
    _committed(work)
    (work.tree / "new").write_text("edited")


def _removed(work: Work) -> None:
    _committed(work)
    work.git("rm", "-q", "-f", "new")


def _ignored(work: Work) -> None:
    (work.tree / ".gitignore").write_text("new\n")
    work.make("new")
    work.git("add", "-A")


GIT_STATES: dict[str, tuple[Callable[[Work], None], list[str]]] = {
    "untracked": (_untracked, []),
    "staged": (_staged, ["d/", "d/e/", "d/e/f", "new"]),
    "committed": (_committed, ["d/", "d/e/", "d/e/f", "new"]),
    "edited": (_edited, ["d/", "d/e/", "d/e/f", "new"]),
    "removed": (_removed, ["d/", "d/e/", "d/e/f"]),
    "ignored": (_ignored, [".gitignore"]),
}


@needs_nix
@needs_git
@pytest.mark.parametrize("state", GIT_STATES)
def test_git_tracked(work: Work, state: str) -> None:
    prepare, expected = GIT_STATES[state]
    work.git("init", "-q")
    work.git("commit", "-q", "--allow-empty", "-m", "first")
    prepare(work)
    assert work.source("fs.gitTracked tree") == expected


@needs_nix
@needs_git
def test_git_tracked_with_submodules(work: Work) -> None:
    sub = replace(work, tree=work.tree / "sub")
    sub.tree.mkdir()
    sub.git("init", "-q")
    sub.make("inner")
    sub.git("add", "inner")
    sub.git("commit", "-q", "-m", "first")
    work.git("init", "-q")
    work.git("submodule", "-q", "add", "./sub", "sub")
    work.git("commit", "-q", "-m", "first")
    assert work.source("fs.gitTrackedWith { recurseSubmodules = true; } tree") == [".gitmodules", "sub/", "sub/inner"]
    assert work.source("fs.gitTracked tree") == [".gitmodules"]


@needs_nix
@needs_git
def test_git_tracked_of_what_a_fetcher_put_into_the_store(work: Work) -> None:
    work.git("init", "-q")
    work.make("code/a")
    (work.tree / "default.nix").write_text("{ fs }: fs.toSource { root = ./.; fileset = fs.gitTracked ./.; }")
    work.git("add", ".")
    work.git("commit", "-q", "-m", "first")
    work.make("untracked")
    fetched = work.value("(builtins.fetchGit tree).outPath")
    assert work.value("(import tree { inherit fs; }).outPath") == fetched
    assert work.value("(import (builtins.fetchGit tree).outPath { inherit fs; }).outPath") == fetched


@needs_nix
@needs_git
def test_git_tracked_of_a_plain_copy_in_the_store_is_refused(work: Work) -> None:
    work.git("init", "-q")
    (work.tree / "default.nix").write_text("{ fs }: fs.toList (fs.gitTracked ./.)")
    done = work.run('import "${tree}" { inherit fs; }')
    said = runner.one_blank(done.stderr)
    assert "lib.fileset.gitTracked: The argument (" in said
    assert "is a store path within a working tree of a Git repository." in said
    assert 'using a method such as `import "${./.}"` or `path:.`.' in said


@needs_nix
def test_a_source_filter_is_asked_as_nix_asks_it(work: Work) -> None:
    work.make("a/b", "a/c", "d", "e/")
    source = 'cleanSourceWith { src = tree; filter = path: type: builtins.trace "asked ${path} ${type}" (type != "directory"); }'

    def asked(expression: str) -> list[str]:
        return sorted(line for line in work.run(expression).stderr.splitlines() if "asked" in line)

    assert asked(f"fs.toList (fs.fromSource ({source}))") == asked(f"({source}).outPath") != []


@needs_nix
@needs_git
def test_commit_of_a_checkout(work: Work) -> None:
    work.git("init", "-q", "-b", "main")
    work.git("commit", "-q", "--allow-empty", "-m", "first")
    head = subprocess.run(["git", "-C", str(work.tree), "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()
    assert work.value("commitIdFromGitRepo (tree + /.git)") == head
    work.git("pack-refs", "--all")
    assert work.value("commitIdFromGitRepo (tree + /.git)") == head
    work.git("worktree", "add", "-q", "-b", "side", str(work.tree.parent / "side"))
    assert work.value(f"commitIdFromGitRepo ({work.tree.parent}/side/.git)") == head
    work.git("checkout", "-q", "--detach")
    assert work.value("[ (commitIdFromGitRepo (tree + /.git)) (pathIsGitRepo (tree + /.git)) ]") == [head, True]


# --- sources --------------------------------------------------------------------


@needs_nix
def test_clean_source_in_the_store(work: Work) -> None:
    work.make("README.md", "module.o", "foo.bar", ".git/HEAD", "dir/.svn/x", "dir/a~", "dir/b")
    (work.tree / "result").symlink_to("/nowhere")
    assert work.stored("cleanSource tree") == ["README.md", "dir/", "dir/b", "foo.bar"]
    assert work.stored('cleanSourceWith { src = cleanSource tree; filter = path: type: ! hasSuffix ".bar" path; }') == [
        "README.md",
        "dir/",
        "dir/b",
    ]


@needs_nix
def test_types_of_unusual_files(work: Work) -> None:
    os.mkfifo(work.tree / "pipe")
    (work.tree / "dangling").symlink_to("nowhere")
    assert work.value('map (name: pathType (tree + "/${name}")) [ "pipe" "." ]') == ["unknown", "directory"]


@needs_nix
def test_types_of_paths_in_the_store(work: Work) -> None:
    work.make("d/file")
    assert work.value('map pathType [ "${tree}" "${tree}/d" "${tree}/d/file" ]') == ["directory", "directory", "regular"]


# --- laziness of the whole ------------------------------------------------------


@needs_nix
def test_unused_parts_of_the_library_are_not_read(work: Work) -> None:
    """A copy of the library in which these files are broken still works."""
    copy = work.tree / "lib"
    shutil.copytree(runner.ROOT / "nix" / "lib", copy)
    for name in ("licenses.nix", "systems/default.nix", "fileset/default.nix", "generators/lua.nix"):
        (copy / name).write_text("throw 1 +")
    assert work.value(f'(import {copy}).concatStrings [ "a" "b" ]') == "ab"
