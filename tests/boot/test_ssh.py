"""Logging in over the private network, as the seed's first container invites to."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from .conftest import Host, wait_until

NAME, ADDRESS = "nctssh", "10.213.22.2"


def ssh(key: Path, user: str, *command: str) -> subprocess.CompletedProcess[str]:
    options = ["StrictHostKeyChecking=no", f"UserKnownHostsFile={key}.known", "BatchMode=yes", "ConnectTimeout=5", "LogLevel=ERROR"]
    words = [word for option in options for word in ("-o", option)]
    return subprocess.run(
        ["ssh", "-F", "none", "-i", str(key), *words, f"{user}@{ADDRESS}", *command],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.fixture(scope="module")
def key(host: Host, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ssh") / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)], check=True)
    public = path.with_suffix(".pub").read_text().strip()
    host.define(
        f"""{{
  containers.{NAME} = {{
    autoStart = true;
    privateNetwork = true;
    hostAddress = "10.213.22.1";
    localAddress = "{ADDRESS}";
    config = {{
      system.stateVersion = "23.11";
      services.openssh.enable = true;
      users.users.root.openssh.authorizedKeys.keys = [ "{public}" ];
      users.users.alice = {{
        isNormalUser = true;
        uid = 1234;
        extraGroups = [ "wheel" ];
        openssh.authorizedKeys.keys = [ "{public}" ];
        hashedPassword = "$6$rounds=5000$abcdefgh$1234";
      }};
    }};
  }};
}}"""
    )
    host.switch()
    wait_until(lambda: ssh(path, "root", "true").returncode == 0)
    return path


def test_login_with_an_authorised_key(key: Path) -> None:
    assert ssh(key, "root", "id", "-un").stdout == "root\n"
    assert ssh(key, "alice", "id", "-u").stdout == "1234\n"
    assert "wheel" in ssh(key, "alice", "id", "-Gn").stdout.split()
    assert ssh(key, "alice", "pwd").stdout == "/home/alice\n"
    assert ssh(key, "alice", "sh", "-c", "'exit 9'").returncode == 9


def test_no_login_without_the_key(key: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(other)], check=True)
    done = ssh(other, "root", "true")
    assert done.returncode == 255 and "Permission denied" in done.stderr


def test_the_host_key_is_the_one_that_show_host_key_prints(host: Host, key: Path) -> None:
    printed = host.succeed("show-host-key", NAME).split()[1]
    assert printed in Path(f"{key}.known").read_text()


def test_the_declared_password_is_in_shadow(host: Host, key: Path) -> None:
    assert "alice:$6$rounds=5000$abcdefgh$1234:" in host.inside(NAME, "cat", "/etc/shadow")
