"""What an evaluation looked at, read from strace(1) of its process: every path, and what was found there.

Knows strace's output and which of Nix's own files do not matter; not what is done with the answer (memo.py). What it does not
understand makes an evaluation unfit, never forgotten.
"""

from __future__ import annotations

import codecs
import os
import re
import stat
from typing import TYPE_CHECKING

from ..base.errors import ContainerError

if TYPE_CHECKING:
    from collections.abc import Iterable

# A look: how ("l" lstat, "s" stat, "e" access, "r" readlink, "f" file read, "d" directory listed) and where; its value is what was found.
Look = tuple[str, str]

ABSENT, PRESENT = "-", "+"
_FOREVER = ("network", "program", "fetch")
_STORE = "/nix/store/"
# Nix's own state, which every process of Nix changes and no evaluation can ask for.
_STATE = re.compile(r"/nix/var/nix/(?:db/(?:db\.sqlite.*|big-lock|reserved)|temproots(?:/.*)?|gc\.lock|gc-socket(?:/.*)?)$")
# What processes are told by the kernel while they begin; read later, it would be an input that has no date.
_KERNELS = ("/proc/", "/sys/", "/dev/")
# Nix draws the names of temporary files from it.
_HARMLESS = frozenset({"/dev/urandom", "/dev/null", "/dev/tty"})
_CHANGES = frozenset(
    {"chmod", "fchmodat", "chown", "lchown", "fchownat", "utimensat", "unlink", "unlinkat", "rmdir", "truncate", "umount2"}
    | {"statfs", "listxattr", "llistxattr", "lremovexattr"}
)
_CREATES = frozenset({"mkdir", "mkdirat", "rename", "renameat", "renameat2", "link", "linkat", "symlink", "symlinkat"})
_OPENS = frozenset({"open", "openat"})
_STATS = frozenset({"stat", "lstat", "newfstatat", "fstatat64", "statx"})

_CALL = re.compile(r"(\d+) +(\w+)\((.*)$")
_RESUMED = re.compile(r"(\d+) +<\.\.\. (\w+) resumed>(.*)$")
_STRING = r'"((?:[^"\\]|\\.)*)"(\.\.\.)?'
_PATH = re.compile(r"(?:(AT_FDCWD|\d+)(?:<((?:[^>\\]|\\.)*)>)?, )?" + _STRING)
_DESCRIPTOR = re.compile(r"(\d+)(?:<(?:[^>\\]|\\.)*>)?, ")
_RESULT = re.compile(r"\) += (-?\d+)(?:<.*>)?(?: (E[A-Z]+) \(.*\))?$")
_OPENED = re.compile(r", ([A-Z_|]+)(?:, 0\d*)?\) += (-?\d+)(?:<.*>)?(?: (E[A-Z]+) \(.*\))?$")
_NUMBERS = re.compile(
    r"\{st_dev=makedev\((\w+), (\w+)\), st_ino=(\d+), st_mode=(S_IF\w+)(?:\|S_IS\w+)*\|(\d+).*?, st_size=(\d+)"
    r".*?, st_mtime=(-?\d+)\D.*?st_mtime_nsec=(\d+), st_ctime=(-?\d+)\D.*?st_ctime_nsec=(\d+)\}"
)
_MODE = re.compile(r"stx?_mode=(S_IF\w+)")


class Unfit(ContainerError):
    """The evaluation depends on something that cannot be compared later; `kind` is "network", "program", "fetch" or ""."""

    def __init__(self, why: str, kind: str = "") -> None:
        super().__init__(why)
        self.kind = kind

    @property
    def lasting(self) -> bool:
        """Whether the same definition will be unfit again."""
        return self.kind in _FOREVER


def command(output: str, words: list[str]) -> list[str]:
    """`words` under strace, which stops the process at calls that name files or the network, and at no others (seccomp-bpf)."""
    what = ("-e", "trace=%file,fstat,getdents64,connect,sendto", "-e", "abbrev=execve", "-e", "signal=none", "-s", "4096", "-y")
    # Nix would outlive a strace that is killed.
    return ["strace", "--seccomp-bpf", "-f", "-qq", *what, "-o", output, "--", "setpriv", "--pdeathsig", "KILL", "--", *words]


def identity(found: os.stat_result) -> str:
    """All that tells one state of a file or directory from another, as `Trace` finds it in strace's words."""
    kind = _KINDS[stat.S_IFMT(found.st_mode)]
    numbers = (os.major(found.st_dev), os.minor(found.st_dev), found.st_ino, kind, stat.S_IMODE(found.st_mode), found.st_size)
    return ":".join(map(str, (*numbers, found.st_mtime_ns, found.st_ctime_ns)))


_KINDS = {
    stat.S_IFREG: "REG", stat.S_IFDIR: "DIR", stat.S_IFLNK: "LNK", stat.S_IFCHR: "CHR",
    stat.S_IFBLK: "BLK", stat.S_IFIFO: "FIFO", stat.S_IFSOCK: "SOCK",
}  # fmt: skip


