"""Devices, credentials, capabilities and system calls of a container, as texts; the shell itself reads the scripts."""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path

from nixos_containers.declare.container import AllowedDevice, Credential, Device
from nixos_containers.kernel import device_filter
from nixos_containers.plan.rights import device_policy_lines, handed_lines, handed_words, rights

from .samples import container


def test_a_device_is_one_option_for_node_policy_and_owner(tmp_path: Path) -> None:
    web = container(devices={"/dev/null": Device(group=20, mode="0660")})
    assert handed_words(web, state="/run/x") == ["--bind=/run/x/own/0:/dev/null"]
    lines = "\n".join(handed_lines(web, user_base=0x90000))
    assert f"chown {0x90000}:{0x90000 + 20} own/0" in lines
    assert "mknod -m 0660 own/0 $kind" in lines


def run_policy(tmp_path: Path, *devices: AllowedDevice) -> list[str]:
    """The rules that the shell writes, by a cgroup that is a directory of files."""
    group = tmp_path / "group"
    group.mkdir()
    os.mkfifo(group / "devices.allow")
    reader = subprocess.Popen(["cat", group / "devices.allow"], stdout=subprocess.PIPE, text=True)
    lines = device_policy_lines(container(allowed_devices=devices), str(group))
    # One writer for all, or cat would end after the first.
    script = "\n".join(["f() {", *lines, "}", f"exec 9> {shlex.quote(str(group))}/devices.allow", "f"])
    subprocess.run(["sh", "-c", script], check=True)
    assert (group / "devices.deny").read_text() == "a\n"
    return reader.communicate(timeout=10)[0].splitlines()


def test_the_policy_is_closed_but_for_what_every_container_needs(tmp_path: Path) -> None:
    rules = run_policy(tmp_path)
    assert "c 1:3 rwm" in rules and "c 136:* rwm" in rules
    assert not [rule for rule in rules if rule.startswith(("b", "a"))]


def test_nodes_and_classes_are_allowed_by_their_numbers(tmp_path: Path) -> None:
    rules = run_policy(tmp_path, AllowedDevice("/dev/zero", "rw"), AllowedDevice("char-mem", "rm"), AllowedDevice("/dev/no such", "r"))
    assert "c 1:5 rw" in rules
    assert "c 1:* rm" in rules


def test_on_cgroup_v2_the_rules_are_handed_to_a_program(tmp_path: Path) -> None:
    seen, group = tmp_path / "seen", tmp_path / "se cret"
    program = tmp_path / "filter"
    program.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > {seen}\n')
    program.chmod(0o755)
    wanted = container(allowed_devices=(AllowedDevice("/dev/zero", "rw"), AllowedDevice("char-mem", "rm")))
    lines = ["f() {", *device_policy_lines(wanted, str(group), filtering=(str(program), "--a b")), "}", "f"]
    subprocess.run(["sh", "-euc", "\n".join(lines)], check=True)
    word, place, *rules = seen.read_text().splitlines()
    assert (word, place) == ("--a b", str(group)) and group.is_dir()
    assert {"c 1:3 rwm", "c 136:* rwm", "c 1:5 rw", "c 1:* rm"} <= set(rules)
    assert device_filter.program("\n".join(rules))


def test_credentials_come_from_where_they_are_at_every_start(tmp_path: Path) -> None:
    (tmp_path / "se cret").write_text("one")
    web = container(credentials={"a": Credential(file=str(tmp_path / "se cret")), "b": Credential(command="printf two; exit 0")})
    assert handed_words(web, state="/run/x")[0] == "--load-credential=a:/run/x/own/a.credential"
    (tmp_path / "own").mkdir()
    lines = [line for line in handed_lines(web, user_base=0) if "mount" not in line]
    subprocess.run(["sh", "-c", "\n".join(["f() {", *lines, "}", "f"])], check=True, cwd=tmp_path)
    assert (tmp_path / "own/a.credential").read_text() == "one"
    assert (tmp_path / "own/b.credential").read_text() == "two"
    assert (tmp_path / "own/a.credential").stat().st_mode & 0o777 == 0o600


def test_a_credential_that_cannot_be_had_ends_the_start_and_names_its_option(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    lines = [line for line in handed_lines(container(credentials={"a": Credential(file="/no/such")}), user_base=0) if "mount" not in line]
    done = subprocess.run(["sh", "-c", "\n".join(["f() {", *lines, "}", "f"])], check=False, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1
    assert "containers.web.credentials.a" in done.stderr


def test_rights_become_nspawns_words() -> None:
    web = container(drop_capabilities=("CAP_NET_RAW",), no_new_privileges=True, system_call_filter=("~@obsolete", "keyctl"))
    words = rights(web, private_users=True)
    assert words == [
        "--drop-capability=CAP_NET_RAW",
        "--no-new-privileges=yes",
        "--system-call-filter=~@obsolete",
        "--system-call-filter=keyctl",
    ]
    assert rights(web, private_users=False)[0] == "--drop-capability=CAP_NET_RAW,CAP_MKNOD"
