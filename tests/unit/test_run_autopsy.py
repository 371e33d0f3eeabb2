"""What a failed start says about what to change: from the words of systemd-nspawn."""

from __future__ import annotations

from pathlib import Path

import pytest

from nixos_containers.base.paths import Paths
from nixos_containers.run.autopsy import advice, failed_units


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("  /usr/bin/systemd-nspawn: unrecognized option '--memory-limt=1G'", "containers.web.extraFlags"),
        ("  /usr/bin/systemd-nspawn: option '--bind' requires an argument", "containers.web.extraFlags"),
        ("  Failed to parse capability CAP_NET_ADMN.", "containers.web.additionalCapabilities"),
        ("  Failed to set up ID mapped mounts: Device or resource busy", "/var/lib/nixos-containers/web"),
        ("  [FAILED] Failed to start an option.service", ""),
    ],
)
def test_what_nspawn_complains_about_is_named_as_the_option_it_comes_from(said: str, words: str, tmp_path: Path) -> None:
    told = advice(Paths(str(tmp_path)), "web", f"{said}\n")
    assert words in told if words else told == ""


def test_units_that_failed_are_read_from_the_console() -> None:
    console = (
        "[\x1b[0;32m  OK  \x1b[0m] Started \x1b[0;1;39mdbus.service\x1b[0m - D-Bus System Message Bus.\r\r\n"
        "[\x1b[0;1;31mFAILED\x1b[0m] Failed to start \x1b[0;1;39mnginx.service\x1b[0m - Nginx Web Server.\r\r\n"
        "[\x1b[0;1;31mFAILED\x1b[0m] Failed to start \x1b[0;1;39mnginx.service\x1b[0m - Nginx Web Server.\r\r\n"
        "a program of the guest says FAILED\r\n"
    )
    assert failed_units(console) == ["failed to start nginx.service - Nginx Web Server"]
    assert failed_units("") == []
