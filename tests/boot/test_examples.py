"""The examples, each holding one of the seed document's snippets verbatim, run as they stand."""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from .conftest import EXAMPLES, Host, renamed, wait_until

# The seed document's definitions, byte for byte, each under the name of the example that runs it.
SEED = sorted((Path(__file__).parents[1] / "fixtures" / "seed").glob("*.nix"))


@pytest.fixture
def fresh(host: Host) -> Iterator[Host]:
    yield host
    host.remove_everything()


def get(url: str) -> str:
    with urllib.request.urlopen(url, timeout=10) as answer:
        return str(answer.read().decode())


def try_get(url: str) -> str | None:
    try:
        return get(url)
    except OSError:
        return None


@pytest.mark.parametrize("snippet", SEED, ids=[path.stem for path in SEED])
def test_the_examples_hold_the_seeds_definitions_verbatim(snippet: Path) -> None:
    assert snippet.read_text(encoding="utf-8") in (EXAMPLES / snippet.stem / "configuration.nix").read_text(encoding="utf-8")


def test_every_example_is_run_by_a_test() -> None:
    tests = "".join(path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_*.py"))
    for example in sorted(path.parent.name for path in EXAMPLES.glob("*/configuration.nix")):
        assert f'use_example("{example}")' in tests or f'EXAMPLES / "{example}"' in tests, example
    assert len(SEED) == 4


def test_a_forwarded_port_answers_on_the_hosts_loopback(fresh: Host) -> None:
    fresh.use_example("port-forward")
    fresh.switch()
    for address in ("127.0.0.1:28480", "localhost:28480", "10.213.0.1:28480", "10.213.0.2:80"):
        assert wait_until(lambda url=f"http://{address}/": try_get(url)) == "Hello from a container\n", address
    fresh.succeed("stop", "nctquick")
    with pytest.raises((urllib.error.URLError, OSError)):
        get("http://127.0.0.1:28480/")


def test_a_container_on_the_hosts_network(fresh: Host) -> None:
    fresh.use_example("host-network")
    said = fresh.switch().stderr
    assert "nctshare: on the host's network, so without private users" in said
    assert wait_until(lambda: try_get("http://127.0.0.1:28481/")) == "Hello from the host's network\n"
    assert fresh.inside("nctshare", "systemctl", "is-system-running", "--wait").strip() == "running"


def test_the_guest_on_the_hosts_network_leaves_the_hosts_firewall_alone(fresh: Host) -> None:
    import subprocess

    before = subprocess.run(["nft", "list", "tables"], capture_output=True, text=True, check=True).stdout
    fresh.use_example("host-network")
    fresh.switch()
    after = subprocess.run(["nft", "list", "tables"], capture_output=True, text=True, check=True).stdout
    assert "nixos-fw" not in after.replace(before, "")


def test_three_containers_see_each_other(fresh: Host) -> None:
    fresh.use_example("three-containers")
    fresh.switch()
    assert wait_until(lambda: fresh.run("run", "nctapp", "--", "curl", "-s", "http://nctweb/").stdout) == "Hello from the backend\n"
    fresh.inside("nctweb", "ping", "-c", "1", "-W", "2", "nctdb")
    assert wait_until(lambda: try_get("http://127.0.0.1:28480/")) == "Hello from the backend\n"


def test_a_bind_mount_that_may_be_written(fresh: Host, tmp_path: Path) -> None:
    text = (EXAMPLES / "bind-mounts" / "configuration.nix").read_text(encoding="utf-8")
    fresh.define(renamed(text).replace("/path/on/host", str(tmp_path)))
    (tmp_path / "from-host").write_text("host\n")
    fresh.switch()
    fresh.succeed("start", "nctquick")
    assert fresh.inside("nctquick", "cat", "/host/data/from-host") == "host\n"
    fresh.inside("nctquick", "sh", "-c", "echo guest > /host/data/from-guest")
    assert (tmp_path / "from-guest").read_text() == "guest\n"
    assert (tmp_path / "from-guest").stat().st_uid == 0, "root inside owns it as the host's root: the bind is id-mapped"


def test_a_missing_bind_source_is_named(fresh: Host) -> None:
    text = (EXAMPLES / "bind-mounts" / "configuration.nix").read_text(encoding="utf-8")
    fresh.define(renamed(text).replace("/path/on/host", "/nowhere/at/all"))
    fresh.switch()
    assert "/nowhere/at/all does not exist" in fresh.fail("start", "nctquick")
    assert fresh.succeed("status", "nctquick") == "down\n"


@pytest.mark.parametrize("spelling", ["ephemeral", "ephemeralRootfs"])
def test_an_ephemeral_root_is_gone_after_stop(fresh: Host, spelling: str) -> None:
    text = (EXAMPLES / "ephemeral" / "configuration.nix").read_text(encoding="utf-8")
    fresh.define(renamed(text).replace("ephemeral =", f"{spelling} ="))
    fresh.switch()
    assert Path("/run/nixos-containers/nctshort").is_dir()
    assert not Path("/var/lib/nixos-containers/nctshort").exists()
    fresh.inside("nctshort", "sh", "-c", "echo x > /root/file")
    fresh.succeed("stop", "nctshort")
    assert not Path("/run/nixos-containers/nctshort").exists()
    fresh.succeed("start", "nctshort")
    assert fresh.run("run", "nctshort", "--", "test", "-e", "/root/file").returncode != 0


def test_limits_are_visible_and_enforced(fresh: Host) -> None:
    fresh.use_example("limits")
    fresh.switch()
    fresh.succeed("start", "nctquick")
    seen = fresh.inside(
        "nctquick", "sh", "-c", "cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max 2>/dev/null; true"
    )
    assert "1073741824" in seen.split(), seen
    hungry = fresh.run("run", "nctquick", "--", "sh", "-c", "head -c 1500M /dev/zero | tail -c 1500M > /dev/null")
    assert hungry.returncode != 0, "1.5 GiB in memory must not fit into 1 GiB"
    started = time.monotonic()
    spent = fresh.inside(
        "nctquick", "sh", "-c", "timeout 3 sh -c 'while :; do :; done' & timeout 3 sh -c 'while :; do :; done'; wait; times | tail -n 1"
    )
    wall = time.monotonic() - started
    used = sum(float(part.split("m")[0]) * 60 + float(part.split("m")[1].rstrip("s")) for part in spent.split())
    assert used < wall * 0.75, f"two busy loops used {used:.1f} s of CPU in {wall:.1f} s: more than half a core"
    assert "CPUQuota=50%" in fresh.inside("nctquick", "systemctl", "cat", "container.slice")


def test_upstreams_spelling_of_the_limit_as_a_property_works_too(fresh: Host) -> None:
    fresh.define(
        '{ containers.nctsmall = { privateNetwork = true; autoStart = true; extraFlags = [ "--property=TasksMax=64" ];'
        ' config = { system.stateVersion = "23.11"; }; }; }'
    )
    fresh.switch()
    wait_until(lambda: fresh.succeed("status", "nctsmall") == "up\n")
    result = fresh.run("run", "nctsmall", "--", "sh", "-c", "for i in $(seq 100); do sleep 5 & done; wait")
    assert result.returncode != 0 or "fork" in result.stderr.lower(), result.stderr
