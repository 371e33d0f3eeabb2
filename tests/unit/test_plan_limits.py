"""Limits: what people write, which source wins, and which file of which cgroup version gets which number."""

from __future__ import annotations

import pytest

from nixos_containers.base.errors import DefinitionError
from nixos_containers.declare.container import Limits
from nixos_containers.plan.cgroup_files import EVERY_DEVICE, PARENT, Write, cgroup_writes, limit_warnings, live_writes
from nixos_containers.plan.facts import Cgroups, Host, LimitFacts
from nixos_containers.plan.launch import limits_digest, params_digest
from nixos_containers.plan.limits import TASKS_MAX, CgroupLimits, assignments, changed_limits, container_limits, parse_quota, parse_size

from .samples import HYBRID, V1, V2, container


@pytest.mark.parametrize(
    ("text", "size"),
    [
        (1, 1),
        (1073741824, 1 << 30),
        ("4096", 4096),
        ("1K", 1024),
        ("512M", 512 << 20),
        ("512MB", 512 << 20),
        ("512MiB", 512 << 20),
        ("1G", 1 << 30),
        ("1g", 1 << 30),
        (" 1G ", 1 << 30),
        ("1 G", 1 << 30),
        ("1.5G", 3 << 29),
        ("2T", 2 << 40),
        ("100B", 100),
    ],
)
def test_sizes_are_of_base_1024(text: str | int, size: int) -> None:
    assert parse_size(text, "x") == size


@pytest.mark.parametrize("text", ["", "G", "1X", "one", "-1", "0", "-5M", "1GG", "50%", "nan", "inf", "1e999", "1e999M", "9" * 400])
def test_what_is_no_size_is_refused_with_its_place(text: str) -> None:
    with pytest.raises(DefinitionError) as failure:
        parse_size(text, "containers.web.limits.memoryMax")
    assert "containers.web.limits.memoryMax" in str(failure.value)
    assert f"‘{text}’" in str(failure.value)


@pytest.mark.parametrize(
    ("text", "microseconds"),
    [("50%", 50_000), ("200%", 200_000), ("12.5%", 12_500), (" 100% ", 100_000), ("0.1%", 1000), ("1%", 1000)],
)
def test_quotas_are_microseconds_in_a_tenth_of_a_second(text: str, microseconds: int) -> None:
    assert parse_quota(text, "x") == microseconds


@pytest.mark.parametrize("text", ["", "%", "50", "0%", "-10%", "half", "nan%", "inf%", "1e999%"])
def test_what_is_no_quota_is_refused_with_its_place(text: str) -> None:
    with pytest.raises(DefinitionError) as failure:
        parse_quota(text, "containers.web.limits.cpuQuota")
    assert "containers.web.limits.cpuQuota" in str(failure.value)


def asked(**fields: object) -> CgroupLimits:
    """What a container has that asked for no more than `fields`."""
    return CgroupLimits(**{"tasks_max": TASKS_MAX, **fields})  # type: ignore[arg-type]


def test_a_container_without_limits_leaves_processes_to_the_host() -> None:
    assert container_limits(container()) == (asked(), ())
    assert container_limits(container(limits=Limits(tasks_max="infinity"))) == (CgroupLimits(), ())
    bare = Host(cgroups=Cgroups(v2="/u", v2_controllers=frozenset({"cpu"})))
    assert limit_warnings(container(), bare, LimitFacts()) == [], "nobody asked for it"
    assert cgroup_writes(CgroupLimits(), Cgroups(), "machine.slice/web") == ()


def test_the_guests_slice_limits_the_whole_container() -> None:
    limits, _ = container_limits(
        container(slice_limits={"CPUQuota": "50%", "MemoryMax": "1G", "MemoryHigh": "768M", "TasksMax": "200", "CPUWeight": "50"})
    )
    assert limits == CgroupLimits(cpu_quota_us=50_000, memory_max=1 << 30, memory_high=768 << 20, tasks_max=200, cpu_weight=50)


def test_settings_of_the_slice_that_are_no_limits_are_left_to_the_guest() -> None:
    limits, _ = container_limits(
        container(slice_limits={"MemoryAccounting": "1", "Description": "x", "MemoryMax": "infinity", "TasksMax": ""})
    )
    assert limits == asked()


