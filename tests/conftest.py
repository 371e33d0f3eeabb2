"""What holds for all tests."""

from __future__ import annotations

import signal

import pytest


def pytest_sessionstart() -> None:
    """Ctrl-C and the like as in a person's shell: whoever starts the tests in the background has them ignored, and programs inherit that."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGQUIT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What passed only when it was tried again has failed once: the report says how, so that somebody looks."""
    for report in terminalreporter.stats.get("rerun", ()):
        terminalreporter.section(f"failed at first, and was tried again: {report.nodeid}")
        report.toterminal(terminalreporter._tw)
