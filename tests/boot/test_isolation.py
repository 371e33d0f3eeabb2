"""Device nodes, capabilities, system calls, credentials, owners of bound files: what a definition opens and what it closes."""

from __future__ import annotations

import ctypes
import os
import platform
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from nixos_containers.kernel.cgroups import hierarchies

from .conftest import Host

SECRET = "nct-secret-of-a-file-4711"
PRODUCED = "nct-secret-of-a-command"

DEFINITION = """
  {{ containers.nctiso = {{
      privateNetwork = true;
      autoStart = true;
      {extra}
      dropCapabilities = [ "CAP_NET_RAW" ];
      systemCallFilter = [ "~@swap" "~io_uring_setup" "add_key" ];
      credentials.fromfile.file = "{files}/secret";
      credentials.produced.command = "printf %s nct-secret-of; printf %s -a-command";
      bindMounts."/b/same" = {{ hostPath = "{files}/bound"; isReadOnly = false; }};
      bindMounts."/b/owner" = {{ hostPath = "{files}/bound"; isReadOnly = false; idmap = "rootidmap"; }};
      bindMounts."/b/nobody" = {{ hostPath = "{files}/bound"; isReadOnly = false; idmap = "noidmap"; }};
      config = {{ pkgs, ... }}: {{
        system.stateVersion = "23.11";
        environment.systemPackages = [ pkgs.util-linux pkgs.iproute2 pkgs.perl-base ];
        systemd.services.reader = {{
          wantedBy = [ "multi-user.target" ];
          serviceConfig = {{ Type = "oneshot"; RemainAfterExit = true; DynamicUser = true; LoadCredential = [ "fromfile" "produced" ]; StateDirectory = "reader"; }};
          script = "cat $CREDENTIALS_DIRECTORY/fromfile $CREDENTIALS_DIRECTORY/produced > $STATE_DIRECTORY/read";
        }};
      }};
    }}; }}
"""


@pytest.fixture(scope="module")
def guest(host: Host) -> Iterator[str]:
    files = host.directory / "files"
    (files / "bound").mkdir(parents=True)
    (files / "secret").write_text(SECRET)
    (files / "secret").chmod(0o600)
    os.chown(files / "bound", 1234, 1234)
    extra = 'devices."/dev/fuse" = { group = 20; mode = "0660"; };' if os.path.exists("/dev/fuse") else ""
    extra += "enableTun = true;" if os.path.exists("/dev/net/tun") else ""
    host.define(DEFINITION.format(files=files, extra=extra))
    host.switch()
    yield "nctiso"


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Host]:
    """Another definition file, so that the shared container stays."""
    made = Host(tmp_path)
    yield made
    made.remove_everything()


def test_a_device_is_there_allowed_and_owned_as_declared(host: Host, guest: str) -> None:
    if not os.path.exists("/dev/fuse"):
        pytest.skip("this host has no /dev/fuse")
    before = os.stat("/dev/fuse")
    assert host.inside(guest, "stat", "-c", "%u %g %a %t:%T", "/dev/fuse").split() == ["0", "20", "660", "a:e5"]
    opened = host.run("run", guest, "--", "sh", "-c", "exec 3<> /dev/fuse && echo opened")
    assert "opened" in opened.stdout, opened.stderr
    assert os.stat("/dev/fuse").st_uid == before.st_uid, "the host's own node keeps its owner"


def test_tun_works_with_private_users(host: Host, guest: str) -> None:
    if not os.path.exists("/dev/net/tun"):
        pytest.skip("this host has no /dev/net/tun")
    host.inside(guest, "ip", "tuntap", "add", "tap7", "mode", "tap")
    assert "tap7" in host.inside(guest, "ip", "link")


def test_a_device_that_the_host_lacks_is_said_with_its_option(other: Host) -> None:
    other.define(
        '{ containers.nctnodev = { privateNetwork = true; devices."/dev/nct-none" = { }; autoStart = true; config.system.stateVersion = "23.11"; }; }'
    )
    told = other.fail("switch", "-c", str(other.definition))
    assert 'containers.nctnodev.devices."/dev/nct-none"' in told


def test_what_is_dropped_is_dropped_for_services_and_for_run(host: Host, guest: str) -> None:
    for way in ([], ["systemd-run", "--quiet", "--pipe", "--wait"]):
        bounds = host.inside(guest, *way, "grep", "CapBnd", "/proc/self/status").split()[1]
        assert not int(bounds, 16) >> 13 & 1, "CAP_NET_RAW"
        assert int(bounds, 16) >> 21 & 1, "CAP_SYS_ADMIN, which systemd needs"


def test_a_credential_reaches_the_unit_that_names_it(host: Host, guest: str) -> None:
    assert host.inside(guest, "cat", "/var/lib/private/reader/read") == SECRET + PRODUCED


