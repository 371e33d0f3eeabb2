"""Forwarded ports and addresses of guests as elements of the packet filter's sets and maps. Pure; the table is plan/ruleset.py's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..base.errors import DefinitionError
from .addresses import bare, with_prefix

if TYPE_CHECKING:
    from ..declare.container import ForwardPort, VethPair


def pair_elements(config: VethPair, where: str) -> list[tuple[str, str]]:
    """(set or map, element) for the guest's addresses and forwarded ports on one pair. Raises DefinitionError."""
    elements = []
    for address, family in ((config.local_address, "4"), (config.local_address6, "6")):
        if address is None:
            continue
        bare_address = bare(with_prefix(address, where))
        elements.append((f"guests{family}", bare_address))
        elements += [(f"forwards{family}", _forward(port, bare_address, where)) for port in config.forward_ports]
    return elements


def _forward(port: ForwardPort, address: str, where: str) -> str:
    if port.protocol not in ("tcp", "udp", "sctp"):
        raise DefinitionError(f"{where}.forwardPorts: ‘{port.protocol}’ is not a protocol", hint="tcp, udp or sctp")
    return f"{port.protocol} . {port.host_port} : {address} . {port.target}"