@pytest.mark.parametrize(
    ("flag", "expected"),
    [
        ("--memory-limit=1G", asked(memory_max=1 << 30)),
        ("--cpu-limit=50%", asked(cpu_quota_us=50_000)),
        ("--cpu-quota=50%", asked(cpu_quota_us=50_000)),
        ("--tasks-limit=9", asked(tasks_max=9)),
        ("--property=MemoryMax=1G", asked(memory_max=1 << 30)),
        ("--property=MemoryLimit=1G", asked(memory_max=1 << 30)),
        ("--property=CPUWeight=20", asked(cpu_weight=20)),
    ],
)
def test_limits_among_the_extra_flags_are_taken_out(flag: str, expected: CgroupLimits) -> None:
    limits, flags = container_limits(container(extra_flags=("--bind=/srv", flag, "--boot")))
    assert limits == expected
    assert flags == ("--bind=/srv", "--boot"), "nspawn does not have this flag: it must not get it"


@pytest.mark.parametrize("flag", ["--bind-ro=/a:/b", "--property=Delegate=yes", "--memory-limit", "-U", "--setenv=A=MemoryMax=1"])
def test_other_extra_flags_reach_nspawn_as_they_are(flag: str) -> None:
    assert container_limits(container(extra_flags=(flag,))) == (asked(), (flag,))


def test_later_sources_win_slice_then_flags_then_limits() -> None:
    slice_only = container(slice_limits={"MemoryMax": "1G", "TasksMax": "10", "CPUQuota": "10%"})
    with_flags = container(slice_limits=slice_only.slice_limits, extra_flags=("--memory-limit=2G", "--tasks-limit=20"))
    with_all = container(slice_limits=slice_only.slice_limits, extra_flags=with_flags.extra_flags, limits=Limits(memory_max="3G"))
    assert container_limits(slice_only)[0] == CgroupLimits(memory_max=1 << 30, tasks_max=10, cpu_quota_us=10_000)
    assert container_limits(with_flags)[0] == CgroupLimits(memory_max=2 << 30, tasks_max=20, cpu_quota_us=10_000)
    assert container_limits(with_all)[0] == CgroupLimits(memory_max=3 << 30, tasks_max=20, cpu_quota_us=10_000)


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"slice_limits": {"MemoryMax": "much"}}, "containers.web.config.systemd.slices.container.sliceConfig.MemoryMax"),
        ({"slice_limits": {"TasksMax": "-1"}}, "containers.web.config.systemd.slices.container.sliceConfig.TasksMax"),
        ({"extra_flags": ("--memory-limit=much",)}, "containers.web.extraFlags"),
        ({"extra_flags": ("--property=CPUWeight=idle",)}, "containers.web.extraFlags"),
        ({"limits": Limits(memory_max="much")}, "containers.web.limits.memoryMax"),
        ({"limits": Limits(cpu_quota="much")}, "containers.web.limits.cpuQuota"),
    ],
)
def test_a_bad_limit_is_refused_with_the_option_that_says_it(fields: dict, place: str) -> None:
    with pytest.raises(DefinitionError) as failure:
        container_limits(container(**fields))
    assert place in str(failure.value)


def files(writes: tuple[Write, ...]) -> dict[str, str]:
    return {write.file: write.value for write in writes}


ALL = CgroupLimits(cpu_quota_us=50_000, memory_max=1 << 30, memory_high=1 << 29, tasks_max=100, cpu_weight=200)


def test_writes_on_cgroup_v2() -> None:
    assert files(cgroup_writes(ALL, V2, "machine.slice/web")) == {
        "/sys/fs/cgroup/machine.slice/web/cpu.max": "50000 100000",
        "/sys/fs/cgroup/machine.slice/web/cpu.weight": "200",
        "/sys/fs/cgroup/machine.slice/web/memory.high": str(1 << 29),
        "/sys/fs/cgroup/machine.slice/web/memory.max": str(1 << 30),
        "/sys/fs/cgroup/machine.slice/web/pids.max": "100",
    }


