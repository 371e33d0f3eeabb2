"""The dashboard on a terminal, with a real container."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import sys
import time

import pytest

from .conftest import ROOT, Host, wait_until

NAME = "nctui"
DEFINITION = '{ containers.nctui = { ephemeral = true; config.system.stateVersion = "23.11"; }; }'


def test_without_a_terminal_it_names_what_works(host: Host) -> None:
    assert "stats --watch" in host.fail("ui")


def test_it_starts_shows_and_stops_a_container(host: Host) -> None:
    pytest.importorskip("textual", reason="the optional library of the dashboard is not installed: make test-setup")
    host.define(DEFINITION)
    host.switch()
    ours, theirs = pty.openpty()
    code = f"import sys; sys.path.insert(0, {str(ROOT / 'src')!r}); from nixos_containers.main import main; sys.exit(main(['ui', '--interval', '200ms']))"
    env = {**os.environ, "TERM": "xterm-256color", "LINES": "40", "COLUMNS": "140"}
    running = subprocess.Popen([sys.executable, "-c", code], stdin=theirs, stdout=theirs, stderr=theirs, env=env, start_new_session=True)
    os.close(theirs)
    drawn = ""

    def shows(text: str) -> bool:
        nonlocal drawn
        while select.select([ours], [], [], 0.05)[0]:
            drawn += re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", " ", os.read(ours, 1 << 16).decode(errors="replace"))
        return text in drawn

    try:
        wait_until(lambda: shows(NAME) and shows("down"))
        drawn = ""
        os.write(ours, b"s")
        wait_until(lambda: shows("") and host.succeed("status", NAME) == "up\n")
        wait_until(lambda: shows("up"))
        os.write(ours, b"x")
        wait_until(lambda: shows("") and host.succeed("status", NAME) == "down\n")
        os.write(ours, b"q")
        deadline = time.monotonic() + 10
        while running.poll() is None and time.monotonic() < deadline:
            try:
                shows("")
            except OSError:  # the other end is closed
                running.wait(timeout=10)
        assert running.returncode == 0
    finally:
        running.kill()
        running.wait()
        os.close(ours)
