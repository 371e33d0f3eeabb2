"""From "start" to a guest that says it is ready: ours, raw systemd-nspawn on the same root, and peers that are installed.

Every guest is the same system (the quickstart's) and says so itself: systemd's READY=1 on NOTIFY_SOCKET (sd_notify(3)).
"""

from __future__ import annotations

import os
import select
import shlex
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from harness import Contestant, Result, Skipped, compete, end, timed
from product import NAME, Product

_TIMEOUT = 30.0


def measure(product: Product, *, runs: int) -> Result:
    """The container must be built; it is stopped at the end."""
    product.run("stop", NAME)
    nspawn = _nspawn_words(product)
    system = nspawn[-1].removesuffix("/init")
    peers = _Peers(product, system)
    result = compete(
        "start until the guest is ready",
        [
            Contestant("nixos-container start", lambda: _ours(product)),
            Contestant(
                "systemd-nspawn, raw, same root and flags", lambda: _raw(_without_ours(nspawn)), "no addresses, no rules, no supervisor"
            ),
            Contestant("lxc-start, same root", peers.lxc, "no private users, no network"),
            Contestant("podman run --rootfs, same root", peers.podman, "no private users, no network"),
        ],
        runs=runs,
    )
    product.run("start", NAME)
    return result


def _ours(product: Product) -> float:
    seconds = timed(lambda: product.run("start", NAME))
    product.run("stop", NAME)
    return seconds


def _nspawn_words(product: Product) -> list[str]:
    """The command that our launcher supervises."""
    text = (product.run_state / "launch").read_text(encoding="utf-8")
    return shlex.split(text.partition("\n  exec ")[2].partition("\n}")[0].replace("\\\n", " "))


def _without_ours(words: list[str]) -> list[str]:
    """The same guest without our script in front of it, and without a way out of its network.

    What tells the guest that its network is its own stays: it then does the same work, its firewall included.
    """
    end = words.index("--")
    flags = [word for word in words[:end] if not word.startswith("--network-veth") and "nixos-container:" not in word]
    return [*(flag for flag in flags if not flag.endswith(":/run/nixos-container")), "--", words[-1]]


@contextmanager
def _listening(path: Path) -> Iterator[Callable[[subprocess.Popen[bytes]], None]]:
    """A notification socket at `path`; yields a function that waits for READY=1 or the end of the process."""
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(path))
        path.chmod(0o777)

        def wait(child: subprocess.Popen[bytes]) -> None:
            deadline = time.monotonic() + _TIMEOUT
            while time.monotonic() < deadline:
                if select.select([listener], [], [], 0.05)[0]:
                    if b"READY=1" in listener.recv(4096).split(b"\n"):
                        return
                elif child.poll() not in (None, 0):
                    break
            raise Skipped(f"its guest did not get ready (status {child.poll()})")

        yield wait
    path.unlink(missing_ok=True)


# Fresh cgroups, as our launcher makes them: what an older guest left there stops systemd without a word.
_IN_FRESH_CGROUPS = """
for tree in $(awk '$3 ~ /^cgroup2?$/ { print $2 }' /proc/mounts); do
  mkdir -p "$tree/bench-raw" || continue
  if [ -e "$tree/bench-raw/cpuset.cpus" ]; then for f in cpuset.cpus cpuset.mems; do cat "$tree/$f" > "$tree/bench-raw/$f"; done; fi
  echo $$ > "$tree/bench-raw/cgroup.procs"
done 2>/dev/null
exec "$@"
"""


def _remove_cgroups(group: str = "bench-raw") -> None:
    for line in Path("/proc/mounts").read_text(encoding="utf-8").splitlines():
        _, mount, kind, *_ = line.split()
        if kind in ("cgroup", "cgroup2"):
            for directory, _, _ in os.walk(f"{mount}/{group}", topdown=False):
                try:
                    os.rmdir(directory)
                except OSError:
                    pass