@pytest.mark.parametrize("layout", [V1, HYBRID], ids=["v1", "hybrid"])
def test_writes_on_cgroup_v1_and_on_hybrid_hosts_whose_v2_has_no_controllers(layout: Cgroups) -> None:
    assert files(cgroup_writes(ALL, layout, "machine.slice/web")) == {
        "/sys/fs/cgroup/cpu,cpuacct/machine.slice/web/cpu.cfs_period_us": "100000",
        "/sys/fs/cgroup/cpu,cpuacct/machine.slice/web/cpu.cfs_quota_us": "50000",
        "/sys/fs/cgroup/cpu,cpuacct/machine.slice/web/cpu.shares": "2048",
        "/sys/fs/cgroup/memory/machine.slice/web/memory.soft_limit_in_bytes": str(1 << 29),
        "/sys/fs/cgroup/memory/machine.slice/web/memory.limit_in_bytes": str(1 << 30),
        "/sys/fs/cgroup/pids/machine.slice/web/pids.max": "100",
    }


def test_a_hybrid_host_may_have_some_controllers_on_v2() -> None:
    layout = Cgroups(v1={"cpu": "/c"}, v2="/u", v2_controllers=frozenset({"memory", "pids"}))
    made = files(cgroup_writes(ALL, layout, "m/web"))
    assert "/c/m/web/cpu.cfs_quota_us" in made
    assert "/u/m/web/memory.max" in made


@pytest.mark.parametrize(("weight", "shares"), [(1, "10"), (100, "1024"), (10000, "102400")])
def test_weights_become_shares_as_systemd_converts_them(weight: int, shares: str) -> None:
    assert cgroup_writes(CgroupLimits(cpu_weight=weight), V1, "w") == (Write("/sys/fs/cgroup/cpu,cpuacct/w/cpu.shares", shares),)


BLKIO = Cgroups(v1={**V1.v1, "blkio": "/b", "cpuset": "/s", "memory": "/m"})
MORE = CgroupLimits(
    allowed_cpus="0-1",
    memory_max=1 << 30,
    memory_swap_max=0,
    io_weight=50,
    io_read_bandwidth_max={"/dev/vda": 10_000_000},
    io_write_iops_max={"/var": 100},
)


def test_cpus_swap_and_disks_on_cgroup_v1() -> None:
    writes = cgroup_writes(MORE, BLKIO, "g")
    assert [write.file for write in writes if "cpuset" in write.file] == ["/s/g/launcher/cpuset.cpus", "/s/g/cpuset.cpus"], (
        "narrow below first"
    )
    assert [write.value for write in writes if write.file.startswith("/m/")] == [str(1 << 30)] * 2, "swap counts together with memory"
    assert [write for write in writes if "throttle" in write.file] == [
        Write("/b/g/blkio.throttle.read_bps_device", "{} 10000000", "/dev/vda", needed=False),
        Write("/b/g/blkio.throttle.write_iops_device", "{} 100", "/var", needed=False),
    ]


def test_cpus_swap_and_disks_on_cgroup_v2() -> None:
    layout = Cgroups(v2="/u", v2_controllers=frozenset({"cpu", "cpuset", "memory", "pids", "io"}))
    made = [(write.file, write.value) for write in cgroup_writes(MORE, layout, "g")]
    assert ("/u/g/cpuset.cpus", "0-1") in made
    assert ("/u/g/memory.swap.max", "0") in made
    assert ("/u/g/io.max", "{} rbps=10000000") in made
    assert ("/u/g/io.max", "{} wiops=100") in made


def test_a_running_cgroup_is_freed_of_every_limit_that_is_gone() -> None:
    lifted = files(live_writes(CgroupLimits(), BLKIO, "g"))
    assert lifted["/m/g/memory.limit_in_bytes"] == "-1"
    assert lifted["/s/g/cpuset.cpus"] == PARENT
    assert [write.device for write in live_writes(CgroupLimits(), BLKIO, "g") if "throttle" in write.file] == [EVERY_DEVICE] * 4
    writes = [write.file.rsplit("/", 1)[1] for write in live_writes(MORE, BLKIO, "g")]
    assert writes.index("memory.memsw.limit_in_bytes") < writes.index("memory.limit_in_bytes"), "both together may not be less than one"


