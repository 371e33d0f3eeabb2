"""Spec and observed host in, actions out, one JSON file per case.

`params` of a running container may be `"same"`: the digest of the container that its record holds.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nixos_containers.base.errors import ContainerError
from nixos_containers.declare.codec import decode
from nixos_containers.declare.container import Record, Spec
from nixos_containers.plan.facts import Cgroups, Host, Observed, Running
from nixos_containers.plan.launch import params_digest
from nixos_containers.plan.switch import plan_switch

CASES = sorted((Path(__file__).parent / "switch").glob("*.json"))
HOST = Host(cgroups=Cgroups(v1={"memory": "/sys/fs/cgroup/memory", "cpu": "/sys/fs/cgroup/cpu"}))


def observed_from(case: dict) -> Observed:
    records = {name: decode(Record, record) for name, record in case.get("records", {}).items()}
    running = {}
    for name, facts in case.get("running", {}).items():
        params = facts["params"]
        if params == "same":
            params = params_digest(records[name].container, HOST)
        running[name] = Running(leader=10, nspawn=9, supervisor=8, system=facts["system"], params=params, limits=facts.get("limits"))
    return Observed(
        records=records,
        running=running,
        profiles=case.get("profiles", {}),
        states=frozenset(case.get("states", ())),
        user_ranges=case.get("userRanges", {}),
        orphaned=frozenset(case.get("orphaned", ())),
    )


@pytest.mark.parametrize("path", CASES, ids=[path.stem for path in CASES])
def test_plan(path: Path) -> None:
    case = json.loads(path.read_text(encoding="utf-8"))
    spec = decode(Spec, case["spec"])
    options = {"source": "/etc/nixos/configuration.nix", **case.get("options", {})}
    options["names"] = tuple(options.get("names", ()))
    if "error" in case:
        with pytest.raises(ContainerError) as failure:
            plan_switch(spec, observed_from(case["observed"]), HOST, **options)
        for fragment in case["error"]:
            assert fragment in str(failure.value)
        return
    plan = plan_switch(spec, observed_from(case["observed"]), HOST, **options)
    assert [f"{action.describe()} ({action.reason})" for action in plan] == case["actions"]