def test_nobody_else_inside_reads_it(host: Host, guest: str) -> None:
    for command in (
        "setpriv --reuid=65534 --regid=65534 --clear-groups cat /run/host/credentials/fromfile",
        "systemd-run --quiet --pipe --wait --property=DynamicUser=yes cat /run/host/credentials/fromfile",
        "systemd-run --quiet --pipe --wait --property=DynamicUser=yes sh -c 'cat $CREDENTIALS_DIRECTORY/fromfile'",
    ):
        done = host.run("run", guest, "--", "sh", "-c", command)
        assert done.returncode != 0 and SECRET not in done.stdout + done.stderr, command


def test_a_credential_stands_nowhere_on_the_host(host: Host, guest: str) -> None:
    words = "\0".join(path.read_text(errors="replace") for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists())
    assert SECRET not in words and PRODUCED not in words
    system = os.path.realpath(f"/nix/var/nix/profiles/per-container/{guest}/system")
    places = [system, "/etc/nixos-containers", "/var/log/nixos-containers", f"/run/nixos-containers/.{guest}"]
    found = subprocess.run(["grep", "-rlE", f"{SECRET}|{PRODUCED}", *places], capture_output=True, text=True, check=False)
    assert found.stdout == ""


def test_a_credential_is_asked_for_again_at_every_start(host: Host, guest: str) -> None:
    secret = host.directory / "files" / "secret"
    secret.write_text("another")
    host.succeed("restart", guest)
    assert host.inside(guest, "cat", "/var/lib/private/reader/read") == "another" + PRODUCED
    secret.rename(secret.with_name("away"))
    host.succeed("stop", guest)
    assert "containers.nctiso.credentials.fromfile" in host.fail("start", guest)
    secret.with_name("away").rename(secret)
    host.succeed("start", guest)


