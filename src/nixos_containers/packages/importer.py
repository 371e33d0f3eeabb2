"""Brings package files into the Nix store, so that builds find them there and need no network.

Store paths of fixed-output files are computed here, to know what is missing. Not for building (build/).
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tarfile
from typing import TYPE_CHECKING

from ..base import files, log, process
from ..base.errors import HostError
from .apt import Apt, Download
from .lock import Bootstrap, Lock, Package

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from typing import IO

    from ..base.paths import Paths

_STORE = "/nix/store"
# What is looked for is here or nowhere; asking a binary cache costs seconds on a host without network.
_HERE_ONLY = ("--option", "substitute", "false")
_BUSYBOX = "busybox-static"
_ZSTD = "zstd"
# Shared libraries in the loader's own directories, and the loader.
_LIBRARY = re.compile(r"(\./)?(usr/)?lib(64|/[^/]+)?/(lib[^/]+|ld-linux[^/]*)\.so(\.[0-9.]+)?$")
_BASE32 = "0123456789abcdfghijklmnpqrsvwxyz"
_FIXED_HASH = re.compile(r'\("outputHash","([0-9a-f]{64})"\)')


def store_name(file: str) -> str:
    """The name in the store of a file of the archive. nix/pkgs/archive/package.nix cleans names the same way."""
    return os.path.basename(file).translate({ord(character): "-" for character in "~:%"})


def fixed_path(name: str, sha256: str, *, recursive: bool = False) -> str:
    """The store path of a fixed output with this SHA-256 (hex), flat or of a whole tree (Nix manual, store paths)."""
    if recursive:
        kind, inner = "source", sha256
    else:
        kind, inner = "output:out", hashlib.sha256(f"fixed:out:sha256:{sha256}:".encode()).hexdigest()
    digest = hashlib.sha256(f"{kind}:sha256:{inner}:{_STORE}:{name}".encode()).digest()
    short = bytearray(20)
    for position, byte in enumerate(digest):
        short[position % 20] ^= byte
    number = int.from_bytes(short, "little")
    return f"{_STORE}/" + "".join(_BASE32[(number >> (5 * n)) & 31] for n in range(31, -1, -1)) + f"-{name}"


def fetch(paths: Paths, lock: Lock, packages: Iterable[str], apt: Apt | None = None) -> None:
    """Have the files of the named, locked packages in the store.

    What is there stays; the rest is downloaded by apt and added in one step. Survives being killed at any
    point: the next call goes on. Raises HostError, naming packages that the archive no longer has.
    """
    chosen = {name: lock.packages[name] for name in packages}
    _have(paths, chosen, apt)


def needed(drvs: Sequence[str]) -> tuple[str, ...]:
    """Of the derivations that have to be built for `drvs`, those with a fixed SHA-256 (hex): what to fetch.

    Asks Nix, so that files of packages which are already unpacked in the store are not fetched again.
    """
    if not drvs:
        return ()
    done = process.run(["nix-store", "--realise", "--dry-run", *_HERE_ONLY, *drvs])
    hashes = []
    for line in done.stderr.splitlines():
        path = line.strip()
        if path.startswith(_STORE) and path.endswith(".drv"):
            found = _FIXED_HASH.search(files.read_text(path) or "")
            if found:
                hashes.append(found[1])
    return tuple(hashes)


def prepare(paths: Paths, lock: Lock, drvs: Sequence[str], apt: Apt | None = None) -> None:
    """Fetch everything that building `drvs` needs: package files and, if it is gone, the static busybox."""
    hashes = set(needed(drvs))
    if not hashes:
        return
    if lock.bootstrap is not None and lock.bootstrap.sha256 in hashes:
        made = _add_bootstrap(paths, lock.bootstrap.packages, apt or Apt(paths))
        if made.sha256 != lock.bootstrap.sha256:
            raise HostError(
                f"the lock file's {lock.bootstrap.name} was laid out by another version of nixos-containers",
                hint="remove `bootstrap` from the lock file: everything is then unpacked anew, in the same versions",
            )
    fetch(paths, lock, [name for name, package in lock.packages.items() if package.sha256 in hashes], apt)


def _have(paths: Paths, packages: Mapping[str, Package], apt: Apt | None) -> None:
    wanted = {fixed_path(store_name(package.file), package.sha256): package for package in packages.values()}
    if not _invalid(wanted):
        return
    apt = apt or Apt(paths)
    with files.locked(f"{apt.root}/lock", who="fetching packages"):
        # Another command may have fetched them while this one waited.
        missing = _invalid(wanted)
        items = {path: _item(wanted[path]) for path in missing}
        if not items:
            return
        apt.download(items.values())
        with log.step(f"adding {len(items)} file{'s' * (len(items) != 1)} to the store"):
            _add(apt, items)


def _item(package: Package) -> Download:
    return Download(store_name(package.file), package.file, package.sha256, package.size)


def _invalid(store_paths: Iterable[str]) -> list[str]:
    """Those of the paths that are not valid in the store (a path that merely exists may be half-written)."""
    wanted = list(store_paths)
    if not wanted:
        return []
    done = process.run(["nix-store", "--check-validity", "--print-invalid", *_HERE_ONLY, *wanted])
    return done.stdout.split()


def _add(apt: Apt, items: Mapping[str, Download]) -> None:
    """Add downloaded files to the store; the store's path proves their hash. Then free their space."""
    ordered = list(items.items())
    sources = [apt.path(item) for _, item in ordered]
    done = process.run(["nix-store", "--add-fixed", "sha256", *sources])
    for got, (path, item) in zip(done.stdout.split(), ordered, strict=True):
        files.remove(apt.path(item))
        if got != path:
            raise HostError(
                f"{item.name} was damaged on its way from the archive",
                hint="try again; if it stays so, the mirror is broken, or a proxy changes files",
            )


