"""Limits: each is hit by what runs inside, changed while it runs, and seen from inside. One container serves most of it."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from nixos_containers.kernel import cgroups

from .conftest import Host, wait_until

DEFINITION = """
{{
  containers.nctlim = {{
    privateNetwork = true;
    {options}
    config = {{ pkgs, ... }}: {{ environment.systemPackages = [ pkgs.python3 ]; }};
  }};
}}
"""
LIMITS = """limits = {
  memoryMax = "96M"; memorySwapMax = 0; cpuQuota = "50%"; allowedCpus = "0"; tasksMax = 80;
  limitNofile = "100:200"; oomScoreAdjust = 100; ioReadBandwidthMax."/var/lib" = "20M";
};"""
CGROUPS_V1, CGROUP_V2 = cgroups.hierarchies()
ON_V2 = cgroups.offered_controllers(CGROUP_V2)


def define(host: Host, options: str) -> None:
    host.define(DEFINITION.format(options=options))


def guest_python(host: Host, program: str) -> subprocess.CompletedProcess[str]:
    return host.run("run", "nctlim", "--", "python3", "-c", program)


def need(v1: str, v2: str) -> None:
    if v1 not in CGROUPS_V1 and v2 not in ON_V2:
        pytest.skip(f"this kernel offers no {v2} cgroup controller")


@pytest.fixture(scope="module")
def limited(host: Host) -> Iterator[Host]:
    define(host, LIMITS)
    said = host.switch().stderr
    if "memory" not in ON_V2 and "memory" in CGROUPS_V1:
        assert "limits.memoryMax" not in said, "what is kept is not warned of"
    host.succeed("start", "nctlim")
    yield host


def test_memory_max_ends_what_takes_more(limited: Host) -> None:
    need("memory", "memory")
    assert guest_python(limited, "x = bytearray(30 << 20); print(len(x))").returncode == 0
    assert guest_python(limited, "x = bytearray(200 << 20); print(len(x))").returncode in (-9, 137)
    assert limited.succeed("status", "nctlim").strip() == "up", "the policy is to go on"


def test_tasks_max_ends_forking(limited: Host) -> None:
    need("pids", "pids")
    program = "import os\nfor n in range(200):\n  if os.fork() == 0: os.pause() if hasattr(os, 'pause') else __import__('time').sleep(3); os._exit(0)"
    done = guest_python(limited, program)
    assert done.returncode != 0
    assert "Resource temporarily unavailable" in done.stderr


def test_cpu_quota_gives_half_a_core(limited: Host) -> None:
    need("cpu", "cpu")
    program = "import time; a=time.monotonic()\nwhile time.monotonic()-a < 1.5: pass\nprint(time.process_time()/(time.monotonic()-a))"
    share = float(guest_python(limited, program).stdout)
    assert 0.2 < share < 0.7, share


def test_allowed_cpus_are_what_nproc_counts(limited: Host) -> None:
    need("cpuset", "cpuset")
    assert limited.inside("nctlim", "nproc").strip() == "1"


def test_open_files_and_the_oom_score_are_those_of_every_process(limited: Host) -> None:
    assert limited.inside("nctlim", "sh", "-c", "ulimit -Hn; cat /proc/self/oom_score_adj").split() == ["200", "100"]
    done = guest_python(limited, "import os; [os.open('/', 0) for n in range(300)]")
    assert "Too many open files" in done.stderr
    limits = limited.inside("nctlim", "cat", "/proc/1/limits")
    assert [line.split()[4] for line in limits.splitlines() if line.startswith("Max open files")] == ["200"]


def _io_file() -> Path | None:
    if "io" in ON_V2:
        return Path(f"{CGROUP_V2}/machine.slice/nctlim/io.max")
    return Path(f"{CGROUPS_V1['blkio']}/machine.slice/nctlim/blkio.throttle.read_bps_device") if "blkio" in CGROUPS_V1 else None


def test_reading_from_a_disk_is_throttled(limited: Host) -> None:
    file = _io_file()
    if file is None or not file.exists():
        pytest.skip("this kernel cannot throttle disks")
    if os.major(os.stat("/var/lib").st_dev) == 0:
        pytest.skip("/var/lib lies on no disk of its own")
    assert "20000000" in file.read_text(encoding="ascii")
    big = Path("/var/lib/nixos-containers/nctlim/root/big")
    with big.open("wb") as out:
        out.write(os.urandom(30_000_000))
        out.flush()
        os.fsync(out.fileno())
        os.posix_fadvise(out.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    program = "import time; a=time.monotonic(); len(open('/root/big','rb').read()); print(time.monotonic()-a)"
    seconds = float(guest_python(limited, program).stdout)
    big.unlink()
    assert seconds > 0.9, "30 MB at 20 MB/s"


def _leader(host: Host) -> int:
    return int(host.json("inspect", "nctlim")["running"]["leader"])


def test_a_switch_changes_limits_without_a_restart(limited: Host) -> None:
    need("memory", "memory")
    leader = _leader(limited)
    define(
        limited, LIMITS.replace("96M", "400M").replace('"0"', '"0-1"' if (os.cpu_count() or 1) > 1 else '"0"').replace("tasksMax = 80;", "")
    )
    done = limited.switch()
    assert "set the limits of nctlim" in done.stderr
    assert "restart" not in done.stderr
    assert _leader(limited) == leader
    assert guest_python(limited, "x = bytearray(200 << 20); print(len(x))").returncode == 0
    assert limited.inside("nctlim", "nproc").strip() == str(min(2, os.cpu_count() or 1))
    assert limited.json("inspect", "nctlim")["limits"]["tasksMax"] == 16384, "what everyone has"
    assert limited.json("stats", "nctlim")[0]["tasksMax"] == 16384, "in the kernel, too"
    assert limited.switch().stdout.count("set the limits") == 0
    assert "set the limits" not in limited.switch().stderr, "a second one finds nothing to do"


def test_set_limit_holds_for_the_moment(limited: Host) -> None:
    need("memory", "memory")
    leader = _leader(limited)
    limited.succeed("set-limit", "nctlim", "memoryMax=100M", "MemorySwapMax=0", "CPUQuota=infinity")
    assert guest_python(limited, "x = bytearray(200 << 20); print(len(x))").returncode in (-9, 137)
    assert limited.json("inspect", "nctlim")["limits"]["memoryMax"] == 100 << 20
    assert "set the limits of nctlim" in limited.switch().stderr, "a switch makes the host match the definition"
    assert guest_python(limited, "x = bytearray(200 << 20); print(len(x))").returncode == 0
    assert _leader(limited) == leader
    assert "no limit" in limited.fail("set-limit", "nctlim", "memory=1G")
    assert "cannot be changed" in limited.fail("set-limit", "nctlim", "limitNofile=5")


def test_writing_and_operations_are_throttled_while_it_runs(limited: Host) -> None:
    file = _io_file()
    if file is None or not file.exists() or os.major(os.stat("/var/lib").st_dev) == 0:
        pytest.skip("this kernel cannot throttle disks, or /var/lib lies on none")
    program = (
        "import mmap, os, time\n"
        "f = os.open('/root/direct', os.O_CREAT | os.O_RDWR | os.O_DIRECT); block = mmap.mmap(-1, 1 << 20)\n"
        "a = time.monotonic(); [os.pwrite(f, block, n << 20) for n in range(8)]; b = time.monotonic()\n"
        "small = mmap.mmap(-1, 4096); [os.preadv(f, [small], n << 12) for n in range(60)]\n"
        "print(b - a, time.monotonic() - b)"
    )
    limited.succeed("set-limit", "nctlim", "cpuQuota=infinity", "ioWriteBandwidthMax=/var/lib 5M", "ioReadIopsMax=/var/lib 40")
    writing, reading = map(float, guest_python(limited, program).stdout.split())
    limited.succeed("set-limit", "nctlim", "ioWriteBandwidthMax=/var/lib infinity", "ioReadIopsMax=/var/lib infinity")
    free = map(float, guest_python(limited, program).stdout.split())
    assert writing > 1, "8 MB at 5 MB/s"
    assert reading > 0.8, "60 reads at 40 a second"
    assert sum(free) < 1
    limited.switch()


def test_memory_that_is_in_use_is_not_taken_without_a_word(limited: Host) -> None:
    need("memory", "memory")
    if "memory" in ON_V2:
        pytest.skip("cgroup v2 takes it, and ends processes for it")
    assert "could be set" in limited.fail("set-limit", "nctlim", "memoryMax=256K")
    limited.switch()
    assert limited.succeed("status", "nctlim").strip() == "up"


def test_weights_share_a_processor(limited: Host) -> None:
    need("cpu", "cpu")
    text = limited.definition.read_text(encoding="utf-8")
    other = """containers.nctlight = { privateNetwork = true; limits = { cpuWeight = 20; allowedCpus = "0"; }; config = { pkgs, ... }: {
      environment.systemPackages = [ pkgs.python3 ]; }; };"""
    define(limited, 'limits = { cpuWeight = 200; allowedCpus = "0"; };')
    limited.define(limited.definition.read_text(encoding="utf-8").replace("containers.nctlim", other + "\n  containers.nctlim"))
    limited.switch()
    limited.succeed("start", "nctlight")
    begin = time.time() + 5
    program = f"import time\ntime.sleep(max(0, {begin} - time.time()))\nwhile time.time() < {begin + 2.5}: pass\nprint(time.process_time())"
    racers = [
        subprocess.Popen(limited.command("run", name, "--", "python3", "-c", program), stdout=subprocess.PIPE, text=True)
        for name in ("nctlim", "nctlight")
    ]
    heavy, light = (float(racer.communicate(timeout=60)[0]) for racer in racers)
    limited.define(text)
    limited.switch("--purge")
    assert heavy > 1.7 * light, f"{heavy} s beside {light} s, for weights of 200 and 20"


@pytest.fixture
def fair_disk(tmp_path: Path) -> Iterator[str]:
    """A disk of its own, whose scheduler knows weights."""
    image = tmp_path / "disk"
    image.write_bytes(os.urandom(64 << 20))
    made = subprocess.run(["losetup", "--find", "--show", "--direct-io=on", str(image)], capture_output=True, text=True, check=False)
    if made.returncode != 0:
        pytest.skip(f"no disk can be made: {made.stderr}")
    disk = made.stdout.strip()
    try:
        queue = Path("/sys/block", os.path.basename(disk), "queue")
        (queue / "scheduler").write_text("bfq", encoding="ascii")
        # A program that has just begun counts as one that somebody waits for, and gets more than its weight for some seconds.
        (queue / "iosched/low_latency").write_text("0", encoding="ascii")
        yield disk
    except OSError:
        pytest.skip("this kernel has no BFQ")
    finally:
        subprocess.run(["losetup", "--detach", disk], check=True)


def test_weights_share_a_disk(limited: Host, fair_disk: str) -> None:
    before = limited.definition.read_text(encoding="utf-8")
    names = {"nctlim": 1000, "nctlight": 50}
    limited.define(
        "{"
        + "".join(
            f"""containers.{name} = {{ privateNetwork = true; autoStart = true; limits.ioWeight = {weight};
              devices."{fair_disk}".permissions = "r";
              config = {{ pkgs, ... }}: {{ environment.systemPackages = [ pkgs.python3 ]; }}; }};"""
            for name, weight in names.items()
        )
        + "}"
    )
    assert "ioWeight" not in limited.switch().stderr, "it is kept here"
    begin = time.time() + 5  # both at once: what one reads while it is alone says nothing
    program = (
        "import mmap, os, random, time\n"
        f"f = os.open('{fair_disk}', os.O_RDONLY | os.O_DIRECT); block = mmap.mmap(-1, 1 << 20); n = 0\n"
        "[os.fork() for _ in range(2)]\n"
        f"time.sleep(max(0, {begin} - time.time()))\n"
        f"while time.time() < {begin + 4}: os.preadv(f, [block], random.randrange(60) << 20); n += 1\n"
        "print(n)"
    )
    racers = [
        subprocess.Popen(limited.command("run", name, "--", "sh", "-c", f'python3 -c "{program}" | cat'), stdout=subprocess.PIPE, text=True)
        for name in names
    ]
    heavy, light = (sum(map(int, racer.communicate(timeout=60)[0].split())) for racer in racers)
    limited.define(before)
    limited.switch("--purge")
    assert heavy > 3 * light, f"{heavy} reads beside {light}, for weights of 1000 and 50"


@pytest.mark.parametrize("policy", ["stop", "kill"])
def test_oom_policies_that_end_the_whole_container(limited: Host, policy: str) -> None:
    need("memory", "memory")
    up = limited.succeed("status", "nctlim") == "up\n"
    define(limited, f'limits = {{ memoryMax = "96M"; memorySwapMax = 0; oomPolicy = "{policy}"; }};')
    assert ("restart nctlim" in limited.switch().stderr) is up, "only a start can set it"
    limited.succeed("start", "nctlim")
    before = limited.json("inspect", "nctlim")["running"]["leader"]
    limited.run("run", "nctlim", "--", "python3", "-c", "x = bytearray(200 << 20)")
    # Restart=on-failure, which this counts as.
    wait_until(lambda: (limited.json("inspect", "nctlim")["running"] or {}).get("leader") not in (None, before))
    assert f"out of memory: the policy is to {policy}" in limited.succeed("logs", "nctlim", "--console")


def test_what_this_host_does_not_keep_is_said_when_it_is_planned(limited: Host) -> None:
    define(limited, 'limits = { memoryHigh = "64M"; ioWeight = 10; };')
    said = limited.run("build", "-c", str(limited.definition)).stderr
    if "memory" not in ON_V2:
        assert "containers.nctlim.limits.memoryHigh" in said
    define(limited, 'limits.memoryMax = "much";')
    assert "containers.nctlim.limits.memoryMax" in limited.fail("switch", "-c", str(limited.definition))


def _lxcfs() -> Iterator[None]:
    """lxcfs for as long as a test needs it, unless the host runs it anyway."""
    program, place = shutil.which("lxcfs"), Path("/var/lib/lxcfs")
    if (place / "proc" / "meminfo").exists():
        yield
        return
    if program is None or not os.path.exists("/dev/fuse"):
        pytest.skip("lxcfs is not installed, or there is no FUSE: make test-setup")
    place.mkdir(exist_ok=True)
    running = subprocess.Popen(
        [program, "--enable-cfs", "-p", "/run/nct-lxcfs.pid", str(place)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        wait_until((place / "proc" / "meminfo").exists)
        yield
    finally:
        running.terminate()
        running.wait()
        subprocess.run(["umount", "-l", str(place)], check=False, capture_output=True)


def test_the_guest_sees_its_limits_where_lxcfs_runs(limited: Host) -> None:
    need("memory", "memory")
    for _ in _lxcfs():
        define(limited, 'limits = { memoryMax = "200M"; memorySwapMax = 0; allowedCpus = "0"; };')
        limited.switch()
        limited.succeed("start", "nctlim")
        free = limited.inside("nctlim", "free", "--mebi")
        assert [line.split()[1] for line in free.splitlines() if line.startswith("Mem:")] == ["200"]
        assert limited.inside("nctlim", "grep", "-c", "^processor", "/proc/cpuinfo").strip() == "1"
        uptime = float(limited.inside("nctlim", "cat", "/proc/uptime").split()[0])
        assert uptime < 60, "its own uptime, too"
        limited.succeed("set-limit", "nctlim", "memoryMax=100M")
        assert " 100 " in limited.inside("nctlim", "free", "--mebi")
        limited.succeed("stop", "nctlim")
