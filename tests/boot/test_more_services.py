"""Backups, dumps, fail2ban and servers of files, together in one guest: they do what they are for."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from .conftest import Host

NAME = "nctmore"

DEFINITION = f"""
{{
  containers.{NAME} = {{
    autoStart = true;
    privateNetwork = true;
    hostAddress = "10.213.61.1";
    localAddress = "10.213.61.2";
    config = {{ pkgs, ... }}: {{
      system.stateVersion = "24.11";
      services.openssh.enable = true;
      services.fail2ban = {{ enable = true; jails.own = {{ filter.Definition.failregex = "bad <HOST>"; settings.port = "99"; }}; }};
      services.postgresql = {{ enable = true; ensureDatabases = [ "shop" ]; }};
      services.postgresqlBackup = {{ enable = true; databases = [ "shop" ]; }};
      services.restic.backups.etc = {{
        paths = [ "/srv/site" ];
        repository = "/srv/backup";
        passwordFile = "${{pkgs.writeText "password" "secret"}}";
        initialize = true;
        pruneOpts = [ "--keep-last 1" ];
      }};
      services.rsyncd = {{ enable = true; settings.sections.site.path = "/srv/site"; }};
      services.gitDaemon = {{ enable = true; basePath = "/srv/git"; exportAll = true; }};
      systemd.tmpfiles.rules = [ "d /srv/git 0755 git git -" "d /srv/site 0755 - - -" "f /srv/site/page 0644 - - - hello" ];
    }};
  }};
}}
"""


@pytest.fixture(scope="module")
def services(host: Host) -> Host:
    host.define(DEFINITION)
    host.switch()
    return host


def test_everything_is_up(services: Host) -> None:
    assert services.inside(NAME, "systemctl", "is-system-running", "--wait").strip() == "running"


def test_fail2ban_watches_ssh_and_locks_out_by_the_packet_filter(services: Host) -> None:
    assert "own, sshd" in services.inside(NAME, "fail2ban-client", "status")
    services.inside(NAME, "fail2ban-client", "set", "own", "banip", "192.0.2.9")
    assert "192.0.2.9" in services.inside(NAME, "nft", "list", "ruleset")


def test_a_database_is_dumped(services: Host, tmp_path: Path) -> None:
    services.inside(NAME, "systemctl", "start", "postgresqlBackup-shop")
    services.run("cp", f"{NAME}:/var/backup/postgresql/shop.sql.gz", str(tmp_path))
    assert "CREATE DATABASE shop" in gzip.decompress((tmp_path / "shop.sql.gz").read_bytes()).decode()


def test_a_backup_brings_files_back(services: Host) -> None:
    services.inside(NAME, "systemctl", "start", "restic-backups-etc")
    services.inside(NAME, "systemctl", "start", "restic-backups-etc")
    services.inside(NAME, "restic-etc", "restore", "latest", "--target", "/tmp/back")
    assert services.inside(NAME, "cat", "/tmp/back/srv/site/page") == "hello"
    assert "\n1 snapshots" in services.inside(NAME, "restic-etc", "snapshots")


def test_rsync_and_git_serve(services: Host) -> None:
    assert "page" in services.inside(NAME, "rsync", "rsync://127.0.0.1/site/")
    git = "git init -q --bare /srv/git/x.git && git ls-remote git://127.0.0.1/x.git && echo served"
    assert services.inside(NAME, "sh", "-c", git) == "served\n"


def test_timers_run_them_regularly(services: Host) -> None:
    timers = services.inside(NAME, "systemctl", "list-timers", "--no-pager")
    assert "restic-backups-etc.timer" in timers and "postgresqlBackup-shop.timer" in timers
