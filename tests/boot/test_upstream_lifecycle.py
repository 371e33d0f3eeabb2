"""Upstream's life-cycle tests of nixos/tests/containers-*.nix and those of its peers, re-created: same names, same assertions.

Those that need systemd on the host are in tests/host/test_upstream_lifecycle.py, those of networks in test_upstream_network*.py.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from .conftest import Host, wait_until
from .test_upstream_network import WEB, get, ping

STATES = Path("/var/lib/nixos-containers")
RECORDS = Path("/etc/nixos-containers")
BASE = 'system.stateVersion = "24.11";'


def sh(*words: str) -> None:
    subprocess.run(words, check=True, capture_output=True)


@pytest.fixture(autouse=True)
def with_nothing_left(host: Host) -> Iterator[None]:
    """Each test declares its own containers: the next definition would only take them away, and keep their states."""
    yield
    host.remove_everything()


def test_u03_ephemeral(host: Host) -> None:
    host.define(f"""{{
      containers.nctu3 = {{
        ephemeral = true;
        privateNetwork = true; hostAddress = "10.213.3.1"; localAddress = "10.213.3.2";
        config = {{ pkgs, ... }}: {{ {BASE} {WEB} }};
      }};
    }}""")
    host.switch()
    assert host.succeed("list").split().count("nctu3") == 1
    assert not (STATES / "nctu3").exists()
    host.succeed("start", "nctu3")
    assert Path("/run/nixos-containers/nctu3").is_dir() and not (STATES / "nctu3").exists()
    assert "up" in host.succeed("status", "nctu3")
    ip = host.succeed("show-ip", "nctu3").strip()
    assert ping(ip), "usable as soon as it is started"
    assert wait_until(lambda: get(ip))
    host.inside("nctu3", "touch", "/root/of-this-run")
    host.succeed("stop", "nctu3")
    assert not get(ip)
    assert not Path("/run/nixos-containers/nctu3").exists()
    host.succeed("start", "nctu3")
    assert host.run("run", "nctu3", "--", "test", "-e", "/root/of-this-run").returncode == 1
    host.succeed("stop", "nctu3")
    host.fail("destroy", "nctu3")


@pytest.fixture
def imperative(host: Host, tmp_path: Path) -> Iterator[tuple[str, str]]:
    # Upstream's containers have no private users; with them, systemd-nspawn cannot start on a root with mounts below it.
    options = ["--ensure-unique-name", "--config", BASE, "--set", 'privateUsers="no"']
    made = [host.succeed("create", "nctu7", *options) for _ in range(2)]
    assert all(name == name.strip() for name in made), "the name and nothing else: scripts take it as it is"
    yield made[0], made[1]
    for name in made:
        host.run("destroy", name)


def test_u07_imperative(host: Host, imperative: tuple[str, str], tmp_path: Path) -> None:
    first, second = imperative
    assert first != second
    assert host.succeed("show-ip", first) != host.succeed("show-ip", second)

    # The root of one lies behind a bind mount, and both have nested mounts with data that is not theirs.
    elsewhere, important = tmp_path / "elsewhere", tmp_path / "important"
    elsewhere.mkdir(mode=0o755)
    important.mkdir()
    (important / "dummy").write_text("important data")
    for name in imperative:
        host.succeed("start", name)
        host.succeed("stop", name)
    sh("cp", "-a", f"{STATES / second}/.", str(elsewhere))
    sh("mount", "--bind", str(elsewhere), str(STATES / second))
    for name in imperative:
        nested = STATES / name / "very/important/data"
        nested.mkdir(parents=True)
        sh("mount", "--bind", str(important), str(nested))

    for name in imperative:
        host.succeed("start", name)
        assert host.inside(name, "uname") == "Linux\n"
    host.succeed("stop", second)
    for _ in range(2):
        host.succeed("stop", first)
        host.succeed("start", first)

    # Stopped early, while it boots.
    host.succeed("stop", first)
    starting = subprocess.Popen(host.command("start", first), stderr=subprocess.DEVNULL)
    wait_until(lambda: Path(f"/run/nixos-containers/.{first}/nspawn.pid").exists())
    host.succeed("stop", first)
    starting.wait(60)
    assert host.succeed("status", first) == "down\n"
    host.succeed("start", first)
    assert host.inside(first, "uname") == "Linux\n"

    host.succeed("destroy", first)
    host.succeed("destroy", second)
    for name in imperative:
        assert host.run("status", name).stdout == "gone\n"
        assert not (STATES / name).exists()
    assert (important / "dummy").read_text() == "important data"
    assert not list(elsewhere.iterdir()), "where the root is a mount, its contents are the container's"
    assert not [line for line in Path("/proc/self/mountinfo").read_text().splitlines() if "nctu7" in line]


def test_u07_a_mount_below_the_root_of_private_users_is_explained(host: Host, tmp_path: Path) -> None:
    host.succeed("create", "nctu7private", "--config", BASE)
    nested = STATES / "nctu7private/data"
    try:
        host.succeed("start", "nctu7private")
        host.succeed("stop", "nctu7private")
        nested.mkdir()
        (tmp_path / "kept").write_text("kept")
        sh("mount", "--bind", str(tmp_path), str(nested))
        said = host.fail("start", "nctu7private")
        assert "containers.nctu7private.bindMounts" in said and host.succeed("status", "nctu7private") == "down\n"
    finally:
        host.succeed("destroy", "nctu7private")
    assert (tmp_path / "kept").read_text() == "kept"


def test_u07_config_file_with_a_oneshot_of_tmpfiles(host: Host, tmp_path: Path) -> None:
    (tmp_path / "tmpfiles.nix").write_text(f"""{{
      {BASE}
      systemd.tmpfiles.rules = [ "d /foo" ];
      systemd.services.foo = {{
        wantedBy = [ "multi-user.target" ];
        serviceConfig.Type = "oneshot";
        serviceConfig.RemainAfterExit = true;
        script = "test -d /foo";
      }};
    }}""")
    host.succeed("create", "nctu7files", "--config-file", str(tmp_path / "tmpfiles.nix"))
    try:
        host.succeed("start", "nctu7files")
        assert host.inside("nctu7files", "systemctl", "is-active", "foo.service") == "active\n"
    finally:
        host.succeed("destroy", "nctu7files")


@pytest.mark.parametrize("wrong", ["throw", "build", "system-path", "flake"])
def test_u07_a_failed_create_leaves_no_state(host: Host, tmp_path: Path, wrong: str) -> None:
    options = {
        "throw": ["--config", 'environment.etc.x.text = throw "no";'],
        "build": ["--config", 'environment.etc.x.source = derivation { name = "x"; system = "x86_64-linux"; builder = "/nowhere"; };'],
        "system-path": ["--system-path", "/nowhere"],
        "flake": ["--flake", str(tmp_path)],
    }[wrong]
    host.fail("create", "nctb0rk", *options)
    assert "nctb0rk" not in host.succeed("list").split()
    for place in (RECORDS, STATES, Path("/nix/var/nix/profiles/per-container"), Path("/nix/var/nix/gcroots/per-container")):
        assert not list(place.glob("*nctb0rk*")), place


def test_u08_imperative_without_a_nix_daemon(host: Host) -> None:
    """No daemon is reached from inside, and nothing misses it: create, start, run, stop, destroy."""
    host.succeed("create", "nctu8", "--config", BASE)
    try:
        host.succeed("start", "nctu8")
        assert host.inside("nctu8", "uname") == "Linux\n"
        assert host.run("run", "nctu8", "--", "test", "-e", "/nix/var/nix/daemon-socket/socket").returncode == 1
        host.succeed("stop", "nctu8")
        host.succeed("start", "nctu8")
    finally:
        host.succeed("destroy", "nctu8")


def test_u16_reloadable(host: Host) -> None:
    """The host's own configuration changes to c1 and to c2; the running guest follows in place."""

    def definition(check: str, service: str) -> str:
        return f"""{{ lib, ... }}: {{
          containers.nctu16 = {{
            autoStart = true;
            privateNetwork = true; hostAddress = "10.213.16.1"; localAddress = "10.213.16.2";
            config = {{ {BASE} environment.etc.check.text = "{check}"; {service} }};
          }};
        }}"""

    host.define(definition("client_base", ""))
    host.switch()
    leader = host.json("status", "nctu16")["leader"]
    assert "client_base" in host.inside("nctu16", "cat", "/etc/check")
    host.define(definition("client_c1", 'services.httpd.enable = true; services.httpd.adminAddr = "nixos@example.com";'))
    host.switch()
    assert "client_c1" in host.inside("nctu16", "cat", "/etc/check")
    assert host.inside("nctu16", "systemctl", "is-active", "httpd") == "active\n"
    host.define(definition("client_c2", "services.nginx.enable = true;"))
    host.switch()
    assert "client_c2" in host.inside("nctu16", "cat", "/etc/check")
    assert host.run("run", "nctu16", "--", "systemctl", "is-active", "httpd").stdout != "active\n"
    assert host.inside("nctu16", "systemctl", "is-active", "nginx") == "active\n"
    assert host.json("status", "nctu16")["leader"] == leader, "never restarted"


