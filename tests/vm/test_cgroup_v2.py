"""A host with nothing but cgroup v2, with swap and two NUMA nodes: each limit is hit there by what runs inside."""

from __future__ import annotations

import re
import shlex

import pytest

from .machine import Answer, answers, inside

_GROUP = "/sys/fs/cgroup/machine.slice/container@nctvm.service"
_DEFINITION = """{
  containers.nctvm = {
    privateNetwork = true;
    forwardPorts = [ { hostPort = 8080; containerPort = 80; } ];
    limits = {
      memoryMax = "200M"; memorySwapMax = "32M"; allowedMemoryNodes = "1"; tasksMax = 80; limitNofile = "100:200";
      ioReadBandwidthMax."/var/lib" = "20M"; ioWriteBandwidthMax."/var/lib" = "5M";
      cpuWeight = 200; ioWeight = 1000;
    };
    devices."/dev/vdc".permissions = "r";
    config = { pkgs, ... }: {
      system.stateVersion = "23.11";
      environment.systemPackages = [ pkgs.python3 ];
      services.nginx = { enable = true; virtualHosts.localhost.root = "/etc"; };
      networking.firewall.allowedTCPPorts = [ 80 ];
    };
  };
  containers.nctlow = {
    privateNetwork = true;
    limits = { cpuWeight = 20; ioWeight = 50; memoryMax = "96M"; memorySwapMax = 0; oomPolicy = "stop"; oomScoreAdjust = 100; };
    devices."/dev/vdc".permissions = "r";
    config = { pkgs, ... }: { system.stateVersion = "23.11"; environment.systemPackages = [ pkgs.python3 ]; };
  };
}
"""
_TAKE = "x = bytearray({size} << 20)\nfor place in range(0, len(x), 4096): x[place] = 1\nprint('has it', flush=True)"
_FORK = """
import os, time
try:
    for number in range(200):
        if os.fork() == 0:
            time.sleep(15)
            os._exit(0)
except BlockingIOError:
    print(number)
"""
_SPIN = "import time; begun, used = time.time(), time.process_time()\nwhile time.time() < begun + 2: pass\nprint((time.process_time() - used) / 2)"
_NODES = "x = bytearray(50 << 20); print(*[line for line in open('/proc/self/numa_maps') if ' N' in line and 'anon=' in line])"
_GET = "import urllib.request as u; print(*[u.urlopen(f'http://{a}:8080/hostname', timeout=20).read() for a in ('127.0.0.1', '[::1]')])"
# Both wait for the same second of the clock: what one does while it is alone says nothing.
_RACE = """
import mmap, os, time
begin = int(os.environ['BEGIN'])
time.sleep(max(0, begin - time.time()))
"""
_CPU_RACE = _RACE + "while time.time() < begin + 10: pass\nprint(time.process_time())"
_DISK_RACE = (
    _RACE
    + """
disk = os.open('/dev/vdc', os.O_RDONLY | os.O_DIRECT); block = mmap.mmap(-1, 1 << 18); count = 0
children = [child for child in (os.fork(), os.fork()) if child]
while time.time() < begin + 10: os.preadv(disk, [block], count % 1000 << 18); count += 1
print(count, flush=True)
try:
    while True: os.wait()
except ChildProcessError: pass
"""
)


def _race(program: str) -> str:
    """The step in which both containers run `program` at once; it prints what each has come to, the heavier one first."""
    run = "nixos-container run {} -- env BEGIN=$begin python3 -c {} > /tmp/{}"
    racers = " & ".join(run.format(name, shlex.quote(program), name) for name in ("nctvm", "nctlow"))
    return f"begin=$(( $(date +%s) + 12 )); {racers} & wait; cat /tmp/nctvm /tmp/nctlow"


_STEPS = {
    "cgroups": "stat -fc %T /sys/fs/cgroup; ls -d /sys/fs/cgroup/*/",
    "swap": "mkswap /dev/vdb && swapon /dev/vdb",
    # Before the containers start: a scheduler that comes later has not heard of their weights. A program that has just begun counts for
    # it as one that somebody waits for, and gets more than its weight for some seconds.
    "scheduler": "modprobe bfq; cd /sys/block/vdc/queue && echo bfq > scheduler && echo 0 > iosched/low_latency",
    "switch": "nixos-container switch",
    "start": "nixos-container start nctvm && nixos-container run nctvm -- systemctl is-system-running --wait",
    "web": f'python3 -c "{_GET}"',
    # A program that is slowed down to a crawl: it ends when the limit has gone.
    "memoryHigh": f"nixos-container set-limit nctvm memoryHigh=48M; {inside('nctvm', _TAKE.format(size=90))} & sleep 20; "
    f"cat {_GROUP}/memory.events; nixos-container set-limit nctvm memoryHigh=infinity; wait",
    "memoryMax": inside("nctvm", _TAKE.format(size=400)),
    "memorySwapMax": f"cat {_GROUP}/memory.swap.events {_GROUP}/memory.swap.max",
    "allowedMemoryNodes": inside("nctvm", _NODES),
    "tasksMax": inside("nctvm", _FORK),
    "tasksMax again": "sleep 20; nixos-container run nctvm -- true",
    "cpuQuota": f"nixos-container set-limit nctvm cpuQuota=50%; {inside('nctvm', _SPIN)}; nixos-container set-limit nctvm cpuQuota=infinity",
    "allowedCpus": "nixos-container set-limit nctvm allowedCpus=1; nixos-container run nctvm -- nproc; nixos-container set-limit nctvm allowedCpus=infinity",
    "lifted": f"cat {_GROUP}/cpu.max {_GROUP}/cpuset.cpus",
    "oomScoreAdjust": "nixos-container start nctlow && nixos-container run nctlow -- cat /proc/self/oom_score_adj",
    "cpuWeight": "for name in nctvm nctlow; do nixos-container set-limit $name allowedCpus=0; done; "
    + _race(_CPU_RACE)
    + "; for name in nctvm nctlow; do nixos-container set-limit $name allowedCpus=infinity; done",
    "ioWeight": _race(_DISK_RACE),
    "oomPolicy": f"{inside('nctlow', _TAKE.format(size=400))}; sleep 30; nixos-container status nctlow; "
    "systemctl show -P NRestarts container@nctlow; journalctl --unit=container@nctlow --output=cat | grep oom-kill",
    "write": "nixos-container run nctvm -- dd if=/dev/zero of=/root/big bs=1M count=20 conv=fsync",
    "read": "nixos-container run nctvm -- dd if=/root/big of=/dev/null bs=1M iflag=direct",
    "limitNofile": "nixos-container run nctvm -- systemd-run --quiet --wait --pipe sh -c 'ulimit -Sn; ulimit -Hn'",
    "doctor": "nixos-container doctor",
    "stop": "nixos-container stop nctvm && nixos-container status nctvm; ls -d /sys/fs/cgroup/machine.slice/*nctvm*",
}


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Answer]:
    """What each step came to."""
    return answers(tmp_path_factory.mktemp("machine"), _DEFINITION, _STEPS)