def _raw(words: list[str]) -> float:
    with _listening(Path("/run/nixos-containers-bench.sock")) as wait:
        env = {**os.environ, "NOTIFY_SOCKET": "/run/nixos-containers-bench.sock"}
        begun = time.perf_counter()
        child = subprocess.Popen(
            ["/bin/sh", "-c", _IN_FRESH_CGROUPS, "sh", *words],
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            wait(child)
            seconds = time.perf_counter() - begun
        finally:
            end(child)
    _remove_cgroups()
    return seconds


class _Peers:
    """Other programs that start system containers, on the same root and system, when they are installed."""

    def __init__(self, product: Product, system: str, root: Path | None = None) -> None:
        self.system, self.root = system, root or product.state
        self.product = product
        self.directory = product.root.parent / f"peers-{self.root.name}"
        self.directory.mkdir(exist_ok=True)

    def _need(self, program: str) -> None:
        if shutil.which(program) is None:
            raise Skipped(f"{program} is not installed")

    def lxc(self) -> float:
        """The start of lxc's."""
        return self._timed(self.lxc_up())

    def podman(self) -> float:
        """The start of podman's."""
        return self._timed(self.podman_up())

    def _timed(self, guest: AbstractContextManager[list[str]]) -> float:
        begun = time.perf_counter()
        with guest:
            return time.perf_counter() - begun

    def lxc_up(self) -> AbstractContextManager[list[str]]:
        """lxc-start in the foreground, with the notification socket bound into the guest; gives the words before a command inside."""
        self._need("lxc-start")
        config = self.directory / "lxc.conf"
        entries = {
            "lxc.uts.name": NAME,
            "lxc.rootfs.path": f"dir:{self.root}",
            "lxc.init.cmd": f"{self.system}/init",
            "lxc.environment": "NOTIFY_SOCKET=/mnt/notify/socket",
            "lxc.net.0.type": "empty",
            "lxc.mount.auto": "proc:mixed sys:mixed cgroup:mixed",
            "lxc.apparmor.profile": "unconfined",
        }
        mounts = [
            "/nix/store nix/store none rbind,ro,create=dir 0 0",
            f"{self.directory} mnt/notify none bind,create=dir 0 0",
            "tmpfs run tmpfs rw,nosuid,mode=755,create=dir 0 0",
        ]
        lines = [f"{key} = {value}" for key, value in entries.items()] + [f"lxc.mount.entry = {mount}" for mount in mounts]
        config.write_text("\n".join(lines) + "\n", encoding="utf-8")
        lxc_path = f"--lxcpath={self.directory}"
        start = ["lxc-start", lxc_path, f"--name={NAME}", f"--rcfile={config}", "--foreground", f"--logfile={self.directory}/lxc.log"]
        attach = ["lxc-attach", lxc_path, f"--name={NAME}", "--"]
        return self._up(start, ["lxc-stop", lxc_path, f"--name={NAME}", "--kill"], attach)

    def podman_up(self) -> AbstractContextManager[list[str]]:
        """podman with an overlay over the root, runc and plain cgroups; gives the words before a command inside."""
        self._need("podman")
        start = [
            "podman", "--cgroup-manager=cgroupfs", *(["--runtime=runc"] if shutil.which("runc") else []),
            "run", "--rm", f"--name={NAME}", "--systemd=always", "--network=none", "--cgroupns=private",
            "--ulimit=nofile=1024:1024", "--ulimit=nproc=1024:1024",
            f"--volume={self.directory}:/mnt/notify", "--volume=/nix/store:/nix/store:ro", "--env=NOTIFY_SOCKET=/mnt/notify/socket",
            "--sdnotify=ignore", "--rootfs", f"{self.root}:O", f"{self.system}/init",
        ]  # fmt: skip
        return self._up(start, ["podman", "rm", "--force", "--time=0", NAME], ["podman", "exec", NAME])

    @contextmanager
    def _up(self, start: list[str], stop: list[str], enter: list[str]) -> Iterator[list[str]]:
        log = self.directory / "log"
        with _listening(self.directory / "socket") as wait, log.open("wb") as said:
            child = subprocess.Popen(start, stdin=subprocess.DEVNULL, stdout=said, stderr=said, start_new_session=True)
            try:
                try:
                    wait(child)
                except Skipped as reason:
                    last = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-1:]
                    raise Skipped(f"{reason} {' '.join(last)[:160]}") from None
                yield enter
            finally:
                subprocess.run(stop, capture_output=True, check=False)
                try:
                    child.wait(20)
                except subprocess.TimeoutExpired:
                    child.kill()
                    child.wait()
