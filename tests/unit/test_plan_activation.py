"""The choice between reload, restart and nothing, and its reason."""

from __future__ import annotations

import pytest

from nixos_containers.plan.actions import Keep, Reload, Restart
from nixos_containers.plan.activation import choose

from .samples import container

NEW = "/nix/store/2-system"


@pytest.mark.parametrize(
    ("fields", "system", "parameters", "expected"),
    [
        ({}, None, False, None),
        ({}, NEW, False, Reload("web", "only the guest's system changed", NEW)),
        ({}, NEW, True, Restart("web", "the container's own parameters changed")),
        ({}, None, True, Restart("web", "the container's own parameters changed")),
        ({"activation": "reload"}, NEW, False, Reload("web", "activation is reload", NEW, may_restart=False)),
        (
            {"activation": "reload"},
            NEW,
            True,
            Reload("web", "activation is reload; its new parameters wait for a restart", NEW, may_restart=False),
        ),
        ({"activation": "reload"}, None, True, Keep("web", "activation is reload; its new parameters wait for a restart")),
        ({"activation": "restart"}, None, False, None),
        ({"activation": "restart"}, NEW, False, Restart("web", "activation is restart; the guest’s system changed")),
        ({"activation": "none"}, NEW, True, Keep("web", "activation is none; the next start brings what changed")),
        ({"restart_if_changed": False}, NEW, False, Keep("web", "restartIfChanged is false; the next start brings what changed")),
        (
            {"restart_if_changed": False, "activation": "restart"},
            NEW,
            False,
            Keep("web", "restartIfChanged is false; the next start brings what changed"),
        ),
    ],
)
def test_choice(fields: dict[str, object], system: str | None, parameters: bool, expected: object) -> None:
    assert choose(container("web", **fields), system, parameters_changed=parameters, written=True) == expected


def test_what_stays_as_it_is_is_said_once() -> None:
    assert choose(container("web", activation="none"), NEW, parameters_changed=True, written=False) is None
    assert isinstance(choose(container("web"), NEW, parameters_changed=False, written=False), Reload)
