"""IP addresses as options write them. Pure."""

from __future__ import annotations

import ipaddress

from ..base.errors import DefinitionError


def with_prefix(address: str, where: str) -> str:
    """`address` in CIDR form; without a prefix length it stands for one host (upstream's rule)."""
    try:
        interface = ipaddress.ip_interface(address)
    except ValueError:
        raise DefinitionError(f"{where}: ‘{address}’ is not an IP address") from None
    return interface.with_prefixlen


def bare(address: str) -> str:
    """`address` without its prefix length."""
    return address.partition("/")[0]
