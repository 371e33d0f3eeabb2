"""What a start does to the packet filter, command by command: a stand-in for nft writes down how it is called."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from nixos_containers.declare.container import ForwardPort, Network
from nixos_containers.plan.facts import Host, Tools
from nixos_containers.plan.filtering import filter_files, filter_function
from nixos_containers.plan.network import plan_network

from .samples import container

# Refuses as many times as `refusals` says to put the elements in.
NFT = """#!/bin/sh
echo "$*" >> calls
[ "$*" = "-f filter.up" ] || exit 0
read -r left < refusals
echo $((left - 1)) > refusals
[ "$left" -le 0 ]
"""
PUT, RULES = "-f filter.up", "-f filter.rules"


@pytest.mark.parametrize(
    ("refusals", "expected"),
    [
        (0, [PUT]),
        (1, [PUT, RULES, PUT]),
        (2, [PUT, RULES, PUT, "delete element inet nixos-containers forwards4 { tcp . 80 }", PUT]),
    ],
)
def test_what_may_be_left_of_others_is_only_looked_for_when_it_is_in_the_way(tmp_path: Path, refusals: int, expected: list[str]) -> None:
    """A call for each port: a long range would take a minute."""
    plan = plan_network(container(network=Network(private=True, local_address="10.0.0.2", forward_ports=(ForwardPort(80),))))
    for name, text in filter_files(plan).items():
        (tmp_path / name).write_text(text)
    (tmp_path / "nft").write_text(NFT)
    (tmp_path / "nft").chmod(0o755)
    (tmp_path / "refusals").write_text(f"{refusals}\n")
    script = "\n".join([*filter_function(Host(tools=Tools(nft=str(tmp_path / "nft"))), plan), "filter_up"])
    assert subprocess.run(["/bin/sh", "-c", script], cwd=tmp_path, check=False).returncode == 0
    assert (tmp_path / "calls").read_text().splitlines() == expected


@pytest.mark.parametrize(
    ("rules", "up", "status", "said"), [(0, 0, 0, False), (1, 1, 0, True), (0, 1, 1, False)], ids=["held", "kernel", "refused"]
)
def test_only_a_kernel_without_the_table_of_bridges_starts_a_guest_that_nothing_holds(
    tmp_path: Path, *, rules: int, up: int, status: int, said: bool
) -> None:
    """Elements that are refused where the rules could be loaded end the start."""
    plan = plan_network(
        container(network=Network(private=True, host_bridge="br0", local_address="10.0.0.2/24", local_mac_address="02:00:00:00:00:0a"))
    )
    (tmp_path / "nft").write_text(f"#!/bin/sh\ncase $2 in bridge.rules) exit {rules} ;; bridge.up) exit {up} ;; esac\n")
    (tmp_path / "nft").chmod(0o755)
    script = "\n".join([*filter_function(Host(tools=Tools(nft=str(tmp_path / "nft"))), plan), "filter_up"])
    done = subprocess.run(["/bin/sh", "-c", script], cwd=tmp_path, check=False, capture_output=True, text=True)
    assert (done.returncode, "CONFIG_NF_TABLES_BRIDGE" in done.stderr) == (status, said)
