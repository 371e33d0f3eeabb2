"""Upstream's tests of Nix inside (U07 imperative) and of a container in a container (U13 nested), re-created."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from .conftest import Host, wait_until
from .test_store_view import nix_daemon

OUTER, BUILDER = "nctu13", "nctu7nix"
# As upstream's containers, without private users: the kernel lets no user namespace mount what systemd-nspawn mounts.
DEFINITION = """
{
  containers.nctu13 = {
    autoStart = true;
    privateNetwork = true;
    privateUsers = "no";
    nixStore = "shared";
    config = { pkgs, lib, ... }: {
      system.stateVersion = "24.11";
      environment.systemPackages = [ pkgs.systemd-container ];
      systemd.services.nested = {
        wantedBy = [ "multi-user.target" ];
        environment.SYSTEMD_NSPAWN_UNIFIED_HIERARCHY = "1";
        preStart = ''
          cd /var/lib && mkdir -p nested/{etc,usr,proc,sys,dev,run,tmp,var,root,nix/store}
          touch nested/etc/os-release nested/etc/machine-id
        '';
        serviceConfig = {
          Type = "notify";
          NotifyAccess = "all";
          Delegate = true;
        };
        script = ''
          system=$(readlink -f /run/booted-system/specialisation/nested)
          exec systemd-nspawn --machine=nested --directory=/var/lib/nested --bind-ro=/nix/store --private-network --register=no \\
            --keep-unit --notify-ready=yes --kill-signal=SIGRTMIN+3 $system/init
        '';
      };
      specialisation.nested.configuration = {
        networking.hostName = lib.mkForce "nested";
        systemd.services.nested.enable = false;
      };
    };
  };
}
"""


@pytest.fixture
def outer(host: Host) -> Iterator[Host]:
    host.define(DEFINITION)
    host.switch()
    yield host
    host.define("{ }")
    host.switch("--purge")


def test_u13_nested(outer: Host, tmp_path: Path) -> None:
    """A container in a container boots, and what the host adds to the store is seen in both."""
    said = outer.inside(OUTER, "sh", "-c", "systemctl is-system-running --wait || journalctl --no-pager -u nested")
    assert said == "running\n", said
    assert outer.inside(OUTER, "systemctl", "is-active", "nested") == "active\n"
    nspawn = outer.inside(OUTER, "pgrep", "-x", "systemd-nspawn").strip()
    leader = outer.inside(OUTER, "cat", f"/proc/{nspawn}/task/{nspawn}/children").split()[0]
    nested = ["nsenter", "--all", f"--target={leader}", "--", "/usr/bin/env", "PATH=/run/current-system/sw/bin"]
    assert outer.inside(OUTER, *nested, "hostname") == "nested\n"
    assert outer.inside(OUTER, *nested, "systemctl", "is-system-running") == "running\n"
    (tmp_path / "nctu13-added").write_text("by the host")
    added = subprocess.run(
        ["nix-store", "--add", str(tmp_path / "nctu13-added")], capture_output=True, text=True, check=True
    ).stdout.strip()
    assert outer.inside(OUTER, "cat", added) == outer.inside(OUTER, *nested, "cat", added) == "by the host"
    outer.inside(OUTER, "systemctl", "stop", "nested")
    assert wait_until(lambda: outer.run("run", OUTER, "--", "pgrep", "-x", "systemd-nspawn").returncode == 1)
    assert outer.inside(OUTER, "systemctl", "is-system-running") == "running\n"


def test_u07_nix_builds_inside(host: Host) -> None:
    """With the host's daemon, `nix-build` works in an imperative container, and the result is in the host's store."""
    config = 'system.stateVersion = "24.11"; environment.systemPackages = [ pkgs.nix-bin ];'
    host.succeed("create", BUILDER, "--config", config, "--set", "nixDaemon=true", "--set", "automaticAddresses=false")
    try:
        with nix_daemon():
            host.succeed("start", BUILDER)
            shell = host.inside(BUILDER, "head", "-n", "1", "/run/current-system/init").removeprefix("#!").strip()
            busybox = shell.removesuffix("/bin/sh")
            expression = (
                'derivation { name = "nctu7-inside"; system = builtins.currentSystem; builder = "${builtins.storePath '
                f'{busybox}}}/bin/sh"; args = [ "-c" "echo built inside > $out" ]; }}'
            )
            built = host.inside(BUILDER, "env", "NIX_REMOTE=daemon", "nix-build", "--no-out-link", "-E", expression).strip()
            assert Path(built).read_text() == "built inside\n"
            host.succeed("stop", BUILDER)
    finally:
        host.succeed("destroy", BUILDER)
