"""Records on disk: NAME.json, which we read, and NAME.conf with upstream's keys, which other tools read."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from ..base.files import locked, remove, write_atomically
from ..declare.codec import encode
from ..kernel.proc import command_name
from ..observe import containers as observe
from ..plan.mounts import journal_path
from ..plan.users import RANGE, allocate, numbers, parse_subid
from . import files

if TYPE_CHECKING:
    from collections.abc import Collection

    from ..base.paths import Paths
    from ..declare.container import Container, Record


def write(paths: Paths, record: Record) -> None:
    """Write both files of `record`, the JSON first: NAME.conf is what makes a container exist."""
    name = record.container.name
    write_atomically(observe.record_path(paths, name), json.dumps(encode(record), indent=1, sort_keys=True) + "\n")
    write_atomically(paths.record(name), conf_text(record.container))


def write_unclaimed(paths: Paths, record: Record, *, planned: Collection[str], since: float) -> None:
    """Write `record`, unless another command has meanwhile written down a container that takes the same address, port or interface.

    `since` is when this command looked at the others (seconds since the epoch), `planned` are those whose records it changes itself.
    Raises DefinitionError, as the plan would have if it were made now.
    """
    container = record.container
    with locked(paths.lock(".claims"), who="writing down what a container takes"):
        newer = [name for name in _written_since(paths, since) if name not in planned and name != container.name]
        if newer:
            from ..plan.claims import Ledger

            ledger = Ledger()
            ledger.enter(container.name, container)
            for name, other in observe.records(paths).items():  # without what is damaged, or gone by now
                if name in newer:
                    ledger.check(name, other.container)
        write(paths, record)


def _written_since(paths: Paths, since: float) -> list[str]:
    found = []
    for name in observe.names(paths):
        try:
            if os.stat(observe.record_path(paths, name)).st_mtime >= since:
                found.append(name)
        except FileNotFoundError:
            continue
    return found


def forget(paths: Paths, name: str) -> None:
    """Remove the record; the container no longer exists. Its state and profile are not touched; the journal of an ephemeral one goes."""
    remove(paths.record(name))
    remove(observe.record_path(paths, name))
    remove(paths.imperative(name))
    remove(paths.imperative(name).removesuffix(".nix") + ".lock")
    files.remove_state(journal_path(paths.states, name))


def conf_text(container: Container) -> str:
    """Upstream's keys for `container`, as the text of its NAME.conf."""
    network = container.network
    values = {"PRIVATE_NETWORK": "1" if network.private else "0"}
    if container.system.path is not None:
        values["SYSTEM_PATH"] = container.system.path
    if network.private:
        for key, value in (
            ("HOST_BRIDGE", network.host_bridge),
            ("HOST_ADDRESS", network.host_address),
            ("HOST_ADDRESS6", network.host_address6),
            ("LOCAL_ADDRESS", network.local_address),
            ("LOCAL_ADDRESS6", network.local_address6),
            ("LOCAL_MAC_ADDRESS", network.local_mac_address),
        ):
            if value is not None:
                values[key] = value
        if network.forward_ports:
            values["HOST_PORT"] = ",".join(f"{p.protocol}:{p.host_port}:{p.target}" for p in network.forward_ports)
    values["AUTO_START"] = "1" if container.auto_start else "0"
    if container.flake is not None:
        values["FLAKE"] = container.flake
    if container.extra_flags:
        values["EXTRA_NSPAWN_FLAGS"] = '"' + " ".join(container.extra_flags) + '"'
    return "".join(f"{key}={value}\n" for key, value in values.items())


def user_base(paths: Paths, name: str) -> int:
    """The first uid of `name`'s private range; a new one is chosen and recorded before anything uses it.

    What records say counts as well: the file of ranges may have been lost.
    """
    ranges = observe.user_ranges(paths)
    if name in ranges:
        return ranges[name]
    with locked(paths.lock(".user-ranges"), who="choosing a range of user ids"):
        ranges = observe.user_ranges(paths)
        foreign: tuple[tuple[int, int], ...] = ()
        for file in ("/etc/subuid", "/etc/subgid"):
            try:
                with open(file, encoding="utf-8") as handle:
                    foreign += parse_subid(handle.read())
            except OSError:
                continue
        known = observe.records(paths)
        foreign += numbers(record.container.private_users for record in known.values()) + _machines()
        recorded = {other: record.user_base for other, record in known.items() if record.user_base is not None}
        own = recorded.pop(name, None)
        taken = recorded | ranges
        base = own if own is not None and own not in taken.values() else allocate(name, taken, foreign)
        write_atomically(paths.user_ranges, json.dumps({**ranges, name: base}, indent=1, sort_keys=True) + "\n")
    return base


def _machines() -> tuple[tuple[int, int], ...]:
    """(start, count) of the ranges that systemd-nspawn has given to machines of the host's own."""
    found = []
    try:
        with os.scandir("/var/lib/machines") as entries:
            for entry in entries:
                owner = entry.stat(follow_symlinks=False).st_uid
                if owner >= RANGE:
                    found.append((owner - owner % RANGE, RANGE))
    except OSError:
        pass
    return tuple(found)


def release_user_base(paths: Paths, name: str) -> None:
    """Give `name`'s range back, and the addresses that were chosen for it: only after its state is gone."""
    from . import addresses

    addresses.release(paths, name)
    with locked(paths.lock(".user-ranges"), who="releasing a range of user ids"):
        ranges = observe.user_ranges(paths)
        if ranges.pop(name, None) is not None:
            write_atomically(paths.user_ranges, json.dumps(ranges, indent=1, sort_keys=True) + "\n")


def command_line() -> str:
    """How to name this command to somebody who waits for it."""
    import os
    import shlex
    import sys

    return f"({command_name(os.getpid())}: nixos-container {shlex.join(sys.argv[1:])})"
