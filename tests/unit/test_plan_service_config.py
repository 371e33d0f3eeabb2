"""`systemd.services."container@NAME"`: limits, lines of the unit, restarts, and what has no effect."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from nixos_containers.base.errors import DefinitionError
from nixos_containers.plan.launch import limits_digest, params_digest
from nixos_containers.plan.launcher_restart import restart_function
from nixos_containers.plan.limits import container_limits, systemd_names
from nixos_containers.plan.service_config import RestartPolicy, restart_policy, stop_timeout, without_effect
from nixos_containers.plan.units import drop_in

from .samples import container, host

SAID = container(
    "web",
    service_config={"MemoryMax": ("1G",), "TasksMax": ("99",), "PrivateTmp": ("true",), "ExecStart": ("/bin/x",), "Restart": ("no",)},
    unit_config={"After": ("a.service", "b.service")},
    unit_other=("preStart",),
)


def test_limits_hold_on_every_host_and_the_option_goes_first() -> None:
    limits = container_limits(SAID)[0]
    assert (limits.memory_max, limits.tasks_max) == (1 << 30, 99)
    with pytest.raises(DefinitionError, match=r'container@web"\.serviceConfig\.MemoryMax'):
        container_limits(container("web", service_config={"MemoryMax": ("much",)}))


def test_the_unit_gets_every_other_line_but_not_those_that_are_ours() -> None:
    lines = drop_in(SAID, state="/s").splitlines()
    unit, service = lines[: lines.index("[Service]")], lines[lines.index("[Service]") :]
    assert {"After=a.service", "After=b.service"} <= set(unit)
    assert {"PrivateTmp=true", "Restart=no", "MemoryMax=1073741824", "TasksMax=99"} <= set(service)
    assert not any(line.startswith("ExecStart") for line in lines)


def test_what_has_no_effect_is_named() -> None:
    path = 'systemd.services."container@web".'
    everywhere = [
        f"{path}{key} has no effect: the container's unit is made by this program" for key in ("serviceConfig.ExecStart", "preStart")
    ]
    assert without_effect(SAID, systemd_names(), systemd=True) == everywhere
    assert without_effect(SAID, systemd_names(), systemd=False) == [
        *everywhere,
        f"{path}serviceConfig.PrivateTmp has no effect on this host, where systemd is not the init",
        f"{path}unitConfig.After has no effect on this host, where systemd is not the init",
    ]


def test_a_changed_limit_needs_no_restart() -> None:
    other = container("web", service_config={**SAID.service_config, "MemoryMax": ("2G",)}, unit_config=SAID.unit_config)
    assert params_digest(other, host()) == params_digest(SAID, host())
    assert limits_digest(other) != limits_digest(SAID)


def test_time_outs_and_restarts_are_read_as_systemd_reads_them() -> None:
    assert stop_timeout(container("web")) == 90
    assert stop_timeout(container("web", service_config={"TimeoutStopSec": ("2min",)})) == 120
    assert restart_policy(container("web")) == RestartPolicy("on-failure", 0.1)
    assert restart_policy(container("web", service_config={"Restart": ("always",), "RestartSec": ("2",)})) == RestartPolicy("always", 2)
    with pytest.raises(DefinitionError, match="‘sometimes’ is not among"):
        restart_policy(container("web", service_config={"Restart": ("sometimes",)}))


@pytest.mark.parametrize(
    ("when", "status", "expected"),
    [
        ("on-failure", 0, False),
        ("on-failure", 1, True),
        ("on-failure", 137, True),
        ("on-abnormal", 1, False),
        ("on-abnormal", 137, True),
        ("on-success", 0, True),
        ("on-success", 1, False),
        ("always", 0, True),
        ("no", 1, False),
    ],
)
def test_the_launcher_decides_by_the_status(tmp_path: Path, when: str, status: int, expected: bool) -> None:
    script = "\n".join(["event() { :; }", *restart_function(RestartPolicy(when, 0)), f"status={status}", "again 2>/dev/null && echo yes"])

    def says() -> bool:
        return subprocess.run(["sh", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False).stdout == "yes\n"

    assert says() is expected
    (tmp_path / "stopping").touch()
    assert not says()
    (tmp_path / "stopping").unlink()
    (tmp_path / "notify").touch()
    assert not says(), "who waits for the first start says that it failed"
