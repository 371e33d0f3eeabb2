"""What the packages of test_pkgs_builds.py contain: trees in bad shape, and programs to run.

Not for making packages of them (tests/unit/packages_archive.py).
"""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from pathlib import Path

BUSYBOX = shutil.which("busybox")


ODD_POSTINST = """#!/bin/sh
set -e
touch /this-must-never-run
for tool in one two; do
  update-alternatives --install /usr/bin/$tool $tool /usr/bin/$tool.odd 30 \\
    --slave /usr/share/man/man1/$tool.1.gz $tool.1.gz /usr/share/man/man1/$tool.odd.1.gz
done
"""


def bad_tree(tree: Path) -> None:
    """Links in all directions, programs outside usr, bits that a store cannot keep."""
    for directory in ("bin", "sbin", "lib", "usr/sbin", "usr/lib/x", "usr/share/it's here", "etc/odd"):
        (tree / directory).mkdir(parents=True, exist_ok=True)
    (tree / "bin/early").write_text("early")
    (tree / "sbin/early-admin").write_text("admin")
    (tree / "usr/sbin/daemon").write_text("daemon")
    (tree / "usr/share/it's here/file").write_text("quoted")
    (tree / "etc/odd/odd.conf").write_text("conf")
    (tree / "usr/bin/setuid").write_text("s")
    (tree / "usr/bin/setuid").chmod(0o4755)
    for path, target in {
        "usr/lib/x/inside": "../../bin/odd",
        "usr/lib/x/outside": "../../lib/elsewhere/file.so",
        "usr/lib/x/absolute": "/usr/bin/odd",
        "usr/lib/x/conf": "/etc/odd/odd.conf",
        "usr/lib/x/escape": "../../../../../../../../etc/shadow",
        "usr/lib/x/old-place": "/bin/early",
        "usr/lib/x/directory": "../../share/it's here",
        "usr/share/it's here/link": "../nowhere's",
    }.items():
        (tree / path).symlink_to(target)
    os.mknod(tree / "usr/lib/x/device", 0o600 | stat.S_IFCHR, os.makedev(1, 3))


def odd(tree: Path) -> None:
    """All that is odd, and two tools that are alternatives."""
    bad_tree(tree)
    tools(tree, "odd")


def busybox(tree: Path) -> None:
    (tree / "bin").mkdir()
    assert BUSYBOX is not None
    shutil.copy(BUSYBOX, tree / "bin/busybox")


def tools(tree: Path, suffix: str) -> None:
    (tree / "usr/share/man/man1").mkdir(parents=True)
    for tool in ("one", "two"):
        (tree / f"usr/bin/{tool}.{suffix}").write_text(f"{tool} of {suffix}")
        (tree / f"usr/share/man/man1/{tool}.{suffix}.1.gz").write_text(suffix)


def ships_one(tree: Path) -> None:
    (tree / "usr/bin/two").write_text("two that is shipped")
    (tree / "usr/share/doc").mkdir(parents=True)
    (tree / "usr/share/doc/ships").write_text("doc")


def program(path: Path) -> None:
    path.write_text("driver")
    path.chmod(0o755)


def parts(tree: Path) -> None:
    (tree / "usr/lib/gcc").mkdir(parents=True)
    (tree / "usr/lib/gcc/cc1").write_text("parts")


def prog(tree: Path) -> None:
    # Works only where its interpreter and its data, both of another package, are in their places.
    (tree / "usr/bin/prog").write_text("#!/usr/lib/prog/sh\ncat /usr/share/prog/data\n")
    (tree / "usr/bin/prog").chmod(0o755)


def prog_data(tree: Path) -> None:
    (tree / "usr/share/prog").mkdir(parents=True)
    (tree / "usr/share/prog/data").write_text("data of prog\n")
    assert BUSYBOX is not None
    (tree / "usr/lib/prog").mkdir(parents=True)
    shutil.copy(BUSYBOX, tree / "usr/lib/prog/sh")


def dynamic(tree: Path) -> None:
    """The host's echo with its libraries, and a script that it interprets, in a way."""
    _with_libraries(tree, "/bin/echo", "dynamic")
    (tree / "usr/bin/script").write_text('#!/usr/bin/sh\ndynamic from script "$@"\n')


def bash(tree: Path) -> None:
    """The host's bash with its libraries."""
    (tree / "usr/bin/bash").unlink()
    _with_libraries(tree, "/bin/bash", "bash")


def _with_libraries(tree: Path, program: str, name: str) -> None:
    shutil.copy(program, tree / f"usr/bin/{name}")
    for word in subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout.split():
        if word.startswith("/"):
            directory = tree / ("usr/lib64" if "ld-linux" in word else f"usr/lib/{os.uname().machine}-linux-gnu")
            directory.mkdir(exist_ok=True, parents=True)
            shutil.copy(os.path.realpath(word), directory / os.path.basename(word))


def zstd(tree: Path) -> None:
    """The host's zstd with its libraries, laid out like a package and what it depends on."""
    libraries = tree / "usr/lib/some-triplet"
    libraries.mkdir(parents=True)
    program = shutil.which("zstd")
    assert program is not None
    shutil.copy(program, tree / "usr/bin/zstd")
    for word in subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout.split():
        if word.startswith("/"):
            real = Path(os.path.realpath(word))
            shutil.copy(real, libraries / real.name)


def authorities(tree: Path) -> None:
    """ca-certificates as the archive has it: certificates one by one, and no bundle."""
    place = tree / "usr/share/ca-certificates/mozilla"
    place.mkdir(parents=True)
    (place / "First_Root.crt").write_text("first")
    (place / "Second_Root.crt").write_text("second\n")


def web_server(tree: Path) -> None:
    """A server whose files of everyday use are in a package of their own."""
    (tree / "usr/sbin").mkdir(parents=True)
    program(tree / "usr/sbin/nginx")


def web_server_files(tree: Path) -> None:
    (tree / "etc/nginx").mkdir(parents=True)
    (tree / "etc/nginx/fastcgi.conf").write_text("parameters")
