"""Looking at containers, moving them about, throw-away shells: what the verbs do to a host."""

from __future__ import annotations

import json
import shlex
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from .conftest import Host

NAME = "nctlife"
DEFINITION = """{
  containers.nctlife = {
    privateNetwork = true;
    hostAddress = "10.213.61.1";
    localAddress = "10.213.61.2";
    config = { pkgs, ... }: {
      system.stateVersion = "23.11";
      environment.systemPackages = [ pkgs.PACKAGE ];
      systemd.services.life = {
        wantedBy = [ "multi-user.target" ];
        serviceConfig.ExecStart = "/usr/bin/sleep SECONDS";
      };
    };
  };
}
"""


def definition(package: str, seconds: int) -> str:
    return DEFINITION.replace("PACKAGE", package).replace("SECONDS", str(seconds))


@pytest.fixture(scope="module")
def living(host: Host) -> Iterator[Host]:
    host.define(definition("tree", 3600))
    host.switch()
    host.succeed("start", NAME)
    yield host


def plan(host: Host) -> dict[str, list[dict[str, object]]]:
    found: dict[str, list[dict[str, object]]] = host.json("plan", "-c", str(host.definition))
    return found


def test_plan_of_a_matching_host_is_empty(living: Host) -> None:
    living.succeed("wait", NAME, "--for", "running", "--timeout", "30s")
    done = living.run("plan", "-c", str(living.definition))
    assert (done.returncode, done.stdout) == (0, "")
    assert "nothing would change" in done.stderr


def test_plan_tells_packages_units_options_network_and_actions_and_touches_nothing(living: Host) -> None:
    before = living.json("inspect", NAME)
    try:
        living.define(definition("jq", 7200))
        (change,) = plan(living)["changes"]
        packages = {entry["name"]: (entry["old"], entry["new"]) for entry in change["packages"]}  # type: ignore[attr-defined, index]
        assert packages["tree"][1] == [] and packages["jq"][0] == [] and len(packages["jq"][1]) == 1
        assert change["units"] == {"stop": ["life.service"], "start": ["life.service"]} or change["units"] == {"restart": ["life.service"]}
        said = living.succeed("diff", "-c", str(living.definition))
        assert "  package - tree " in said and "  package + jq " in said and "unit life.service would be " in said
        assert f"reload {NAME} in place (only the guest's system changed)" in said

        living.define(definition("tree", 3600).replace("10.213.61.2", "10.213.61.3").replace("config =", "enableTun = true; config ="))
        found = plan(living)
        (change,) = found["changes"]
        assert change["options"] == [{"option": "enableTun", "old": None, "new": True}]
        assert change["network"] == [{"option": "localAddress", "old": "10.213.61.2", "new": "10.213.61.3"}]
        assert [action["action"] for action in found["actions"]] == ["update", "restart"]
        assert living.json("inspect", NAME) == before
    finally:
        living.define(definition("tree", 3600))


def test_inspect(living: Host) -> None:
    found = living.json("inspect", NAME)
    assert found["state"] == "up" and found["running"]["leader"] > 1
    assert found["network"]["interfaces"][0]["host"] == f"ve-{NAME}"
    assert Path("/sys/class/net/ve-nctlife").exists()
    assert found["generations"][-1]["current"] and found["generations"][-1]["system"] == found["running"]["system"]
    assert Path(found["paths"]["root"]).is_dir()
    owner = Path(f"/proc/{found['running']['leader']}").stat().st_uid
    assert found["users"]["first"] == owner < found["users"]["last"], "root inside is the first of the range"


def test_wait_for_down_and_up(living: Host) -> None:
    assert "the time is over" in living.fail("wait", NAME, "--for", "down", "--timeout", "300ms")
    waiting = subprocess.Popen(living.command("wait", NAME, "--for", "down", "--timeout", "60s"))
    living.inside(NAME, "true")
    living.succeed("stop", NAME)
    assert waiting.wait(timeout=60) == 0
    waiting = subprocess.Popen(living.command("wait", NAME, "--timeout", "60s"))
    living.succeed("start", NAME)
    assert waiting.wait(timeout=60) == 0
    assert "does not exist" in living.fail("wait", "nctnosuch")


