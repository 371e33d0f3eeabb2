"""apt with a state of its own: it resolves from nothing, downloads and verifies, and installs nothing.

Everything lies below one directory of the cache, so that neither the host's package state nor its caches
are looked at or changed. Not for what packages mean to us (index.py, lock.py, resolve.py).
"""

from __future__ import annotations

import os
import pwd
import re
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote

from ..base import files, log, process
from ..base.errors import ContainerError, HostError
from . import complaints
from . import sources as sources_module

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ..base.paths import Paths
    from .sources import Sources

# Part of apt itself; it fetches, continues and verifies single files.
_HELPER = "/usr/lib/apt/apt-helper"
# Seconds after which a scratch directory belongs to nobody, and lists are worth asking for again.
_OLD = 86400
_PACKED = (".lz4", ".gz", ".xz", ".bz2", ".lzma", ".zst")
_HOST_LISTS = "/var/lib/apt/lists"

# What only maintainer scripts need. None of those ever runs, so these need not come along as dependencies;
# who names one gets it. Value: what it provides besides its name.
MAINTAINER_ONLY = {
    "adduser": "",
    "debconf": "debconf-2.0",
    "init-system-helpers": "",
    "runit-helper": "",
    "ucf": "",
    "usr-is-merged": "",
}

_CONFIGURATION = """\
// Written by nixos-containers for its private apt. Hooks and index targets of the host are not for us.
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear APT::Update::Pre-Invoke;
#clear DPkg::Post-Invoke;
#clear DPkg::Pre-Invoke;
#clear DPkg::Pre-Install-Pkgs;
#clear Acquire::IndexTargets;
#clear APT::Architectures;
#clear APT::NeverAutoRemove;
#clear APT::Default-Release;
Acquire::IndexTargets::deb::Packages {{
  MetaKey "$(COMPONENT)/binary-$(ARCHITECTURE)/Packages";
  flatMetaKey "Packages";
  ShortDescription "Packages";
  Description "$(RELEASE)/$(COMPONENT) $(ARCHITECTURE) Packages";
  flatDescription "$(RELEASE) Packages";
  Optional "0";
}};
APT::Architecture "{architecture}";
APT::Architectures {{ "{architecture}"; }};
APT::Install-Recommends "false";
APT::Install-Suggests "false";
APT::Get::Fix-Policy-Broken "false";
APT::Get::Always-Include-Phased-Updates "true";
APT::Sandbox::User "{user}";
Acquire::ForceHash "sha256";
Acquire::GzipIndexes "false";
Acquire::Languages "none";
Acquire::Retries "2";
Acquire::http::Timeout "20";
Acquire::https::Timeout "20";
APT::Keep-Downloaded-Packages "true";
Binary::apt::APT::Keep-Downloaded-Packages "true";
Dir::State "{root}/state";
Dir::State::lists "lists/";
Dir::State::status "/dev/null";
Dir::State::extended_states "{root}/state/extended_states";
Dir::Cache "{root}/cache";
Dir::Cache::archives "archives/";
Dir::Cache::pkgcache "";
Dir::Cache::srcpkgcache "srcpkgcache.bin";
Dir::Etc::sourcelist "/dev/null";
Dir::Etc::sourceparts "{root}/sources.d";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Dir::Log "{root}/state";
"""


@dataclass(frozen=True, slots=True)
class Resolved:
    """A package as apt chose it: exact version, SHA-256 (hex), size in bytes and path below the archive's base."""

    name: str
    version: str
    sha256: str
    size: int
    file: str


@dataclass(frozen=True, slots=True)
class Download:
    """A file to have: `file` below the archive's base, under `name` in the cache; SHA-256 (hex), size in bytes."""

    name: str
    file: str
    sha256: str
    size: int


