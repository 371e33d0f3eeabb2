"""Unit files for hosts with systemd: what they say, and how they are kept right on disk."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from nixos_containers.base.errors import ContainerError
from nixos_containers.base.paths import Paths
from nixos_containers.declare.container import Bind, Limits, Network
from nixos_containers.plan.units import MARK, SHARED_UNITS, TEMPLATE, drop_in, drop_in_of, template_unit, unit_of
from nixos_containers.run import records, units

from .samples import container, record


def template() -> str:
    return template_unit(
        ("/usr/local/bin/nixos-container",),
        run="/run/nixos-containers",
        records="/etc/nixos-containers",
        unshare="/usr/bin/unshare",
        shell="/bin/sh",
    )


def lines(**fields: Any) -> list[str]:
    return drop_in(container(**fields), state="/var/lib/nixos-containers/web").splitlines()


@pytest.mark.parametrize(
    "directive",
    [
        "Type=notify",
        "Delegate=yes",
        "Slice=machine.slice",
        "KillMode=mixed",
        "KillSignal=TERM",
        "Restart=on-failure",
        "RestartForceExitStatus=133",
        "SuccessExitStatus=133",
        "DevicePolicy=closed",
        "SyslogIdentifier=container %i",
        "EnvironmentFile=-/etc/nixos-containers/%i.conf",
        "ExecStartPre=/usr/local/bin/nixos-container unit prepare %i",
        "PartOf=machines.target",
    ],
)
def test_the_template_has_upstreams_directives(directive: str) -> None:
    assert directive in template().splitlines()


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_systemd_understands_every_line(tmp_path: Path) -> None:
    text = template().replace("/usr/local/bin/nixos-container", "/bin/true")
    (tmp_path / TEMPLATE).write_text(text, encoding="utf-8")
    limits = Limits(cpu_quota="12.5%", memory_max="1.5G", tasks_max=7)
    binds = (Bind("/data", "/srv/100% of the data"), Bind("/q", '/srv/"quoted" \\ $x'))
    path = tmp_path / drop_in_of("web")
    path.parent.mkdir()
    path.write_text(drop_in(container(limits=limits, binds=binds, enable_tun=True), state="/var/lib/web"), encoding="utf-8")
    (tmp_path / unit_of("web")).symlink_to(TEMPLATE)
    command = ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", str(tmp_path / unit_of("web"))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    complaints = [line for line in done.stderr.splitlines() if str(tmp_path) in line or "container@" in line]
    assert not complaints, complaints


def test_limits_become_properties() -> None:
    made = lines(limits=Limits(cpu_quota="12.5%", memory_max="1.5G", tasks_max=7), slice_limits={"CPUWeight": "200"})
    assert {"CPUQuota=12.5%", "MemoryMax=1610612736", "TasksMax=7", "CPUWeight=200"} <= set(made)


def test_a_limit_without_sense_is_refused() -> None:
    with pytest.raises(ContainerError, match=r"containers\.web\.limits\.memoryMax"):
        lines(limits=Limits(memory_max="much"))


@pytest.mark.parametrize(
    ("text", "seconds"), [("1min", "60"), ("90", "90"), ("500ms", "0.5"), ("12d", "1036800"), ("infinity", "infinity")]
)
def test_the_time_out_is_the_containers(text: str, seconds: str) -> None:
    assert f"TimeoutStartSec={seconds}" in lines(timeout_start=text)


def test_mounts_and_interfaces_are_waited_for() -> None:
    made = lines(binds=(Bind("/data", "/srv/my data"),), network=Network(private=True, interfaces=("eth-1",)))
    assert 'RequiresMountsFor="/srv/my data"' in made
    assert "RequiresMountsFor=/var/lib/nixos-containers/web" in made
    assert "After=sys-subsystem-net-devices-eth\\x2d1.device" in made
    assert "RequiresMountsFor=/var/lib/nixos-containers/web" not in lines(ephemeral=True)


class Systemd:
    """A directory of units, and a systemctl that only remembers."""

    def __init__(self, directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.paths = Paths(str(directory / "host"))
        self.directory = directory / "units"
        self.directory.mkdir()
        self.calls: list[list[str]] = []
        monkeypatch.setattr(units, "units_directory", lambda: str(self.directory))
        monkeypatch.setattr(units.process, "run", self._run)

    def _run(self, command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        self.calls.append(command)
        return subprocess.CompletedProcess(command, 0, "", "")

    def files(self) -> set[str]:
        return {str(path.relative_to(self.directory)) for path in self.directory.rglob("*") if path.is_symlink() or path.is_file()}


@pytest.fixture
def systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Systemd:
    return Systemd(tmp_path, monkeypatch)


def test_units_follow_the_records(systemd: Systemd) -> None:
    records.write(systemd.paths, record("web", auto_start=True))
    records.write(systemd.paths, record("db"))
    assert units.sync(systemd.paths)
    wanted = {*SHARED_UNITS, drop_in_of("web"), drop_in_of("db"), "machines.target.wants/container@web.service"}
    assert systemd.files() == wanted | {"multi-user.target.wants/machines.target"}
    assert systemd.calls == [["systemctl", "daemon-reload"]]
    assert not units.sync(systemd.paths), "nothing changed"
    assert len(systemd.calls) == 1, "so systemd is left in peace"
    records.write(systemd.paths, record("web"))
    assert units.sync(systemd.paths, ["web"])
    assert "machines.target.wants/container@web.service" not in systemd.files()


def test_systemd_reads_what_a_killed_command_had_written(systemd: Systemd, monkeypatch: pytest.MonkeyPatch) -> None:
    records.write(systemd.paths, record("web"))
    units.sync(systemd.paths)
    records.write(systemd.paths, record("web", timeout_start="3min"))

    def dies(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(units.process, "run", dies)
    with pytest.raises(KeyboardInterrupt):
        units.sync(systemd.paths, ["web"])
    monkeypatch.setattr(units.process, "run", systemd._run)
    systemd.calls.clear()
    assert not units.sync(systemd.paths), "the files are right"
    assert systemd.calls == [["systemctl", "daemon-reload"]]
    units.sync(systemd.paths)
    assert len(systemd.calls) == 1


def test_the_template_goes_with_the_last_container(systemd: Systemd) -> None:
    for name in ("web", "db"):
        records.write(systemd.paths, record(name))
    units.sync(systemd.paths)
    own = systemd.directory / "container@db.service.d" / "mine.conf"
    own.write_text("[Service]\nNice=5\n", encoding="utf-8")
    records.forget(systemd.paths, "web")
    units.sync(systemd.paths, ["web"])
    assert TEMPLATE in systemd.files() and drop_in_of("web") not in systemd.files()
    records.forget(systemd.paths, "db")
    units.sync(systemd.paths)
    assert systemd.files() == {"container@db.service.d/mine.conf"}, "what the administrator wrote stays"


def test_a_template_of_another_program_is_left_alone(systemd: Systemd) -> None:
    other = systemd.directory / TEMPLATE
    other.write_text("[Unit]\nDescription=somebody else's\n", encoding="utf-8")
    records.write(systemd.paths, record("web"))
    with pytest.raises(ContainerError, match="is not ours"):
        units.sync(systemd.paths)
    units.remove_all()
    assert other.exists()


def test_uninstalling_takes_all_that_is_ours(systemd: Systemd) -> None:
    records.write(systemd.paths, record("web", auto_start=True))
    units.sync(systemd.paths)
    units.remove_all()
    assert systemd.files() == {"multi-user.target.wants/machines.target"}


def test_every_file_says_who_made_it() -> None:
    assert template().startswith(MARK) and lines()[0] == MARK
