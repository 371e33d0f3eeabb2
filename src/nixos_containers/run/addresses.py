"""Addresses that belong to containers which asked for none, kept as long as their state exists (`.addresses.json`)."""

from __future__ import annotations

import json
from ipaddress import ip_network
from typing import TYPE_CHECKING

from ..base.files import locked, write_atomically
from ..declare.codec import encode
from ..observe import containers as observe
from ..observe.network import host_network
from ..observe.reserved import reserved, with_reservations
from ..plan.addresses import Reserved, free_pair, wants_addresses, wants_macs
from ..plan.imperative import addresses_of
from .files import keep_private

if TYPE_CHECKING:
    from ..base.paths import Paths
    from ..declare.container import Spec

_LOCK = ".addresses"
# Where upstream's `create` takes its addresses from.
CREATE_POOL = "10.233.0.0/16"
CREATE_POOL6 = "fd6e:6978:6f73::/48"  # as networking.containers.addressPool6


def reserve(paths: Paths, spec: Spec) -> None:
    """Reserve what the containers of `spec` need, before anything uses it. Raises HostError when a pool is empty."""
    if not any(wants_addresses(container) or wants_macs(container) for container in spec.containers.values()):
        return
    with locked(paths.lock(_LOCK), who="choosing addresses"):
        known = reserved(paths)
        wanted = with_reservations(spec, known, observe.records(paths))
        if wanted != known:
            _write(paths, wanted)


def release(paths: Paths, name: str) -> None:
    """Give `name`'s addresses back: only after its state is gone."""
    if name not in reserved(paths):
        return
    with locked(paths.lock(_LOCK), who="releasing addresses"):
        known = reserved(paths)
        if known.pop(name, None) is not None:
            _write(paths, known)


def reserve_pairs(paths: Paths, name: str) -> tuple[str, str, str, str]:
    """Addresses for `name`, whose definition will hold them: the host's and the guest's, of IPv4 and of IPv6. Its own from now on."""
    with locked(paths.lock(_LOCK), who="choosing addresses"):
        known = reserved(paths)
        others = [record.container for record in observe.records(paths).values()]
        network = host_network(listeners=False)
        used = addresses_of(others) | network.addresses.keys() | {at for each in known.values() for at in each.addresses}
        routes = [ip_network(to, strict=False) for to, _ in network.routes]
        host, local = free_pair(CREATE_POOL, set(used), routes, option="addressPool")
        host6, local6 = free_pair(CREATE_POOL6, set(used), routes, option="addressPool6")
        _write(paths, {**known, name: Reserved(host, local, host6, local6)})
    return host, local, host6, local6


def move(paths: Paths, old: str, new: str) -> None:
    """What was `old`'s is `new`'s: it is the same container by another name."""
    if old not in reserved(paths):
        return
    with locked(paths.lock(_LOCK), who="moving addresses"):
        known = reserved(paths)
        if old in known:
            known[new] = known.pop(old)
            _write(paths, known)


def _write(paths: Paths, known: dict[str, Reserved]) -> None:
    keep_private(paths.states)
    data = {name: {key: value for key, value in encode(each).items() if value} for name, each in known.items()}
    write_atomically(paths.addresses, json.dumps(data, indent=1, sort_keys=True) + "\n")