def test_an_encrypted_credential(other: Host) -> None:
    if shutil.which("systemd-creds") is None:
        pytest.skip("this host has no systemd-creds")
    key, file = Path("/var/lib/systemd/credential.secret"), other.directory / "sealed"
    had_key = key.exists()
    sealing = ["systemd-creds", "encrypt", "--with-key=host", "--name=sealed", "-", str(file)]
    sealed = subprocess.run(sealing, input="sealed words", text=True, check=False, capture_output=True)
    if sealed.returncode != 0:
        pytest.skip(f"systemd-creds has no key of this host: {sealed.stderr}")
    other.define(f"""{{ containers.nctsealed = {{ privateNetwork = true; autoStart = true; credentials.sealed.encrypted = "{file}";
      config.system.stateVersion = "23.11"; }}; }}""")
    other.switch()
    assert other.inside("nctsealed", "cat", "/run/host/credentials/sealed") == "sealed words"
    if not had_key:
        key.unlink()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ('credentials.a.file = ./configuration.nix;', "credentials.a"),
        ('credentials.a = { file = "/x"; command = "y"; };', "exactly one of"),
        ("credentials.a = { };", "exactly one of"),
        ('credentials."../a".file = "/x";', "a name is letters"),
        ('devices."/etc/passwd" = { };', "below /dev"),
        ('devices."/dev/../etc/passwd" = { };', "below /dev"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused(other: Host, wrong: str, said: str) -> None:
    other.define(f'{{ containers.nctwrong = {{ {wrong} config.system.stateVersion = "23.11"; }}; }}')
    assert said in other.fail("build", "-c", str(other.definition))


def test_owners_of_bound_files_are_as_declared(host: Host, guest: str) -> None:
    bound = host.directory / "files" / "bound"
    assert host.inside(guest, "stat", "-c", "%u", "/b/same", "/b/owner", "/b/nobody").split() == ["1234", "0", "65534"]
    host.inside(
        guest,
        "sh",
        "-c",
        "touch /b/same/by-root; setpriv --reuid=1234 --regid=1234 --clear-groups touch /b/same/by-user; touch /b/owner/by-owner",
    )
    owners = {path.name: path.stat().st_uid for path in bound.iterdir()}
    assert owners == {"by-root": 0, "by-user": 1234, "by-owner": 1234}
    assert host.run("run", guest, "--", "touch", "/b/nobody/x").returncode != 0


def test_a_file_system_without_owner_mapping_is_said(other: Host) -> None:
    other.define("""{ containers.nctnomap = { privateNetwork = true; autoStart = true; bindMounts."/mnt/sys".hostPath = "/sys/fs/cgroup";
      config.system.stateVersion = "23.11"; }; }""")
    told = other.fail("switch", "-c", str(other.definition))
    assert "idmap" in told and "noidmap" in told, told


def test_the_device_policy_is_closed_even_to_who_can_make_nodes(other: Host) -> None:
    if "devices" not in hierarchies()[0]:
        pytest.skip("no cgroup v1 hierarchy of devices here; on v2 systemd's units close them")
    device = os.stat("/nix").st_dev
    other.define("""{ containers.nctmknod = { autoStart = true; additionalCapabilities = [ "CAP_MKNOD" ];
      allowedDevices = [ { node = "char-mem"; modifier = "r"; } ]; noNewPrivileges = true; config.system.stateVersion = "23.11"; }; }""")
    other.switch()
    for way in ([], ["systemd-run", "--quiet", "--pipe", "--wait"]):
        script = f"rm -f /root/d; mknod /root/d b {os.major(device)} {os.minor(device)}; head -c 1 /root/d | wc -c"
        assert other.inside("nctmknod", *way, "sh", "-c", script).split() == ["0"]
    assert "NoNewPrivs:\t1" in other.inside("nctmknod", "grep", "NoNewPrivs", "/proc/1/status", "/proc/self/status")
    rules = Path(hierarchies()[0]["devices"], "machine.slice/nctmknod/devices.list").read_text().splitlines()
    assert "c 1:* r" in rules and "c 1:3 rwm" in rules and "a *:* rwm" not in rules


# arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h
_SYSTEM_CALLS = {"x86_64": {"io_uring_setup": 425, "swapon": 167, "add_key": 248}}.get(
    platform.machine(), {"io_uring_setup": 425, "swapon": 224, "add_key": 217}
)


def test_the_system_call_filter_takes_away_and_adds_for_services(host: Host, guest: str) -> None:
    asked = {"io_uring_setup": "0, $b", "swapon": "$b, 0", "add_key": "$k, $k, $k, 1, -3"}
    calls = " ".join(
        f"$r = syscall({_SYSTEM_CALLS[name]}, {words}); print qq({name} ), $r < 0 ? $! + 0 : 0, qq( );" for name, words in asked.items()
    )
    said = host.inside(guest, "systemd-run", "--quiet", "--pipe", "--wait", "perl", "-e", f"my $b = qq(/none\\0); my $r; {calls}").split()
    found = dict(zip(said[::2], map(int, said[1::2]), strict=True))
    assert found["io_uring_setup"] in (1, 38) and found["swapon"] in (1, 38), "taken away"
    assert found["add_key"] not in (1, 38), "added: the kernel is asked"


def test_no_secret_passes_by_in_any_command_line_of_a_start_or_comes_to_the_store(host: Host, guest: str) -> None:
    secret, begun, seen, over = host.directory / "files" / "secret", time.time(), set(), threading.Event()

    def watch() -> None:
        while not over.is_set():
            for entry in os.listdir("/proc"):
                if entry.isdigit():
                    try:
                        for file in ("cmdline", "environ"):
                            seen.update(word for word in (SECRET, PRODUCED) if word.encode() in Path("/proc", entry, file).read_bytes())
                    except OSError:
                        continue

    secret.write_text(SECRET)
    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        host.succeed("restart", guest)
    finally:
        over.set()
        watcher.join()
    assert host.inside(guest, "cat", "/var/lib/private/reader/read") == SECRET + PRODUCED
    assert seen == set(), "neither arguments nor environments"
    log = [Path("/var/log/nixos-containers") / name for name in (f"{guest}.log", f"{guest}.log.1", "events.jsonl")]
    assert not [path for path in log if path.exists() and any(word in path.read_text(errors="replace") for word in (SECRET, PRODUCED))]
    new = [str(entry) for entry in Path("/nix/store").iterdir() if entry.lstat().st_ctime > begun - 120]
    found = subprocess.run(["grep", "-rlE", f"{SECRET}|{PRODUCED}", *new], capture_output=True, text=True, check=False) if new else None
    assert found is None or found.stdout == "", "nothing that was built lately has it"


def test_a_guests_programs_get_no_key_of_the_session_that_copies(host: Host, guest: str) -> None:
    """`cp` runs the guest's own tar, which the guest's root may have replaced."""
    keyctl = {"x86_64": 250}.get(platform.machine(), 219)
    trap = f"#!/bin/sh\nperl -e 'my ($t, $d) = (q(user), q(nct-copied)); my $r = syscall({keyctl}, 10, -3, $t, $d, 0); print $r < 0 ? q(none) : q(FOUND)' >> /root/keys\nexit 1\n"
    host.inside(guest, "sh", "-c", "cat > /root/trap; chmod +x /root/trap; rm -f /root/keys", stdin=trap)
    host.inside(guest, "systemd-run", "--quiet", "--pipe", "--wait", "mount", "--bind", "/root/trap", "/run/current-system/sw/bin/tar")

    def in_a_session_of_its_own() -> None:
        libc = ctypes.CDLL(None)
        libc.syscall(keyctl, 1, None)
        libc.syscall(_SYSTEM_CALLS["add_key"], b"user", b"nct-copied", b"payload", 7, -3)
        subprocess.run(host.command("cp", f"{guest}:/etc/machine-id", str(host.directory / "copied")), capture_output=True, check=False)

    copier = threading.Thread(target=in_a_session_of_its_own)
    copier.start()
    copier.join()
    assert "FOUND" not in host.inside(guest, "cat", "/root/keys") and "none" in host.inside(guest, "cat", "/root/keys")
