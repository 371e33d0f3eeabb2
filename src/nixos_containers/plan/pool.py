"""What of a pool of addresses is taken by networks: found by their ends, so that it costs the same however large they are. Pure."""

from __future__ import annotations

import bisect
import ipaddress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

IPNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network
# A VPN that takes all traffic writes a default route as two halves (0.0.0.0/1 and 128.0.0.0/1), to go before the one that is there.
_HALF = 1


def is_everything(network: IPNetwork) -> bool:
    """Whether a route to `network` is a default route, or one of the two halves of one: no network that is somewhere."""
    return network.prefixlen <= _HALF


def routes_within(pool: IPNetwork, routes: Iterable[IPNetwork]) -> list[IPNetwork]:
    """Those of `routes` that lead to a part of `pool`, or to the very pool.

    One to more than the pool takes nothing of it: the kernel goes by the longest prefix, so it leads on to all the rest.
    """
    same = (route for route in routes if route.version == pool.version and route.prefixlen >= pool.prefixlen)
    return [route for route in same if route.network_address in pool]


def reached_words(routes: list[IPNetwork]) -> str:
    """The end of a complaint that a pool of which the host reaches `routes` is used up."""
    if not routes:
        return ""
    largest = min(routes, key=lambda route: route.prefixlen)
    return f": the host reaches {largest}{' and other parts of it' if len(routes) > 1 else ''} by routes of its own"


class Spans:
    """The addresses of some networks of one family, as numbers."""

    def __init__(self, networks: Iterable[IPNetwork]) -> None:
        self._firsts: list[int] = []
        self._lasts: list[int] = []
        for first, last in sorted((int(network.network_address), int(network.broadcast_address)) for network in networks):
            if self._lasts and first <= self._lasts[-1] + 1:
                self._lasts[-1] = max(self._lasts[-1], last)
            else:
                self._firsts.append(first)
                self._lasts.append(last)

    def last_taken(self, first: int, last: int) -> int | None:
        """Where what is taken of the addresses from `first` to `last` ends, perhaps far behind them; None when all of them are free."""
        at = bisect.bisect_right(self._firsts, last) - 1
        return self._lasts[at] if at >= 0 and self._lasts[at] >= first else None
