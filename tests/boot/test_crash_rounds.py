"""Many rounds of kill -9 at random moments of random commands: after each, one `doctor`, and the host is consistent.

`NIXOS_CONTAINERS_CRASH_ROUNDS` is how many (`make crash-test`: 200), `NIXOS_CONTAINERS_CRASH_SEED` repeats a run. Every round
takes a command that fits what is there, lets it run for a random while, kills one of those whose death must not
matter, and looks for what a user would miss: a container, a file, or something of ours that nobody owns.
"""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from .conftest import Host, wait_until

ROUNDS = int(os.environ.get("NIXOS_CONTAINERS_CRASH_ROUNDS", "14"))
DECLARED = "nctround"
FIRST, SECOND = "nctroll", "nctroute"
NAMES = (DECLARED, FIRST, SECOND)
SHARED = "nctrolls"
RECORDS = Path("/etc/nixos-containers")
STATES = Path("/var/lib/nixos-containers")
RUN = Path("/run/nixos-containers")
PER_CONTAINER = (Path("/nix/var/nix/profiles/per-container"), Path("/nix/var/nix/gcroots/per-container"))
FORWARDING = ("/proc/sys/net/ipv4/ip_forward", "/proc/sys/net/ipv6/conf/all/forwarding")
PRECIOUS = "what nobody may lose\n"
# Small, and wanted by nothing else: apt has something to resolve and to download.
PACKAGES = ("hello", "figlet", "sl", "rolldice", "cowsay", "toilet", "boxes", "cadaver")
_TEMPORARY = re.compile(r"\.(\d+)\.tmp$|^\.(?:new|copy)-|^\..*\.unfinished$")


