"""`cp`: files and directories between the host and a running container, by tar, each side within its own namespaces.

What a guest sends is hostile until proven otherwise: the host unpacks it into a fresh directory, without the right to make
device nodes and without set-id bits, and moves the one thing that was asked for. What the host sends is unpacked by the guest
itself, so that links of its lead nowhere else. Owners are numbers, the same on both sides.
"""

from __future__ import annotations

import fcntl
import os
import posixpath
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..base import log, process
from ..base.errors import ContainerError, HostError, UsageError
from ..base.pump import pump
from ..observe import containers as observe
from .inside import inside

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ..base.paths import Paths

# As cp(1) has it, a link in the destination is not followed once the source's name has been added: an earlier copy may have brought it.
# $1 destination, $2 the last part of the source's name, $3 where it is told that all came, $4 packs, the rest unpacks. In both a
# host's and a guest's shell. What is cut off, by whatever death, leaves nothing: only after that word is anything moved.
_RECEIVE = """\
set -ef; umask 0
target=$1 name=$2 told=$3 pack=$4; shift 4
case $target in */) [ -d "$target" ] || { echo "$target is no directory" >&2; exit 1; };; esac
[ ! -d "$target" ] || target=${target%/}/$name
parent=$(dirname -- "$target")
[ -d "$parent" ] || { echo "$parent is no directory" >&2; exit 1; }
new=$(mktemp -d "$parent/.nixos-container-cp.XXXXXX")
trap 'rm -rf "$new"' EXIT; trap 'exit 1' INT TERM HUP
"$@" -x -C "$new" -f -
read -r word <&$told || exit 1
[ -e "$new/$name" ] || [ -L "$new/$name" ] || { echo "$name: nothing that can be copied, a socket perhaps" >&2; exit 1; }
is_tree() { [ -d "$1" ] && [ ! -L "$1" ]; }
if is_tree "$new/$name" && is_tree "$target"; then $pack -C "$new/$name" -f - . | "$@" -x -C "$target" -f -
elif is_tree "$target"; then echo "$target is a directory" >&2; exit 1
else mv -f -T "$new/$name" "$target"
fi
"""
# $1 destination, $2 as above. A file that is there keeps its owner and mode; what is no file (a FIFO, say) is written to.
_RECEIVE_STREAM = """\
set -e
[ ! -d "$1" ] || { echo "$1 is a directory" >&2; exit 1; }
target=$(readlink -f -- "$1") || target=$1
parent=$(dirname -- "$target")
[ -d "$parent" ] || { echo "$parent is no directory" >&2; exit 1; }
[ ! -e "$target" ] || [ -f "$target" ] || exec cat > "$target"
new=$(mktemp "$parent/.nixos-container-cp.XXXXXX")
trap 'rm -f "$new"' EXIT; trap 'exit 1' INT TERM HUP
if [ -f "$target" ]; then cp -p "$target" "$new"; else chmod 644 "$new"; fi
cat > "$new"
read -r word <&$2 || exit 1
mv -f -T "$new" "$target"
"""
_SEND_STREAM = '[ ! -d "$1" ] || { echo "$1 is a directory" >&2; exit 1; }; exec cat "$1"'
# By its path, since a busybox takes the bare name for its own.
_FIND_TAR = 'IFS=:; for place in $PATH; do [ ! -x "$place/tar" ] || { echo "$place/tar"; exec "$place/tar" --version; }; done'
# GNU tar's; people's own attributes both ways, file capabilities only to the guest: there they are its own.
_KEEP = ("-S", "--numeric-owner", "--xattrs", "--xattrs-include=user.*")
_CAPABILITIES = "--xattrs-include=security.capability"
# Without the capability no device node can be made, whatever the archive says.
_NO_DEVICES = ("setpriv", "--bounding-set=-mknod", "--inh-caps=-mknod", "--")


@dataclass(frozen=True, slots=True)
class _Guest:
    """How to run something in the container: `enter` joins it, `busybox` is the static program that every guest has."""

    enter: tuple[str, ...]
    busybox: str
    tar: tuple[str, ...]
    gnu: bool

    def shell(self, script: str, *words: str) -> list[str]:
        return [*self.enter, self.busybox, "sh", "-c", script, "cp", *words]


