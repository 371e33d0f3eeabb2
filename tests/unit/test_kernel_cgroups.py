"""Where cgroup hierarchies are mounted on hosts of every kind, and how subtrees end."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from nixos_containers.kernel import cgroups, proc, processes
from nixos_containers.plan.facts import Cgroups

V2 = """\
22 28 0:20 / /proc rw,nosuid shared:5 - proc proc rw
29 23 0:25 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime shared:9 - cgroup2 cgroup2 rw,nsdelegate,memory_recursiveprot
"""
HYBRID = """\
30 23 0:26 / /sys/fs/cgroup ro,nosuid,nodev,noexec shared:9 - tmpfs tmpfs ro,mode=755
31 30 0:27 / /sys/fs/cgroup/unified rw,nosuid shared:10 - cgroup2 cgroup2 rw,nsdelegate
32 30 0:28 / /sys/fs/cgroup/systemd rw,nosuid shared:11 - cgroup cgroup rw,xattr,release_agent=/lib/systemd/agent,name=systemd
35 30 0:31 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid shared:15 - cgroup cgroup rw,cpu,cpuacct
36 30 0:32 / /sys/fs/cgroup/memory rw,nosuid shared:16 - cgroup cgroup rw,memory
37 30 0:33 / /sys/fs/cgroup/cpuset rw,nosuid shared:17 - cgroup cgroup rw,cpuset,noprefix,clone_children
"""
V1 = "\n".join(line for line in HYBRID.splitlines() if "cgroup2" not in line) + "\n"
# Optional fields may be absent or several, and a mount point may hold an escaped space (proc(5)).
UNUSUAL = """\
31 30 0:27 / /sys/fs/cgroup rw - cgroup2 none rw
40 30 0:27 / /mnt/again rw shared:1 master:2 propagate_from:3 - cgroup2 none rw
"""


def test_v2_alone() -> None:
    assert cgroups.hierarchies(V2) == ({}, "/sys/fs/cgroup")


def test_hybrid() -> None:
    v1, v2 = cgroups.hierarchies(HYBRID)
    assert v2 == "/sys/fs/cgroup/unified"
    assert v1 == {
        "name=systemd": "/sys/fs/cgroup/systemd",
        "cpu": "/sys/fs/cgroup/cpu,cpuacct",
        "cpuacct": "/sys/fs/cgroup/cpu,cpuacct",
        "memory": "/sys/fs/cgroup/memory",
        "cpuset": "/sys/fs/cgroup/cpuset",
    }, "mount options are not controllers"


def test_v1_alone() -> None:
    v1, v2 = cgroups.hierarchies(V1)
    assert v2 is None
    assert "memory" in v1


def test_the_first_of_several_mounts_is_used() -> None:
    assert cgroups.hierarchies(UNUSUAL) == ({}, "/sys/fs/cgroup")


def test_a_host_without_cgroups() -> None:
    assert cgroups.hierarchies("22 28 0:20 / /proc rw shared:5 - proc proc rw\n") == ({}, None)


def test_each_tree_is_named_once() -> None:
    v1, v2 = cgroups.hierarchies(HYBRID)
    paths = Cgroups(v1=v1, v2=v2).paths("machine.slice/web")
    assert paths.count("/sys/fs/cgroup/cpu,cpuacct/machine.slice/web") == 1
    assert "/sys/fs/cgroup/unified/machine.slice/web" in paths
    assert len(paths) == len(set(paths)) == 5


def test_offered_controllers_are_read_from_the_tree(tmp_path: Path) -> None:
    (tmp_path / "cgroup.controllers").write_text("cpuset cpu io memory pids\n", encoding="ascii")
    assert cgroups.offered_controllers(str(tmp_path)) == {"cpuset", "cpu", "io", "memory", "pids"}
    (tmp_path / "cgroup.controllers").write_text("\n", encoding="ascii")
    assert cgroups.offered_controllers(str(tmp_path)) == frozenset(), "as on hybrid hosts"
    assert cgroups.offered_controllers(None) == cgroups.offered_controllers("/nonexistent") == frozenset()


@pytest.fixture
def group() -> Iterator[Path]:
    v1, v2 = cgroups.hierarchies()
    path = Path(v2 or v1.get("name=systemd") or "/nonexistent") / f"nixos-containers-unit-{os.getpid()}"
    try:
        path.mkdir()
    except OSError:
        pytest.skip("no cgroup can be made here")
    yield path
    cgroups.kill([str(path)])
    cgroups.remove([str(path)])


def test_a_subtree_is_killed_and_removed(group: Path) -> None:
    (group / "a/b").mkdir(parents=True)
    with subprocess.Popen(["sleep", "9"]) as child:
        (group / "a/b/cgroup.procs").write_text(str(child.pid), encoding="ascii")
        assert cgroups.processes([str(group)]) == {child.pid}
        cgroups.remove([str(group)])
        assert cgroups.present([str(group / "a/b")]), "what is in use is left"
        assert cgroups.kill([str(group)])
        assert child.wait(timeout=5) == -9
    cgroups.remove([str(group)])
    assert not cgroups.present([str(group)])


def test_absent_subtrees_are_fine() -> None:
    assert cgroups.processes(["/nonexistent"]) == set()
    assert cgroups.kill(["/nonexistent"])
    cgroups.remove(["/nonexistent"])
    assert not cgroups.present(["/nonexistent"])


# Processes.


def wait_for(check: Callable[[], bool]) -> None:
    """The kernel shows a new program's name and arguments a moment after it was started."""
    deadline = time.monotonic() + 5
    while not check():
        assert time.monotonic() < deadline
        time.sleep(0.002)


