"""Which archive packages come from: the host's own apt configuration, or a file that the administrator wrote.

Not for asking the archive anything (apt.py). No mirror is named here: the host knows its own.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..base import files
from ..base.errors import DefinitionError, HostError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..base.paths import Paths

VARIABLE = "NIXOS_CONTAINERS_SOURCES"

# Suites that belong to a release, besides the one with its bare name.
_POCKETS = ("-updates", "-security", "/updates")
# Names that move from release to release; accepted where no entry names the release itself.
_MOVING = ("stable", "oldstable", "oldoldstable", "testing", "unstable", "sid", "rolling", "devel")


@dataclass(frozen=True, slots=True)
class Stanza:
    """One entry of sources.list(5), as the fields of its deb822 form; `origin` is the file it stood in."""

    fields: tuple[tuple[str, str], ...]
    origin: str = field(default="", compare=False)

    def get(self, name: str) -> str:
        """The value of a field, or "" (names are compared without regard to case)."""
        return next((value for key, value in self.fields if key.lower() == name.lower()), "")

    def words(self, name: str) -> tuple[str, ...]:
        """The words of a field."""
        return tuple(self.get(name).split())

    def having(self, name: str, value: str) -> Stanza:
        """The same entry with another value for a field."""
        kept = tuple((key, old) for key, old in self.fields if key.lower() != name.lower())
        return Stanza((*kept, (name, value)), self.origin)

    def text(self) -> str:
        """The entry as deb822, ending with a newline."""
        return "".join(f"{key}: {value}\n" for key, value in self.fields)


@dataclass(frozen=True, slots=True)
class Sources:
    """The archive to use: `stanzas` for apt, the release's `suite`, and the file or folder it is known from."""

    stanzas: tuple[Stanza, ...]
    suite: str
    origin: str

    def text(self) -> str:
        """A file for sources.list.d, deb822."""
        return "\n".join(stanza.text() for stanza in self.stanzas)

    def uris(self) -> tuple[str, ...]:
        """Every base address, without a slash at its end."""
        return tuple(dict.fromkeys(uri.rstrip("/") for stanza in self.stanzas for uri in stanza.words("URIs")))


def own_file(paths: Paths) -> str:
    """The administrator's own file: NIXOS_CONTAINERS_SOURCES, or archive.sources among the records."""
    return os.environ.get(VARIABLE) or f"{paths.records}/archive.sources"


def find(paths: Paths, *, etc: str = "/etc") -> Sources:
    """The archive of this host.

    The administrator's own file wins and is taken as it is. Otherwise the host's apt configuration, of
    which only the distribution's own suites are kept. `etc` is where the host's configuration lies.
    Raises DefinitionError for a broken file, HostError when there is neither.
    """
    chosen = own_file(paths)
    text = files.read_text(chosen)
    if text is not None:
        return _chosen(chosen, text)
    if os.environ.get(VARIABLE):
        raise HostError(f"{chosen}, which {VARIABLE} names, does not exist", hint=f"write it, or unset {VARIABLE}")
    release = _release(etc)
    stanzas = tuple(_own(_configured(f"{etc}/apt"), release))
    if not stanzas:
        raise HostError(
            f"no package archive is known: {etc}/apt names none for {release.get('PRETTY_NAME', 'this distribution')}",
            hint=f"write {chosen} in the form of sources.list(5), deb822 style: Types, URIs, Suites, Components, Signed-By",
        )
    return Sources(stanzas, _suite(stanzas), f"{etc}/apt")


def _chosen(path: str, text: str) -> Sources:
    stanzas = tuple(stanza for stanza in parse_deb822(text, path) if "deb" in stanza.words("Types"))
    if not stanzas:
        raise DefinitionError(
            f"{path} has no entry with ‘Types: deb’",
            hint="the form is sources.list(5), deb822 style: Types, URIs, Suites, Components, Signed-By",
        )
    for stanza in stanzas:
        for name in ("URIs", "Suites"):
            if not stanza.get(name):
                raise DefinitionError(f"{path}: an entry has no {name}", hint="see sources.list(5), deb822 style")
    return Sources(stanzas, _suite(stanzas), path)


def _suite(stanzas: Iterable[Stanza]) -> str:
    suites = [suite for stanza in stanzas for suite in stanza.words("Suites")]
    return next((suite for suite in suites if not suite.endswith(_POCKETS)), suites[0]).rstrip("/")


