"""What can be done to make the host match a spec: frozen actions, each with a reason and one line of text.

The dry run prints these very values; run/execute.py carries them out with one match.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..declare.container import Record


@dataclass(frozen=True, slots=True)
class _Action:
    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Create(_Action):
    """Write the first record of a container that is new here."""

    record: Record

    def describe(self) -> str:
        return f"create {self.name}"


@dataclass(frozen=True, slots=True)
class Update(_Action):
    """Write the record of a container whose definition changed."""

    record: Record

    def describe(self) -> str:
        return f"update the record of {self.name}"


@dataclass(frozen=True, slots=True)
class SetProfile(_Action):
    """Make a built system the newest generation of the container."""

    system: str

    def describe(self) -> str:
        return f"make {self.system} the new generation of {self.name}"


@dataclass(frozen=True, slots=True)
class Start(_Action):
    """Start the container and wait until its guest is ready."""

    def describe(self) -> str:
        return f"start {self.name}"


@dataclass(frozen=True, slots=True)
class Stop(_Action):
    """Shut the guest down cleanly."""

    def describe(self) -> str:
        return f"stop {self.name}"


@dataclass(frozen=True, slots=True)
class Restart(_Action):
    """Stop and start: the container's own parameters changed."""

    def describe(self) -> str:
        return f"restart {self.name}"


@dataclass(frozen=True, slots=True)
class Reconnect(_Action):
    """Give the running container its new addresses, routes, bridges and forwards, without a restart."""

    def describe(self) -> str:
        return f"reconnect {self.name} while it runs"


@dataclass(frozen=True, slots=True)
class Reload(_Action):
    """Switch the running guest to its new system in place; `may_restart` when that is refused."""

    system: str
    may_restart: bool = True

    def describe(self) -> str:
        return f"reload {self.name} in place"


@dataclass(frozen=True, slots=True)
class SetLimits(_Action):
    """Give the running container the limits of its record."""

    def describe(self) -> str:
        return f"set the limits of {self.name}"


@dataclass(frozen=True, slots=True)
class GrowDisk(_Action):
    """Let the disk that holds the container's root have this many bytes, while it runs if the kernel can."""

    size: int

    def describe(self) -> str:
        return f"grow the disk of {self.name}"


@dataclass(frozen=True, slots=True)
class Forget(_Action):
    """Remove the record, the profile and the garbage collector roots; the state directory stays."""

    def describe(self) -> str:
        return f"remove {self.name}"


@dataclass(frozen=True, slots=True)
class Purge(_Action):
    """Remove the state directory and give the range of user ids back."""

    def describe(self) -> str:
        return f"delete the state directory of {self.name}"


@dataclass(frozen=True, slots=True)
class Keep(_Action):
    """Leave the running container as it is, although it changed: said, and nothing done."""

    def describe(self) -> str:
        return f"leave {self.name} as it runs"


Action = Create | Update | SetProfile | Start | Stop | Restart | Reconnect | Reload | Keep | SetLimits | GrowDisk | Forget | Purge
