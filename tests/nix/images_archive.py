"""The packages of test_docker_tools.py's archive that are of this host: an interpreter with the modules that images need, fakeroot.

Not for the small packages of the tests themselves (shapes.py).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

from . import runner

# What the program of images imports, at its start and later.
_PROGRAM = runner.ROOT / "nix/pkgs/builders/docker-tools/program"
_MODULES = "main, gzip, bz2, lzma, encodings.ascii, encodings.latin_1"
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"


def python(tree: Path) -> None:
    """This Python, with few modules, compiled: otherwise each of many starts would do it again."""
    (tree / "usr/bin/python3").unlink()
    executable = os.path.realpath(sys.executable)
    _with_libraries(tree, executable, f"usr/bin/python{PYTHON}")
    (tree / "usr/bin/python3").symlink_to(f"python{PYTHON}")
    source, target = Path(sysconfig.get_path("stdlib")), tree / f"usr/lib/python{PYTHON}"
    loaded = f"import sys, {_MODULES}\nfor module in list(sys.modules.values()): print(getattr(module, '__file__', None) or '')"
    done = subprocess.run(
        [executable, "-s", "-B", "-c", loaded],
        env={"PYTHONPATH": f"{_PROGRAM}:{runner.ROOT}/src"},
        capture_output=True,
        text=True,
        check=True,
    )
    for name in done.stdout.split():
        if name.startswith(f"{source}/") and "site-packages" not in name:
            place = Path(name).relative_to(source)
            (target / place).parent.mkdir(parents=True, exist_ok=True)
            if name.endswith(".so"):
                _with_libraries(tree, name, f"usr/lib/python{PYTHON}/{place}")
            else:
                shutil.copy(name, target / place)
    # Where the interpreter expects what is not there.
    (target / "lib-dynload").mkdir(exist_ok=True)
    subprocess.run([executable, "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash", target], check=True)


def fakeroot(tree: Path) -> None:
    """This host's fakeroot, found as the archive's packages have it."""
    for name in ("fakeroot-sysv", "faked-sysv"):
        found = shutil.which(name)
        assert found is not None
        shutil.copy(found, tree / "usr/bin" / name)
    directory = tree / f"usr/lib/{os.uname().machine}-linux-gnu/libfakeroot"
    directory.mkdir(parents=True)
    for library in Path("/usr/lib").glob("*/libfakeroot/libfakeroot-sysv.so"):
        shutil.copy(library, directory)


def coreutils(tree: Path) -> None:
    """The one program of them that has to be a dynamic one for fakeroot to be asked."""
    _with_libraries(tree, "/bin/chown", "usr/bin/chown")
    _with_libraries(tree, "/bin/mkdir", "usr/bin/mkdir")


def skopeo(tree: Path) -> None:
    """Something that is called as skopeo is, and writes down what it was asked for where the image should be."""
    script = """#!/usr/bin/bash
while [ "$1" != copy ]; do
  case $1 in --override-*) words="$words $2"; shift ;; esac
  shift
done
for word; do case $word in docker://*) words="$words $word" ;; docker-archive:*) to=${word#*:} ;; esac; done
echo $words "${to#*:}" >"${to%%:*}"
"""
    (tree / "usr/bin/skopeo").write_text(script)
    (tree / "usr/bin/skopeo").chmod(0o755)


def _with_libraries(tree: Path, program: str, place: str) -> None:
    shutil.copy(program, tree / place)
    for library in subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout.split():
        if not library.startswith("/"):
            continue
        directory = tree / ("usr/lib64" if "ld-linux" in library else f"usr/lib/{os.uname().machine}-linux-gnu")
        directory.mkdir(exist_ok=True, parents=True)
        shutil.copy(os.path.realpath(library), directory / os.path.basename(library))
