"""The documented JSON: the schema itself, and that the tests' validator finds what does not fit."""

from __future__ import annotations

from nixos_containers.plan.events import KINDS
from tests.schema import SCHEMA, problems


def test_every_kind_of_event_is_documented() -> None:
    assert SCHEMA["$defs"]["event"]["properties"]["event"]["enum"] == list(KINDS)


def test_what_does_not_fit_is_found() -> None:
    event = {"time": "2026-01-01T00:00:00Z", "event": "died", "container": "web", "status": None}
    assert problems(event, "event") == []
    assert problems({**event, "event": "nothing"}, "event") and problems({**event, "new": 1}, "event")
    assert problems({**event, "status": True}, "event") == ["event.status: True is not integer or null"]
    assert problems({"time": "x"}, "event") == ["event: event is missing", "event: container is missing"]