def test_u20_unified_hierarchy(host: Host) -> None:
    host.succeed("create", "nctu20", "--config", BASE)
    try:
        host.succeed("start", "nctu20")
        done = host.run(
            "root-login", "nctu20", stdin="stat --file-system --format=%T /sys/fs/cgroup/systemd /sys/fs/cgroup/unified /sys/fs/cgroup\n"
        )
        kinds = set(done.stdout.split())
        assert "cgroup2fs" in kinds, f"{done.stdout}{done.stderr}"
    finally:
        host.succeed("destroy", "nctu20")


def test_e01_extra_container(host: Host) -> None:
    """The flow of extra-container's test.sh: add, update, unchanged, restart, list, build, destroy, shell."""

    def definition(word: str, outside: str = "") -> str:
        return f"""{{
          containers.nctextra = {{
            privateNetwork = true; hostAddress = "10.213.21.1"; localAddress = "10.213.21.2"; autoStart = true; {outside}
            config = {{ {BASE} environment.etc.testFile.text = "{word}"; }};
          }};
        }}"""

    host.define(definition("created"))
    assert "create nctextra" in host.switch().stderr
    assert host.inside("nctextra", "cat", "/etc/testFile") == "created"
    assert "nctextra" in host.succeed("list").split()
    # Updated: the guest follows in place.
    leader = host.json("status", "nctextra")["leader"]
    host.define(definition("updated"))
    assert "reload nctextra in place" in host.switch().stderr
    assert host.inside("nctextra", "cat", "/etc/testFile") == "updated"
    assert host.json("status", "nctextra")["leader"] == leader
    # Unchanged: nothing is done.
    assert "nothing to do" in host.switch().stderr
    assert host.json("status", "nctextra")["leader"] == leader
    # Changed outside: restarted.
    host.define(definition("updated", 'tmpfs = [ "/scratch" ];'))
    assert "restart nctextra" in host.switch().stderr
    assert host.json("status", "nctextra")["leader"] != leader
    assert "tmpfs" in host.inside("nctextra", "cat", "/proc/mounts")
    # Built: a store path, and nothing is touched.
    host.define(definition("built", 'tmpfs = [ "/scratch" ];'))
    (built,) = host.succeed("build", "-c", str(host.definition)).split()[-1:]
    assert built.startswith("/nix/store/") and Path(built, "init").exists()
    assert host.inside("nctextra", "cat", "/etc/testFile") == "updated"
    # Destroyed by what no longer declares it.
    host.define("{ }")
    host.switch("--purge")
    assert "nctextra" not in host.succeed("list").split() and not (STATES / "nctextra").exists()
    # A shell runs one command and is gone.
    assert host.succeed("shell", "-p", "hello", "--machine", "nctextrash", "--run", "hello") == "Hello, world!\n"
    assert "nctextrash" not in host.succeed("list").split()


