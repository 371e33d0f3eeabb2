"""The package index that Nix reads: names in one file, descriptions in 256 small ones.

Built from apt's own lists, once for each state of them; Nix then reads only the shards that it needs.
Not for choosing versions of a system (resolve.py).
"""

from __future__ import annotations

import difflib
import hashlib
import json
import os
import re
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from ..base import files, log, process
from ..base.errors import ContainerError, HostError
from .apt import Apt

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..base.paths import Paths

# Part of an index's identity: raise it when the files' form changes.
FORMAT = 3
# How many indexes to keep: another command may be evaluating with the last one.
_KEPT = 2
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class Entry(NamedTuple):
    """What the index says about a package; `sha256` is hex, `size` in bytes, `file` below the archive's base."""

    version: str
    sha256: str
    size: int
    file: str
    description: str
    homepage: str
    essential: bool
    provides: str


@dataclass(frozen=True, slots=True)
class Index:
    """An index on disk: `path` is its directory, `suite` the release.

    `date` and `origin` (Debian, Ubuntu, …) are what the archive's Release files say of themselves, or "".
    """

    path: str
    suite: str
    architecture: str
    date: str
    origin: str = ""

    def names(self) -> list[str]:
        """All package names, sorted."""
        with open(f"{self.path}/names.json", encoding="utf-8") as file:
            return list(json.load(file))

    def entry(self, name: str) -> dict[str, object] | None:
        """The shard's entry for `name`, or None."""
        with open(f"{self.path}/shards/{shard_of(name)}.json", encoding="utf-8") as file:
            shard: dict[str, dict[str, object]] = json.load(file)
        return shard.get(name)

    def suggest(self, name: str, count: int = 5) -> list[str]:
        """Package names that someone who wrote `name` may have meant, the likeliest first.

        Knows virtual names (what packages provide), prefixes, and slips of the finger.
        """
        names = self.names()
        known = set(names)
        with open(f"{self.path}/provides.json", encoding="utf-8") as file:
            provides: dict[str, list[str]] = json.load(file)
        wanted = name.lower().replace("_", "-")
        found = [wanted] if wanted in known else []
        found += provides.get(name, provides.get(wanted, []))
        found += [known_name for known_name in (f"python3-{wanted}", f"lib{wanted}-dev") if known_name in known]
        # Comparing with all names takes a second; who misspells keeps the first letter or the length.
        near = [other for other in names if abs(len(other) - len(wanted)) <= 2 and other[:1] == wanted[:1]]
        found += [other for other in near if _slips(wanted, other) == 1][:count]
        found += difflib.get_close_matches(wanted, near, n=count, cutoff=0.6)
        if len(wanted) > 2:
            found += sorted((other for other in names if other.startswith(wanted + "-")), key=len)[:count]
        return list(dict.fromkeys(found))[:count]


def _slips(wanted: str, other: str) -> int:
    """1 for two neighbouring letters swapped, one too many, one missing or one wrong; otherwise 2 for "more"."""
    if len(wanted) == len(other):
        differing = [position for position, pair in enumerate(zip(wanted, other, strict=True)) if pair[0] != pair[1]]
        if len(differing) == 2 and differing[1] == differing[0] + 1:
            first, second = differing
            return 1 if wanted[first] == other[second] and wanted[second] == other[first] else 2
        return 1 if len(differing) == 1 else 2
    shorter, longer = sorted((wanted, other), key=len)
    if len(longer) - len(shorter) != 1:
        return 2
    return 1 if any(longer[:cut] + longer[cut + 1 :] == shorter for cut in range(len(longer))) else 2


def shard_of(name: str) -> str:
    """Which of the 256 shards has `name`; nix/pkgs/archive/default.nix computes the same."""
    return hashlib.md5(name.encode(), usedforsecurity=False).hexdigest()[:2]


