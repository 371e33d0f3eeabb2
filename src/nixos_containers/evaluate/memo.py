"""Evaluations that need not be done again: what Nix answered, as long as nothing that it looked at has changed.

The answer is a function of the request, Nix and its environment, and of the files that were looked at. Which those were, strace tells
(trace.py). A memo is taken only when every single look would find the very same now; it is written only when that was so at the end
of the evaluation, and nothing else can have had a say. Where strace is missing or forbidden there is no memo. Not for what comes after
an evaluation: the lock, the build and the host are looked at every time.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
import time
from typing import TYPE_CHECKING, Any

from ..base import log, process
from ..base.files import read_text, remove, write_atomically
from .trace import Look, Trace, Unfit, command, look

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Mapping, Sequence

    Together = Callable[[list[list[str]]], list[subprocess.CompletedProcess[str]]]

# Raise it when what is looked at, or how it is written, changes.
_FORMAT = 1
_KEPT = 24
# A file that was changed this short a time before, in ns, may change again without a new date (the kernel's clock ticks at 100 Hz).
_TICK = 100_000_000
# File systems whose dates are the kernel's own and finer than that. Others (NFS, FAT, FUSE, 9p) may tell an old date, or a coarse one.
_DATED = frozenset({"ext2", "ext3", "ext4", "xfs", "btrfs", "tmpfs", "overlay", "zfs", "f2fs", "bcachefs", "erofs", "squashfs", "jfs"})
_LARGEST_SCANNED = 8 << 20
# The one impure value that leaves no trace; and every way to the set of builtins that is not the name of a member.
_CLOCK = re.compile(rb"currentTime")
_BUILTINS = re.compile(
    rb"(?<![\w'-])builtins(?![\w'-])(?!\s*\.\s*[A-Za-z_])(?!\s*\?)"
    rb"(?<!inherit \(builtins)(?<!inherit\(builtins)(?<!with builtins)"
)


class Memo:
    """The memory of one evaluation: `request` is the JSON that Nix gets, `env` all of its environment, `door` its first file.

    `directory` is where memos are kept. `trusted` are directories and files whose texts hold no Nix code of other people.
    """

    def __init__(self, directory: str, request: str, env: Mapping[str, str], door: str, *, trusted: Sequence[str]) -> None:
        self._door, self._trusted = door, tuple(trusted)
        program = process.find("nix-instantiate")
        whole = [_FORMAT, request, door, sorted(env.items()), os.geteuid(), program]
        digest = hashlib.sha256(json.dumps(whole).encode()).hexdigest()
        self._program = program
        self._directory = directory
        self._file = f"{directory}/{digest[:40]}.json"
        self._known = self._read()

    def _read(self) -> dict[str, Any]:
        try:
            found = json.loads(read_text(self._file) or "{}")
        except (ValueError, OSError):
            return {}
        return found if isinstance(found, dict) and found.get("format") == _FORMAT else {}

    def recall(self) -> dict[str, Any] | None:
        """The spec as it was evaluated, or None when anything is not as it was."""
        if "spec" not in self._known:
            return None
        try:
            why = self._difference()
        except (OSError, KeyError, TypeError, ValueError) as failure:
            why = str(failure)
        if why is not None:
            log.debug(f"evaluating again: {why}")
            return None
        spec: dict[str, Any] = self._known["spec"]
        log.debug("evaluation unchanged")
        return spec

    def _difference(self) -> str | None:
        known = self._known
        if known["directory"] not in (None, os.getcwd()):
            return "called in another directory"
        for how, path, value in known["looks"]:
            if look(how, path) != value:
                return f"{path} is not what it was"
        for path in known["store"]:
            if not os.path.exists(path):
                return f"{path} is gone from the store"
        return None

    @property
    def worth_tracing(self) -> bool:
        """Whether an evaluation can become a memo: strace is there, and the definition is not known to be unfit."""
        if process.find("strace") is None or process.find("setpriv") is None or self._program is None:
            return False
        unfit = self._known.get("unfit")
        try:
            return unfit is None or any(look(how, path) != value for how, path, value in unfit)
        except OSError:
            return True

    def run(
        self, commands: Sequence[list[str]], together: Callable[[list[list[str]]], list[subprocess.CompletedProcess[str]]]
    ) -> Evaluated:
        """Run `commands` under strace by `together`; the answers, and what can become of them."""
        with tempfile.TemporaryDirectory(prefix="nixos-containers-") as scratch:
            outputs = [f"{scratch}/{number}" for number in range(len(commands))]
            started = time.time_ns()
            answers = together([command(output, words) for output, words in zip(outputs, commands, strict=True)])
            trace = Trace(self._door)
            try:
                for output in outputs:
                    with open(output, encoding="utf-8", errors="surrogateescape") as lines:
                        trace.add(lines)
                trace.end()
            except (Unfit, OSError) as failure:
                return Evaluated(answers, trace, started, failure if isinstance(failure, Unfit) else Unfit(str(failure)))
        return Evaluated(answers, trace, started, None)

    def keep(self, evaluated: Evaluated, spec: Mapping[str, Any], modules: Sequence[str]) -> None:
        """Write `spec` down when it is certain what it depends on. Never raises: without a memo all is as it was."""
        try:
            try:
                self._keep(evaluated, spec)
            except Unfit as failure:
                log.debug(f"this evaluation is not kept: {failure}")
                remove(self._file)
                if failure.lasting:
                    self._write({"unfit": [["f", path, look("f", path)] for path in modules]})
        except Exception as failure:  # a cache must not end the command that fills it
            log.debug(f"this evaluation is not kept: {failure}")

    def _keep(self, evaluated: Evaluated, spec: Mapping[str, Any]) -> None:
        if evaluated.unfit is not None:
            raise evaluated.unfit
        trace = evaluated.trace
        others = [name for name, container in spec["containers"].items() if container.get("universe") != "embedded"]
        if others:
            raise Unfit("nixpkgs is evaluated every time", "program")
        for path in trace.read:
            if not path.startswith(self._trusted) and not path.endswith(".drv"):
                _scan(path)
        _compare(trace.looks, evaluated.started)
        store = [spec["busybox"], *(container["system"] for container in spec["containers"].values())]
        paths = [path for entry in store for path in (entry.get("drv"), entry.get("path"))]
        if not all(isinstance(path, str) for path in paths):
            raise Unfit("a system has no path yet")
        looks = [[how, path, value] for (how, path), value in sorted(trace.looks.items())]
        looks.append(["f", os.path.realpath(self._program or ""), look("f", self._program or "")])
        self._write({"looks": looks, "directory": trace.directory, "store": paths, "spec": spec})

    def _write(self, content: dict[str, Any]) -> None:
        os.makedirs(self._directory, mode=0o700, exist_ok=True)
        write_atomically(self._file, json.dumps({"format": _FORMAT, **content}, separators=(",", ":")), mode=0o600)
        files = [entry.path for entry in os.scandir(self._directory) if entry.name.endswith(".json")]
        for path in sorted(files, key=_changed_at, reverse=True)[_KEPT:]:
            remove(path)


def _changed_at(path: str) -> float:
    try:
        return os.path.getmtime(path)
    except FileNotFoundError:  # another command has just removed it
        return 0.0


class Evaluated:
    """What the traced processes answered, what they looked at since `started` (ns of the clock), and why that is of no use."""

    def __init__(self, answers: list[subprocess.CompletedProcess[str]], trace: Trace, started: int, unfit: Unfit | None) -> None:
        self.answers, self.trace, self.started, self.unfit = answers, trace, started, unfit

    @property
    def untraceable(self) -> bool:
        """Whether nothing was evaluated because processes may not be traced here (a container's seccomp, Yama)."""
        return self.unfit is not None and any(answer.returncode != 0 for answer in self.answers)


def _scan(path: str) -> None:
    """Raise Unfit when the text at `path` may ask for the time, or hands the builtins on so that nobody can see what is asked."""
    with open(path, "rb") as file:
        text = file.read(_LARGEST_SCANNED + 1)
    if len(text) > _LARGEST_SCANNED:
        raise Unfit(f"{path} is too large to look for the time in it")
    if _CLOCK.search(text):
        raise Unfit(f"{path} asks for the time")
    if _BUILTINS.search(text):
        raise Unfit(f"{path} hands on all builtins, of which one is the time")


def _compare(looks: Mapping[Look, str], started: int) -> None:
    """Raise Unfit when a look would find something else by now, or could without a sign."""
    mounts = _mounts()
    for (how, path), value in looks.items():
        if look(how, path) != value:
            raise Unfit(f"{path} changed meanwhile")
        if how in "fd":
            if int(value.rpartition(":")[2]) > started - _TICK:
                raise Unfit(f"{path} has just been changed")
            kind = _filesystem(os.path.realpath(path), mounts)
            if kind not in _DATED:
                raise Unfit(f"{path} is on a file system ({kind}) whose dates may be old")


def _mounts() -> dict[str, str]:
    """Mount point -> type of file system, the one on top, proc_pid_mountinfo(5)."""
    found = {}
    with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as lines:
        for line in lines:
            left, _, right = line.partition(" - ")
            found[re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), left.split()[4])] = right.split()[0]
    return found


def _filesystem(path: str, mounts: Mapping[str, str]) -> str:
    while path not in mounts and path != "/":
        path = os.path.dirname(path)
    return mounts.get(path, "?")
