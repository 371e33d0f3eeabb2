"""The blobs of images on disk, by their digests, and what each layer was made from.

A layer is packed once: as long as the same store paths with the same contents are asked for, its blob is taken as it is. So what a
digest names is always the very bytes that were hashed. All of it can be made again; what was not used for long goes first.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
import zlib
from contextlib import suppress
from typing import IO, TYPE_CHECKING

from ..base import files, process
from ..base.errors import HostError
from ..declare.image import LAYER_OF, Descriptor
from .tarball import Tee

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from .tarball import Sink

# Changes with every change of the tar or the compression, so that no layer of before is taken.
_FORMAT = 1
_GZIP_LEVEL = 6
_GZIP = 16 + zlib.MAX_WBITS
_ZSTD = ("zstd", "--quiet", "--stdout", "-6", "--single-thread")


class Blobs:
    """A directory of blobs, laid out as the image specification has it (blobs/sha256/HEX)."""

    def __init__(self, directory: str) -> None:
        self.directory = directory
        self._layers = f"{directory}/layers"

    def path(self, digest: str) -> str:
        """The file of the blob `digest`."""
        algorithm, _, name = digest.partition(":")
        return f"{self.directory}/blobs/{algorithm}/{name}"

    def find(self, digest: str) -> str | None:
        """The file of the blob `digest`, if it is there."""
        path = self.path(digest)
        return path if os.path.isfile(path) else None

    def add(self, content: bytes, digest: str) -> None:
        """Keep `content`, whose digest is `digest`."""
        path = self.path(digest)
        if os.path.exists(path) and os.path.getsize(path) == len(content):
            _touch(path)
            return
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with _new_file(path, self._temporary()) as file:
            file.write(content)

    def layer(self, key: Iterable[str], compression: str, write: Callable[[Sink], None]) -> tuple[Descriptor, str]:
        """The blob of the layer that `write` writes, and the digest of the tar in it. `key` is all that the layer is a function of.

        Raises HostError when the disk is full, or `compression` needs a program that is not there.
        """
        text = "\n".join((str(_FORMAT), compression, *key))
        about = f"{self._layers}/{hashlib.sha256(text.encode(errors='surrogateescape')).hexdigest()}.json"
        known = self._known(about)
        if known is not None:
            return known
        os.makedirs(self._layers, exist_ok=True)
        os.makedirs(f"{self.directory}/blobs/sha256", exist_ok=True)
        temporary = self._temporary()
        try:
            with open(temporary, "wb") as file:
                digest, size, diff_id = _pack(file, compression, write)
                os.fsync(file.fileno())
            os.rename(temporary, self.path(digest))
        except OSError as failure:
            raise HostError(f"cannot write {temporary}: {failure.strerror}", hint=files.write_hint(failure)) from failure
        finally:
            with suppress(FileNotFoundError):
                os.unlink(temporary)
        made = Descriptor(LAYER_OF[compression], digest, size)
        with _new_file(about, self._temporary()) as file:
            file.write(json.dumps({"mediaType": made.media_type, "digest": digest, "size": size, "diffId": diff_id}).encode())
        return made, diff_id

    def _temporary(self) -> str:
        """A name for a file that is not whole yet, which says whose it is (run/debris.py): one for each thread, none among blobs."""
        return f"{self.directory}/new-{threading.get_ident()}.{os.getpid()}.tmp"

    def _known(self, about: str) -> tuple[Descriptor, str] | None:
        try:
            with open(about, encoding="utf-8") as file:
                said = json.load(file)
            made = Descriptor(said["mediaType"], said["digest"], said["size"])
            diff_id = str(said["diffId"])
            if os.stat(self.path(made.digest)).st_size != made.size:
                return None
        except (OSError, ValueError, KeyError, TypeError):
            return None
        _touch(about)
        _touch(self.path(made.digest))
        return made, diff_id

    def forget(self, most: int, keep: Iterable[str]) -> int:
        """Remove what was not used for the longest time until no more than `most` bytes are left; `keep` are digests that stay.

        Returns how many bytes went.
        """
        kept = {self.path(digest) for digest in keep}
        found = []
        directory = f"{self.directory}/blobs/sha256"
        with suppress(FileNotFoundError), os.scandir(directory) as entries:
            for entry in entries:
                status = entry.stat()
                found.append((status.st_mtime, status.st_size, entry.path))
        total = sum(size for _, size, _ in found)
        gone = 0
        for _, size, path in sorted(found):
            if total - gone <= most:
                break
            if path not in kept:
                files.remove(path)
                gone += size
        if gone:
            self._forget_records()
        return gone

    def _forget_records(self) -> None:
        """Remove what says of layers how they are called whose blobs are gone."""
        with suppress(FileNotFoundError), os.scandir(self._layers) as entries:
            for entry in entries:
                try:
                    with open(entry.path, encoding="utf-8") as file:
                        present = self.find(json.load(file)["digest"])
                except (OSError, ValueError, KeyError, TypeError):
                    present = None
                if present is None:
                    files.remove(entry.path)


def _pack(file: IO[bytes], compression: str, write: Callable[[Sink], None]) -> tuple[str, int, str]:
    """Write the compressed tar to `file`: its digest and size, and the digest of what was compressed."""
    inner, outer = hashlib.sha256(), hashlib.sha256()
    blob = Tee(outer.update, file.write)
    if compression == "none":
        write(Tee(inner.update, blob.write))
    elif compression == "gzip":
        # zlib's own header: no name, no date.
        squeeze = zlib.compressobj(_GZIP_LEVEL, zlib.DEFLATED, _GZIP)
        write(Tee(inner.update, lambda data: blob.write(squeeze.compress(data))))
        blob.write(squeeze.flush())
    else:
        _squeeze_with(_ZSTD, inner.update, blob, write)
    return f"sha256:{outer.hexdigest()}", file.tell(), f"sha256:{inner.hexdigest()}"


def _squeeze_with(command: tuple[str, ...], hashed: Callable[[bytes], object], blob: Sink, write: Callable[[Sink], None]) -> None:
    """Compress with a program that reads the tar and writes the blob."""
    child = process.spawn(command, stdin=process.PIPE, stdout=process.PIPE)
    assert child.stdin is not None and child.stdout is not None
    source, output = child.stdin, child.stdout
    failures: list[BaseException] = []

    def take() -> None:
        try:
            while data := output.read(1 << 16):
                blob.write(data)
        except BaseException as failure:
            failures.append(failure)
            child.kill()  # or it would wait for us to read, and whoever writes to it for it

    reader = threading.Thread(target=take, daemon=True)
    reader.start()
    try:
        write(Tee(hashed, source.write))
        source.close()
    except BrokenPipeError:
        pass  # the reason is the reader's, or in the status
    except BaseException:
        child.kill()
        raise
    finally:
        with suppress(BrokenPipeError):
            source.close()
        reader.join()
        output.close()
        status = child.wait()
    if failures:
        raise failures[0]
    if status != 0:
        raise HostError(f"{command[0]} failed with status {status}", hint="--compression gzip needs no other program")


class _new_file:
    """A file that appears under its name when it is whole."""

    def __init__(self, path: str, temporary: str) -> None:
        self._path, self._temporary = path, temporary

    def __enter__(self) -> IO[bytes]:
        self._file = open(self._temporary, "wb")
        return self._file

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                self._file.flush()
                os.fsync(self._file.fileno())
            self._file.close()
            if kind is None:
                os.rename(self._temporary, self._path)
        finally:
            files.remove(self._temporary)


def _touch(path: str) -> None:
    with suppress(OSError):
        os.utime(path)