def ensure_index(paths: Paths, refresh: bool = False, apt: Apt | None = None) -> Index:
    """The index of the host's archive, made or renewed where necessary.

    Without `refresh` the archive is asked only when no list is there yet. The host's own fresh lists are
    taken over first, so that a host without network still gets an index. Raises HostError; an older index
    is then untouched.
    """
    for program in ("apt-get", "apt-cache", "dpkg-deb"):
        if process.find(program) is None:
            raise HostError(
                f"the embedded packages need apt, and this host has no {program}",
                hint="install apt and dpkg (most distributions have them), or give the containers a nixpkgs: --nixos-path or `nixpkgs`",
            )
    apt = apt or Apt(paths)
    with files.locked(f"{apt.root}/lock", who="package index"):
        if refresh or not apt.has_lists():
            _update(apt, required=refresh)
        directory = f"{paths.cache}/index"
        path = f"{directory}/{_key(apt)}"
        found = _found(path)
        if found is None:
            with log.step("reading the package list"):
                shutil.rmtree(path, ignore_errors=True)
                _build(apt, path)
            _forget_older(directory, path)
            found = _found(path)
    if found is None:
        raise HostError(f"the package index {path} cannot be read", hint="is the disk damaged?")
    return found


def _found(path: str) -> Index | None:
    """The index at `path`, or None when it is not there or is damaged."""
    try:
        with open(f"{path}/about.json", encoding="utf-8") as file:
            about = json.load(file)
        if os.path.getsize(f"{path}/names.json") == 0:
            return None
        return Index(path, about["suite"], about["architecture"], about["date"], about["origin"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def is_damaged(path: str) -> bool:
    """Whether a file of the index at `path` is not whole: every one is read, which takes a tenth of a second."""
    shards = [f"{path}/shards/{number:02x}.json" for number in range(256)]
    for file in (f"{path}/names.json", f"{path}/provides.json", f"{path}/about.json", *shards):
        try:
            with open(file, encoding="utf-8") as handle:
                json.load(handle)
        except (OSError, ValueError):
            return True
    return False


def _update(apt: Apt, *, required: bool) -> None:
    seeded = not apt.has_lists() and apt.seed()
    try:
        apt.update()
    except ContainerError as failure:
        if required or not seeded:
            raise
        log.warn(f"{failure.what}; going on with the list that the host's apt has")
        apt.declare_ready()


def _key(apt: Apt) -> str:
    """Names a state of apt's lists, without reading them."""
    digest = hashlib.sha256(f"{FORMAT} {apt.architecture} {apt.sources.text()}".encode())
    for name in sorted(os.listdir(apt.lists)):
        if name.endswith("Release") or ("_Packages" in name and not name.endswith(".tmp")):
            status = os.stat(f"{apt.lists}/{name}")
            digest.update(f"\0{name} {status.st_size} {status.st_mtime_ns}".encode())
    return digest.hexdigest()[:20]


def _build(apt: Apt, path: str) -> None:
    temporary = f"{path}.{os.getpid()}.tmp"
    shutil.rmtree(temporary, ignore_errors=True)
    os.makedirs(f"{temporary}/shards")
    shards: dict[str, dict[str, dict[str, object]]] = {f"{number:02x}": {} for number in range(256)}
    provides: dict[str, list[str]] = {}
    essential: list[str] = []
    names: list[str] = []
    for name, entry in _entries(apt):
        names.append(name)
        shards[shard_of(name)][name] = _shard_entry(entry)
        if entry.essential:
            essential.append(name)
        for virtual in re.findall(r"([a-z0-9][a-z0-9+.-]+)(?:\s*\([^)]*\))?(?:,|$)", entry.provides):
            provides.setdefault(virtual, []).append(name)
    if not names:
        raise HostError("the package archive's list is empty", hint=f"see {apt.sources.origin}")
    about = {
        "format": FORMAT,
        "suite": apt.sources.suite,
        "architecture": apt.architecture,
        "date": max(_said(apt, "Date"), key=_sortable, default=""),
        "origin": next(iter(_said(apt, "Origin")), ""),
        "essential": sorted(essential),
    }
    try:
        for shard, content in shards.items():
            _write(f"{temporary}/shards/{shard}.json", content)
        _write(f"{temporary}/provides.json", provides)
        _write(f"{temporary}/about.json", about)
        _write(f"{temporary}/names.json", dict.fromkeys(sorted(names), 0))
        os.sync()
        os.rename(temporary, path)
    except OSError as failure:
        raise HostError(f"cannot write {path}: {failure.strerror}", hint="is there space left?") from failure
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _shard_entry(entry: Entry) -> dict[str, object]:
    result: dict[str, object] = {
        "version": entry.version,
        "sha256": entry.sha256,
        "size": entry.size,
        "file": entry.file,
        "description": entry.description,
    }
    if entry.homepage:
        result["homepage"] = entry.homepage
    return result


def _write(path: str, content: object) -> None:
    with open(path, "w", encoding="utf-8") as file:
        # dumps, not dump: only it is written in C.
        file.write(json.dumps(content, ensure_ascii=False, separators=(",", ":")))


_FIELD = re.compile(r"^(Package|Version|SHA256|Size|Filename|Description|Homepage|Essential|Provides): *(.*)$", re.MULTILINE)


def _entries(apt: Apt) -> Iterator[tuple[str, Entry]]:
    """The candidate version of every package, as apt sees it. Streamed: the whole is 50 MB of text."""
    child = process.spawn(apt.command("apt-cache", "dumpavail"), stdout=process.PIPE, stderr=process.PIPE)
    assert child.stdout is not None and child.stderr is not None
    rest = b""
    with child:
        while chunk := child.stdout.read(1 << 20):
            stanzas = (rest + chunk).split(b"\n\n")
            rest = stanzas.pop()
            for stanza in stanzas:
                yield from _entry(stanza)
        yield from _entry(rest)
        said = child.stderr.read().decode(errors="replace")
    if child.returncode != 0:
        raise HostError("apt cannot read its package lists", details=said.strip(), hint=f"remove {apt.root}, then try again")


def _entry(stanza: bytes) -> Iterator[tuple[str, Entry]]:
    fields: dict[str, str] = dict(_FIELD.findall(stanza.decode(errors="replace")))
    get = fields.get
    name, digest, size = get("Package"), get("SHA256"), get("Size")
    if not name or not digest or not size:
        return
    essential = get("Essential") == "yes"
    description, homepage, provides = get("Description", ""), get("Homepage", ""), get("Provides", "")
    yield name, Entry(get("Version", ""), digest, int(size), get("Filename", ""), description, homepage, essential, provides)


def _said(apt: Apt, field: str) -> list[str]:
    """What the archive's Release files have in a field."""
    found = []
    for name in sorted(os.listdir(apt.lists)):
        if name.endswith("Release"):
            line = re.search(rf"^{field}: (.*)$", files.read_text(f"{apt.lists}/{name}") or "", re.MULTILINE)
            if line:
                found.append(line[1].strip())
    return found


def _sortable(date: str) -> str:
    """`Sat, 11 Jul 2026 09:41:33 UTC` so that text order is time order."""
    words = date.replace(",", " ").split()
    if len(words) < 5 or words[2] not in _MONTHS:
        return ""
    return f"{words[3]} {_MONTHS.index(words[2]):02d} {int(words[1]):02d} {words[4]}"


def _forget_older(directory: str, current: str) -> None:
    found = [f"{directory}/{name}" for name in os.listdir(directory)]
    others = sorted((path for path in found if path != current), key=os.path.getmtime, reverse=True)
    killed = [path for path in others if path.endswith(".tmp")]
    whole = [path for path in others if path not in killed]
    for path in (*killed, *whole[_KEPT - 1 :]):
        shutil.rmtree(path, ignore_errors=True)