def copy_in(paths: Paths, name: str, source: str, target: str) -> None:
    """Copy `source` of the host, `-` for standard input, to `target` in container `name`. Raises ContainerError."""
    guest = _guest(paths, name)
    if source == "-":
        _feed(sys.stdin.buffer.fileno(), lambda told: guest.shell(_RECEIVE_STREAM, target, told))
        return
    path = os.path.abspath(source)
    if not os.path.lexists(path):
        raise HostError(f"{path} does not exist")
    parent, base = os.path.split(os.path.realpath(path) if source.rstrip("/").endswith(".") else path)
    if not base:
        raise UsageError("the whole root is not copied", hint="name what is in it")
    keep = [*_KEEP, _CAPABILITIES] if guest.gnu else ["--numeric-owner"]
    send = ["tar", "-c", *keep, "-C", parent, "-f", "-", f"./{base}"]
    pack = " ".join((*guest.tar, "-c", *(keep if guest.gnu else ())))
    flags = (*keep, "-p") if guest.gnu else ()
    _pipe(send, lambda told: guest.shell(_RECEIVE, target, base, told, pack, *guest.tar, *flags))


def copy_out(paths: Paths, name: str, source: str, target: str) -> None:
    """Copy `source` in container `name` to `target` of the host, `-` for standard output. Raises ContainerError."""
    guest = _guest(paths, name)
    if target == "-":
        sys.stdout.flush()
        done = process.spawn(guest.shell(_SEND_STREAM, source), stdout=sys.stdout.buffer.fileno())
        if done.wait() != 0:
            raise ContainerError("the copy failed; what went wrong stands above")
        return
    parent, base = posixpath.split(posixpath.normpath(source))
    if base in ("", ".", ".."):
        raise UsageError("the whole root is not copied", hint="name what is in it")
    send = [*guest.enter, *guest.tar, "-c", *(_KEEP if guest.gnu else ()), "-C", parent, "-f", "-", f"./{base}"]
    # Not -p: the modes then lose the bits that would let a guest's program run as another user here.
    unpack = (*_NO_DEVICES, "tar", *_KEEP, "--no-same-permissions", "--delay-directory-restore")
    place = os.path.abspath(target) + ("/" if target.endswith("/") else "")
    pack = " ".join(("tar", "-c", *_KEEP))
    _pipe(send, lambda told: ["/bin/sh", "-c", _RECEIVE, "cp", place, base, told, pack, *unpack])


def _guest(paths: Paths, name: str) -> _Guest:
    observe.record(paths, name)
    running, started = observe.running(paths, name), observe.started(paths, name)
    if running is None or started is None:
        raise ContainerError(f"container ‘{name}’ is not running", hint=f"nixos-container start {name}")
    enter = tuple(inside(name, running.leader, most=None))
    # GNU's knows sparse files and the numbers of owners; every guest has at least busybox's.
    known = process.run([*inside(name, running.leader), started.busybox, "sh", "-c", _FIND_TAR], check=False)
    path, _, version = known.stdout.partition("\n")
    if "GNU tar" in version:
        return _Guest(enter, started.busybox, (path,), gnu=True)
    log.say(f"container ‘{name}’ has no GNU tar: holes of sparse files are filled, extended attributes left out")
    return _Guest(enter, started.busybox, (started.busybox, "tar"), gnu=False)


def _pipe(send: Sequence[str], receive: Callable[[str], list[str]]) -> None:
    """Run both, the one into the other."""
    # Out of Ctrl-C's reach: who is interrupted is this process, and then both ends come to their own end.
    sender = process.spawn(send, stdout=process.PIPE, detach=True)
    assert sender.stdout is not None
    try:
        _feed(sender.stdout.fileno(), receive, sent=lambda: sender.wait() == 0)
    finally:
        sender.stdout.close()  # who still sends is told so by SIGPIPE
        if sender.poll() is None:
            sender.terminate()
        sender.wait()


def _feed(source: int, receive: Callable[[str], list[str]], *, sent: Callable[[], bool] = lambda: True) -> None:
    """Give everything from `source` to the command `receive(N)`, and then, if `sent` has it so, the word on its descriptor N."""
    reading, writing = os.pipe()
    told = fcntl.fcntl(reading, fcntl.F_DUPFD, 3)
    os.close(reading)
    receiver = process.spawn(receive(str(told)), stdin=process.PIPE, detach=True, pass_fds=(told,))
    os.close(told)
    assert receiver.stdin is not None
    try:
        try:
            pump(source, receiver.stdin.fileno())
            complete = sent()
        except BrokenPipeError:
            complete = False  # the receiver has ended, and said why
        receiver.stdin.close()
        if complete:
            os.write(writing, b"complete\n")
    finally:
        receiver.stdin.close()
        os.close(writing)
        status = receiver.wait()  # it takes away what came so far
    if status != 0 or not complete:
        raise ContainerError("the copy failed; what went wrong stands above", hint="what was there before is unchanged")