def test_a_process_is_described_and_its_end_noticed() -> None:
    with subprocess.Popen(["sh", "-c", "echo; exec sleep 9"], stdout=subprocess.PIPE) as child:
        wait_for(lambda: proc.arguments(child.pid)[:1] == ["sleep"])
        assert proc.arguments(child.pid) == ["sleep", "9"]
        assert child.pid in proc.children(os.getpid())
        assert processes.started_at(child.pid) is not None
        assert not processes.wait_until_gone(child.pid, 0.01)
        assert processes.kill(child.pid)
        child.wait()
        assert processes.wait_until_gone(child.pid, 1)
        assert not processes.kill(child.pid)
        assert proc.arguments(child.pid) == [] and proc.command_name(child.pid) == ""
        assert processes.started_at(child.pid) is None


@pytest.mark.parametrize(("text", "pid"), [("123\n", 123), ("", None), ("x\n", None), ("-1\n", None)])
def test_pid_files(tmp_path: Path, text: str, pid: int | None) -> None:
    (tmp_path / "pid").write_text(text, encoding="ascii")
    assert proc.read_pid(str(tmp_path / "pid")) == pid
    assert proc.read_pid(str(tmp_path / "absent")) is None


def test_only_pid_1_of_a_namespace_of_its_own_is_a_leader() -> None:
    with subprocess.Popen(["sleep", "9"]) as child:
        assert proc.namespace_leader(os.getpid()) is None
        child.kill()
    user = [] if os.geteuid() == 0 else ["--map-root-user"]
    with subprocess.Popen(["unshare", *user, "--pid", "--fork", "sh", "-c", "echo; exec sleep 9"], stdout=subprocess.PIPE) as outer:
        assert outer.stdout is not None
        if not outer.stdout.readline():
            pytest.skip("no pid namespace can be made here")
        leader = proc.namespace_leader(outer.pid)
        assert leader is not None
        processes.kill(leader)


@pytest.mark.skipif(os.geteuid() != 0, reason="pid namespaces need root")
def test_a_guests_init_cannot_hide_by_its_name() -> None:
    script = "echo systemd-nspawn > /proc/self/comm; echo; exec 1>&-; while :; do sleep 1; done"
    with subprocess.Popen(["unshare", "--pid", "--fork", "sh", "-c", script], stdout=subprocess.PIPE) as outer:
        assert outer.stdout is not None and outer.stdout.readline()
        leader = proc.namespace_leader(outer.pid)
        assert leader is not None and proc.command_name(leader) == "systemd-nspawn"
        processes.kill(leader)


def test_what_still_runs_the_same_program_is_not_the_guests_yet() -> None:
    if os.geteuid() != 0:
        pytest.skip("pid namespaces need root")
    program = "import os, time\nos.unshare(0x20000000) if hasattr(os, 'unshare') else __import__('ctypes').CDLL(None).unshare(0x20000000)\n"
    program += "if os.fork() == 0: time.sleep(20)\nelse: print(flush=True); os.wait()"
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as outer:
        assert outer.stdout is not None and outer.stdout.readline()
        [child] = proc.children(outer.pid)
        assert proc.namespace_leader(outer.pid) is None
        processes.kill(child)


def test_a_subtree_deeper_than_the_stack_and_than_a_path_is_walked(tmp_path: Path) -> None:
    place = os.open(tmp_path, os.O_RDONLY)
    for _ in range(2500):
        os.mkdir("name", dir_fd=place)
        below = os.open("name", os.O_RDONLY, dir_fd=place)
        os.close(place)
        place = below
    os.close(place)
    before = len(os.listdir("/proc/self/fd"))
    found = list(cgroups.subtree(str(tmp_path)))
    assert len(found) == 2501 and found[-1] == str(tmp_path)
    assert len(os.listdir("/proc/self/fd")) == before
    subprocess.run(["rm", "-rf", str(tmp_path / "name")], check=True)


def test_long_files_of_strangers_are_read_in_part() -> None:
    assert proc.read("/proc/kallsyms", 100) == Path("/proc/kallsyms").read_bytes()[:100].decode()
    with subprocess.Popen(["sleep", "9", *["0" * 50] * 100]) as child:
        while proc.arguments(child.pid)[:1] != ["sleep"]:
            pass
        assert proc.arguments(child.pid, 60) == ["sleep", "9", "0" * 50, "0"]
        assert proc.arguments(child.pid)[2:] == ["0" * 50] * 100
        child.kill()


def test_a_long_table_of_mounts_is_read_to_its_end() -> None:
    """The kernel gives a page at a time: what came later was once not seen."""
    assert proc.read("/proc/kallsyms") == Path("/proc/kallsyms").read_text(encoding="utf-8", errors="replace")
    assert len(proc.read("/proc/kallsyms")) > 1 << 16
