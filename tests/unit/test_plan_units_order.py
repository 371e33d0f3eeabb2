"""Dependencies between containers as systemd reads them in their units' drop-ins."""

from __future__ import annotations

from nixos_containers.plan.units import drop_in

from .samples import container


def test_dependencies_are_systemds_own() -> None:
    text = drop_in(container("web", requires=("db",), wants=("cache", "late"), after=("dns",), before=("late",)), state="/s")
    unit = text[: text.index("[Service]")].splitlines()
    assert [line for line in unit if "=container@" in line] == [
        "Requires=container@db.service",
        "Wants=container@cache.service",
        "Wants=container@late.service",
        "Before=container@late.service",
        "After=container@dns.service",
        "After=container@db.service",
        "After=container@cache.service",
    ], "one that is to come later is not waited for"
