"""Names, definitions and records that mean harm or are broken: refused with their place, and nothing on the host has changed."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from .conftest import Host

RECORDS = Path("/etc/nixos-containers")
PLACES = (RECORDS, Path("/var/lib/nixos-containers"), Path("/nix/var/nixos-containers"), Path("/nix/var/nix/profiles/per-container"))
NAMES = ["", "..", "../evil", "a\nb", "-rf", "$(touch ran)", "%i", "ü", "x" * 65]


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Host]:
    made = Host(tmp_path)
    yield made
    made.remove_everything()


def everything() -> set[str]:
    return {f"{place}/{entry}" for place in PLACES if place.is_dir() for entry in os.listdir(place)}


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_is_no_name_is_refused_even_where_no_host_name_is_made_of_it(own: Host, name: str) -> None:
    before = everything()
    quoted = json.dumps(name, ensure_ascii=False).replace("$", "\\$")
    own.define(f'{{ containers.{quoted} = {{ path = "/nix/store/00000000000000000000000000000000-x"; }}; }}')
    told = own.fail("switch", "-c", str(own.definition))
    assert "invalid container name" in told, told
    assert everything() == before
    assert not (own.directory / "ran").exists()


@pytest.mark.parametrize("name", ["../evil", "$(touch ran)", "x" * 65])
@pytest.mark.parametrize("verb", ["start", "status", "destroy", "logs"])
def test_no_verb_takes_such_a_name(own: Host, verb: str, name: str) -> None:
    assert "name" in own.fail(verb, name)


def test_a_record_of_another_name_is_damaged(own: Host) -> None:
    own.define('{ containers.ncthonest = { privateNetwork = true; config.system.stateVersion = "23.11"; }; }')
    own.switch()
    record = json.loads((RECORDS / "ncthonest.json").read_text())
    record["container"]["name"] = "../../tmp/evil"
    (RECORDS / "ncthonest.json").write_text(json.dumps(record))
    assert "is damaged" in own.fail("start", "ncthonest")
    own.switch()
    assert json.loads((RECORDS / "ncthonest.json").read_text())["container"]["name"] == "ncthonest", "switch writes it anew"


def test_a_guests_links_in_its_root_are_not_followed_by_the_host(own: Host) -> None:
    """What root inside leaves where a start of the next time writes or reads."""
    secret, planted = own.directory / "secret", own.directory / "planted"
    secret.write_text("of the host")
    own.define('{ containers.nctlinks = { privateNetwork = true; autoStart = true; config.system.stateVersion = "23.11"; }; }')
    own.switch()
    script = f"""
      rm -rf /etc/resolv.conf /var/lib/nixos /root/x; ln -s {secret} /etc/resolv.conf; ln -s {own.directory} /root/x
      ln -sfn {own.directory} /mnt; rm -rf /var/log/journal; ln -s {own.directory} /var/log/journal
      ln -sf {secret} /etc/hosts; ln -sf {planted} /etc/machine-id"""
    own.inside("nctlinks", "sh", "-c", script)
    for verb in ("restart", "stop", "start", "status", "stop"):
        own.run(verb, "nctlinks")
    assert secret.read_text() == "of the host"
    assert not planted.exists()
    assert sorted(path.name for path in own.directory.iterdir() if path.name not in ("configuration.nix", "configuration.lock")) == [
        "secret"
    ]
    own.define("{ }")
    own.switch("--purge")
    assert secret.read_text() == "of the host", "removal followed no link"