def _release(etc: str) -> dict[str, str]:
    """os-release(5) as a dictionary; {} where there is none."""
    text = files.read_text(f"{etc}/os-release") or files.read_text(f"{etc}/../usr/lib/os-release") or ""
    lines = (line.partition("=") for line in text.splitlines() if "=" in line and not line.startswith("#"))
    return {key.strip(): value.strip().strip("\"'") for key, _, value in lines}


def _own(stanzas: Iterable[Stanza], release: dict[str, str]) -> Iterator[Stanza]:
    """The entries of the distribution itself, without its source packages and others' archives."""
    found = [stanza for stanza in stanzas if "deb" in stanza.words("Types") and _distribution_key(stanza)]
    names = [release[key] for key in ("VERSION_CODENAME", "UBUNTU_CODENAME", "DEBIAN_CODENAME") if release.get(key)]
    for bases in (names, _MOVING):
        wanted = {base + pocket for base in bases for pocket in ("", *_POCKETS)}
        kept = [(stanza, [suite for suite in stanza.words("Suites") if suite in wanted]) for stanza in found]
        own = [stanza.having("Types", "deb").having("Suites", " ".join(suites)) for stanza, suites in kept if suites]
        if own:
            yield from own
            return


def _distribution_key(stanza: Stanza) -> bool:
    """Whether the distribution may have signed it: others say Signed-By with a key ring of their own."""
    if "main" not in stanza.words("Components") or stanza.get("Enabled").lower() in ("no", "false", "0"):
        return False
    signed = stanza.get("Signed-By").strip()
    if not signed:
        return True
    return all(re.search(r"-archive-(removed-)?key(ring|s?)|distro|-release-", name) for name in signed.split(","))


def _configured(directory: str) -> Iterator[Stanza]:
    """All entries of sources.list and sources.list.d, in apt's order."""
    main = f"{directory}/sources.list"
    text = files.read_text(main)
    if text is not None:
        yield from parse_one_line(text, main)
    folder = f"{directory}/sources.list.d"
    try:
        names = sorted(os.listdir(folder))
    except (FileNotFoundError, NotADirectoryError):
        return
    for name in names:
        path = f"{folder}/{name}"
        if name.endswith(".list"):
            yield from parse_one_line(files.read_text(path) or "", path)
        elif name.endswith(".sources"):
            yield from parse_deb822(files.read_text(path) or "", path)


_OPTIONS = {
    "arch": "Architectures",
    "signed-by": "Signed-By",
    "trusted": "Trusted",
    "check-valid-until": "Check-Valid-Until",
    "check-date": "Check-Date",
    "by-hash": "By-Hash",
    "allow-insecure": "Allow-Insecure",
    "inrelease-path": "InRelease-Path",
}


def parse_one_line(text: str, origin: str) -> Iterator[Stanza]:
    """Entries of the classic form: `deb [ option=value … ] uri suite [component …]`. Others are passed over."""
    for line in text.splitlines():
        entry = re.match(r"\s*(deb)\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s*([^#]*)", line)
        if entry is None:
            continue
        fields = [("Types", entry[1]), ("URIs", entry[3]), ("Suites", entry[4]), ("Components", " ".join(entry[5].split()))]
        for option in (entry[2] or "").split():
            key, _, value = option.partition("=")
            if key.lower() in _OPTIONS:
                fields.append((_OPTIONS[key.lower()], value.replace(",", " ") if key == "arch" else value))
        yield Stanza(tuple((key, value) for key, value in fields if value), origin)


def parse_deb822(text: str, origin: str) -> Iterator[Stanza]:
    """Entries of the deb822 form; comments are dropped, folded lines (keys in Signed-By) are kept as they are."""
    for block in re.split(r"\n[ \t]*\n", text.replace("\r\n", "\n")):
        fields: list[tuple[str, str]] = []
        for line in block.splitlines():
            if line.startswith("#"):
                continue
            if line[:1] in (" ", "\t") and fields:
                key, value = fields[-1]
                fields[-1] = (key, f"{value}\n{line}")
            elif ":" in line:
                key, _, value = line.partition(":")
                fields.append((key.strip(), value.strip()))
        if fields:
            yield Stanza(tuple(fields), origin)
