"""Every attempt of escapes.py, made by root of a container, from a service of its own and by `run`. They must fail.

`UPDATE_SECURITY=1` writes what happened into the table of docs/security.md.
"""

from __future__ import annotations

import ctypes
import os
import platform
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from nixos_containers.kernel.cgroups import hierarchies

from .conftest import ROOT, Host
from .escapes import ATTEMPTS, NUMBERS, Attempt

TABLE = ROOT / "docs" / "security.md"
DEFINITION = """
  let config = { pkgs, ... }: {
    system.stateVersion = "23.11";
    environment.systemPackages = [ pkgs.perl-base pkgs.util-linux pkgs.iproute2 ];
  }; in {
    containers.nctjail = { inherit config; privateNetwork = true; autoStart = true; };
    containers.nctroot = { inherit config; privateNetwork = true; autoStart = true; privateUsers = "no"; };
  }
"""
# CAP_SYS_ADMIN of the host's user namespace, which systemd inside cannot do without, mounts what it likes and makes any mount
# writable again; docs/security.md says so. The seccomp filter does not hold for `run`.
_OPEN = {
    "sysctl-remount", "proc-anew", "sysfs-anew", "debugfs", "release-agent", "nested-users", "store-write", "store-clone", "bind-owner",
    "launcher", "links-by-id", "userfaultfd", "key-list", "oom-score",
}  # fmt: skip
OPEN_WITHOUT_PRIVATE_USERS = {"service": frozenset(_OPEN), "run": frozenset(_OPEN | {"swap", "file-handle", "bpf", "perf"})}
WAYS = ("service", "run")
results: dict[tuple[str, str], bool] = {}


@pytest.fixture(scope="module")
def facts(host: Host) -> Iterator[dict[str, str]]:
    if not NUMBERS:
        pytest.skip(f"no table of system calls for {platform.machine()}")
    host.define(DEFINITION)
    host.switch()
    device = os.stat("/nix").st_dev
    mark = Path("/var/lib/nct-escape-mark")
    mark.touch()
    run, temporary = Path("/run/nct-escape-mark"), Path(tempfile.mkdtemp(prefix="nct-escape-", dir="/tmp"))
    run.touch()
    listener = socket.socket(socket.AF_UNIX)
    listener.bind("\0nct-escape-socket")
    listener.listen(8)
    foreign = next(entry for entry in sorted(os.listdir("/nix/store")) if entry.endswith(".drv"))
    with subprocess.Popen(["sleep", "600"]) as sleeper:
        yield {
            "DISK": f"{os.major(device)} {os.minor(device)}",
            "PID": str(sleeper.pid),
            "MARK": str(mark),
            "STORE": f"/nix/store/{foreign}",
            "RUN": str(run),
            "TMP": str(temporary),
        }
        assert sleeper.poll() is None, "the host's process was killed"
        sleeper.kill()
    listener.close()
    temporary.rmdir()
    run.unlink()
    mark.unlink()


@pytest.fixture(scope="module", autouse=True)
def nothing_written_stays() -> Iterator[None]:
    """Where an attempt gets through, it writes what was there before, and a file that goes again."""
    yield
    Path("/nix/store/escaped").unlink(missing_ok=True)


@pytest.fixture(scope="module")
def secret() -> None:
    """A key in a session keyring of this process's own: what it starts has it."""
    libc = ctypes.CDLL(None)
    libc.syscall(NUMBERS["keyctl"], 1, None)
    add_key = {"x86_64": 248}.get(platform.machine(), 217)
    libc.syscall(add_key, b"user", b"nct-secret", b"payload", 7, -3)


def attempt(host: Host, guest: str, way: str, tried: Attempt, facts: dict[str, str]) -> str:
    script = tried.script
    for key, value in {**facts, "NAME": guest}.items():
        script = script.replace("{" + key + "}", value)
    start = ["systemd-run", "--quiet", "--pipe", "--wait"] if way == "service" else []
    # In mounts of its own: what one attempt did is gone before the next.
    done = host.run("run", guest, "--", *start, "unshare", "--mount", "sh", "-c", f"{script}; true", timeout=60)
    assert done.returncode == 0, done.stderr
    results[tried.name, f"{guest}-{way}"] = "ESCAPED" in done.stdout
    return done.stdout + done.stderr


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("tried", ATTEMPTS, ids=lambda tried: tried.name)
def test_from_a_container_with_private_users(host: Host, facts: dict[str, str], secret: None, tried: Attempt, way: str) -> None:
    assert "ESCAPED" not in attempt(host, "nctjail", way, tried, facts)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("tried", ATTEMPTS, ids=lambda tried: tried.name)
def test_from_a_container_without(host: Host, facts: dict[str, str], secret: None, tried: Attempt, way: str) -> None:
    out = attempt(host, "nctroot", way, tried, facts)
    if tried.name not in OPEN_WITHOUT_PRIVATE_USERS[way]:
        assert "ESCAPED" not in out


def cgroup_mode() -> str:
    v1, v2 = hierarchies()
    return "hybrid" if v1 and v2 else "v1" if v1 else "v2"


def _told(ways: list[str]) -> str:
    return "refused" if not ways else "**got through**" if len(ways) == len(WAYS) else f"refused, but not to `{ways[0]}`"


def test_the_table_says_what_happened(host: Host) -> None:
    if len(results) < len(ATTEMPTS) * 2 * len(WAYS):
        pytest.skip("only with all attempts")
    lines = ["| attempt | what root inside tried | private users | without |", "|---|---|---|---|"]
    for tried in ATTEMPTS:
        told = [_told([way for way in WAYS if results[tried.name, f"{guest}-{way}"]]) for guest in ("nctjail", "nctroot")]
        lines.append(f"| `{tried.name}` | {tried.what} | {told[0]} | {told[1]} |")
    if os.environ.get("UPDATE_SECURITY") == "1":
        text = TABLE.read_text(encoding="utf-8")
        begin, end = text.index("<!-- attempts -->"), text.index("<!-- end of attempts -->")
        release = ".".join(platform.release().split(".")[:2])
        head = f"<!-- attempts -->\nLinux {release}, {platform.machine()}, cgroups: {cgroup_mode()}.\n\n"
        TABLE.write_text(text[:begin] + head + "\n".join(lines) + "\n" + text[end:], encoding="utf-8")
    known = TABLE.read_text(encoding="utf-8")
    assert all(f"| `{tried.name}` |" in known for tried in ATTEMPTS), "UPDATE_SECURITY=1 writes the table anew"