def test_logs_while_running_and_after_death(living: Host) -> None:
    living.inside(NAME, "logger", "-t", "life", "a line for the journal")
    assert "a line for the journal" in living.succeed("logs", NAME, "-n", "20")
    entries = [json.loads(line) for line in living.succeed("logs", NAME, "-n", "20", "--json").splitlines()]
    assert any(entry.get("MESSAGE") == "a line for the journal" for entry in entries)
    following = subprocess.Popen(living.command("logs", NAME, "-f", "-n", "0"), stdout=subprocess.PIPE, text=True)
    try:
        time.sleep(0.5)
        living.inside(NAME, "logger", "-t", "life", "said meanwhile")
        assert following.stdout is not None
        assert any("said meanwhile" in following.stdout.readline() for _ in range(4)), "after the lines about the login itself"
    finally:
        following.terminate()
        following.wait()
    living.succeed("stop", NAME)
    said = living.succeed("logs", NAME)
    assert "a line for the journal" in said
    assert living.succeed("logs", NAME, "--console", "-n", "3")
    living.succeed("start", NAME)


def shells_left() -> list[str]:
    places = ("/etc/nixos-containers", "/var/lib/nixos-containers", "/var/log/nixos-containers", "/nix/var/nix/profiles/per-container")
    return [str(path) for place in places for path in Path(place).iterdir() if "nctshell" in path.name]


def test_a_shell_has_its_packages_and_is_gone_afterwards(host: Host) -> None:
    words = ("shell", "-p", "jq", "tree", "--machine", "nctshell", "--run")
    done = host.run(*words, "jq --version && tree --version && id -u && touch /root/here && exit 7")
    assert done.returncode == 7, done.stderr
    assert done.stdout.startswith("jq-1.") and "tree v" in done.stdout and done.stdout.endswith("\n0\n")
    started = time.monotonic()
    assert host.succeed(*words, "ls /root; echo again") == "again\n", "nothing is kept"
    print(f"a warm shell took {time.monotonic() - started:.2f} s")
    assert "nctshell" not in host.succeed("list") and not shells_left()
    assert "nosuchprogram" in host.fail("shell", "-p", "nosuchprogram", "--machine", "nctshell")
    assert not shells_left()


