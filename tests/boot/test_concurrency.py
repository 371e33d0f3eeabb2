"""Fifty commands at once, on one container and on ten: no deadlock, no traceback, and a consistent host in the end."""

from __future__ import annotations

import json
import os
import random
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from .conftest import Host, wait_until

COUNT = 50
NAMES = tuple(f"nctmany{number}" for number in range(10))
IMPERATIVE, PASSING = "nctmanyi", "nctmanyp"
RUN = Path("/run/nixos-containers")
PLACES = (RUN, *map(Path, ("/etc/nixos-containers", "/var/lib/nixos-containers", "/nix/var/nix/profiles/per-container", "/sys/class/net")))


def definition(names: tuple[str, ...]) -> str:
    containers = "\n".join(
        f"""  containers.{name} = {{
    privateNetwork = true; hostAddress = "10.213.80.{2 * int(name[-1]) + 1}"; localAddress = "10.213.80.{2 * int(name[-1]) + 2}";
    config.system.stateVersion = "23.11";
  }};"""
        for name in names
    )
    return f"{{\n{containers}\n}}\n"


@pytest.fixture(scope="module")
def many(host: Host) -> Iterator[Host]:
    host.define(definition(NAMES))
    host.switch()
    host.succeed("create", IMPERATIVE, "--config", "{ }")
    yield host
    host.run("destroy", IMPERATIVE, PASSING)


# (the command, statuses that are an answer): who enters a container that another command is stopping gets 1 or a signal.
def commands(host: Host, names: tuple[str, ...], chance: random.Random) -> list[list[str]]:
    found = []
    # One that comes and goes; its system is built.
    system = os.path.realpath(f"/nix/var/nix/profiles/per-container/{IMPERATIVE}/system")
    for number in range(COUNT):
        name = chance.choice(names)
        kinds = (
            ["start", name], ["stop", name], ["restart", name], ["status", name], ["list"], ["list", "--json"],
            ["run", name, "--", "true"], ["switch", "-c", str(host.definition)], ["doctor"], ["generations", name],
            ["update", IMPERATIVE, "--config", f'environment.etc.number.text = "{number}";'], ["terminate", name], ["show-ip", name],
            ["create", PASSING, "--system-path", system], ["destroy", PASSING], ["start", PASSING], ["destroy", PASSING],
        )  # fmt: skip
        found.append(chance.choice(kinds))
    return found


@pytest.mark.parametrize("count", [1, 10])
def test_fifty_commands_at_once(many: Host, count: int) -> None:
    names = NAMES[:count]
    seed = random.randrange(1 << 30)
    print(f"seed {seed}")
    chance = random.Random(seed)
    wanted = commands(many, names, chance)
    deadline = time.monotonic() + 180
    running = [
        subprocess.Popen(many.command(*words), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=many.directory)
        for words in wanted
    ]
    for words, process in zip(wanted, running, strict=True):
        try:
            out, said = process.communicate(timeout=max(1.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            for other in running:
                other.kill()
            raise
        text = said.decode(errors="replace")
        assert "Traceback" not in text, f"{words}: {text}"
        if words[0] == "create" or words == ["start", PASSING]:  # it exists already, or not any more
            assert process.returncode == 0 or PASSING in text, (words, text)
        elif words[0] not in ("run", "start", "restart", "switch"):
            assert process.returncode == 0, f"{words}: {text}\n{out.decode(errors='replace')}"
        elif process.returncode != 0:
            # Ended while it was starting, or while somebody was inside: by another of these commands, and said so.
            assert process.returncode < 0 or process.returncode > 128 or text or words[0] == "run", (words, process.returncode)
    many.succeed("doctor")
    many.succeed("destroy", PASSING)
    assert not [str(path) for place in PLACES for path in place.glob(f"*{PASSING}*")]
    records = [Path(f"/etc/nixos-containers/{name}.json") for name in (*names, IMPERATIVE)]
    assert all(json.loads(record.read_text()) for record in records)
    many.succeed("start", *names)
    for name in names:
        assert many.inside(name, "echo", name) == f"{name}\n"
        assert len(subprocess.run(["pgrep", "-fx", f".*--machine={name} .*"], capture_output=True, check=False).stdout.split()) == 1
    many.succeed("stop", *names)
    for name in names:
        wait_until(lambda name=name: not Path(f"/sys/class/net/ve-{name}").exists())


def test_creates_of_the_same_name_make_one_container(many: Host) -> None:
    words = ["create", "nctsame", "--config", "{ }"]
    both = [subprocess.Popen(many.command(*words), stderr=subprocess.PIPE, text=True) for _ in range(5)]
    said = [process.communicate(timeout=120)[1] for process in both]
    assert sorted(process.returncode for process in both) == [0] + [1] * 4, said
    assert sum("already exists" in text for text in said) == 4, said
    many.succeed("destroy", "nctsame")


def test_creates_that_want_the_same_port_leave_it_to_one(many: Host) -> None:
    system = os.path.realpath(f"/nix/var/nix/profiles/per-container/{IMPERATIVE}/system")
    names = [f"nctport{number}" for number in range(6)]
    words = ["--system-path", system, "--auto-start", "--port", "tcp:28999:80"]
    try:
        for _ in range(3):
            # As near to each other as can be: they look at the host before any of them has written down what it takes.
            all_of_them = [subprocess.Popen(many.command("create", name, *words), stderr=subprocess.PIPE, text=True) for name in names]
            said = [process.communicate(timeout=120)[1] for process in all_of_them]
            won = [name for name, process in zip(names, all_of_them, strict=True) if process.returncode == 0]
            assert len(won) == 1, said
            assert sum("both use the host's tcp port 28999" in text for text in said) == len(names) - 1, said
            listed = {entry["name"] for entry in many.json("list")}
            assert listed & set(names) == set(won)
            assert not [str(path) for name in names if name not in won for place in PLACES for path in place.glob(f"*{name}*")]
            many.succeed("destroy", *won)
    finally:
        for name in names:
            many.run("destroy", name)


def test_creates_that_ask_for_a_unique_name(many: Host) -> None:
    words = ["create", "nctuniq", "--ensure-unique-name", "--config", "{ }"]
    all_of_them = [subprocess.Popen(many.command(*words), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(5)]
    answers = [process.communicate(timeout=120) for process in all_of_them]
    names = [out for out, _ in answers]
    addresses = set()
    try:
        assert all(process.returncode == 0 for process in all_of_them), answers
        assert len(set(names)) == 5, names
        for name in names:
            addresses.add(many.succeed("show-ip", name))
        assert len(addresses) == 5, addresses
    finally:
        many.run("destroy", *(name for name in many.succeed("list").split() if name.startswith("nctuniq")))
