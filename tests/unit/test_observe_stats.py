"""Counters of cgroups of both versions, rates between two samples, addresses, and how quantities are written."""

from __future__ import annotations

from pathlib import Path

import pytest

from nixos_containers.base.quantities import pair, percent, size, span
from nixos_containers.cli.ps import tree_lines
from nixos_containers.cli.top import screen_lines
from nixos_containers.kernel.accounting import Usage, usage
from nixos_containers.observe.addresses import parse_v4, parse_v6
from nixos_containers.observe.processes import Group, Process, inside_uid, printable
from nixos_containers.observe.stats import Sample, rates, sort_value


def write(directory: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="ascii")


def test_usage_on_cgroup_v1(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "cpuacct/m/web/cpuacct.usage": "2500000000\n",
            "memory/m/web/memory.usage_in_bytes": "5000\n",
            "memory/m/web/memory.stat": "cache 3000\ninactive_file 1\ntotal_inactive_file 2000\n",
            "memory/m/web/memory.limit_in_bytes": "9223372036854771712\n",
            "memory/m/web/memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 1\n",
            "memory/m/web/payload/memory.oom_control": "oom_kill 2\n",
            "pids/m/web/pids.current": "7\n",
            "pids/m/web/pids.max": "max\n",
            "blkio/m/web/blkio.throttle.io_service_bytes_recursive": "8:0 Read 100\n8:0 Write 50\n8:16 Read 10\n8:0 Total 150\nTotal 160\n",
        },
    )
    v1 = {name: str(tmp_path / name) for name in ("cpuacct", "memory", "pids", "blkio")}
    assert usage(v1, None, "m/web") == Usage(
        cpu=2.5, memory=3000, memory_max=None, tasks=7, tasks_max=None, io_read=110, io_written=50, oom_kills=3
    )


def test_usage_on_cgroup_v2(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "m/web/cpu.stat": "usage_usec 1500000\nuser_usec 1\n",
            "m/web/memory.current": "5000\n",
            "m/web/memory.stat": "anon 1\ninactive_file 1000\n",
            "m/web/memory.max": "8192\n",
            "m/web/memory.events": "low 0\noom 1\noom_kill 4\n",
            "m/web/pids.current": "7\n",
            "m/web/pids.max": "100\n",
            "m/web/io.stat": "8:0 rbytes=100 wbytes=50 rios=1\n8:16 rbytes=10 wbytes=0\n",
        },
    )
    assert usage({}, str(tmp_path), "m/web") == Usage(
        cpu=1.5, memory=4000, memory_max=8192, tasks=7, tasks_max=100, io_read=110, io_written=50, oom_kills=4
    )


def test_what_the_kernel_does_not_count_is_none(tmp_path: Path) -> None:
    assert usage({}, str(tmp_path), "m/none") == Usage()


def sample(at: float, *, cpu: float, leader: int = 10, received: int = 0) -> Sample:
    return Sample("web", at, leader, 1000.0, Usage(cpu=cpu, memory=1), {"eth0": received}, {"eth0": 0})


def test_rates_are_per_second_of_the_same_run() -> None:
    found = rates(sample(1, cpu=1, received=100), sample(3, cpu=2, received=300))
    assert (found["cpuPercent"], found["networkReceivedPerSecond"], found["networkReceived"]) == (50.0, 100.0, 300)
    assert rates(None, sample(3, cpu=2))["cpuPercent"] is None
    assert rates(sample(1, cpu=9, leader=9), sample(3, cpu=2))["cpuPercent"] is None, "it was restarted in between"


def test_rows_are_sorted_by_what_was_asked_for() -> None:
    rows = [rates(sample(1, cpu=0), sample(2, cpu=cpu)) | {"name": name} for name, cpu in (("a", 0.1), ("b", 0.5))]
    assert [row["name"] for row in sorted(rows, key=lambda row: sort_value(row, "cpu"))] == ["b", "a"]
    assert [row["name"] for row in sorted(rows, key=lambda row: sort_value(row, "name"))] == ["a", "b"]
    lines = screen_lines(rows, "cpu")
    assert "2 up  CPU 60.0%" in lines[0] and lines[3].startswith("b  ")


def test_addresses_of_a_network_namespace() -> None:
    trie = (
        "Main:\n  +-- 0.0.0.0/0 3 0 5\n     |-- 0.0.0.0\n        /0 universe UNICAST\n     |-- 10.213.1.2\n        /32 host LOCAL\n"
        "     |-- 10.213.1.255\n        /32 link BROADCAST\n     |-- 127.0.0.1\n        /32 host LOCAL\n"
        "Local:\n     |-- 10.213.1.2\n        /32 host LOCAL\n"
    )
    assert parse_v4(trie) == ["10.213.1.2"]
    inet6 = (
        "00000000000000000000000000000001 01 80 10 80       lo\n"
        "fd000213000000000000000000000002 02 80 00 80     eth0\n"
        "fe80000000000000dcad00fffe000001 02 40 20 80     eth0\n"
    )
    assert parse_v6(inet6) == ["fd00:213::2"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (size(None), "-"), (size(512), "512B"), (size(1536), "1.5K"), (size(200 * 1024**2), "200M"), (size(3 * 1024**4), "3.0T"),
        (span(None), "-"), (span(0.4), "0s"), (span(62), "1min 2s"), (span(3600), "1h"), (span(3605), "1h"), (span(180000), "2d 2h"),
        (percent(None), "-"), (percent(12.345), "12.3%"), (pair("-", "-"), "-"), (pair("1K", "-"), "1K / -"),
    ],
)  # fmt: skip
def test_quantities(text: str, expected: str) -> None:
    assert text == expected


def test_users_of_the_guest() -> None:
    assert inside_uid(524388, [(0, 524288, 65536)]) == 100
    assert inside_uid(0, [(0, 524288, 65536)]) == 65534


def test_what_a_guest_calls_its_things_cannot_command_a_terminal() -> None:
    assert printable("a\x1b[2Jb\nc") == "a�[2Jb�c"


def test_the_tree_shows_inhabited_groups_only() -> None:
    def process(pid: int, host: int, command: str) -> Process:
        return Process(pid, host, "root", 0, 0, 0, command)

    group = Group(
        "web", (), (Group("init.scope", (1000,)), Group("empty"), Group("system.slice", (), (Group("a\x1b.service", (1010, 9)),)))
    )
    found = tree_lines(group, {1000: process(1, 1000, "init"), 1010: process(20, 1010, "a")})
    assert found == ["web", "├─init.scope", "│ └─1 init", "└─system.slice", "  └─a�.service", "    └─20 a"]
