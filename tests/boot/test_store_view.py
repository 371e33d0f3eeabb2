"""What a container sees in /nix/store: the closure of its own system, also through live switches, kills and removals."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from .conftest import Host, wait_until

VIEWS = Path("/nix/var/nixos-containers/containers")
PROFILE = "/nix/var/nix/profiles/per-container/{}/system"


def definition(name: str, *, extra: str = "", config: str = "") -> str:
    return f"""{{ containers.{name} = {{ privateNetwork = true; autoStart = {"false" if "autoStart" in extra else "true"}; {extra.replace("autoStart = false;", "")}
      config = {{ pkgs, ... }}: {{ system.stateVersion = "23.11"; {config} }}; }}; }}"""


def closure(*paths: str) -> set[str]:
    done = subprocess.run(["nix-store", "--query", "--requisites", *paths], capture_output=True, text=True, check=True)
    return {os.path.basename(path) for path in done.stdout.split()}


def store_inside(host: Host, name: str) -> set[str]:
    return set(host.inside(name, "ls", "/nix/store").split())


@pytest.fixture(scope="module")
def view(host: Host) -> str:
    host.define(definition("nctview"))
    host.switch()
    return "nctview"


def test_the_guest_sees_the_closure_of_its_system_and_nothing_else(host: Host, view: str) -> None:
    seen = store_inside(host, view)
    own = closure(os.path.realpath(PROFILE.format(view)))
    assert own <= seen
    # Beside it only the program that runs the guest's first script.
    assert all("busybox" in name for name in seen - own), seen - own
    assert set(os.listdir("/nix/store")) - seen, "this host has more than that"
    assert host.inside(view, "systemctl", "is-system-running").strip() == "running"


def test_it_costs_one_mount_and_no_copy(host: Host, view: str) -> None:
    mounts = [line for line in host.inside(view, "cat", "/proc/self/mounts").splitlines() if " /nix" in line]
    assert len(mounts) == 1, mounts
    init = f"{os.path.realpath(PROFILE.format(view))}/init"
    assert os.stat(VIEWS / view / "store" / init.removeprefix("/nix/store/")).st_ino == os.stat(init).st_ino


@pytest.mark.parametrize(
    "attempt",
    [
        "mount -o remount,bind,rw /nix/store && touch /nix/store/x",
        "umount /nix/store",
        "mount --bind /nix/store /mnt && mount -o remount,bind,rw /mnt && touch /mnt/x",
        "touch /nix/store/x",
        "chmod u+w /run/current-system/init",
    ],
)
def test_the_guest_cannot_write_to_it_nor_look_beneath(host: Host, view: str, attempt: str) -> None:
    done = host.run("run", view, "--", "sh", "-c", f"mkdir -p /mnt; {attempt}")
    assert done.returncode != 0, done.stdout
    assert not Path("/nix/store/x").exists()


def test_a_live_switch_adds_the_new_closure_and_a_restart_drops_the_old(host: Host, view: str) -> None:
    leader, before = host.json("status", view)["leader"], os.path.realpath(PROFILE.format(view))
    host.define(definition("nctview", config="environment.systemPackages = [ pkgs.hello ];"))
    host.switch()
    after = os.path.realpath(PROFILE.format(view))
    assert after != before and host.json("status", view)["leader"] == leader, "switched in place"
    assert "Hello" in host.inside(view, "hello")
    assert closure(before) | closure(after) <= store_inside(host, view), "what still runs may need the old one"
    host.succeed("restart", view)
    seen = store_inside(host, view)
    assert closure(after) <= seen
    assert os.path.basename(before) not in seen
    host.succeed("rollback", view)
    assert closure(before) <= store_inside(host, view)
    assert host.run("run", view, "--", "hello").returncode != 0


def test_an_unfinished_view_is_completed_by_the_next_start(host: Host, view: str) -> None:
    host.succeed("stop", view)
    place = VIEWS / view
    for mark in (place / "closures").iterdir():
        mark.unlink()
    victims = sorted((place / "store").iterdir())[:5]
    for victim in victims:
        shutil.rmtree(victim) if victim.is_dir() and not victim.is_symlink() else victim.unlink()
    (place / "new" / "half" / "made").mkdir(parents=True)
    host.succeed("start", view)
    assert closure(os.path.realpath(PROFILE.format(view))) <= store_inside(host, view)
    assert not list((place / "new").iterdir())
    assert not list(VIEWS.glob("*/store/half"))


def test_the_collected_garbage_of_others_does_not_reach_it(host: Host, view: str) -> None:
    """A file of the view stays when the store's own name for it goes."""
    file = next(path for path in (VIEWS / view / "store").glob("*-nixos-system-*/init"))
    assert os.stat(file).st_nlink > 1


def test_containers_with_the_same_system_share_a_view(host: Host, view: str) -> None:
    def twin(name: str) -> str:
        config = '{ system.stateVersion = "23.11"; networking.hostName = "twin"; }'
        return f"containers.{name} = {{ autoStart = true; privateNetwork = true; config = {config}; }};"

    host.define("{" + twin("nctview") + twin("nctview2") + "}")
    host.switch()
    host.succeed("restart", view)
    kept = (VIEWS / view).resolve()
    assert (VIEWS / "nctview2").resolve() == kept
    host.define("{" + twin("nctview") + "}")
    host.switch("--purge")
    assert not (VIEWS / "nctview2").is_symlink() and kept.is_dir()
    host.succeed("restart", view)


def test_the_whole_store_and_the_daemon_are_had_for_the_asking(host: Host) -> None:
    host.define(
        definition(
            "nctshared",
            extra="nixDaemon = true; autoStart = false;",
            config='environment.systemPackages = [ pkgs.nix-bin ]; environment.variables.NIX_REMOTE = "daemon";',
        )
    )
    host.switch("--purge")
    assert not (VIEWS / "nctview").is_symlink(), "the view goes with its container"
    with nix_daemon():
        host.succeed("start", "nctshared")
        build_inside(host)
        host.succeed("stop", "nctshared")


def build_inside(host: Host) -> None:
    assert set(os.listdir("/nix/store")) - {".links"} <= store_inside(host, "nctshared")
    host.inside("nctshared", "sh", "-c", "echo made > /root/nct-made-inside")
    made = host.inside("nctshared", "nix-store", "--add", "/root/nct-made-inside").strip()
    assert Path(made).read_text() == "made\n", "the host's daemon put it there"


@contextmanager
def nix_daemon() -> Iterator[None]:
    """A daemon of the host's Nix, started here where none runs."""
    socket = Path("/nix/var/nix/daemon-socket/socket")
    if socket.exists():
        yield
        return
    if shutil.which("nix-daemon") is None:
        pytest.skip("nix-daemon is not installed")
    env = {**os.environ, "NIX_CONFIG": "build-users-group =\nsandbox = true\nsubstitute = false"}
    daemon = subprocess.Popen(["nix-daemon", "--daemon"], env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until(socket.exists)
        yield
    finally:
        daemon.terminate()
        daemon.wait(10)
        socket.unlink(missing_ok=True)


def test_a_missing_daemon_is_said_before_anything_starts(host: Host) -> None:
    if Path("/nix/var/nix/daemon-socket/socket").exists():
        pytest.skip("a daemon of the host's runs")
    host.define(definition("nctshared", extra="nixDaemon = true;"))
    assert "nixDaemon" in host.fail("switch", "-c", str(host.definition))
    host.define(definition("nctshared", extra='nixDaemon = true; nixStore = "closure";'))
    assert "needs the whole store" in host.fail("switch", "-c", str(host.definition))
