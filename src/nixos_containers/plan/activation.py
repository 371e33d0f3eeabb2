"""What a change does to a container that runs: the option `activation`, and the sentence that says what was chosen and why. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .actions import Keep, Reload, Restart

if TYPE_CHECKING:
    from ..declare.container import Container

PARAMETERS = "the container's own parameters changed"


def choose(
    container: Container, system: str | None, *, parameters_changed: bool, written: bool, why: str = PARAMETERS
) -> Restart | Reload | Keep | None:
    """What is done with the running `container`, whose new system is `system`, or None when that is the one it runs.

    `parameters_changed` tells whether something changed that only a restart can change, `why` in words; `written` whether something new was
    written down about the container, for otherwise nothing is said about what stays as it is.
    """
    name, mode = container.name, container.activation if container.restart_if_changed else "none"
    if system is None and not parameters_changed:
        return None
    if mode == "restart":
        return Restart(name, f"activation is restart; {PARAMETERS if parameters_changed else 'the guest’s system changed'}")
    if mode == "auto" and parameters_changed:
        return Restart(name, why)
    if mode == "auto" and system is not None:
        return Reload(name, "only the guest's system changed", system)
    if mode == "reload" and system is not None:
        waits = "; its new parameters wait for a restart" if parameters_changed else ""
        return Reload(name, f"activation is reload{waits}", system, may_restart=False)
    if not written:
        return None
    why = f"activation is {mode}" if container.restart_if_changed else "restartIfChanged is false"
    what = "its new parameters wait for a restart" if mode == "reload" else "the next start brings what changed"
    return Keep(name, f"{why}; {what}")
