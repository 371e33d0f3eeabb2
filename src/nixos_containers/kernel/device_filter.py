"""Which devices a cgroup may use, on cgroup v2: a program that the kernel asks at every use (admin-guide/cgroup-v2, Device controller).

cgroup v1 has files for this, and systemd writes such a program for its units; here it is written for launchers of hosts that have
neither. Run as a script, `device_filter.py CGROUP RULES`, it imports nothing of ours: a launcher calls it at every start.
Rules are those of cgroup v1's devices.allow: `c 1:3 rwm`, `b 8:* r`, one a line. Not for choosing them (plan/rights.py).
"""

from __future__ import annotations

import os
import struct
import sys

# linux/bpf.h: enum bpf_cmd, bpf_prog_type, bpf_attach_type, BPF_F_ALLOW_MULTI.
_PROG_LOAD, _PROG_ATTACH = 5, 8
_CGROUP_DEVICE_PROGRAM, _CGROUP_DEVICE = 15, 6
_ALLOW_MULTI = 2
# The number of bpf(2), by machine (asm/unistd.h).
_NUMBERS = {
    "x86_64": 321, "aarch64": 280, "riscv64": 280, "loongarch64": 280, "i686": 357, "i386": 357, "armv7l": 386, "armv6l": 386,
    "ppc64le": 361, "ppc64": 361, "s390x": 351,
}  # fmt: skip
# struct bpf_cgroup_dev_ctx: access_type is the kind in the low half, what is wanted in the high one; then major, minor.
_KINDS = {"b": 1, "c": 2}
_ACCESS = {"m": 1, "r": 2, "w": 4}
_ALL = 7
# Opcodes (linux/bpf_common.h, linux/bpf.h): class, operation and source in one byte.
_LOAD_WORD, _MOVE, _MOVE_REGISTER, _AND, _SHIFT_RIGHT, _UNLESS_EQUAL, _EXIT = 0x61, 0xB7, 0xBF, 0x57, 0x77, 0x55, 0x95
_RESULT, _CONTEXT, _KIND, _WANTED, _MAJOR, _MINOR, _SCRATCH = 0, 1, 2, 3, 4, 5, 6


def _step(code: int, target: int = 0, *, source: int = 0, offset: int = 0, value: int = 0) -> bytes:
    """One instruction, in this machine's byte order."""
    registers = target | source << 4 if sys.byteorder == "little" else target << 4 | source
    return struct.pack("=BBhi", code, registers, offset, value)


def program(rules: str) -> bytes:
    """The instructions that say yes to a use which one of the `rules` allows whole, and no to any other. Raises ValueError."""
    steps = [
        _step(_LOAD_WORD, _WANTED, source=_CONTEXT, offset=0),
        _step(_LOAD_WORD, _MAJOR, source=_CONTEXT, offset=4),
        _step(_LOAD_WORD, _MINOR, source=_CONTEXT, offset=8),
        _step(_MOVE_REGISTER, _KIND, source=_WANTED),
        _step(_AND, _KIND, value=0xFFFF),
        _step(_SHIFT_RIGHT, _WANTED, value=16),
    ]
    for line in dict.fromkeys(filter(None, map(str.strip, rules.splitlines()))):
        steps += _rule(line)
    return b"".join([*steps, _step(_MOVE, _RESULT, value=0), _step(_EXIT)])


def _rule(line: str) -> list[bytes]:
    try:
        kind, numbers, letters = line.split()
        major, minor = numbers.split(":")
        allowed = sum(_ACCESS[letter] for letter in set(letters))
        tests = [(_KIND, _KINDS[kind])]
        tests += [(register, int(number)) for register, number in ((_MAJOR, major), (_MINOR, minor)) if number != "*"]
    except (ValueError, KeyError):
        raise ValueError(f"not a rule for devices: {line}") from None
    found: list[tuple[int, int, int]] = [(_UNLESS_EQUAL, register, number) for register, number in tests]
    if allowed != _ALL:
        found.append((_UNLESS_EQUAL, _SCRATCH, 0))
    end = [_step(_MOVE, _RESULT, value=1), _step(_EXIT)]
    before = [] if allowed == _ALL else [_step(_MOVE_REGISTER, _SCRATCH, source=_WANTED), _step(_AND, _SCRATCH, value=_ALL & ~allowed)]
    length = len(before) + len(found) + len(end)
    steps = list(before)
    for number, (code, register, value) in enumerate(found):
        # How many instructions are left of this rule: the next one's are behind them.
        steps.append(_step(code, register, offset=length - len(before) - number - 1, value=value))
    return steps + end


def load(instructions: bytes) -> int:
    """A descriptor of the program in the kernel. Raises OSError, as the kernel refuses."""
    import ctypes

    code, license_text = ctypes.create_string_buffer(instructions, len(instructions)), ctypes.create_string_buffer(b"GPL")
    attributes = struct.pack(
        "=IIQQIIQII", _CGROUP_DEVICE_PROGRAM, len(instructions) // 8, ctypes.addressof(code), ctypes.addressof(license_text), 0, 0, 0, 0, 0
    )
    return _bpf(_PROG_LOAD, attributes)


def attach(group: str, rules: str) -> None:
    """The cgroup at `group` (cgroup v2) and those below may use what `rules` allow, and nothing else, as long as it is there.

    Raises OSError, as the kernel refuses, and ValueError for a rule that is none.
    """
    filter_ = load(program(rules))
    directory = os.open(group, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        _bpf(_PROG_ATTACH, struct.pack("=IIII", directory, filter_, _CGROUP_DEVICE, _ALLOW_MULTI))
    finally:
        os.close(directory)
        os.close(filter_)


def refusal() -> str | None:
    """Why the kernel takes no such program from us, or None when it does."""
    try:
        os.close(load(program("")))
    except OSError as failure:
        return failure.strerror or str(failure)
    return None


def _bpf(command: int, attributes: bytes) -> int:
    """bpf(2), which the C library has no function for."""
    import ctypes
    import errno

    number = _NUMBERS.get(os.uname().machine)
    if number is None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    buffer = ctypes.create_string_buffer(attributes, len(attributes))
    library = ctypes.CDLL(None, use_errno=True)
    library.syscall.restype = ctypes.c_long
    result: int = library.syscall(ctypes.c_long(number), ctypes.c_long(command), buffer, ctypes.c_long(len(attributes)))
    if result < 0:
        failed = ctypes.get_errno()
        raise OSError(failed, os.strerror(failed))
    return result


def main(words: list[str]) -> int:
    """`CGROUP RULES`: attach, or say on stderr why not and return 1."""
    group, rules = words
    try:
        attach(group, rules)
    except (OSError, ValueError) as failure:
        print(f"the device policy is not enforced: {failure}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