def test_it_has_nothing_but_v2(machine: dict[str, Answer]) -> None:
    assert machine["cgroups"].out.startswith("cgroup2fs\n") and "unified" not in machine["cgroups"].out
    assert machine["swap"].status == 0 and machine["scheduler"].status == 0


def test_no_limit_is_called_missing(machine: dict[str, Answer]) -> None:
    assert machine["switch"].status == 0, machine["switch"]
    assert "not kept" not in machine["switch"].said


def test_the_container_is_up_and_reached_by_both_families(machine: dict[str, Answer]) -> None:
    assert machine["start"].out == "running\n", machine["start"]
    assert machine["web"].out.count("nctvm") == 2, machine["web"]


def test_memory_high_slows_down_and_does_not_end(machine: dict[str, Answer]) -> None:
    high = re.search(r"^high (\d+)$", machine["memoryHigh"].out, re.MULTILINE)
    assert high and int(high[1]) > 0, machine["memoryHigh"]
    assert "has it" in machine["memoryHigh"].out.partition("high")[2]
    assert re.search(r"^oom_kill 0$", machine["memoryHigh"].out, re.MULTILINE)


def test_memory_and_swap_end_what_takes_more(machine: dict[str, Answer]) -> None:
    assert machine["memoryMax"].status == 137 and "has it" not in machine["memoryMax"].out
    counted = dict(line.split() for line in machine["memorySwapMax"].out.splitlines() if " " in line)
    assert int(counted["max"]) > 0, "swap was used up to its limit"
    assert machine["memorySwapMax"].out.splitlines()[-1] == str(32 << 20)


def test_memory_comes_from_the_allowed_node(machine: dict[str, Answer]) -> None:
    pages = {line: int(count[1]) for line in machine["allowedMemoryNodes"].out.splitlines() if (count := re.search(r"anon=(\d+)", line))}
    assert max(pages.values()) > 10000, "the 50 MiB"
    assert all(" N0=" not in line for line, count in pages.items() if count > 10000), pages


def test_processes_and_processors_are_limited(machine: dict[str, Answer]) -> None:
    assert 20 < int(machine["tasksMax"].out) < 80
    assert machine["tasksMax again"].status == 0, "there is room again"
    assert 0.4 < float(next(line for line in machine["cpuQuota"].out.splitlines() if re.fullmatch(r"\d\.\d+", line))) < 0.65
    assert "1" in machine["allowedCpus"].out.splitlines()
    assert machine["lifted"].out.split() == ["max", "100000", "0-1"], machine["allowedCpus"]


def test_weights_share_a_processor_and_a_disk(machine: dict[str, Answer]) -> None:
    for race, least in (("cpuWeight", 4), ("ioWeight", 1.5)):  # QEMU queues what the scheduler has let go
        told = [float(word) for word in machine[race].out.split() if re.fullmatch(r"[\d.]+", word)]
        heavy, light = sum(told[: len(told) // 2]), sum(told[len(told) // 2 :])
        assert heavy > least * light, machine[race]


def test_the_whole_container_ends_when_memory_runs_out(machine: dict[str, Answer]) -> None:
    assert machine["oomScoreAdjust"].out == "100\n", machine["oomScoreAdjust"]
    # On-failure, as Restart= has it for containers.
    assert machine["oomPolicy"].out.startswith("up\n1\n") and "oom-kill" in machine["oomPolicy"].out, machine["oomPolicy"]


@pytest.mark.parametrize(("way", "most"), [("write", 5), ("read", 20)])
def test_the_disk_is_no_faster_than_allowed(machine: dict[str, Answer], way: str, most: float) -> None:
    """dd says seconds and MB/s; the first blocks are free."""
    seconds = re.search(r"copied, ([\d.]+) s", machine[way].said)
    assert seconds, machine[way]
    assert 20.97 / float(seconds[1]) < most * 1.2


def test_files_are_limited(machine: dict[str, Answer]) -> None:
    assert machine["limitNofile"].out.split() == ["100", "200"]


def test_it_ends_without_a_trace(machine: dict[str, Answer]) -> None:
    assert "problem:" not in machine["doctor"].out, machine["doctor"]
    assert machine["stop"].out == "down\n" and "No such file" in machine["stop"].said