class Rounds:
    """The host, what should be on it, and what a round may do to it."""

    def __init__(self, host: Host, shared: Path, seed: int) -> None:
        self.host = host
        self.shared = shared
        self.chance = random.Random(seed)
        self.durations: dict[str, float] = {}
        self.variant = 0
        self.said: list[str] = []
        self.states: dict[str, str] = {}
        self.healthy: list[str] = []
        self.forwarding = {file: Path(file).read_text() for file in FORWARDING}

    # --- what there is to do

    def definition(self, *, declared: bool = True) -> str:
        if not declared:
            return "{ }"
        self.variant += 1
        return f"""{{
  networking.containers.networks.{SHARED} = {{ subnet = "10.213.79.0/24"; subnet6 = "fd00:213:79::/64"; dhcp = true; dns = true; }};
  containers.{DECLARED} = {{
    networks = [ "{SHARED}" ];
    privateNetwork = true;
    hostAddress = "10.213.78.1";
    localAddress = "10.213.78.{2 + self.variant // 4 % 3}";
    forwardPorts = [ {{ hostPort = 17880; containerPort = 80; }} ];
    bindMounts."/shared" = {{ hostPath = "{self.shared}"; isReadOnly = false; }};
    config.environment.etc.variant.text = "{self.variant % 3}";
    config.system.stateVersion = "23.11";
  }};
}}
"""

    def config(self) -> str:
        package = self.chance.choice(PACKAGES)
        return f'{{ pkgs, ... }}: {{ environment.systemPackages = [ pkgs.{package} ]; system.stateVersion = "23.11"; }}'

    def choices(self) -> list[tuple[str, ...]]:
        there = self.there()
        found: list[tuple[str, ...]] = [("switch",), ("switch",)]
        if DECLARED in there:
            found += [
                ("start", DECLARED),
                ("stop", DECLARED),
                ("restart", DECLARED),
                ("rollback", DECLARED),
                ("reload", DECLARED),
                ("idle", DECLARED),
            ]
        for name, other in ((FIRST, SECOND), (SECOND, FIRST)):
            if name not in there:
                found += [("create", name)] * 2
                continue
            found += [("start", name), ("update", name), ("destroy", name), ("terminate", name), ("reload", name), ("idle", name)]
            if self.is_up(name):
                found += [("set-limit", name)]
            if other not in there and not self.is_up(name):
                found += [("rename", name, other), ("copy", name, other)] * 2
        return found

    def words(self, choice: tuple[str, ...]) -> list[str]:
        match choice:
            case ("switch",):
                self.host.define(self.definition())
                return ["switch", "-c", str(self.host.definition)]
            case ("create" | "update" as verb, name):
                if verb == "create":
                    return ["create", name, "--config", self.config(), "--set", f'bindMounts."/shared".hostPath="{self.shared}"']
                return ["update", name, "--config", self.config()]
            case ("set-limit", name):
                return ["set-limit", name, f"tasksMax={self.chance.randrange(300, 400)}", "cpuQuota=150%"]
        return list(choice)

    # --- what is there

    def look(self) -> None:
        """See anew what is there and what is up."""
        self.states = {row["name"]: row["state"] for row in self.host.json("list") if row["name"] in NAMES}

    def there(self) -> list[str]:
        return list(self.states)

    def is_up(self, name: str) -> bool:
        return self.states.get(name) == "up"

    def make_precious(self) -> None:
        """A file of the user's in every state that exists: from now on it has to stay."""
        for name in self.there():
            state = STATES / name / "root"
            if state.is_dir():
                (state / "precious").write_text(PRECIOUS)

    # --- killing

    def kill(self, victim: str, process: subprocess.Popen[bytes], name: str) -> None:
        if victim == "command":
            process.kill()
        elif victim in ("launcher", "nspawn"):
            kill(number(RUN / f".{name}" / f"{victim}.pid"))
        elif victim == "dnsmasq":
            kill(dnsmasq())
        else:
            for pid in session(process.pid):
                if command(pid).startswith(victim):
                    kill(pid)

    def round(self, turn: int) -> None:
        choice = self.chance.choice(self.choices())
        victim = self.chance.choice(["command"] * 4 + ["launcher", "nspawn", "nix", "apt", "dnsmasq"])
        precious = [name for name in self.there() if (STATES / name / "root/precious").exists()]
        before = self.there()
        verb, name = choice[0], choice[1] if len(choice) > 1 else DECLARED
        words = ["run", name, "--", "sleep", "0.2"] if verb == "idle" else self.words(choice)
        moment = self.chance.uniform(0, self.durations.get(verb, 1.0))
        self.said.append(f"round {turn}: {' '.join(choice)}, {victim} killed after {moment:.3f} s")
        print(self.said[-1], flush=True)
        with open(self.host.directory / "said", "wb") as said:
            begun = time.monotonic()
            process = subprocess.Popen(
                self.host.command(*words),
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                cwd=self.host.directory,
                start_new_session=True,
            )
            try:
                process.wait(moment)
            except subprocess.TimeoutExpired:
                self.kill(victim, process, name)
            status = process.wait(120)
        if status == 0:
            self.durations[verb] = min(time.monotonic() - begun, 3.0)  # longer only where something was downloaded
        text = (self.host.directory / "said").read_text()
        assert "Traceback" not in text, text
        wait_until(lambda: not session(process.pid))  # no nix and no apt that nobody waits for
        wait_until(lambda: not self.unsettled())
        doctor = json.loads(self.host.run("doctor", "--json").stdout)
        assert doctor["problems"] == self.healthy, text
        self.look()
        self.check(before, precious, choice)

    def unsettled(self) -> bool:
        """Launchers on their way up or down: they outlive the command that they were started by, and are given the time."""
        self.look()
        return any(alive(number(RUN / f".{name}/launcher.pid")) and not self.is_up(name) for name in self.there())

    # --- what must be true afterwards

    def check(self, before: list[str], precious: list[str], choice: tuple[str, ...]) -> None:
        there = self.there()
        gone = set(before) - set(there)
        moved = {choice[1]} if choice[0] in ("destroy", "rename") else set()
        assert gone <= moved, f"lost {gone}"
        for name in precious:
            holder = choice[2] if choice[0] == "rename" and name in gone else name
            if choice[0] == "destroy" and name in gone:
                assert not (STATES / name).exists()
            else:
                assert (STATES / holder / "root/precious").read_text() == PRECIOUS
        assert (self.shared / "precious").read_text() == PRECIOUS
        for name in there:
            assert (RECORDS / f"{name}.json").exists()
            assert (name == DECLARED) != (RECORDS / f"{name}.nix").exists()
            if name != DECLARED:  # which was perhaps rolled back
                recorded = json.loads((RECORDS / f"{name}.json").read_text())["container"]["system"]["path"]
                assert os.path.realpath(PER_CONTAINER[0] / name / "system") == recorded, "options and system are of one time"
            if not self.is_up(name):
                self.check_down(name)
        for name in set(NAMES) - set(there):
            self.check_down(name)
            assert not list(RECORDS.glob(f"{name}*")), name
            assert not (STATES / name).exists(), name
            assert not any((place / name).exists() for place in PER_CONTAINER), name
            assert not (RUN / f".{name}").exists(), name
        ranges = json.loads((STATES / ".user-ranges.json").read_text()) if (STATES / ".user-ranges.json").exists() else {}
        assert {name for name in ranges if name in NAMES} <= set(there)
        for directory in (RECORDS, STATES, self.host.directory, *(place / name for place in PER_CONTAINER for name in there)):
            for entry in os.listdir(directory) if directory.exists() else ():
                assert not _TEMPORARY.search(entry) or "throwaway" in entry, f"{directory}/{entry}"
        self.check_shared([name for name in there if self.is_up(name)])
        assert not [line for line in output("findmnt", "-rno", "TARGET").splitlines() if "nctro" in line]

    def check_shared(self, up: list[str]) -> None:
        """What containers have in common is there as long as one needs it, and no longer."""
        # What a killed launcher had sent ahead comes to its end by itself.
        wait_until(lambda: (dnsmasq() is not None) == (DECLARED in up))
        assert Path(f"/sys/class/net/cb-{SHARED}").exists() == (DECLARED in up), up
        assert bool(list(Path("/sys/fs/cgroup").glob(f"*/machine.slice/@network-{SHARED}"))) == (DECLARED in up), up
        users = RUN / "@shared/forwarding/users"
        assert {entry for entry in os.listdir(users) if entry in NAMES} == set(up) if users.exists() else not up
        for file, before in self.forwarding.items():
            assert Path(file).read_text() == ("1\n" if up else before), (file, up)

    def check_down(self, name: str) -> None:
        assert not list(Path("/sys/fs/cgroup").glob(f"*/machine.slice/{name}")), name
        assert not Path(f"/sys/class/net/ve-{name}").exists(), name
        assert f"--machine={name}" not in output("ps", "-ewwo", "args=").split(), name
        if name == DECLARED:
            assert "17880" not in output("nft", "list", "table", "inet", "nixos-containers")


