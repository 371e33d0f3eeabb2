"""The seed's basic definition, verbatim: what its reader would try, in the order they would try it."""

from __future__ import annotations

import os
import pty
import socket
import subprocess
from pathlib import Path

import pytest

from .conftest import Host, wait_until

NAME, ADDRESS = "nctquick", "10.213.100.2"


@pytest.fixture(scope="module")
def quickstart(host: Host) -> Host:
    host.use_example("quickstart")
    host.switch()
    return host


def banner(address: str, port: int) -> str:
    with socket.create_connection((address, port), timeout=10) as connection:
        return connection.recv(100).decode()


def test_list_status_and_addresses(quickstart: Host) -> None:
    assert NAME in quickstart.succeed("list").splitlines()
    assert quickstart.succeed("status", NAME) == "up\n"
    assert quickstart.succeed("show-ip", NAME) == f"{ADDRESS}\n"
    assert {entry["name"]: entry["state"] for entry in quickstart.json("list")}[NAME] == "up"


def test_no_unit_failed(quickstart: Host) -> None:
    assert quickstart.inside(NAME, "systemctl", "is-system-running", "--wait").strip() == "running"
    assert quickstart.inside(NAME, "systemctl", "--failed", "--no-legend", "--plain").strip() == ""


def test_the_packages_work(quickstart: Host) -> None:
    assert "VIM - Vi IMproved" in quickstart.inside(NAME, "vim", "--version")
    assert quickstart.inside(NAME, "curl", "--version").startswith("curl ")
    assert quickstart.inside(NAME, "htop", "--version").startswith("htop ")


def test_ssh_answers_on_the_network(quickstart: Host) -> None:
    assert wait_until(lambda: banner(ADDRESS, 22)).startswith("SSH-2.0-OpenSSH")
    assert quickstart.succeed("show-host-key", NAME).startswith("ssh-ed25519 ")


def test_the_guests_firewall_refuses_other_ports(quickstart: Host) -> None:
    quickstart.inside(NAME, "systemd-run", "--unit=listener", "systemd-socket-activate", "-a", "--inetd", "-l", "4444", "echo", "hello")
    ask = ("bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/4444 && cat <&3")
    assert wait_until(lambda: quickstart.run("run", NAME, "--", *ask).stdout) == "hello\n", "something listens"
    with pytest.raises(OSError):
        socket.create_connection((ADDRESS, 4444), timeout=1)
    quickstart.inside(NAME, "systemctl", "stop", "firewall")
    assert banner(ADDRESS, 4444) == "hello\n", "it was the firewall that refused"
    quickstart.inside(NAME, "systemctl", "start", "firewall")
    with pytest.raises(OSError):
        socket.create_connection((ADDRESS, 4444), timeout=1)
    quickstart.inside(NAME, "systemctl", "stop", "listener")


def test_status_input_and_words_pass_through(quickstart: Host) -> None:
    assert quickstart.run("run", NAME, "--", "sh", "-c", "exit 7").returncode == 7
    assert quickstart.inside(NAME, "cat", stdin="hello\nworld\n") == "hello\nworld\n"
    assert quickstart.inside(NAME, "printf", "%s|", "a b", "c'd", '"e"', "$f").strip() == 'a b|c\'d|"e"|$f|'
    assert quickstart.succeed("root-login", NAME, stdin="id -u; shopt -q login_shell && echo login\n") == "0\nlogin\n"


def test_a_terminal_outside_is_a_terminal_inside(quickstart: Host) -> None:
    master, slave = pty.openpty()
    process = subprocess.Popen(quickstart.command("run", NAME, "--", "tty"), stdin=slave, stdout=slave, stderr=slave, close_fds=True)
    os.close(slave)
    assert process.wait(20) == 0
    assert os.read(master, 1000).decode().strip().startswith("/dev/pts/")
    os.close(master)


def test_no_python_stays_behind(quickstart: Host) -> None:
    supervisors = []
    for directory in Path("/proc").glob("[0-9]*"):
        try:
            words = (directory / "cmdline").read_bytes().decode(errors="replace")
            name = (directory / "comm").read_text().strip()
        except OSError:
            continue
        if f".{NAME}/launch" in words or f"--machine={NAME}" in words:
            supervisors.append(name)
    assert sorted(supervisors) == ["sh", "systemd-nspawn"] or sorted(set(supervisors)) == ["launch", "systemd-nspawn"], supervisors


def test_root_inside_is_not_root_outside(quickstart: Host) -> None:
    leader = quickstart.json("status", NAME)["leader"]
    assert os.stat(f"/proc/{leader}").st_uid >= 524288
    assert "read-only" in quickstart.run("run", NAME, "--", "touch", "/nix/store/x").stderr.lower()
    assert quickstart.run("run", NAME, "--", "test", "-e", "/nix/var/nix/daemon-socket/socket").returncode != 0


def test_a_second_switch_does_nothing_and_says_so(quickstart: Host) -> None:
    leader = quickstart.json("status", NAME)["leader"]
    assert "nothing to do" in quickstart.switch().stderr
    assert quickstart.json("status", NAME)["leader"] == leader


def test_destroying_a_declared_container_is_refused(quickstart: Host) -> None:
    message = quickstart.fail("destroy", NAME)
    assert "cannot destroy declarative container" in message and "configuration.nix" in message
    assert quickstart.succeed("status", NAME) == "up\n"


def test_reboot_inside_restarts_it(quickstart: Host) -> None:
    leader = quickstart.json("status", NAME)["leader"]
    quickstart.run("run", NAME, "--", "reboot")
    wait_until(lambda: quickstart.json("status", NAME)["leader"] not in (None, leader))
    wait_until(lambda: quickstart.run("run", NAME, "--", "systemctl", "is-system-running").stdout.strip() == "running")
    assert wait_until(lambda: banner(ADDRESS, 22)).startswith("SSH-2.0")


def test_stop_start_restart_terminate(quickstart: Host) -> None:
    quickstart.succeed("stop", NAME)
    assert quickstart.succeed("status", NAME) == "down\n"
    assert not Path(f"/sys/class/net/ve-{NAME}").exists(), "nobody leads packets to its address any more"
    quickstart.succeed("start", NAME)
    before = quickstart.json("status", NAME)["leader"]
    quickstart.succeed("restart", NAME)
    assert quickstart.json("status", NAME)["leader"] not in (None, before)
    quickstart.succeed("terminate", NAME)
    assert quickstart.succeed("status", NAME) == "down\n"


def test_poweroff_inside_leaves_it_down(quickstart: Host) -> None:
    quickstart.succeed("start", NAME)
    quickstart.run("run", NAME, "--", "poweroff")
    wait_until(lambda: quickstart.succeed("status", NAME) == "down\n")


def test_what_is_no_longer_declared_goes_but_keeps_its_state(quickstart: Host) -> None:
    quickstart.succeed("start", NAME)
    quickstart.inside(NAME, "sh", "-c", "echo kept > /root/data")
    quickstart.define("{ }")
    quickstart.switch()
    assert NAME not in quickstart.succeed("list").splitlines()
    assert Path(f"/var/lib/nixos-containers/{NAME}/root/data").read_text() == "kept\n"
    quickstart.use_example("quickstart")
    quickstart.switch()
    assert quickstart.inside(NAME, "cat", "/root/data") == "kept\n"
