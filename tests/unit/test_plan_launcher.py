"""The launcher and the guest's first script, run for real with stand-ins for nspawn, ip, nft and the cgroup trees."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from nixos_containers.declare.container import ForwardPort, Limits, Network
from nixos_containers.kernel import proc
from nixos_containers.plan.facts import Cgroups, Host, Tools
from nixos_containers.plan.launch import plan_launch

from ..waiting import wait_until
from .samples import FULL_NETWORK, SYSTEM, host, record

SHELLS = [shell for shell in (["dash"], ["busybox", "ash"], ["bash", "--posix"]) if shutil.which(shell[0])]
BY_SHELL = pytest.mark.parametrize("shell", SHELLS, ids=[shell[0] for shell in SHELLS])
ROUTED = Network(private=True, host_address="10.9.0.1", local_address="10.9.0.2", forward_ports=(ForwardPort(8080, "tcp", 80),))


class Stage:
    """A launcher in a directory of its own; every stand-in writes a line into `log`."""

    def __init__(self, directory: Path, **fields: Any) -> None:
        self.directory = directory
        self.state = directory / "state dir"  # with a space: every path must be quoted
        self.cgroup = directory / "cgroup"
        self.log = directory / "log"
        self.cgroup.mkdir()
        (directory / "root").mkdir()
        self.program("ip", 'echo "ip $*" >> {log}')
        self.program("nft", 'echo "nft $*" >> {log}')
        self.program("busybox", 'echo "guest $*" >> {log}')
        self.fields = fields

    def program(self, name: str, body: str) -> None:
        """Put a stand-in in place; `{log}` and `{state}` in `body` become the quoted paths."""
        path = self.directory / name
        path.write_text("#!/bin/sh\n" + body.format(log=f"'{self.log}'", state=f"'{self.state}'") + "\n", encoding="utf-8")
        path.chmod(0o755)

    def nspawn(self, *statuses: int, body: str = ":") -> None:
        """nspawn runs `body`, then ends with the next of `statuses`."""
        (self.directory / "statuses").write_text("".join(f"{status}\n" for status in statuses), encoding="utf-8")
        statuses_file = f"'{self.directory}/statuses'"
        self.program(
            "nspawn",
            f'echo "nspawn notify=${{{{NOTIFY_SOCKET:-none}}}}" >> {{log}}\n{body}\n'
            f"status=$(head -n1 {statuses_file}); sed -i 1d {statuses_file}; exit $status",
        )

    def write(self) -> None:
        """Write the files of the launch."""
        # A real cgroup of the tests has no controller, and takes no limits.
        pids = {} if (self.cgroup / "cgroup.procs").exists() else {"pids": str(self.cgroup)}
        facts = Host(
            cgroups=Cgroups(v1={"name=test": str(self.cgroup), **pids}),
            tools=Tools(nspawn=str(self.directory / "nspawn"), ip=str(self.directory / "ip"), nft=str(self.directory / "nft")),
        )
        launch = plan_launch(
            record(copy_resolv_conf=False, **self.fields),
            facts,
            state=str(self.state),
            root=str(self.directory / "root"),
            busybox=str(self.directory / "busybox"),
            system=SYSTEM,
        )
        (self.state / "guest").mkdir(parents=True)
        for name, text in launch.files.items():
            (self.state / name).write_text(text, encoding="utf-8")

    def run(self, shell: list[str], *arguments: str, timeout: float = 20) -> subprocess.CompletedProcess[str]:
        """Write everything and run the launcher to its end."""
        self.write()
        (self.state / "notify").touch()  # somebody waits for the first start
        env = {"PATH": os.environ["PATH"], "NOTIFY_SOCKET": "first"}
        return subprocess.run(
            [*shell, f"{self.state}/launch", *arguments], env=env, capture_output=True, text=True, timeout=timeout, check=False
        )

    @property
    def lines(self) -> list[str]:
        return self.log.read_text(encoding="utf-8").splitlines() if self.log.exists() else []

    def read(self, name: str) -> str:
        return (self.state / name).read_text(encoding="utf-8")

    def started(self) -> int:
        """How often nspawn was started."""
        return sum(line.startswith("nspawn") for line in self.lines)


StageMaker = Callable[..., Stage]


@pytest.fixture
def stage(tmp_path: Path) -> StageMaker:
    return lambda **fields: Stage(tmp_path, **fields)


@BY_SHELL
def test_both_scripts_are_shell(shell: list[str], stage: StageMaker) -> None:
    for number, fields in enumerate(({}, {"network": FULL_NETWORK, "ephemeral": True, "limits": Limits(tasks_max=5)})):
        made = plan_launch(record(**fields), host(), state="/run/s", root="/r", busybox="/b", system=SYSTEM)
        for name in ("launch", "guest/init"):
            done = subprocess.run([*shell, "-n"], input=made.files[name], capture_output=True, text=True, check=False)
            assert done.returncode == 0, f"{number} {name}: {done.stderr}"


@BY_SHELL
@pytest.mark.parametrize("status", [0, 1, 255])
def test_one_end_of_the_guest_ends_the_launcher_and_its_status_is_kept(shell: list[str], status: int, stage: StageMaker) -> None:
    made = stage()
    made.nspawn(status)
    assert made.run(shell).returncode == 0
    assert made.started() == 1
    assert made.read("ended") == f"{status}\n"
    assert not (made.state / "nspawn.pid").exists() and not (made.state / "launcher.pid").exists()


@BY_SHELL
def test_a_guest_that_was_ready_and_dies_is_started_again(shell: list[str], stage: StageMaker) -> None:
    made = stage()
    made.nspawn(1, 1, 0, body="rm -f {state}/notify")
    made.run(shell)
    assert made.started() == 3
    assert made.read("ended") == "0\n"


@BY_SHELL
def test_a_failure_after_the_end_of_who_started_it_is_no_longer_that_ones_to_tell(shell: list[str], stage: StageMaker) -> None:
    made = stage()
    made.nspawn(1, 0, body="sleep 0.5")
    made.write()
    (made.state / "notify").touch()  # which a killed `start` leaves
    starter = ["/bin/sh", "-c", '"$@" 2> /dev/null & sleep 0.1', "starter", *shell, f"{made.state}/launch"]
    subprocess.run(starter, env={"PATH": os.environ["PATH"]}, check=True)
    wait_until(lambda: (made.state / "ended").exists())
    assert made.started() == 2


@BY_SHELL
def test_one_that_dies_all_the_time_is_given_up(shell: list[str], stage: StageMaker) -> None:
    made = stage()
    made.nspawn(*[255] * 9, body="rm -f {state}/notify")
    assert "not started again" in made.run(shell).stderr
    assert made.started() == 6
    assert made.read("ended") == "255\n"


@BY_SHELL
def test_a_guest_that_reboots_is_started_again_and_only_the_first_start_reports_readiness(shell: list[str], stage: StageMaker) -> None:
    made = stage()
    made.nspawn(133, 133, 0)
    made.run(shell)
    assert made.lines == ["nspawn notify=first", "nspawn notify=none", "nspawn notify=none"]
    assert made.read("ended") == "0\n"


@BY_SHELL
def test_a_reboot_while_somebody_stops_the_container_is_an_end(shell: list[str], stage: StageMaker) -> None:
    made = stage()
    made.nspawn(133, 0, body="touch {state}/stopping")
    made.run(shell)
    assert made.started() == 1


def test_a_killed_nspawn_is_an_end(stage: StageMaker) -> None:
    made = stage()
    made.nspawn(0, body="kill -9 $$")
    made.run(SHELLS[0])
    assert made.started() == 1
    assert made.read("ended") == "137\n"


def test_nspawn_runs_under_the_pid_that_was_written_down(stage: StageMaker) -> None:
    made = stage()
    made.nspawn(0, body='echo "is $$ written $(cat {state}/nspawn.pid)" >> {log}')
    made.run(SHELLS[0])
    _, pid, _, written = made.lines[-1].split()
    assert pid == written


@BY_SHELL
def test_the_hosts_end_of_the_network_is_up_before_the_guest_goes_on(shell: list[str], stage: StageMaker) -> None:
    made = stage(network=ROUTED)
    made.program("ip", 'sleep 0.2; echo "ip $*" >> {log}')
    made.nspawn(0, body="sed 's#^directory=.*#directory=guest#' guest/init > guest/moved; sh guest/moved echo booted >> {log}")
    made.run(shell)
    lines = [line for line in made.lines if not line.startswith("nspawn") and line != "guest ip link set lo up"]
    assert lines[0].startswith("nft") and lines[0].endswith("-f filter.up"), "ports are forwarded before the guest goes on"
    assert lines[1] == "ip -force -batch links"
    assert lines[2] == "guest ip addr add 10.9.0.2/32 dev eth0"
    assert lines[-2] == "booted"
    assert lines[-1].endswith("-f filter.down")


def test_a_guest_that_dies_before_it_asks_for_its_network_leaves_no_waiting_shell(stage: StageMaker) -> None:
    made = stage(network=ROUTED)
    made.nspawn(1)
    begun = time.monotonic()
    made.run(SHELLS[0])
    assert time.monotonic() - begun < 5
    assert not [line for line in made.lines if line.startswith("ip")]


def test_a_rebooting_guest_gets_its_network_each_time(stage: StageMaker) -> None:
    made = stage(network=ROUTED)
    made.nspawn(133, 0, body="echo up > guest/request; read -r word < guest/answer")
    made.run(SHELLS[0])
    assert made.lines.count("ip -force -batch links") == 2
    assert sum("filter.up" in line for line in made.lines) == 2, "what others flushed meanwhile is there again"


@BY_SHELL
def test_a_stale_forward_is_cleared_and_the_start_goes_on(shell: list[str], stage: StageMaker) -> None:
    made = stage(network=ROUTED)
    made.program(
        "nft", 'echo "nft $*" >> {log}; case $* in delete*) touch {state}/cleared ;; *filter.up) [ -e {state}/cleared ] || exit 1 ;; esac'
    )
    made.nspawn(0, body="echo up > guest/request; read -r word < guest/answer")
    made.run(shell)
    assert [line for line in made.lines if line.startswith("nft")] == [
        "nft -f filter.up",
        "nft -f filter.rules",
        "nft -f filter.up",
        "nft delete element inet nixos-containers forwards4 { tcp . 8080 }",
        "nft -f filter.up",
        "nft -f filter.down",
    ]
    assert made.started() == 1


def test_without_its_forwards_a_guest_does_not_boot(stage: StageMaker) -> None:
    made = stage(network=ROUTED)
    made.program("nft", "exit 1")
    made.nspawn(0, body="sleep 1; echo booted >> {log}")
    assert "the packet filter refuses" in made.run(SHELLS[0]).stderr
    assert "booted" not in made.lines
    assert made.read("ended") == "137\n"


def test_a_limit_that_cannot_be_set_is_said_and_nothing_starts_without_it(stage: StageMaker) -> None:
    made = stage(limits=Limits(tasks_max=7))
    (made.cgroup / "machine.slice/web").mkdir(parents=True)
    (made.cgroup / "machine.slice/web/pids.max").symlink_to("/nonexistent/file")
    made.nspawn(0)
    done = made.run(SHELLS[0])
    assert done.returncode == 1
    assert f"cannot set {made.cgroup}/machine.slice/web/pids.max" in done.stderr
    assert made.started() == 0


def test_limits_are_there_before_the_guest(stage: StageMaker) -> None:
    made = stage(limits=Limits(tasks_max=7))
    made.nspawn(0, body=f"cat '{made.cgroup}/machine.slice/web/pids.max' >> {{log}}")
    made.run(SHELLS[0])
    assert made.lines[-1] == "7"


def test_where_cgroups_cannot_be_made_nothing_starts(stage: StageMaker) -> None:
    made = stage()
    made.cgroup.rmdir()
    made.cgroup.write_text("a file\n", encoding="utf-8")
    made.nspawn(0)
    done = made.run(SHELLS[0])
    assert done.returncode == 1
    assert "cannot make the cgroups" in done.stderr
    assert made.started() == 0


@BY_SHELL
def test_an_adopted_guest_is_watched_and_cleaned_up_after(shell: list[str], stage: StageMaker) -> None:
    made = stage(network=ROUTED, limits=Limits(tasks_max=7))
    made.nspawn(0)
    made.write()
    group = made.cgroup / "machine.slice/web"
    group.mkdir(parents=True)
    (group / "pids.max").write_text("9\n", encoding="utf-8")
    with subprocess.Popen(["sleep", "15"]) as guest:
        (made.state / "nspawn.pid").write_text(f"{guest.pid}\n", encoding="utf-8")
        with subprocess.Popen([*shell, f"{made.state}/launch", "adopt"], stderr=subprocess.DEVNULL) as launcher:
            time.sleep(0.1)
            assert made.read("launcher.pid") == f"{launcher.pid}\n"
            guest.kill()
            guest.wait()
            assert launcher.wait(timeout=10) == 0
    assert made.started() == 0
    assert made.read("ended") == "unknown\n"
    assert made.lines[-1].endswith("-f filter.down")
    assert (group / "pids.max").read_text(encoding="utf-8") == "9\n", "as it was set while the guest ran"


# With the kernel's own cgroups, where the machine lets us make some.


@pytest.fixture
def real_cgroup() -> Iterator[Path]:
    from nixos_containers.kernel.cgroups import hierarchies, kill, remove

    v1, v2 = hierarchies()
    mount = v1.get("name=systemd") or next(iter(v1.values()), None) or v2
    path = Path(mount or "/nonexistent") / f"nixos-containers-test-{os.getpid()}"
    try:
        path.mkdir()
    except OSError:
        pytest.skip("no cgroup can be made here")
    yield path
    kill([str(path)])
    remove([str(path)])


@BY_SHELL
def test_processes_that_outlive_nspawn_are_ended_and_no_cgroup_is_left(shell: list[str], stage: StageMaker, real_cgroup: Path) -> None:
    made = stage()
    made.cgroup = real_cgroup
    payload = f"{real_cgroup}/machine.slice/web/payload"
    made.nspawn(
        0,
        body="grep -h test- /proc/self/cgroup >> {log}\n"
        f"mkdir {payload}; setsid sleep 30 & echo $! > {payload}/cgroup.procs; echo $! > {{state}}/orphan",
    )
    made.run(shell)
    assert made.lines[-1].endswith("/machine.slice/web"), "nspawn runs in the container's own cgroup"
    assert not (real_cgroup / "machine.slice/web").exists()
    assert proc.arguments(int(made.read("orphan"))) == []


@pytest.mark.parametrize("name", ["with space", "*", "launcher", "$(touch evil)", "-p", "a'b\\x20", "tab\tin"])
def test_no_name_that_a_guest_gives_its_cgroups_stops_their_end(name: str, stage: StageMaker, real_cgroup: Path) -> None:
    made = stage()
    made.cgroup = real_cgroup
    deep = f"{real_cgroup}/machine.slice/web/payload/{name}/launcher"
    made.nspawn(0, body=f"mkdir -p -- {shlex.quote(deep)} && echo made >> {{log}}")
    made.run(SHELLS[0])
    assert made.lines[-1] == "made"
    assert not (real_cgroup / "machine.slice/web").exists()
    assert not (made.state / "evil").exists()


def test_a_cgroup_that_a_killed_launcher_left_is_emptied_before_the_start(stage: StageMaker, real_cgroup: Path) -> None:
    made = stage()
    made.cgroup = real_cgroup
    payload = real_cgroup / "machine.slice/web/payload"
    payload.mkdir(parents=True)
    with subprocess.Popen(["sleep", "30"]) as left:
        (payload / "cgroup.procs").write_text(str(left.pid), encoding="utf-8")
        made.nspawn(0, body=f"[ ! -d {payload} ] && echo fresh >> {{log}}")
        made.run(SHELLS[0])
        assert left.wait(timeout=5) == -signal.SIGKILL
    assert made.lines[-1] == "fresh"


@pytest.fixture
def v2_cgroup() -> Iterator[tuple[Path, str]]:
    """A cgroup that stands for the root of cgroup v2, and a controller that it offers."""
    from nixos_containers.kernel.cgroups import hierarchies, kill, offered_controllers, remove

    mount = hierarchies()[1]
    controllers = sorted(offered_controllers(mount))
    if mount is None or not controllers:
        pytest.skip("cgroup v2 offers no controller here")
    root, path = Path(mount), Path(mount) / f"nixos-containers-v2-{os.getpid()}"
    passed_on = (root / "cgroup.subtree_control").read_text(encoding="ascii").split()
    try:
        (root / "cgroup.subtree_control").write_text(f"+{controllers[0]}", encoding="ascii")
        path.mkdir()
    except OSError:
        pytest.skip("no cgroup with a controller can be made here")
    yield path, controllers[0]
    kill([str(path)])
    remove([str(path)])
    if controllers[0] not in passed_on:
        try:
            (root / "cgroup.subtree_control").write_text(f"-{controllers[0]}", encoding="ascii")
        except OSError:
            pass  # somebody else's container came to use it


@BY_SHELL
def test_on_v2_controllers_reach_the_container_and_a_reboot_finds_room(
    shell: list[str], stage: StageMaker, v2_cgroup: tuple[Path, str]
) -> None:
    made = stage()
    made.cgroup, controller = v2_cgroup
    group = made.cgroup / "machine.slice/web"
    made.nspawn(
        133,
        0,
        body=f"echo offered $(cat {group}/cgroup.controllers) >> {{log}}\n"
        f"mkdir {group}/supervisor && echo $$ > {group}/supervisor/cgroup.procs && echo +{controller} > {group}/cgroup.subtree_control",
    )
    made.run(shell)
    assert [line for line in made.lines if line.startswith("offered")] == [f"offered {controller}"] * 2
    assert made.read("ended") == "0\n"
    assert not group.exists()


def test_an_ephemeral_root_is_a_file_system_of_its_own_and_vanishes(stage: StageMaker) -> None:
    unshare = ["unshare", "--mount", "--propagation", "slave"]
    if os.geteuid() != 0 or subprocess.run([*unshare, "true"], check=False).returncode != 0:
        pytest.skip("mounting needs root")
    made = stage(ephemeral=True)
    root = made.directory / "root"
    made.nspawn(133, 0, body=f"stat -f -c %T '{root}' >> {{log}}; ls '{root}' >> {{log}}; touch '{root}/kept'")
    made.run([*unshare, *SHELLS[0]])
    assert [line for line in made.lines if not line.startswith("nspawn")] == ["tmpfs", "etc", "nix", "usr"] * 2, (
        "a reboot starts from nothing"
    )
    assert list(root.iterdir()) == []
