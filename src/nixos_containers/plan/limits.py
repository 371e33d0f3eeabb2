"""Resource limits: from what people write, in several places, to numbers. Which files they go to: cgroup_files.py.

Syntax and meaning are systemd's (systemd.resource-control(5), systemd.exec(5)). Not for writing anything.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..base.errors import DefinitionError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..declare.container import Container

PERIOD_US = 100_000  # the kernel's default period of the CPU bandwidth controller
_NUMBER = re.compile(r"\d{1,18}(\.\d{1,9})?", re.ASCII)  # float() also takes nan, 1e999 and 1_0
_SIZE = re.compile(rf"({_NUMBER.pattern})\s*([KMGTP]?)(I?B)?", re.ASCII)
_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40, "P": 1 << 50}
_CPU_LIST = re.compile(r"\d{1,5}(-\d{1,5})?([ ,]+\d{1,5}(-\d{1,5})?)*", re.ASCII)
_FILES = re.compile(r"(\d{1,9}|infinity)(:(\d{1,9}|infinity))?", re.ASCII)
_OOM_POLICIES = ("continue", "stop", "kill")

# systemd-nspawn@.service's: what no server in a container comes near, and what leaves the host half of the 32768 that many have.
TASKS_MAX = 16384

PathLimits = dict[str, int]  # device, or a path on it -> bytes or operations a second


@dataclass(frozen=True, slots=True)
class CgroupLimits:
    """Numbers for the kernel: microseconds of CPU per 100 ms, bytes, processes, weights of 1 to 10000.

    `limit_nofile` and `oom_score_adjust` are the processes' own and not the cgroup's: only a start can set them.
    """

    cpu_quota_us: int | None = None
    memory_max: int | None = None
    memory_high: int | None = None
    tasks_max: int | None = None
    cpu_weight: int | None = None
    allowed_cpus: str | None = None
    allowed_memory_nodes: str | None = None
    memory_swap_max: int | None = None
    io_weight: int | None = None
    io_read_bandwidth_max: PathLimits = field(default_factory=dict)
    io_write_bandwidth_max: PathLimits = field(default_factory=dict)
    io_read_iops_max: PathLimits = field(default_factory=dict)
    io_write_iops_max: PathLimits = field(default_factory=dict)
    oom_policy: str | None = None
    limit_nofile: str | None = None
    oom_score_adjust: int | None = None


# What only a start can give to a guest. Everything else is changed while it runs.
AT_START = frozenset({"limit_nofile", "oom_score_adjust", "oom_policy"})


@dataclass(frozen=True, slots=True)
class ReadLimits:
    """The limits of a container, its `extraFlags` without those that were limits, and which option each field came from."""

    limits: CgroupLimits
    flags: tuple[str, ...]
    places: dict[str, str]


def parse_size(text: str | int, where: str, *, zero: bool = False) -> int:
    """Bytes in `1G`, `512M`, `1.5G` or a plain number (base 1024, as systemd's MemoryMax=); 0 only where `zero` allows it.

    Raises DefinitionError naming `where`.
    """
    if isinstance(text, int):
        return text
    found = _SIZE.fullmatch(text.strip().upper())
    if found is None:
        raise DefinitionError(f"{where}: ‘{text}’ is not a size", hint="write bytes, or a number with K, M, G or T")
    value = float(found[1]) * _UNITS[found[3]]
    if value <= 0 and not zero:
        raise DefinitionError(f"{where}: a size must be more than 0, not ‘{text}’")
    return int(value)


def parse_quota(text: str, where: str) -> int:
    """Microseconds per 100 ms in `50%` (half a core) or `200%` (two cores), as systemd's CPUQuota=."""
    number = text.strip().removesuffix("%").rstrip()
    percent = float(number) if _NUMBER.fullmatch(number) else 0.0
    if not text.strip().endswith("%") or percent <= 0:
        raise DefinitionError(f"{where}: ‘{text}’ is not a CPU quota", hint="write a percentage of one core, such as 50%")
    return max(1000, int(percent * PERIOD_US / 100))


def _swap_size(text: str | int, where: str) -> int:
    return parse_size(text, where, zero=True)


def _count(text: str | int, where: str) -> int:
    try:
        count = int(text)
    except ValueError:
        count = 0
    if count <= 0:
        raise DefinitionError(f"{where}: ‘{text}’ is not a number above 0")
    return count


def _rate(text: str | int, where: str) -> int:
    """Operations a second: a number, with K, M, G of base 1000 as systemd takes them for IOReadIOPSMax=."""
    words = str(text).strip().upper()
    factor = {"K": 1000, "M": 10**6, "G": 10**9}.get(words[-1:], 1)
    return _count(words if factor == 1 else words[:-1], where) * factor


def _bandwidth(text: str | int, where: str) -> int:
    """Bytes a second. systemd.resource-control(5): base 1000 here, not 1024 as for memory."""
    words = str(text).strip().upper()
    found = _SIZE.fullmatch(words)
    factor = {"": 1, "K": 1000, "M": 10**6, "G": 10**9, "T": 10**12, "P": 10**15}
    value = float(found[1]) * factor[found[3]] if found else 0.0
    if value < 1:
        raise DefinitionError(f"{where}: ‘{text}’ is not a number of bytes a second", hint="write it as 10M")
    return int(value)


def _weight(text: str | int, where: str) -> int:
    weight = _count(text, where)
    if weight > 10000:
        raise DefinitionError(f"{where}: a weight is between 1 and 10000, not {weight}")
    return weight


def _numbers(text: str, where: str) -> str:
    """`0-1,3` in one spelling, as the kernel's cpuset files take it; systemd also takes blanks in between."""
    text = text.strip()
    if not _CPU_LIST.fullmatch(text):
        raise DefinitionError(f"{where}: ‘{text}’ is not a list of numbers", hint="write it as 0-1,3")
    return ",".join(text.replace(",", " ").split())


def _open_files(text: str | int, where: str) -> str:
    value = str(text).strip()
    found = _FILES.fullmatch(value)
    if not found or value.startswith("0"):
        raise DefinitionError(f"{where}: ‘{text}’ is not a number of open files", hint="write 4096, or soft and hard limit as 1024:4096")
    return value


def _oom_policy(text: str, where: str) -> str:
    if text not in _OOM_POLICIES:
        raise DefinitionError(f"{where}: ‘{text}’ is no policy", hint=f"one of {', '.join(_OOM_POLICIES)}")
    return text


def _adjustment(text: str | int, where: str) -> int:
    try:
        value = int(text)
    except ValueError:
        value = 9999
    if not -1000 <= value <= 1000:
        raise DefinitionError(f"{where}: ‘{text}’ is not a number between -1000 and 1000")
    return value


# systemd's names -> the field here, and how its value is read. The four that map a path have their own way (_PER_PATH).
_PROPERTIES: dict[str, tuple[str, Any]] = {
    "CPUQuota": ("cpu_quota_us", parse_quota),
    "CPUWeight": ("cpu_weight", _weight),
    "AllowedCPUs": ("allowed_cpus", _numbers),
    "AllowedMemoryNodes": ("allowed_memory_nodes", _numbers),
    "MemoryMax": ("memory_max", parse_size),
    "MemoryLimit": ("memory_max", parse_size),
    "MemoryHigh": ("memory_high", parse_size),
    "MemorySwapMax": ("memory_swap_max", _swap_size),
    "TasksMax": ("tasks_max", _count),
    "IOWeight": ("io_weight", _weight),
    "OOMPolicy": ("oom_policy", _oom_policy),
    "LimitNOFILE": ("limit_nofile", _open_files),
    "OOMScoreAdjust": ("oom_score_adjust", _adjustment),
}
_PER_PATH: dict[str, tuple[str, Any]] = {
    "IOReadBandwidthMax": ("io_read_bandwidth_max", _bandwidth),
    "IOWriteBandwidthMax": ("io_write_bandwidth_max", _bandwidth),
    "IOReadIOPSMax": ("io_read_iops_max", _rate),
    "IOWriteIOPSMax": ("io_write_iops_max", _rate),
}
# Flags that people write but systemd-nspawn does not have.
_FLAGS = {"--memory-limit": "MemoryMax", "--cpu-limit": "CPUQuota", "--cpu-quota": "CPUQuota", "--tasks-limit": "TasksMax"}
# Fields of the `limits` option whose JSON name is not systemd's with a small letter.
_OPTION_NAMES = {
    "CPUQuota": "cpuQuota", "CPUWeight": "cpuWeight", "AllowedCPUs": "allowedCpus", "IOWeight": "ioWeight",
    "IOReadBandwidthMax": "ioReadBandwidthMax", "IOWriteBandwidthMax": "ioWriteBandwidthMax",
    "IOReadIOPSMax": "ioReadIopsMax", "IOWriteIOPSMax": "ioWriteIopsMax",
    "LimitNOFILE": "limitNofile", "OOMPolicy": "oomPolicy", "OOMScoreAdjust": "oomScoreAdjust",
}  # fmt: skip


def _put(found: dict[str, Any], name: str, value: object, where: str) -> str | None:
    """Read systemd's assignment `name=value` into `found`; return the field, None when `name` is no limit.

    An empty value says nothing, `infinity` lifts what was there. Raises DefinitionError naming `where`.
    """
    attribute, parse = (_PROPERTIES | _PER_PATH).get(name, ("", None))
    text = str(value).strip()
    if not attribute or not text:
        return attribute or None
    if name in _PER_PATH:
        path, _, rate = text.rpartition(" ")
        if not path.startswith("/"):
            raise DefinitionError(f"{where}: ‘{text}’ is not a path and a number", hint=f"write it as '{name}=/var 10M'")
        rates = {**found.get(attribute, {}), path.strip(): 0 if rate == "infinity" else parse(rate, where)}
        found[attribute] = {path: number for path, number in rates.items() if number}
    elif text == "infinity" and name != "LimitNOFILE":
        found[attribute] = None
    else:
        found[attribute] = parse(value, where)
    return attribute


def read_limits(container: Container) -> ReadLimits:
    """The limits of `container`, from all the places where they can be written.

    Sources, the later one wins: the guest's slice named `container`, limits among the extra flags
    (`--memory-limit=1G`, `--property=MemoryMax=1G`), the `serviceConfig` of the container's unit, the `limits` option.
    Without a word a container has TASKS_MAX processes, or the guest's root could leave none to the host. Raises DefinitionError.
    """
    found: dict[str, Any] = {"tasks_max": TASKS_MAX}
    places: dict[str, str] = {}
    flags: list[str] = []

    def take(key: str, value: object, where: str) -> bool:
        attribute = _put(found, key, value, f"containers.{container.name}.{where}")
        if attribute is not None:
            places[attribute] = f"containers.{container.name}.{where}"
        return attribute is not None

    for key, value in container.slice_limits.items():
        take(key, value, f"config.systemd.slices.container.sliceConfig.{key}")
    for flag in container.extra_flags:
        key, _, value = flag.partition("=")
        if key == "--property":
            key, _, value = value.partition("=")
        elif value:
            key = _FLAGS.get(key, "")
        else:
            key = ""
        if not take(key, value, "extraFlags"):
            flags.append(flag)
    for key, values in sorted(container.service_config.items()):
        where = f'systemd.services."container@{container.name}".serviceConfig.{key}'
        for text in values:
            attribute = _put(found, key, text, where)
            if attribute is not None:
                places[attribute] = where
    for key, value in _declared(container):
        take(key, value, f"limits.{option_name(key)}")
    return ReadLimits(CgroupLimits(**found), tuple(flags), places)


def _declared(container: Container) -> Iterable[tuple[str, object]]:
    """What the `limits` option says, as systemd's assignments."""
    for key, (attribute, _) in (_PROPERTIES | _PER_PATH).items():
        value = getattr(container.limits, "cpu_quota" if attribute == "cpu_quota_us" else attribute)
        if key == "MemoryLimit" or value is None:
            continue
        if isinstance(value, dict):
            yield from ((key, f"{path} {rate}") for path, rate in value.items())
        else:
            yield key, value


def option_name(key: str) -> str:
    """The option below `limits` of systemd's property `key`."""
    return _OPTION_NAMES.get(key, key[:1].lower() + key[1:])


def property_names() -> dict[str, str]:
    """Option below `limits` -> systemd's property, for every limit there is."""
    return {option_name(key): key for key in _PROPERTIES | _PER_PATH if key != "MemoryLimit"}


def systemd_names() -> frozenset[str]:
    """systemd's properties that are limits here."""
    return frozenset(_PROPERTIES | _PER_PATH)


def container_limits(container: Container) -> tuple[CgroupLimits, tuple[str, ...]]:
    """The limits of `container`, and its `extraFlags` without those that were limits. Raises DefinitionError."""
    read = read_limits(container)
    return read.limits, read.flags


def assignments(words: Iterable[str]) -> list[tuple[str, str]]:
    """Words such as `memoryMax=1G` or systemd's `MemoryMax=1G` as systemd's properties and their values.

    Raises DefinitionError for other words, and for limits that only a start can set.
    """
    known = property_names()
    names = {name.lower(): key for name, key in known.items()} | {key.lower(): key for key in known.values()}
    found = []
    for word in words:
        name, _, value = word.partition("=")
        key = names.get(name.lower())
        if key is None or not value:
            raise DefinitionError(f"‘{word}’ is no limit", hint=f"write NAME=VALUE; names are {', '.join(sorted(known))}")
        if (_PER_PATH | _PROPERTIES)[key][0] in AT_START:
            raise DefinitionError(f"{name} cannot be changed while the container runs", hint="set it in the definition and restart")
        found.append((key, value))
    return found


def root_size(container: Container) -> int | None:
    """The most bytes that the root may hold (`diskMax`), or None. Raises DefinitionError."""
    size = container.limits.disk_max
    return None if size is None else parse_size(size, f"containers.{container.name}.limits.diskMax")


def changed_limits(limits: CgroupLimits, changes: Iterable[tuple[str, str]]) -> CgroupLimits:
    """`limits` with `changes` as `assignments` gives them; `infinity` lifts one. Raises DefinitionError."""
    found: dict[str, Any] = {entry.name: getattr(limits, entry.name) for entry in dataclasses.fields(limits)}
    for key, value in changes:
        _put(found, key, value, option_name(key))
    return CgroupLimits(**found)


def live_digest(limits: CgroupLimits) -> str:
    """A digest of those among `limits` that can be changed while the container runs."""
    live = {entry.name: getattr(limits, entry.name) for entry in dataclasses.fields(limits) if entry.name not in AT_START}
    return hashlib.sha256(json.dumps(live, sort_keys=True).encode()).hexdigest()[:16]


def start_limits(container: Container) -> dict[str, Any]:
    """The limits that only a start can set, and that therefore ask for a restart when they change."""
    limits = container_limits(container)[0]
    return {name: getattr(limits, name) for name in sorted(AT_START) if getattr(limits, name) is not None}
