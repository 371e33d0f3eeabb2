"""Gets a newer Nix than the host's, to run the tables with.

For: unpacking `nix-bin` of a later suite, with the libraries that it needs,
into a directory of its own; nothing on the host changes.

    NIX_INSTANTIATE=$(python3 tests/nix/newer_nix.py) pytest tests/nix

Not for: building anything with that Nix. It evaluates; what evaluation copies
to the store goes to a store of its own in the same directory.
"""

from __future__ import annotations

import argparse
import fcntl
import subprocess
import sys
from pathlib import Path

DEFAULT_SUITE = "trixie"
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")

# The host's own loader would mix two C libraries: start the unpacked one.
WRAPPER = """#!/bin/sh
root={root}
export NIX_DATA_DIR=$root/usr/share NIX_REMOTE={store}
exec "$root"/usr/lib64/ld-linux-x86-64.so.2 \\
  --library-path "$root"/usr/lib/x86_64-linux-gnu \\
  --argv0 nix-instantiate "$root"/usr/bin/nix-instantiate "$@"
"""


def archive_uri() -> str:
    """Where the host's apt gets its main archive from. Raises RuntimeError if nowhere."""
    answer = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(REPO_URI) $(CODENAME) $(COMPONENT)", "Created-By: Packages"],
        capture_output=True,
        text=True,
        check=True,
    )
    for line in answer.stdout.splitlines():
        uri, codename, component = line.split(" ")
        if component == "main" and not codename.endswith("-security"):
            return uri
    raise RuntimeError("apt has no main archive configured: add one to /etc/apt/sources.list")


def apt_options(home: Path, suite: str) -> list[str]:
    """Directories and sources of a private apt, made if they are missing."""
    for folder in ("state/lists/partial", "cache/archives/partial"):
        (home / folder).mkdir(parents=True, exist_ok=True)
    (home / "state/status").touch()
    sources = home / "sources.list"
    sources.write_text(f"deb [signed-by={KEYRING}] {archive_uri()} {suite} main\n")
    settings = {
        "Dir::State": home / "state",
        "Dir::State::status": home / "state/status",
        "Dir::Cache": home / "cache",
        "Dir::Etc::sourcelist": sources,
        "Dir::Etc::sourceparts": "/nonexistent",
        "APT::Sandbox::User": "root",
        "APT::Install-Recommends": "false",
    }
    return [word for key, value in settings.items() for word in ("-o", f"{key}={value}")]


def fetch(home: Path, suite: str) -> Path:
    """Download and unpack; the path of a `nix-instantiate` to call. Does nothing twice, and one at a time."""
    home.mkdir(parents=True, exist_ok=True)
    with (home / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return _fetch(home, suite)


def _fetch(home: Path, suite: str) -> Path:
    wrapper = home / "nix-instantiate"
    if wrapper.exists():
        return wrapper
    options = apt_options(home, suite)
    # Standard output is for the path alone.
    for words in (["update"], ["-y", "--download-only", "install", "nix-bin"]):
        subprocess.run(["apt-get", *options, "-q", *words], stdout=sys.stderr, check=True)
    root = home / "root"
    for package in sorted((home / "cache/archives").glob("*.deb")):
        subprocess.run(["dpkg-deb", "--extract", package, root], check=True)
        package.unlink()
    wrapper.write_text(WRAPPER.format(root=root, store=home / "store"))
    wrapper.chmod(0o755)
    return wrapper


def main() -> int:
    """Print the path of the newer `nix-instantiate`."""
    parser = argparse.ArgumentParser(description="Unpack a newer Nix; print its nix-instantiate.")
    parser.add_argument("--suite", default=DEFAULT_SUITE, help="the archive's suite to take it from")
    parser.add_argument("--into", type=Path, help="directory (default: ~/.cache/nixos-containers/nix-SUITE)")
    chosen = parser.parse_args()
    home = chosen.into or Path.home() / ".cache/nixos-containers" / f"nix-{chosen.suite}"
    print(fetch(home.resolve(), chosen.suite))
    return 0


if __name__ == "__main__":
    sys.exit(main())
