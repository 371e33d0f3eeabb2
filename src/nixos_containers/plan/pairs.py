"""One veth pair of a container, as everything that plans its network sees it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..declare.container import VethPair
    from ..declare.shared import SharedNetwork


@dataclass(frozen=True, slots=True)
class Pair:
    """`host` and `guest` are the interface names on the two ends; `where` names the pair's options in messages.

    `shared` is the network of ours that it is the member's end of: its bridge is then `config.host_bridge`, and the addresses of the
    host's side are the bridge's.
    """

    host: str
    guest: str
    config: VethPair
    where: str = ""
    shared: SharedNetwork | None = None

    @property
    def link(self) -> str:
        """The interface by which the host's own network reaches the guest: its end of the pair, or the bridge that this one joins."""
        return self.config.host_bridge or self.host

    @property
    def addresses(self) -> tuple[tuple[str, str | None, str | None], ...]:
        """(`-4` or `-6`, the host's address, the guest's), as the options write them."""
        config = self.config
        return (("-4", config.host_address, config.local_address), ("-6", config.host_address6, config.local_address6))