def output(*words: str) -> str:
    return subprocess.run(words, capture_output=True, text=True, check=False).stdout


def number(path: Path) -> int | None:
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return None


def dnsmasq() -> int | None:
    """The process that serves the shared network."""
    pids = [line.split()[0] for line in output("ps", "-eww", "-o", "pid=", "-o", "args=").splitlines() if f"/{SHARED}/dnsmasq.conf" in line]
    assert len(pids) < 2, pids
    return int(pids[0]) if pids else None


def alive(pid: int | None) -> bool:
    return pid is not None and Path(f"/proc/{pid}").exists()


def kill(pid: int | None) -> None:
    try:
        if pid is not None:
            os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def session(leader: int) -> list[int]:
    """The processes of the session that a command of ours began: all that it started, but not what it detached."""
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                fields = Path(f"/proc/{entry}/stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if fields[3] == str(leader) and fields[0] != "Z":
                found.append(int(entry))
    return found


def command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text()
    except OSError:
        return ""


@pytest.fixture
def rounds(host: Host, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rounds]:
    seed = int(os.environ.get("NIXOS_CONTAINERS_CRASH_SEED", random.randrange(1 << 30)))
    print(f"NIXOS_CONTAINERS_CRASH_SEED={seed}")
    shared = tmp_path_factory.mktemp("shared")
    (shared / "precious").write_text(PRECIOUS)
    made = Rounds(host, shared, seed)
    yield made
    for name in (FIRST, SECOND):
        host.run("destroy", name)
    shutil.rmtree(shared)


def test_nothing_is_lost_or_left_after_any_death(rounds: Rounds) -> None:
    host = rounds.host
    host.define(rounds.definition())
    host.switch()
    host.succeed(*rounds.words(("create", FIRST)))
    host.succeed("start", FIRST)
    rounds.healthy = json.loads(host.run("doctor", "--json").stdout)["problems"]
    rounds.look()
    for turn in range(ROUNDS):
        rounds.make_precious()
        rounds.round(turn)
    # All that is there still works.
    for name in rounds.there():
        host.succeed("start", name)
        assert host.inside(name, "cat", "/shared/precious") == PRECIOUS
