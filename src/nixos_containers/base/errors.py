"""The errors that people see: what happened, where, and what to do about it.

Rooms raise them, `main` alone catches them. Not for control flow inside a room.
"""

from __future__ import annotations


class ContainerError(Exception):
    """A failure explained to the person at the keyboard.

    `what` is one sentence; `details` is evidence (a log tail, a list of definitions);
    `hint` names the next thing to do or to type. `exit_code` is the process's exit status.
    """

    def __init__(self, what: str, *, details: str = "", hint: str = "", exit_code: int = 1) -> None:
        super().__init__(what)
        self.what = what
        self.details = details
        self.hint = hint
        self.exit_code = exit_code

    def __str__(self) -> str:
        parts = [self.what]
        if self.details:
            parts.append(self.details.rstrip("\n"))
        if self.hint:
            parts.append(f"hint: {self.hint}")
        return "\n".join(parts)


class UsageError(ContainerError):
    """The command line itself is wrong; nothing was looked at or changed."""

    def __init__(self, what: str, *, hint: str = "") -> None:
        super().__init__(what, hint=hint, exit_code=1)


class DefinitionError(ContainerError):
    """The definition file does not evaluate, or asks for something impossible; the host is unchanged."""


class HostError(ContainerError):
    """The host lacks something (a tool, a kernel feature, space, the network); our state is as it was."""
