"""`cp`: files and directories between the host and a running container, by tar, each side within its own namespaces.

What a guest sends is hostile until proven otherwise: the host unpacks it into a fresh directory, without the right to make
device nodes and without set-id bits, and moves the one thing that was asked for. What the host sends is unpacked by the guest
itself, so that links of its lead nowhere else. Owners are numbers, the same on both sides.
"""

from __future__ import annotations

import os
import posixpath
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..base import process
from ..base.errors import ContainerError, HostError, UsageError
from ..base.programs import GUEST_PATH
from ..observe import containers as observe

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..base.paths import Paths

# $1 destination, $2 the last part of the source's name, $3 packs, the rest unpacks. In both a host's and a guest's shell.
_RECEIVE = """\
set -e; umask 0
target=$1 name=$2 pack=$3; shift 3
case $target in */) [ -d "$target" ] || { echo "$target is no directory" >&2; exit 1; };; esac
[ ! -d "$target" ] || target=${target%/}/$name
parent=$(dirname -- "$target")
[ -d "$parent" ] || { echo "$parent is no directory" >&2; exit 1; }
new=$(mktemp -d "$parent/.nixos-container-cp.XXXXXX")
trap 'rm -rf "$new"' EXIT
"$@" -x -C "$new" -f -
if [ -d "$new/$name" ] && [ ! -L "$new/$name" ] && [ -d "$target" ]; then $pack -C "$new/$name" -f - . | "$@" -x -C "$target" -f -
elif [ -d "$target" ] && [ ! -L "$target" ]; then echo "$target is a directory" >&2; exit 1
else mv -f -T "$new/$name" "$target"
fi
"""
_RECEIVE_STREAM = 'set -e; [ ! -d "$1" ] || { echo "$1 is a directory" >&2; exit 1; }; cat > "$1"'
_SEND_STREAM = '[ ! -d "$1" ] || { echo "$1 is a directory" >&2; exit 1; }; exec cat "$1"'
# By its path, since a busybox takes the bare name for its own.
_FIND_TAR = 'IFS=:; for place in $PATH; do [ ! -x "$place/tar" ] || { echo "$place/tar"; exec "$place/tar" --version; }; done'
# Without the capability no device node can be made, whatever the archive says.
_NO_DEVICES = ("setpriv", "--bounding-set=-mknod", "--inh-caps=-mknod", "--")


@dataclass(frozen=True, slots=True)
class _Guest:
    """How to run something in the container: `enter` joins it, `busybox` is the static program that every guest has."""

    enter: tuple[str, ...]
    busybox: str
    tar: tuple[str, ...]
    sparse: bool

    def shell(self, script: str, *words: str) -> list[str]:
        return [*self.enter, self.busybox, "sh", "-c", script, "cp", *words]


def copy_in(paths: Paths, name: str, source: str, target: str) -> None:
    """Copy `source` of the host, `-` for standard input, to `target` in container `name`. Raises ContainerError."""
    guest = _guest(paths, name)
    if source == "-":
        _check(guest.shell(_RECEIVE_STREAM, target), stdin=sys.stdin.buffer.fileno())
        return
    path = os.path.abspath(source)
    if not os.path.lexists(path):
        raise HostError(f"{path} does not exist")
    parent, base = os.path.split(os.path.realpath(path) if source.rstrip("/").endswith(".") else path)
    if not base:
        raise UsageError("the whole root is not copied", hint="name what is in it")
    send = ["tar", "-c", *(["-S"] if guest.sparse else []), "--numeric-owner", "-C", parent, "-f", "-", "--", base]
    flags = ("--numeric-owner", "-p") if guest.sparse else ()
    pack = " ".join((*guest.tar, "-c", *(("-S", "--numeric-owner") if guest.sparse else ())))
    _pipe(send, guest.shell(_RECEIVE, target, base, pack, *guest.tar, *flags))


def copy_out(paths: Paths, name: str, source: str, target: str) -> None:
    """Copy `source` in container `name` to `target` of the host, `-` for standard output. Raises ContainerError."""
    guest = _guest(paths, name)
    if target == "-":
        sys.stdout.flush()
        _check(guest.shell(_SEND_STREAM, source), stdout=sys.stdout.buffer.fileno())
        return
    parent, base = posixpath.split(posixpath.normpath(source))
    if base in ("", ".", ".."):
        raise UsageError("the whole root is not copied", hint="name what is in it")
    flags = ("-S", "--numeric-owner") if guest.sparse else ()
    send = [*guest.enter, *guest.tar, "-c", *flags, "-C", parent, "-f", "-", *(["--"] if guest.sparse else []), base]
    # Not -p: the modes then lose the bits that would let a guest's program run as another user here.
    unpack = (*_NO_DEVICES, "tar", "--numeric-owner", "--no-same-permissions", "--delay-directory-restore")
    place = os.path.abspath(target) + ("/" if target.endswith("/") else "")
    _pipe(send, ["/bin/sh", "-c", _RECEIVE, "cp", place, base, "tar -c -S --numeric-owner", *unpack])


def _guest(paths: Paths, name: str) -> _Guest:
    observe.record(paths, name)
    running, started = observe.running(paths, name), observe.started(paths, name)
    if running is None or started is None:
        raise ContainerError(f"container ‘{name}’ is not running", hint=f"nixos-container start {name}")
    nsenter = process.find("nsenter")
    if nsenter is None:
        raise process.missing("nsenter")
    enter = (nsenter, "--all", f"--target={running.leader}", "--")
    # GNU's knows sparse files and the numbers of owners; every guest has at least busybox's.
    known = process.run([*enter, started.busybox, "sh", "-c", _FIND_TAR], check=False, env={"PATH": GUEST_PATH})
    path, _, version = known.stdout.partition("\n")
    if "GNU tar" in version:
        return _Guest(enter, started.busybox, (path,), sparse=True)
    return _Guest(enter, started.busybox, (started.busybox, "tar"), sparse=False)


def _check(command: Sequence[str], *, stdin: int | None = None, stdout: int | None = None) -> None:
    done = process.spawn(command, stdin=stdin, stdout=stdout, env={"PATH": GUEST_PATH})
    if done.wait() != 0:
        raise ContainerError("the copy failed; what went wrong stands above")


def _pipe(send: Sequence[str], receive: Sequence[str]) -> None:
    """Run both, the one into the other; each side finds its programs by a path of its own."""
    host = os.environ.get("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
    guest_sends = "nsenter" in os.path.basename(send[0])
    sender = process.spawn(send, stdout=process.PIPE, env={"PATH": GUEST_PATH if guest_sends else host})
    assert sender.stdout is not None
    receiver = process.spawn(receive, stdin=sender.stdout, env={"PATH": host if guest_sends else GUEST_PATH})
    sender.stdout.close()
    try:
        results = (receiver.wait(), sender.wait())
    except BaseException:
        for one in (sender, receiver):
            one.terminate()
            one.wait()
        raise
    if any(results):
        raise ContainerError("the copy failed; what went wrong stands above", hint="what was there before is unchanged")