class Apt:
    """The private apt below `paths.cache`. Making the object writes its configuration, and nothing else."""

    def __init__(self, paths: Paths, sources: Sources | None = None) -> None:
        self.root = f"{paths.cache}/apt"
        self.sources = sources or sources_module.find(paths)
        self.configuration = f"{self.root}/apt.conf"
        self.lists = f"{self.root}/state/lists"
        self.archives = f"{self.root}/cache/archives"
        self.architecture = host_architecture()
        self._write_configuration()

    def _write_configuration(self) -> None:
        for directory in (f"{self.lists}/partial", f"{self.archives}/partial", f"{self.root}/none/partial"):
            os.makedirs(directory, mode=0o755, exist_ok=True)
        text = _CONFIGURATION.format(root=self.root, architecture=self.architecture, user=_sandbox_user())
        for path, content in (
            (f"{self.root}/sources.d/archive.sources", self.sources.text()),
            (self.configuration, text),
        ):
            if files.read_text(path) != content:
                files.write_atomically(path, content)
        self._clean()

    def _clean(self) -> None:
        """Remove what commands left behind that were killed long ago."""
        for name in os.listdir(self.root):
            path = f"{self.root}/{name}"
            if name.startswith(("resolve.", "bootstrap.")) and time.time() - os.stat(path).st_mtime > _OLD:
                shutil.rmtree(path, ignore_errors=True)

    def command(self, program: str, *arguments: str, options: Mapping[str, str] | None = None) -> list[str]:
        """The command line of `program` (apt-get, apt-cache) with this state."""
        given = [word for key, value in (options or {}).items() for word in ("-o", f"{key}={value}")]
        return [program, "-c", self.configuration, *given, *arguments]

    @property
    def _ready(self) -> str:
        """Written when the lists are whole; says which sources they are of."""
        return f"{self.root}/state/ready"

    def has_lists(self) -> bool:
        """Whether the lists of these sources are there, so that the archive need not be asked."""
        return files.read_text(self._ready) == self.sources.text()

    def declare_ready(self) -> None:
        """Remember that the lists are whole."""
        files.write_atomically(self._ready, self.sources.text())

    def seed(self, host_lists: str = _HOST_LISTS) -> bool:
        """Take over the lists that the host's apt has already fetched and verified. True if there were any."""
        prefixes = tuple(re.sub(r"^\w+://", "", uri).replace("/", "_") for uri in self.sources.uris())
        try:
            names = [name for name in os.listdir(host_lists) if name.startswith(prefixes) and "_dists_" in name]
        except OSError:
            return False
        suites = {suite for stanza in self.sources.stanzas for suite in stanza.words("Suites")}
        for name in names:
            if name.split("_dists_", 1)[1].split("_")[0] in suites:
                self._take(f"{host_lists}/{name}", f"{self.lists}/{name}")
        return any("_Packages" in name for name in names)

    def _take(self, source: str, target: str) -> None:
        """Copy a list; packed ones are unpacked, because apt reads such files at a third of the speed."""
        plain, extension = os.path.splitext(target)
        if extension not in _PACKED:
            _copy(source, target)
            return
        temporary = f"{plain}.{os.getpid()}.tmp"
        with open(temporary, "wb") as file:
            status = process.spawn(self.command(_HELPER, "cat-file", source), stdout=file).wait()
        if status == 0:
            shutil.copystat(source, temporary)
            os.replace(temporary, plain)
        else:
            files.remove(temporary)

    def update(self) -> None:
        """Fetch the archive's lists. Raises HostError; the lists that were there are then still in use."""
        with log.step(f"asking the package archive for its list ({self.sources.suite}, from {self.sources.origin})"):
            done = process.run(self.command("apt-get", "-q", "update", "--error-on=any"), check=False)
        if done.returncode != 0:
            raise complaints.explain(done.stderr, self)
        self.declare_ready()

    def refresh_if_old(self) -> None:
        """Fetch the lists when they are over a day old; a failure is only a warning, because old lists may do.

        For new packages beside locked ones: a file that an old list names may be gone from the mirror.
        """
        try:
            age = time.time() - os.stat(self._ready).st_mtime
        except FileNotFoundError:
            return
        if age > _OLD:
            try:
                self.update()
            except ContainerError as failure:
                log.warn(f"{failure.what}; going on with a list of {age / 86400:.0f} days ago")

    def resolve(self, roots: Iterable[str], pins: Mapping[str, str] | None = None) -> tuple[Resolved, ...]:
        """Everything that `roots` need, by name, recommendations left out.

        `pins` are versions to keep where the archive still has them. Raises DefinitionError for an unknown
        name or packages that exclude each other, HostError when apt cannot work.
        """
        names = sorted(roots)
        if not names:
            return ()
        scratch = tempfile.mkdtemp(prefix=f"resolve.{os.getpid()}.", dir=self.root)
        os.makedirs(f"{scratch}/archives/partial")
        try:
            files.write_atomically(f"{scratch}/status", _status(set(names)))
            files.write_atomically(f"{scratch}/preferences", _preferences(pins or {}))
            options = {
                "Dir::State::status": f"{scratch}/status",
                "Dir::Etc::preferences": f"{scratch}/preferences",
                # --print-uris leaves out what is already downloaded, so it must see an empty cache.
                "Dir::Cache::archives": f"{scratch}/archives/",
                "Debug::NoLocking": "true",
            }
            command = self.command("apt-get", "-q", "-y", "--allow-downgrades", "--print-uris", "install", "--", *names, options=options)
            done = process.run(command, check=False)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
        if done.returncode != 0:
            raise complaints.explain(f"{done.stderr}\n{done.stdout}", self)
        return tuple(self._resolved(line) for line in done.stdout.splitlines() if line.startswith("'"))

    def _resolved(self, line: str) -> Resolved:
        # 'uri' name_version_arch.deb size SHA256:hex
        uri, file, size, digest = line.split()
        name, version, _ = file.split("_", 2)
        address = unquote(uri.strip("'"))
        base = next((base for base in self.sources.uris() if address.startswith(base + "/")), "")
        if not digest.startswith("SHA256:"):
            raise HostError(f"the archive gives no SHA-256 for {name}", hint="use an archive whose Packages files have it")
        return Resolved(name, unquote(version), digest[7:], int(size), address[len(base) :].lstrip("/"))

    def download(self, wanted: Iterable[Download]) -> None:
        """Put files into the private archive cache, each checked against its hash; what is there stays.

        apt works in parallel and continues files that broke off. Raises HostError that names what could
        not be had; everything else is then there, so that the next try is short.
        """
        left = [item for item in wanted if not self.is_here(item)]
        if not left:
            return
        size = sum(item.size for item in left)
        with log.step(f"downloading {len(left)} package{'s' * (len(left) != 1)} ({size / 1e6:.1f} MB)"):
            said = ""
            # A file's path is the same on every mirror, but not which of several archives has it.
            for base in self.sources.uris():
                said += "".join(self._fetch(base, left[start : start + 500]) for start in range(0, len(left), 500))
                left = [item for item in left if not self.is_here(item)]
                if not left:
                    return
        raise complaints.missing(left, said, self)

    def _fetch(self, base: str, items: Sequence[Download]) -> str:
        """Try to fetch files from one archive; what apt said about those that failed."""
        words = [word for item in items for word in (f"{base}/{item.file}", self.path(item), f"SHA256:{item.sha256}")]
        if not sys.stderr.isatty() or log.quiet:
            said = process.run(self.command(_HELPER, "-q", "download-file", *words), check=False).stderr
        else:
            # apt draws its progress on stdout, which here belongs to the answer.
            child = process.spawn(self.command(_HELPER, "download-file", *words), stdout=sys.stderr.fileno(), stderr=process.PIPE)
            said = child.communicate()[1].decode(errors="replace")
        for item in items:
            files.remove(f"{self.path(item)}.FAILED")
        return said

    def is_here(self, item: Download) -> bool:
        """Whether a file is in the archive cache, whole. The store checks its hash once more."""
        try:
            return os.stat(self.path(item)).st_size == item.size
        except FileNotFoundError:
            return False

    def path(self, item: Download) -> str:
        """Where a file is, or would be, in the archive cache."""
        return f"{self.archives}/{item.name}"