def test_f03_custom_path(host: Host) -> None:
    """A container from a system that was built elsewhere."""
    host.define(
        f'{{ containers.nctf3 = {{ config = {{ {BASE} environment.etc.word.text = "built elsewhere"; }}; privateNetwork = true; }}; }}'
    )
    (path,) = host.succeed("build", "-c", str(host.definition)).split()[-1:]
    host.define(
        f'{{ containers.nctf3 = {{ path = "{path}"; autoStart = true; privateNetwork = true; hostAddress = "10.213.33.1"; '
        'localAddress = "10.213.33.2"; }; }'
    )
    host.switch()
    assert host.inside("nctf3", "readlink", "/run/current-system").strip() == path
    assert host.inside("nctf3", "cat", "/etc/word") == "built elsewhere"
    assert f"SYSTEM_PATH={path}" in (RECORDS / "nctf3.conf").read_text()


def test_f05_restart_if_changed(host: Host) -> None:
    """Of two containers whose outside changes, the one with `restartIfChanged = false` runs on as it was."""

    def definition(memory: str) -> str:
        return f"""{{
          containers.nctf5yes = {{ autoStart = true; privateNetwork = true; hostAddress = "10.213.35.1"; localAddress = "10.213.35.2";
            bindMounts."/data" = {{ hostPath = "{memory}"; }}; config = {{ {BASE} }}; }};
          containers.nctf5no = {{ autoStart = true; restartIfChanged = false; privateNetwork = true; hostAddress = "10.213.35.3";
            localAddress = "10.213.35.4"; bindMounts."/data" = {{ hostPath = "{memory}"; }}; config = {{ {BASE} }}; }};
        }}"""

    places = [host.directory / "one", host.directory / "two"]
    for place in places:
        place.mkdir()
        (place / "name").write_text(place.name)
    host.define(definition(str(places[0])))
    host.switch()
    leaders = {name: host.json("status", name)["leader"] for name in ("nctf5yes", "nctf5no")}
    host.define(definition(str(places[1])))
    host.switch()
    assert host.json("status", "nctf5yes")["leader"] != leaders["nctf5yes"]
    assert host.json("status", "nctf5no")["leader"] == leaders["nctf5no"]
    assert host.inside("nctf5yes", "cat", "/data/name") == "two"
    assert host.inside("nctf5no", "cat", "/data/name") == "one"
    host.succeed("restart", "nctf5no")
    assert host.inside("nctf5no", "cat", "/data/name") == "two"
