"""Files of ours that are damaged, full disks, read-only file systems: said with the way out, and nothing else breaks."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from .conftest import Host

DECLARED, IMPERATIVE = "nctdamage", "nctdamagei"
RECORDS = Path("/etc/nixos-containers")
STATES = Path("/var/lib/nixos-containers")
DEFINITION = f"""{{
  containers.{DECLARED} = {{
    privateNetwork = true;
    hostAddress = "10.213.79.1";
    localAddress = "10.213.79.2";
    config = {{ system.stateVersion = "23.11"; environment.etc.variant.text = "@"; }};
  }};
}}
"""


@pytest.fixture(scope="module")
def damaged(host: Host) -> Iterator[Host]:
    host.define(DEFINITION)
    host.switch()
    host.succeed("create", IMPERATIVE, "--config", 'system.stateVersion = "23.11";')
    yield host
    host.run("destroy", IMPERATIVE)


def halved(text: str) -> str:
    return text[: len(text) // 2]


DAMAGES: dict[str, Callable[[str], str]] = {
    "truncated": halved,
    "empty": lambda text: "",
    "foreign": lambda text: '["another", "program"]',
    "binary": lambda text: "\x00\x7f\ufffd" * 20,
    "newer": lambda text: text.replace('"container"', '"kontainer"'),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_record_stops_only_its_own_container(damaged: Host, damage: str) -> None:
    record = RECORDS / f"{DECLARED}.json"
    before = record.read_text()
    record.write_text(DAMAGES[damage](before))
    try:
        assert DECLARED in damaged.succeed("list").split()
        listed = {row["name"]: row for row in damaged.json("list")}
        assert listed[DECLARED]["state"] == "damaged" and listed[IMPERATIVE]["state"] == "down"
        said = damaged.fail("start", DECLARED)
        assert str(record) in said and "nixos-container switch" in said
        doctor = damaged.run("doctor")
        assert doctor.returncode == 1 and "damaged" in doctor.stdout and "Traceback" not in doctor.stderr
        if damage == "truncated":
            damaged.succeed("stop", DECLARED)
            damaged.succeed("start", IMPERATIVE)
            damaged.succeed("terminate", IMPERATIVE)
        damaged.switch()  # the way out
        assert json.loads(record.read_text()) == json.loads(before)
    finally:
        record.write_text(before)


def test_a_damaged_record_of_an_imperative_container(damaged: Host) -> None:
    record = RECORDS / f"{IMPERATIVE}.json"
    before = record.read_text()
    record.write_text(halved(before))
    assert f"nixos-container update {IMPERATIVE}" in damaged.fail("start", IMPERATIVE)
    damaged.succeed("update", IMPERATIVE)
    assert json.loads(record.read_text()) == json.loads(before)
    # Gone altogether, as after an fsck.
    record.unlink()
    assert f"nixos-container update {IMPERATIVE}" in damaged.fail("start", IMPERATIVE)
    damaged.succeed("update", IMPERATIVE)
    assert json.loads(record.read_text()) == json.loads(before)
    damaged.succeed("create", "nctdamagej", "--config", "{ }")
    (RECORDS / "nctdamagej.json").write_text("{")
    damaged.succeed("destroy", "nctdamagej")
    assert not list(RECORDS.glob("nctdamagej*"))


def test_name_conf_is_made_anew(damaged: Host) -> None:
    conf = RECORDS / f"{DECLARED}.conf"
    before = conf.read_text()
    for text in ("", halved(before), "LOCAL_ADDRESS=1.2.3.4\n"):
        conf.write_text(text)
        damaged.succeed("status", DECLARED)
        assert str(conf) in damaged.run("doctor").stdout
        assert conf.read_text() == before


def test_a_record_of_another_program_is_left_alone(damaged: Host) -> None:
    conf = RECORDS / "nctstranger.conf"
    conf.write_text("PRIVATE_NETWORK=0\n")
    try:
        assert "nctstranger" in damaged.succeed("list").split()
        assert "made by another program" in damaged.fail("start", "nctstranger")
        assert "nctstranger" in damaged.run("doctor").stdout
        damaged.succeed("start", DECLARED)
        damaged.succeed("stop", DECLARED)
        assert conf.read_text() == "PRIVATE_NETWORK=0\n"
    finally:
        conf.unlink()


def test_a_damaged_lock_file(damaged: Host) -> None:
    lock = damaged.definition.with_suffix(".lock")
    before = lock.read_text()
    for text in (halved(before), "", "[]", '{"version": 99}'):
        lock.write_text(text)
        said = damaged.fail("switch", "-c", str(damaged.definition))
        assert str(lock) in said and "hint:" in said, said
        assert damaged.succeed("status", DECLARED) == "down\n"
    lock.write_text(before)
    damaged.switch()


def test_damaged_ranges_of_user_ids_are_made_anew(damaged: Host) -> None:
    ranges = STATES / ".user-ranges.json"
    before = json.loads(ranges.read_text())
    damaged.succeed("start", DECLARED)
    for text in ("", halved(ranges.read_text()), "[1, 2]"):
        ranges.write_text(text)
        damaged.succeed("list")
        if not text:
            damaged.succeed("start", IMPERATIVE)
            damaged.succeed("terminate", IMPERATIVE)
        assert "‘nixos-container doctor’" in damaged.fail("switch", "-c", str(damaged.definition))
        assert "made " + str(ranges) in damaged.run("doctor").stdout
        after = json.loads(ranges.read_text())
        assert {name: before[name] for name in (DECLARED, IMPERATIVE)} == {name: after[name] for name in (DECLARED, IMPERATIVE)}
    (STATES / ".user-ranges.json.damaged").unlink()
    damaged.switch()
    damaged.succeed("stop", DECLARED)


def test_a_damaged_note_of_the_start(damaged: Host) -> None:
    damaged.succeed("start", DECLARED)
    started = Path(f"/run/nixos-containers/.{DECLARED}/started.json")
    for text in (halved(started.read_text()), "", "[]"):
        started.write_text(text)
        assert damaged.json("status", DECLARED)["state"] == "up"
        damaged.succeed("list", "--long")
    damaged.switch()
    assert damaged.inside(DECLARED, "echo", "alive") == "alive\n"
    damaged.succeed("stop", DECLARED)


def test_a_damaged_package_index_is_made_again(damaged: Host) -> None:
    # The index of the archive's older list may be kept beside the one in use: only that is made again.
    indexes = [path for path in Path("/var/cache/nixos-containers/index").iterdir() if not path.name.endswith(".tmp")]
    for index in indexes:
        (index / "about.json").write_text("{")
    damaged.switch()
    (index,) = (path for path in indexes if (path / "about.json").read_text() != "{")
    assert json.loads((index / "about.json").read_text())
    shard = index / "shards/7f.json"
    shard.write_text(halved(shard.read_text()))
    assert "package index" in damaged.succeed("doctor")
    damaged.switch()
    assert json.loads(shard.read_text())


def test_a_lock_of_a_dead_process_holds_nothing(damaged: Host) -> None:
    lock = Path(f"/run/lock/nixos-containers/{DECLARED}.lock")
    holder = subprocess.Popen(["flock", str(lock), "sleep", "30"], start_new_session=True)
    try:
        while subprocess.run(["flock", "--nonblock", str(lock), "true"], check=False).returncode == 0:
            time.sleep(0.01)
        lock.write_text(f"{holder.pid} (nixos-container start {DECLARED})\n")
        waiting = subprocess.Popen(damaged.command("stop", DECLARED), stderr=subprocess.PIPE, text=True)
        assert waiting.stderr is not None
        assert f"held by process {holder.pid}" in waiting.stderr.readline()
    finally:
        os.killpg(holder.pid, 9)
        holder.wait()
    assert waiting.wait(10) == 0


# --- full and read-only file systems, seen by one command only: in a mount namespace of its own

PLACES = {
    "records": "/etc/nixos-containers",
    "states": "/var/lib/nixos-containers",
    "run": "/run/nixos-containers",
    "locks": "/run/lock/nixos-containers",
    "cache": "/var/cache/nixos-containers",
    "logs": "/var/log/nixos-containers",
    "profiles": "/nix/var/nix/profiles",
    "gcroots": "/nix/var/nix/gcroots",
    "nix": "/nix",
}


def squeezed(host: Host, place: str, how: str, *words: str) -> subprocess.CompletedProcess[str]:
    """`nixos-container WORDS` where `place` is read-only, or full: a copy of what is there on a file system without room."""
    script = {
        "read-only": 'mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" || exit 99',
        "full": 'c=$(mktemp -d) && cp -a "$1/." "$c" && mount -t tmpfs -o size=$(($(du -sk "$c" | cut -f1) + 64))k,mode=0755 none "$1" '
        '&& cp -a "$c/." "$1" && rm -rf "$c" || exit 99; cat /dev/zero > "$1/.filler" 2> /dev/null; sync',
        "crowded": "t=$(mktemp -d) && mount -t tmpfs -o size=1m none $t && mkdir $t/upper $t/work "
        '&& mount -t overlay -o "lowerdir=$1,upperdir=$t/upper,workdir=$t/work" none "$1" || exit 99; '
        "cat /dev/zero > $t/.filler 2> /dev/null",
    }[how]
    run = f'mkdir -p "$1"; {script}; shift; exec "$@"'
    return subprocess.run(
        ["unshare", "--mount", "sh", "-c", run, "sh", PLACES[place], *host.command(*words)],
        capture_output=True, text=True, timeout=120, cwd=host.directory, check=False,
    )  # fmt: skip


def everything(host: Host) -> object:
    """What must be as it was: records, generations, and whether the containers run."""
    texts = {path.name: path.read_text() for path in RECORDS.glob("nctdamage*")}
    links = {str(path): os.readlink(path) for path in Path("/nix/var/nix/profiles/per-container").glob("nctdamage*/*")}
    return texts, links, [(row["name"], row["state"]) for row in host.json("list")]


CASES = [
    *((place, how, "update") for place in ("records", "profiles") for how in ("full", "read-only")),
    *((place, how, "switch") for place in ("cache", "locks") for how in ("full", "read-only")),
    *((place, how, "start") for place in ("states", "run", "logs", "gcroots") for how in ("full", "read-only")),
    ("records", "full", "create"),
    ("profiles", "full", "create"),
    ("nix", "read-only", "switch"),
    ("nix", "crowded", "switch"),
    ("nix", "crowded", "create"),
    ("records", "read-only", "destroy"),
    ("states", "read-only", "destroy"),
]


@pytest.mark.parametrize(("place", "how", "verb"), CASES, ids=["-".join(case) for case in CASES])
def test_no_room_and_no_right_to_write(damaged: Host, place: str, how: str, verb: str) -> None:
    before = everything(damaged)
    variant = f"{place}-{how}-{verb}"
    damaged.define(DEFINITION.replace("@", variant))
    words = {
        "switch": ("switch", "-c", str(damaged.definition)),
        "update": ("update", IMPERATIVE, "--config", f'environment.etc.v.text = "{variant}";'),
        "start": ("start", IMPERATIVE),
        "create": ("create", "nctdamagek", "--config", "{ }"),
        "destroy": ("destroy", IMPERATIVE),
    }[verb]
    done = squeezed(damaged, place, how, *words)
    assert done.returncode != 99, done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    for name in (IMPERATIVE, DECLARED):
        if done.returncode == 0 and verb in ("start", "switch"):
            damaged.run("terminate", name)
    if done.returncode != 0:
        assert "hint:" in done.stderr, done.stderr
        assert any(
            word in done.stderr for word in ("No space left", "Read-only file system", "read-only", "disk is full", "cannot write")
        ), done.stderr
        assert everything(damaged) == before, done.stderr
    if verb == "create":
        assert damaged.run("destroy", "nctdamagek").returncode == 0
    doctor = damaged.run("doctor")
    assert doctor.returncode == 0 and "Traceback" not in doctor.stderr, doctor.stdout


def test_after_all_of_that_containers_start(damaged: Host) -> None:
    damaged.switch()
    for name in (IMPERATIVE, DECLARED):
        damaged.succeed("start", name)
        assert damaged.inside(name, "uname") == "Linux\n"
        damaged.succeed("terminate", name)