def ensure_bootstrap(paths: Paths, lock: Lock, apt: Apt | None = None) -> Lock:
    """The lock with its static busybox, which has been added to the store if the lock had none yet."""
    if lock.bootstrap is not None:
        return lock
    apt = apt or Apt(paths)
    packages = _resolved(apt, _BUSYBOX)
    _have(paths, packages, apt)
    if _is_zstd(_deb(packages[_BUSYBOX])):
        packages.update(_resolved(apt, _ZSTD))
    return lock.with_bootstrap(_add_bootstrap(paths, packages, apt))


def _resolved(apt: Apt, name: str) -> dict[str, Package]:
    """`name` with what it needs, or alone where it is static."""
    answer = apt.resolve([name])
    found = {item.name: Package(item.version, item.sha256, item.size, item.file) for item in answer}
    if name not in found:
        raise HostError(f"the archive has no {name}", hint=f"see {apt.sources.origin}; builders need it")
    return {name: found[name]} if name == _BUSYBOX else found


def _deb(package: Package) -> str:
    return fixed_path(store_name(package.file), package.sha256)


def _is_zstd(deb: str) -> bool:
    """Whether a .deb is compressed in the one way that busybox does not know (ar(5): names stand in headers)."""
    with open(deb, "rb") as file:
        return b"control.tar.zst" in file.read(512)


def _add_bootstrap(paths: Paths, packages: Mapping[str, Package], apt: Apt) -> Bootstrap:
    _have(paths, packages, apt)
    version = packages[_BUSYBOX].version.split(":")[-1].replace("~", "-")
    name = f"static-busybox-{version}"
    scratch = f"{apt.root}/bootstrap.{os.getpid()}"
    tree = f"{scratch}/{name}"
    try:
        _lay_out_busybox(_deb(packages[_BUSYBOX]), tree)
        for other in sorted(packages.keys() - {_BUSYBOX}):
            _lay_out_zstd(_deb(packages[other]), tree)
        digest = process.run(["nix-hash", "--type", "sha256", tree]).stdout.strip()
        path = process.run(["nix-store", "--add-fixed", "--recursive", "sha256", tree]).stdout.strip()
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    if path != fixed_path(name, digest, recursive=True):
        raise HostError(f"the store put {name} at an unexpected place: {path}", hint="is /nix/store the store directory?")
    return Bootstrap(name, version, digest, packages)


def _files(deb: str) -> Iterator[tuple[str, IO[bytes]]]:
    """The regular files of a .deb, by name."""
    child = process.spawn(["dpkg-deb", "--fsys-tarfile", deb], stdout=process.PIPE)
    with child, tarfile.open(fileobj=child.stdout, mode="r|") as archive:
        for member in archive:
            content = archive.extractfile(member) if member.isfile() else None
            if content is not None:
                yield member.name, content


def _write(path: str, content: IO[bytes]) -> None:
    with open(path, "wb") as file:
        shutil.copyfileobj(content, file)
    os.chmod(path, 0o555)


def _lay_out_busybox(deb: str, tree: str) -> None:
    """bin/busybox, and a link for each of its applets."""
    os.makedirs(f"{tree}/bin")
    for name, content in _files(deb):
        if name.endswith("bin/busybox"):
            _write(f"{tree}/bin/busybox", content)
    if not os.path.exists(f"{tree}/bin/busybox"):
        raise HostError(f"there is no busybox in {deb}", hint="the archive's busybox-static package has changed its shape")
    for applet in process.run([f"{tree}/bin/busybox", "--list"]).stdout.split():
        if applet != "busybox":
            os.symlink("busybox", f"{tree}/bin/{applet}")


def _lay_out_zstd(deb: str, tree: str) -> None:
    """lib/zstd with its libraries and their loader, flat: unpack.sh starts it by the loader."""
    os.makedirs(f"{tree}/lib", exist_ok=True)
    for name, content in _files(deb):
        base = os.path.basename(name)
        if name.endswith("/bin/zstd"):
            _write(f"{tree}/lib/zstd", content)
        elif _LIBRARY.match(name) and not os.path.exists(f"{tree}/lib/{base}"):
            _write(f"{tree}/lib/{_soname(base)}", content)


def _soname(file: str) -> str:
    """libzstd.so.1.5.5 -> libzstd.so.1, by which programs name it; the links that say so are not taken along."""
    return re.sub(r"(\.so\.\d+)(\.\d+)+$", r"\1", file)