def look(how: str, path: str) -> str:
    """What is found at `path` now, in the words of `Trace.looks`. Raises OSError for what is neither there nor absent."""
    try:
        if how == "r":
            return os.readlink(path)
        if how == "e":
            os.stat(path)
            return PRESENT
        found = os.lstat(path) if how == "l" else os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return ABSENT
    return identity(found) if how in "fd" else _KINDS[stat.S_IFMT(found.st_mode)]


class Trace:
    """The looks of one process after another, from the lines that strace wrote.

    `door` is the Nix file that every evaluation opens first: what was before is Nix beginning, what comes after is the evaluation.
    Raises Unfit.
    """

    def __init__(self, door: str) -> None:
        self._door = door
        self._begun = False
        self.looks: dict[Look, str] = {}
        # Files that the evaluation itself read, and the directory that relative paths started from, if there were any.
        self.read: set[str] = set()
        self.directory: str | None = None
        self._made: set[str] = set()
        self._descriptors: dict[str, str] = {}
        self._directories: dict[str, str] = {}
        self._files: dict[str, str] = {}
        self._unknown: set[str] = set()
        # Store paths that were not there first, and then were: by Nix's own hand, or the evaluation is unfit.
        self._flickered: set[str] = set()

    def add(self, lines: Iterable[str]) -> None:
        """The lines of one traced process and its children, to its end."""
        self._begun = False
        self._descriptors.clear()
        unfinished: dict[str, str] = {}
        for raw in lines:
            line = raw.rstrip("\n")
            if line.endswith(" <unfinished ...>"):
                unfinished[line.partition(" ")[0]] = line.removesuffix(" <unfinished ...>")
                continue
            resumed = _RESUMED.match(line)
            if resumed:
                line = unfinished.pop(resumed[1], "") + resumed[3]
            call = _CALL.match(line)
            if call is None:
                raise Unfit(f"strace said: {line[:200]}")
            self._call(call[2], call[3])
        if not self._begun:
            raise Unfit(f"strace saw nobody open {self._door}")
        if unfinished:
            raise Unfit("a call that never ended")

    def end(self) -> None:
        """Leave out what Nix wrote itself, and be sure that of everything else it is known which it was."""
        made = self._made
        for path in self._flickered:
            if not _within(path, made):
                raise Unfit(f"{path} changed meanwhile")
        self.looks = {key: value for key, value in self.looks.items() if not _within(key[1], made)}
        for path in self._unknown:
            if _within(path, made) or os.path.isdir(path):
                continue
            # What is copied to the store is looked at by name, then opened: it becomes no Nix code.
            if path not in self._files:
                raise Unfit(f"{path} was opened, and strace did not say which file it was")
            self._note("f", path, self._files[path])

    def _call(self, name: str, text: str) -> None:
        if name in ("connect", "sendto"):
            self._network(text)
        elif name in ("execve", "execveat"):
            if self._begun:
                raise Unfit("it runs a program", "program")
        elif name in _OPENS:
            self._open(text)
        elif (name in _STATS and not text.startswith("AT_FDCWD") and re.match(r"\d+(<.*?>)?, \"\"", text)) or name == "fstat":
            self._described(text)
        elif name in _STATS:
            self._stat(name, text)
        elif name == "getdents64":
            self._list(text)
        elif name in ("readlink", "readlinkat"):
            self._readlink(text)
        elif name in ("access", "faccessat", "faccessat2"):
            path, rest = self._path(text)
            result, error = self._result(rest)
            self._note("e", path, self._absent(path, error) if result < 0 else PRESENT)
        elif name == "getcwd":
            self.directory = os.getcwd()
        elif name in _CREATES:
            self._create(text)
        elif name not in _CHANGES and self._begun:
            raise Unfit(f"it calls {name}")

    def _network(self, text: str) -> None:
        if not re.search(r"sa_family=AF_(UNIX|LOCAL|NETLINK|UNSPEC)\b", text) and "sa_family" in text:
            raise Unfit("it reaches the network", "network")

    def _path(self, text: str) -> tuple[str, str]:
        """The path that a call names first, and the text after it."""
        found = _PATH.match(text)
        if found is None or found[4]:
            raise Unfit(f"strace’s path is not understood: {text[:200]}")
        path = _unescaped(found[3])
        if path.startswith("/"):
            return path, text[found.end() :]
        base = None if found[2] is None else _unescaped(found[2])
        if found[1] == "AT_FDCWD" or found[1] is None:
            base = self.directory = os.getcwd()
        if base is None or not base.startswith("/"):
            raise Unfit(f"a path from an unknown directory: {text[:200]}")
        return (f"{base.rstrip('/')}/{path}" if path else base), text[found.end() :]

    def _result(self, rest: str) -> tuple[int, str]:
        found = _RESULT.search(rest)
        if found is None:
            raise Unfit(f"strace’s result is not understood: {rest[-200:]}")
        return int(found[1]), found[2] or ""

    def _absent(self, path: str, error: str) -> str:
        if error not in ("ENOENT", "ENOTDIR"):
            if not self._begun and path.startswith(_KERNELS):
                return ABSENT
            raise Unfit(f"{path}: {error}")
        return ABSENT

    def _open(self, text: str) -> None:
        path, rest = self._path(text)
        found = _OPENED.match(rest)
        if found is None:
            raise Unfit(f"strace’s open is not understood: {rest[:200]}")
        flags, result, error = found[1].split("|"), found[2], found[3] or ""
        self._descriptors.pop(result, None)
        if "O_CREAT" in flags or "O_WRONLY" in flags or "O_RDWR" in flags:
            self._write(path)
        elif int(result) < 0:
            self._note("s", path, self._absent(path, error))
        else:
            self._descriptors[result] = path
            if path == self._door:
                self._begun = True
            if self._matters(path):
                self._unknown.add(path)

    def _write(self, path: str) -> None:
        if path.startswith(_STORE):
            # A path of the store is written under its lock.
            self._made.update((path, path.removesuffix(".lock")))
        elif self._begun and not _STATE.match(path) and path not in _HARMLESS:
            raise Unfit(f"it writes {path}", "fetch")

    def _create(self, text: str) -> None:
        if not self._begun or text.endswith("(File exists)"):
            return
        paths = [_unescaped(found[1]) for found in re.finditer(_STRING, text)]
        for path in paths:
            if path.startswith(_STORE):
                self._made.add(path)
            elif not _STATE.match(path):
                raise Unfit(f"it makes {path}", "fetch")

    def _described(self, text: str) -> None:
        """fstat: which file an open one is."""
        number = _DESCRIPTOR.match(text)
        path = None if number is None else self._descriptors.get(number[1])
        if path is None or not self._matters(path):
            return
        found = _NUMBERS.search(text)
        value = "" if found is None else _identity_of(found)
        if ":REG:" in value:
            self._note("f", path, value)
            if self._begun:
                self.read.add(path)
        elif ":DIR:" in value:
            self._directories[path] = value
        elif self._begun:
            raise Unfit(f"{path} is neither file nor directory: {text[:200]}")
        self._unknown.discard(path)

    def _list(self, text: str) -> None:
        number = _DESCRIPTOR.match(text)
        path = None if number is None else self._descriptors.get(number[1])
        if path is None:
            raise Unfit(f"an unknown directory is listed: {text[:200]}")
        if self._matters(path):
            if path not in self._directories:
                raise Unfit(f"{path} was listed, and strace did not say which directory it was")
            self._note("d", path, self._directories[path])

    def _stat(self, name: str, text: str) -> None:
        path, rest = self._path(text)
        result, error = self._result(rest)
        how = "l" if name == "lstat" or "AT_SYMLINK_NOFOLLOW" in rest else "s"
        if result < 0:
            self._note(how, path, self._absent(path, error))
            return
        mode = _MODE.search(rest)
        if mode is None:
            raise Unfit(f"{path}: strace does not say what it is: {rest[:200]}")
        self._note(how, path, mode[1].removeprefix("S_IF"))
        numbers = _NUMBERS.search(rest)
        if numbers is not None and numbers[4] == "S_IFREG":
            self._files[path] = _identity_of(numbers)

    def _readlink(self, text: str) -> None:
        path, rest = self._path(text)
        result, error = self._result(rest)
        if result < 0:
            if error != "EINVAL":  # it is no link: what stat says, and a link put there later changes that
                self._note("r", path, self._absent(path, error))
            else:
                self._note("l", path, _KINDS[stat.S_IFMT(os.lstat(path).st_mode)])
            return
        target = re.match(r", " + _STRING, rest)
        if target is None or target[2]:
            raise Unfit(f"{path}: strace does not say where the link leads")
        self._note("r", path, _unescaped(target[1]))

    def _matters(self, path: str) -> bool:
        if path in _HARMLESS or _STATE.match(path):
            return False
        if path.startswith(_KERNELS):
            if self._begun:
                raise Unfit(f"it looks at {path}")
            return False
        if "/.cache/nix/" in path:
            raise Unfit("it uses what Nix fetched before", "fetch")
        return True

    def _note(self, how: str, path: str, value: str) -> None:
        if self._matters(path) and self.looks.setdefault((how, path), value) != value:
            if path.startswith(_STORE):
                self._flickered.add(path)
            else:
                raise Unfit(f"{path} changed meanwhile")


def _identity_of(found: re.Match[str]) -> str:
    major, minor, inode, kind, mode, size, seconds, nanoseconds, changed, changed_nanoseconds = found.groups()
    times = (int(seconds) * 10**9 + int(nanoseconds), int(changed) * 10**9 + int(changed_nanoseconds))
    numbers = (int(major, 0), int(minor, 0), inode, kind.removeprefix("S_IF"), int(mode, 8), size, *times)
    return ":".join(map(str, numbers))


def _within(path: str, made: set[str]) -> bool:
    """Whether `path` is one of the store paths in `made`, or below one."""
    return path.startswith(_STORE) and ("/".join(path.split("/", 4)[:4]) in made or path in made)


def _unescaped(text: str) -> str:
    """A string as strace quotes it: C's escapes, every byte that is not printable in octal."""
    if "\\" not in text:
        return text
    return os.fsdecode(codecs.escape_decode(os.fsencode(text))[0])
