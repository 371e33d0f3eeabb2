"""Networks that containers share, as definitions declare them (nix/host/options/networks.nix)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SharedNetwork:
    """One network: a bridge of the host while a member runs.

    Subnets are in CIDR form; None in a definition means one of the pool, which is chosen before a record is written. `pool` and
    `pool6` are those pools.
    """

    name: str
    subnet: str | None = None
    subnet6: str | None = None
    isolated: bool = False
    nat: bool = True
    dhcp: bool = False
    dns: bool = False
    mtu: int | None = None
    pool: str = "10.234.0.0/16"
    pool6: str = "fd6e:6978:6f74::/48"


@dataclass(frozen=True, slots=True)
class Membership:
    """One container's place in a shared network. Addresses have no prefix length; None means a free one, as above."""

    network: SharedNetwork
    address: str | None = None
    address6: str | None = None
