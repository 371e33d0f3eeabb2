"""A host whose init is systemd, for the tests: Debian with machined and Nix, itself booted by systemd-nspawn.

The root is made once by mmdebstrap, from the package archive that the product uses, and kept; every run puts an overlay
on it. /nix is this machine's, so that systems which are built here are there: inside there is no network.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from nixos_containers.base.paths import Paths
from nixos_containers.kernel import cgroups, proc
from nixos_containers.packages import sources
from nixos_containers.run import start

from ..waiting import wait_until as wait_until

ROOT = Path(__file__).parents[2]
CACHE = Path("/var/cache/nixos-containers-tests")
PACKAGES = "systemd,systemd-sysv,dbus,systemd-container,iproute2,nftables,python3,nix-bin,dnsmasq-base"
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class SystemdHost:
    """The test host, in the vocabulary of the NixOS test driver."""

    def __init__(self, root: Path, disk: Path) -> None:
        self.root = root
        # Of its own: two of them may be up at once.
        self.machine = f"nct-{disk.name}"
        # Directories that are mapped into user namespaces: an overlay cannot be.
        self.disk = {"/var/lib/nixos-containers": disk / "states", "/srv": disk / "srv"}
        self.nspawn: subprocess.Popen[bytes] | None = None
        self.groups = tuple(
            f"{mount}/machine.slice/{self.machine}"
            for mount in dict.fromkeys([*_all_but_cpusets(), *filter(None, [cgroups.hierarchies()[1]])])
        )

    def boot(self) -> None:
        """Start it and wait until its systemd has started everything."""
        start.make_room(Paths())  # inside, the kernel's shared limits are read-only
        for group in self.groups:
            os.makedirs(group, exist_ok=True)
        binds = " ".join(f"--bind='{source}':{target}" for target, source in self.disk.items())
        enter = "".join(f"echo $$ > '{group}/cgroup.procs'; " for group in self.groups)
        # Nested containers: every capability and system call, and a /proc/sys of which nspawn writes the network's part.
        nspawn = (
            f"exec env SYSTEMD_SECCOMP=0 SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1 SYSTEMD_NSPAWN_API_VFS_WRITABLE=network "
            f"systemd-nspawn --quiet --keep-unit --register=no --machine={self.machine} --directory='{self.root}' --boot "
            f"--capability=all --private-network --bind=/nix {binds} "
            "--resolv-conf=off --timezone=off --link-journal=no --console=read-only"
        )
        with open(self.root.parent / "console.log", "ab") as log:
            self.nspawn = subprocess.Popen(["/bin/sh", "-ec", enter + nspawn], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        wait_until(lambda: self.run("systemctl", "is-system-running", "--wait").stdout.strip() in ("running", "degraded"))

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command as root of the host, in a unit of its systemd."""
        assert self.nspawn is not None
        leader = proc.namespace_leader(self.nspawn.pid)
        if leader is None:
            return subprocess.CompletedProcess(words, 255, "", "the host is not there")
        command = ["systemd-run", "--quiet", "--wait", "--pipe", "--collect", f"--setenv=PATH={_PATH}", "--", *words]
        return subprocess.run(
            ["nsenter", "--all", f"--target={leader}", "--", "/usr/bin/env", "-i", f"PATH={_PATH}", *command],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def succeed(self, *words: str) -> str:
        done = self.run(*words)
        assert done.returncode == 0, f"{' '.join(words)}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout

    def fail(self, *words: str) -> str:
        done = self.run(*words)
        assert done.returncode != 0, f"{' '.join(words)} was expected to fail\n{done.stdout}{done.stderr}"
        assert "Traceback" not in done.stderr, done.stderr
        return done.stdout + done.stderr

    def file(self, path: str) -> Path:
        """A file of the host; not for what stands in its /run."""
        return self.root / path.lstrip("/")

    def die(self) -> None:
        """End everything of it at once, as when the power goes; what was written to its disks stays."""
        if self.nspawn is not None:
            self.nspawn.kill()
        cgroups.kill(self.groups)
        if self.nspawn is not None:
            self.nspawn.wait(10)
        cgroups.remove(self.groups)
        self.nspawn = None

    def shut_down(self) -> None:
        """Let its systemd end, and everything of it."""
        if self.nspawn is not None:
            self.nspawn.terminate()
            try:
                self.nspawn.wait(20)
            except subprocess.TimeoutExpired:
                pass
        cgroups.kill(self.groups)
        if self.nspawn is not None:
            self.nspawn.wait(10)
        cgroups.remove(self.groups)
        self.nspawn = None


def _all_but_cpusets() -> list[str]:
    return [mount for controller, mount in cgroups.hierarchies()[0].items() if controller != "cpuset"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/host" in str(item.path):
            item.add_marker(pytest.mark.host)


def base_root(packages: str = PACKAGES) -> Path:
    """The root of a test host with `packages` as mmdebstrap makes it; skips the tests when the machine cannot make it."""
    if os.geteuid() != 0:
        pytest.skip("booting a host needs root")
    for program in ("systemd-nspawn", "nix-instantiate", "nsenter", "make"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed: make test-setup")
    archive = sources.find(Paths())
    made_of = f"{archive.suite}\n{archive.text()}{packages}"
    base = CACHE / f"systemd-host-{hashlib.sha256(made_of.encode()).hexdigest()[:16]}"
    if base.is_dir():
        return base
    if shutil.which("mmdebstrap") is None:
        pytest.skip("mmdebstrap is not installed: make test-setup")
    CACHE.mkdir(parents=True, exist_ok=True)
    listed = CACHE / "archive.sources"
    listed.write_text(archive.text(), encoding="utf-8")
    unfinished = base.with_name(f"{base.name}.{os.getpid()}")
    exclude = [f"--dpkgopt=path-exclude=/usr/share/{part}/*" for part in ("doc", "man", "locale")]
    command = ["mmdebstrap", "--quiet", "--variant=minbase", f"--include={packages}", *exclude, archive.suite, str(unfinished), str(listed)]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        shutil.rmtree(unfinished, ignore_errors=True)
        pytest.skip("mmdebstrap cannot make a root: " + done.stderr.strip()[-500:])
    os.rename(unfinished, base)
    return base


def install(root: Path, name: str) -> None:
    """Have this checkout installed in the root of a host, by `make install`, and call the host `name`."""
    for path, text in {"etc/hostname": f"{name}\n", "etc/machine-id": os.urandom(16).hex() + "\n"}.items():
        (root / path).write_text(text, encoding="utf-8")
    installed = subprocess.run(["make", "-s", "-C", str(ROOT), "install", f"DESTDIR={root}"], capture_output=True, text=True, check=False)
    assert installed.returncode == 0, installed.stdout + installed.stderr


def build(directory: Path, text: str, root: Path) -> list[str]:
    """Build the systems of the definition `text` in `directory`, for the host has no network; their paths.

    The host whose root this is gets the definition with its lock.
    """
    (directory / "configuration.nix").write_text(text, encoding="utf-8")
    start = f"import sys; sys.path.insert(0, {str(ROOT / 'src')!r}); from nixos_containers.main import main; sys.exit(main())"
    built = subprocess.run(
        [sys.executable, "-IS", "-c", start, "build", "-c", str(directory / "configuration.nix")],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stdout + built.stderr
    shutil.copytree(directory, root / "etc/nixos", dirs_exist_ok=True)
    return built.stdout.split()


# Not for the whole session: the last test of all looks whether anything still runs.
@pytest.fixture(scope="package")
def systemd_host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SystemdHost]:
    """The booted test host with this checkout installed by `make install`."""
    with booted(base_root(), tmp_path_factory.mktemp("systemd-host")) as host:
        yield host


@contextmanager
def booted(base: Path, directory: Path, *, masked: tuple[str, ...] = ()) -> Iterator[SystemdHost]:
    """A test host whose root is `base`, until the end; units that are `masked` do not start."""
    root = directory / "root"
    for made in (root, directory / "states", directory / "srv", directory / "upper", directory / "work"):
        made.mkdir()
    overlay = f"lowerdir={base},upperdir={directory}/upper,workdir={directory}/work"
    if subprocess.run(["mount", "-t", "overlay", "-o", overlay, "overlay", str(root)], check=False).returncode != 0:
        pytest.skip("this machine has no overlay file system")
    host = SystemdHost(root, directory)
    try:
        install(root, "systemdhost")
        for unit in masked:
            (root / "etc/systemd/system" / unit).unlink(missing_ok=True)
            (root / "etc/systemd/system" / unit).symlink_to("/dev/null")
        host.boot()
        yield host
    finally:
        host.shut_down()
        subprocess.run(["umount", "--recursive", str(root)], check=False)
        shutil.rmtree(directory, ignore_errors=True)
