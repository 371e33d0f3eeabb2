"""Private user ranges: one for each container, kept as long as its state exists."""

from __future__ import annotations

import json
import os
from pathlib import Path

from .conftest import Host

RANGES = Path("/var/lib/nixos-containers/.user-ranges.json")


def definition(name: str, extra: str = "") -> str:
    return f"""{{ containers.{name} = {{ privateNetwork = true; autoStart = true; {extra}
      config.system.stateVersion = "23.11"; }}; }}"""


def first_uid(host: Host, name: str) -> int:
    return os.stat(f"/proc/{host.json('status', name)['leader']}").st_uid


def test_a_range_is_kept_while_the_state_exists_and_never_given_to_another(host: Host) -> None:
    host.define(definition("nctfirst"))
    host.switch()
    first = first_uid(host, "nctfirst")
    assert first % 65536 == 0
    host.define(definition("nctsecond"))
    host.switch()
    assert json.loads(RANGES.read_text())["nctfirst"] == first, "its state directory was kept"
    assert first_uid(host, "nctsecond") != first
    host.define(definition("nctfirst"))
    host.switch("--purge")
    assert first_uid(host, "nctfirst") == first
    host.define("{ }")
    host.switch("--purge")
    assert "nctfirst" not in json.loads(RANGES.read_text())
    assert "nctsecond" not in json.loads(RANGES.read_text())


def test_root_of_the_host_when_asked_for(host: Host) -> None:
    host.define(definition("nctnone", 'privateUsers = "no";'))
    host.switch()
    assert first_uid(host, "nctnone") == 0
    host.define(definition("nctnone", "privateUsers = 1878982656;"))
    host.switch()
    assert first_uid(host, "nctnone") == 1878982656
    host.define(definition("nctnone", 'privateUsers = "identity";'))
    host.switch()
    assert first_uid(host, "nctnone") == 0, "the same numbers"
    assert host.inside("nctnone", "cat", "/proc/self/uid_map").split() == ["0", "0", "65536"]
