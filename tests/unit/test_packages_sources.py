"""Which of the host's archives are the distribution's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from nixos_containers.base.errors import DefinitionError, HostError
from nixos_containers.base.paths import Paths
from nixos_containers.packages import sources

DEBIAN = 'PRETTY_NAME="Debian GNU/Linux 12"\nID=debian\nVERSION_CODENAME=bookworm\n'


@pytest.fixture(autouse=True)
def no_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(sources.VARIABLE, raising=False)


def host(tmp_path: Path, files: dict[str, str], release: str = DEBIAN) -> sources.Sources:
    """The sources found on a host with these files below /etc/apt."""
    etc = tmp_path / "etc"
    (etc / "apt/sources.list.d").mkdir(parents=True, exist_ok=True)
    (etc / "os-release").write_text(release)
    for name, text in files.items():
        (etc / "apt" / name).write_text(text)
    return sources.find(Paths(str(tmp_path / "root")), etc=str(etc))


def test_own_suites_are_kept_and_others_left_out(tmp_path: Path) -> None:
    found = host(
        tmp_path,
        {
            "sources.list": "deb http://mirror.example/debian bookworm main contrib # comment\n"
            "deb-src http://mirror.example/debian bookworm main\n"
            "deb http://mirror.example/debian bookworm-backports main\n"
            "deb http://sec.example/debian-security bookworm-security main\n",
            "sources.list.d/runtime.list": "deb [signed-by=/usr/share/keyrings/runtime.gpg] https://runtime.example/deb nodistro main\n",
            "sources.list.d/tools.list": "deb [signed-by=/etc/apt/keyrings/tools.asc] https://tools.example/debian bookworm main\n",
        },
    )
    assert [(s.get("URIs"), s.get("Suites")) for s in found.stanzas] == [
        ("http://mirror.example/debian", "bookworm"),
        ("http://sec.example/debian-security", "bookworm-security"),
    ]
    assert found.stanzas[0].words("Components") == ("main", "contrib")
    assert found.suite == "bookworm"


def test_deb822_keeps_signed_by_and_drops_foreign_suites(tmp_path: Path) -> None:
    found = host(
        tmp_path,
        {
            "sources.list.d/debian.sources": "# the mirror\nTypes: deb deb-src\nURIs: http://mirror.example/debian\n"
            "Suites: bookworm bookworm-updates bookworm-backports\nComponents: main\n"
            "Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg\n\n"
            "Types: deb\nURIs: http://off.example/debian\nSuites: bookworm\nComponents: main\nEnabled: no\n"
        },
    )
    assert len(found.stanzas) == 1
    text = found.text()
    assert "Suites: bookworm bookworm-updates\n" in text
    assert "Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg\n" in text
    assert "Types: deb\n" in text


def test_a_key_inside_the_file_survives(tmp_path: Path) -> None:
    own = tmp_path / "root/etc/nixos-containers/archive.sources"
    own.parent.mkdir(parents=True)
    key = "Signed-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n mDMEY865UxYJKwYB\n -----END PGP PUBLIC KEY BLOCK-----\n"
    own.write_text(f"Types: deb\nURIs: http://a.example\nSuites: x\nComponents: main\n{key}")
    text = host(tmp_path, {}).text()
    assert " .\n mDMEY865UxYJKwYB\n" in text


def test_a_release_by_its_moving_name(tmp_path: Path) -> None:
    found = host(tmp_path, {"sources.list": "deb http://mirror.example/debian stable main\n"})
    assert found.suite == "stable"


def test_ubuntu_derivatives_use_the_base_release(tmp_path: Path) -> None:
    release = "ID=linuxmint\nVERSION_CODENAME=wilma\nUBUNTU_CODENAME=noble\n"
    found = host(
        tmp_path,
        {
            "sources.list": "deb http://packages.example/mint wilma main upstream\n"
            "deb http://archive.example/ubuntu noble main universe\ndeb http://archive.example/ubuntu noble-updates main universe\n"
        },
        release,
    )
    assert "noble" in [s.get("Suites") for s in found.stanzas]


def test_the_administrators_file_wins(tmp_path: Path) -> None:
    own = tmp_path / "root/etc/nixos-containers/archive.sources"
    own.parent.mkdir(parents=True)
    own.write_text("Types: deb\nURIs: http://own.example/x\nSuites: other\nComponents: all\n")
    found = host(tmp_path, {"sources.list": "deb http://mirror.example/debian bookworm main\n"})
    assert (found.suite, found.uris(), found.origin) == ("other", ("http://own.example/x",), str(own))


def test_nothing_known_says_which_file_to_write(tmp_path: Path) -> None:
    with pytest.raises(HostError) as failure:
        host(tmp_path, {"sources.list.d/runtime.list": "deb https://runtime.example/deb nodistro main\n"})
    assert str(tmp_path / "root/etc/nixos-containers/archive.sources") in failure.value.hint
    assert "Debian GNU/Linux 12" in failure.value.what


def test_a_variable_that_names_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(sources.VARIABLE, "/does/not/exist.sources")
    with pytest.raises(HostError, match=r"/does/not/exist\.sources"):
        host(tmp_path, {"sources.list": "deb http://mirror.example/debian bookworm main\n"})


def test_an_own_file_without_suites_is_refused_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = tmp_path / "mine.sources"
    own.write_text("Types: deb\nURIs: http://own.example/x\n")
    monkeypatch.setenv(sources.VARIABLE, str(own))
    with pytest.raises(DefinitionError, match=r"mine\.sources.*has no Suites"):
        host(tmp_path, {})