def host_architecture() -> str:
    """The architecture's name in the archive (amd64, arm64, …)."""
    machine = os.uname().machine
    names = {
        "x86_64": "amd64",
        "aarch64": "arm64",
        "armv7l": "armhf",
        "i686": "i386",
        "ppc64le": "ppc64el",
        "riscv64": "riscv64",
        "s390x": "s390x",
        "loongarch64": "loong64",
    }
    if machine not in names:
        raise HostError(f"no package archive is known for the machine type {machine}", hint="use a nixpkgs instead")
    return names[machine]


def _sandbox_user() -> str:
    """apt gives up root for downloads, and complains where it cannot: then it is told not to try."""
    try:
        pwd.getpwnam("_apt")
    except KeyError:
        return "root"
    return "_apt" if os.geteuid() == 0 else "root"


def _copy(source: str, target: str) -> None:
    temporary = f"{target}.{os.getpid()}.tmp"
    shutil.copy2(source, temporary)
    os.replace(temporary, target)


def _status(roots: set[str]) -> str:
    """A dpkg status file in which the packages that only serve maintainer scripts are already there."""
    stanzas = []
    for name, provides in MAINTAINER_ONLY.items():
        if name in roots:
            continue
        stanza = (
            f"Package: {name}\nStatus: install ok installed\nMulti-Arch: foreign\nArchitecture: all\n"
            f"Maintainer: none <none@localhost>\nVersion: 9999\nDescription: not needed\n"
        )
        stanzas.append(stanza + (f"Provides: {provides} (= 9999)\n" if provides else ""))
    return "\n".join(stanzas)


def _preferences(pins: Mapping[str, str]) -> str:
    """apt_preferences(5): above 1000, so that a locked version stays even when the archive has a newer one."""
    return "\n".join(f"Package: {name}\nPin: version {version}\nPin-Priority: 1001\n" for name, version in sorted(pins.items()))