def test_what_a_host_does_not_keep_is_said_with_option_and_reason() -> None:
    everything = container(
        limits=Limits(memory_high="1G", memory_swap_max=0, io_weight=10, tasks_max=5, io_read_bandwidth_max={"/": "1M"}),
        slice_limits={"CPUQuota": "10%"},
    )
    said = limit_warnings(everything, Host(cgroups=Cgroups(v1={"memory": "/m", "blkio": "/b"})), LimitFacts())
    assert [line.split(": ")[0].removeprefix("containers.web.") for line in said] == [
        "config.systemd.slices.container.sliceConfig.CPUQuota",
        "limits.memoryHigh",
        "limits.memorySwapMax",
        "limits.tasksMax",
        "limits.ioWeight",
        "limits.ioReadBandwidthMax",
    ]
    assert "no ‘cpu’ cgroup controller" in said[0]
    assert "no ‘pids’ cgroup controller" in said[3]
    able = LimitFacts(files=frozenset({"memory.swap.max", "io.weight", "io.max"}), weighing=True)
    unified = Cgroups(v2="/u", v2_controllers=frozenset({"cpu", "memory", "pids", "io"}))
    assert limit_warnings(everything, Host(cgroups=unified), able) == []


@pytest.mark.parametrize(
    ("files", "weighing", "said"),
    [({"blkio.bfq.io_service_bytes"}, True, ""), ({"blkio.bfq.io_service_bytes"}, False, "no effect"), (set(), False, "not kept")],
)
def test_the_root_of_cgroup_v1_has_no_weights_of_its_own(files: set[str], weighing: bool, said: str) -> None:
    host = Host(cgroups=Cgroups(v1={"blkio": "/b"}))
    warnings = limit_warnings(container(limits=Limits(io_weight=10)), host, LimitFacts(files=frozenset(files), weighing=weighing))
    assert (said in warnings[0]) if said else warnings == []


def test_limits_that_can_be_changed_while_it_runs_ask_for_no_restart() -> None:
    before, after = container(limits=Limits(memory_max="1G")), container(extra_flags=("--memory-limit=2G",))
    assert params_digest(before, Host()) == params_digest(after, Host())
    assert limits_digest(before) != limits_digest(after)
    assert params_digest(before, Host()) != params_digest(container(limits=Limits(limit_nofile=4096)), Host()), "a start sets this one"
    assert params_digest(before, Host()) != params_digest(container(extra_flags=("--bind=/srv",)), Host())


def test_limits_for_the_moment_take_both_spellings_and_infinity() -> None:
    now = CgroupLimits(memory_max=1 << 30, io_write_bandwidth_max={"/": 5})
    changes = assignments(["memoryMax=infinity", "CPUQuota=50%", "ioWriteBandwidthMax=/ infinity", "allowedcpus=0, 1"])
    assert changed_limits(now, changes) == CgroupLimits(cpu_quota_us=50_000, allowed_cpus="0,1")


@pytest.mark.parametrize("word", ["memory=1G", "memoryMax", "memoryMax=", "limitNofile=5", "=1"])
def test_what_is_no_limit_for_the_moment_is_refused(word: str) -> None:
    with pytest.raises(DefinitionError):
        assignments([word])


@pytest.mark.parametrize(
    "limits",
    [
        Limits(allowed_cpus="all"),
        Limits(oom_policy="panic"),
        Limits(limit_nofile="0"),
        Limits(limit_nofile="many"),
        Limits(io_weight=10001),
        Limits(io_read_bandwidth_max={"vda": "1M"}),
        Limits(io_read_bandwidth_max={"/": "fast"}),
        Limits(io_read_iops_max={"/": 0}),
        Limits(oom_score_adjust=2000),
    ],
)
def test_bad_values_are_refused_with_their_option(limits: Limits) -> None:
    with pytest.raises(DefinitionError, match=r"containers\.web\.limits\."):
        container_limits(container(limits=limits))
