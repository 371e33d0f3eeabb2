"""Loop devices (loop(4)) and what an ext4 says of itself. Not for making or mounting file systems: programs do that."""

from __future__ import annotations

import errno
import fcntl
import os
import struct
import time
from dataclasses import dataclass

_GET_STATUS, _SET_CAPACITY = 0x4C05, 0x4C07  # LOOP_GET_STATUS64, LOOP_SET_CAPACITY
_RESIZE = 0x40086610  # EXT4_IOC_RESIZE_FS: _IOW('f', 16, __u64)
_EXT4, _ERRORS = 0xEF53, 2  # s_magic, and a bit of s_state
_MAJOR = 7  # of loop devices, Documentation/admin-guide/devices.txt


@dataclass(frozen=True, slots=True)
class Superblock:
    """Of an ext4 in the file: its bytes, and whether it was found or left damaged (Documentation/filesystems/ext4/super.rst)."""

    size: int
    damaged: bool


def superblock(path: str) -> Superblock | None:
    """What the ext4 in the file `path` says of itself, or None when there is none."""
    with open(path, "rb") as file:
        file.seek(1024)
        block = file.read(1024)
    if len(block) < 1024 or struct.unpack_from("<H", block, 0x38)[0] != _EXT4:
        return None
    low, high = struct.unpack_from("<I", block, 0x4)[0], struct.unpack_from("<I", block, 0x150)[0]
    return Superblock((high << 32 | low) << (10 + struct.unpack_from("<I", block, 0x18)[0]), bool(block[0x3A] & _ERRORS))


def devices_of(path: str) -> list[str]:
    """The loop devices, as /dev/loop0, that the file `path` is attached to, in any mount namespace."""
    try:
        wanted = os.stat(path)
    except OSError:
        return []
    found = []
    for name in sorted(os.listdir("/sys/block")):
        if name.startswith("loop") and os.path.exists(f"/sys/block/{name}/loop/backing_file"):
            try:
                descriptor = os.open(f"/dev/{name}", os.O_RDONLY | os.O_CLOEXEC)
            except OSError:
                continue
            try:
                # What is behind it: lo_device and lo_inode of struct loop_info64 (232 bytes).
                device, inode = struct.unpack_from("QQ", fcntl.ioctl(descriptor, _GET_STATUS, bytes(232)))
            except OSError:
                continue
            finally:
                os.close(descriptor)
            if (device, inode) == (wanted.st_dev, wanted.st_ino):
                found.append(f"/dev/{name}")
    return found


def wait_until_free(path: str, seconds: float = 5.0) -> bool:
    """Wait until no loop device holds `path` any more: the kernel lets go a moment after the last unmounting."""
    deadline = time.monotonic() + seconds
    while devices_of(path):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def grow(root: str) -> int:
    """Let the ext4 that is mounted at `root` from a loop device become as large as the file behind that; return its bytes.

    Raises OSError: EPERM without CAP_SYS_RESOURCE, or when the file system has errors.
    """
    directory = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        device = os.fstat(directory).st_dev
        if os.major(device) != _MAJOR:
            raise OSError(errno.ENOTBLK, "not mounted from a loop device")
        loop = os.open(f"/dev/loop{os.minor(device)}", os.O_RDONLY | os.O_CLOEXEC)
        try:
            fcntl.ioctl(loop, _SET_CAPACITY, 0)
            size = os.lseek(loop, 0, os.SEEK_END)
        finally:
            os.close(loop)
        block = os.fstatvfs(directory).f_frsize
        fcntl.ioctl(directory, _RESIZE, struct.pack("Q", size // block))
        return size
    finally:
        os.close(directory)
