"""What stands behind the dashboard: logs that are read while they come."""

from __future__ import annotations

import pytest

from nixos_containers.ui.source import Log


def test_a_log_is_read_to_its_end() -> None:
    assert list(Log(["printf", "one\\ntwo\\nrest"])) in (["one\ntwo", "rest"], ["one", "two", "rest"])


def test_a_log_that_nobody_wants_any_more_ends() -> None:
    log = Log(["sh", "-c", "echo begun; exec sleep 600"])
    lines = iter(log)
    assert next(lines) == "begun"
    log.close()
    assert list(lines) == []


def test_closing_a_log_whose_end_was_just_waited_for_is_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    log = Log(["true"])
    assert list(log) == []
    monkeypatch.setattr(log._process, "poll", lambda: None)  # as it says while somebody else is waiting
    log.close()