def test_a_killed_shell_is_removed_by_the_next_command(host: Host) -> None:
    words = ("shell", "-p", "jq", "tree", "--machine", "nctshell", "--run", "echo ready; sleep 1000")
    shell = subprocess.Popen(host.command(*words), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert shell.stdout is not None and shell.stdout.readline() == "ready\n"
    assert host.run("doctor").returncode == 0
    assert host.succeed("status", "nctshell") == "up\n", "whose command lives is let alone"
    shell.kill()
    shell.wait()
    assert "removed the throw-away container ‘nctshell’" in host.succeed("doctor")
    assert "nctshell" not in host.succeed("list") and not shells_left()


def test_copy_and_rename_take_state_definition_and_generations_along(host: Host) -> None:
    host.succeed("create", "nctorig", "--config", 'environment.etc."from".text = "here";', "--port", "18061:80")
    try:
        host.succeed("start", "nctorig")
        host.inside("nctorig", "sh", "-c", "echo precious > /var/lib/data; chown 1000 /var/lib/data; ln -s /etc/hostname /root/link")
        assert "is running" in host.fail("copy", "nctorig", "nctcopy")
        host.succeed("stop", "nctorig")

        done = host.run("copy", "nctorig", "nctcopy")
        assert done.returncode == 0 and "forwarded ports are left out" in done.stderr, done.stderr
        host.succeed("start", "nctorig", "nctcopy")
        for name in ("nctorig", "nctcopy"):
            assert host.inside(name, "sh", "-c", "cat /var/lib/data; stat -c %u /var/lib/data; readlink /root/link; cat /etc/from") == (
                "precious\n1000\n/etc/hostname\nhere"
            )
        original, copied = host.json("inspect", "nctorig"), host.json("inspect", "nctcopy")
        assert original["users"] != copied["users"]
        assert host.succeed("show-ip", "nctorig") != host.succeed("show-ip", "nctcopy")
        host.inside("nctcopy", "sh", "-c", "echo mine > /var/lib/data")
        assert host.inside("nctorig", "cat", "/var/lib/data") == "precious\n"

        address = host.succeed("show-ip", "nctorig")
        host.succeed("stop", "nctorig")
        host.succeed("rename", "nctorig", "nctmoved")
        assert "nctorig" not in host.succeed("list").split() and not Path("/var/lib/nixos-containers/nctorig").exists()
        host.succeed("start", "nctmoved")
        assert host.inside("nctmoved", "sh", "-c", "cat /var/lib/data; hostname") == "precious\nnctmoved\n"
        assert host.succeed("show-ip", "nctmoved") == address
        assert [entry["generation"] for entry in host.json("generations", "nctmoved")] == [1, 2]
        assert "already exists" in host.fail("rename", "nctcopy", "nctmoved")
    finally:
        host.run("destroy", "nctorig", "nctcopy", "nctmoved")


def edit(host: Host, name: str, script: str) -> subprocess.CompletedProcess[str]:
    """`edit NAME` with sed for an editor."""
    command = ["env", f"EDITOR=sed -i {shlex.quote(script)}", *host.command("edit", name)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_edit_counts_only_when_it_builds(host: Host) -> None:
    host.succeed("create", "nctedit", "--config", 'environment.etc."word".text = "one";')
    file = Path("/etc/nixos-containers/nctedit.nix")
    try:
        host.succeed("start", "nctedit")
        assert "nothing changed" in edit(host, "nctedit", "s/never/there/").stderr
        assert edit(host, "nctedit", "s/one/two/").returncode == 0
        assert host.inside("nctedit", "cat", "/etc/word") == "two"
        # What builds counts, also when a unit of it fails in the guest: the file says what runs.
        bad = 'systemd.services.nctbad = { wantedBy = [ "multi-user.target" ]; script = "false"; serviceConfig.Type = "oneshot"; };'
        done = edit(host, "nctedit", f"s/environment.etc/{bad} environment.etc/")
        assert done.returncode == 1 and "some units failed" in done.stderr and f"{file} has your edit" in done.stderr, done.stderr
        assert "nctbad" in file.read_text()
        assert "nothing to do" in host.run("update", "nctedit").stderr
        before = file.read_text()
        done = edit(host, "nctedit", "s/environment.etc/environment.nosuch/")
        assert done.returncode == 1 and "your edit is kept in" in done.stderr and "nosuch" in done.stderr
        draft = Path(done.stderr.split("your edit is kept in ")[1].split()[0])
        assert "nosuch" in draft.read_text()
        draft.unlink()
        draft.parent.rmdir()
        assert file.read_text() == before
        assert host.inside("nctedit", "cat", "/etc/word") == "two"
    finally:
        host.run("destroy", "nctedit")


def test_switch_rollback_takes_all_containers_of_a_file_back(living: Host) -> None:
    assert "has an older generation" in living.fail("switch", "-c", str(living.definition), "--rollback")
    first = living.json("inspect", NAME)["running"]["system"]
    living.define(definition("tree", 5400))
    living.switch()
    assert living.json("inspect", NAME)["running"]["system"] != first
    assert living.succeed("switch", "-c", str(living.definition), "--rollback", "--dry-run") == (
        f"container ‘{NAME}’ goes back to generation 1\n"
    )
    living.switch("--rollback")
    found = living.json("inspect", NAME)
    assert found["running"]["system"] == first and found["generations"][0]["current"]
    assert "sleep 3600" in living.inside(NAME, "systemctl", "cat", "life.service")


def test_what_is_mounted_in_a_state_is_never_copied_or_moved(host: Host) -> None:
    host.succeed("create", "nctmount")
    mounted = Path("/var/lib/nixos-containers/nctmount/data")
    mounted.mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", str(mounted)], check=True)
    try:
        (mounted / "theirs").write_text("x", encoding="utf-8")
        for verb in ("copy", "rename"):
            assert str(mounted) in host.fail(verb, "nctmount", "nctmount2")
            assert "nctmount2" not in host.succeed("list") and not Path("/var/lib/nixos-containers/nctmount2").exists()
            assert not Path("/etc/nixos-containers/nctmount2.lock").exists()
        assert (mounted / "theirs").exists()
    finally:
        subprocess.run(["umount", str(mounted)], check=True)
        host.run("destroy", "nctmount")
