"""Addresses that were chosen for containers which ask for none, and those that would be. Looks only; run/addresses.py writes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from ..base.errors import HostError
from ..base.files import read_text
from ..declare.codec import DecodeError, decode
from ..plan.addresses import Reserved, reserve
from ..plan.claims import host_ends
from ..plan.imperative import addresses_of
from .network import host_network, machine_id

if TYPE_CHECKING:
    from ..base.paths import Paths
    from ..declare.container import Record, Spec
    from ..plan.facts import HostNetwork


def reserved(paths: Paths) -> dict[str, Reserved]:
    """Container -> the addresses that were chosen for it. Raises HostError when the file is damaged."""
    text = read_text(paths.addresses)
    if text is None:
        return {}
    try:
        return decode(dict[str, Reserved], json.loads(text), paths.addresses)
    except (ValueError, DecodeError) as failure:
        raise HostError(
            f"{paths.addresses} is damaged: {failure}", hint="restore it, or remove it: containers then get other addresses"
        ) from None


def with_reservations(
    spec: Spec, known: dict[str, Reserved], recorded: dict[str, Record], *, network: HostNetwork | None = None
) -> dict[str, Reserved]:
    """`known` with what the containers of `spec` would get besides. Raises HostError when a pool is empty."""
    network = network if network is not None else host_network(listeners=False)
    containers = {name: record.container for name, record in recorded.items()}
    others = [container for name, container in containers.items() if name not in spec.containers]
    # A container that runs has its addresses on its own interfaces: those are no reason for others.
    own = {link for name in spec.containers if name in containers for link in host_ends(containers[name])}
    return reserve(
        spec,
        known,
        taken=[
            *addresses_of([*others, *spec.containers.values()]),
            *(address for address, link in network.addresses.items() if link not in own),
        ],
        routed=[destination for destination, link in network.routes if link not in own],
        machine=machine_id(),
        recorded=containers,
    )
