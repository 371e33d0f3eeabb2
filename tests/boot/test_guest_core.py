"""Inside a guest: units, accounts, /etc, activation snippets, and a switch to another system while it runs.

What a switch decides is tested as a table (tests/nix/test_guest_switch.py); here systemd carries it out.
"""

from __future__ import annotations

import pytest

from .conftest import Host

NAME = "nctcore"

DEFINITION = """
{ ... }: {
  containers.nctcore = {
    autoStart = true;
    privateNetwork = true;
    config = { pkgs, lib, ... }: let
      sleeper = more: lib.mkMerge [ { wantedBy = [ "multi-user.target" ]; script = "exec sleep 1000"; environment.X = lib.mkDefault "1"; } more ];
      changed = { environment.X = "2"; };
    in {
      system.stateVersion = "24.11";
      systemd.services = {
        plain = sleeper { };
        reloaded = sleeper { reloadIfChanged = true; reload = "echo $X > /run/reloaded"; };
        kept = sleeper { restartIfChanged = false; };
        gone = sleeper { };
        early = sleeper { before = [ "plain.service" ]; unitConfig.DefaultDependencies = false; };
      };
      systemd.timers.never = { wantedBy = [ "timers.target" ]; timerConfig.OnCalendar = "2099-01-01"; };
      systemd.services.never.script = "true";
      systemd.tmpfiles.rules = [ "d /var/lib/made 0750 alice users -" ];
      users.users.alice = { isNormalUser = true; linger = true; initialPassword = "hunter2"; packages = [ pkgs.hello ]; };
      users.users.bob = { isNormalUser = true; uid = 1500; };
      systemd.user.services.mine = { wantedBy = [ "default.target" ]; script = "exec sleep 1000"; };
      environment.etc."check".text = "one";
      environment.etc."copied" = { text = "copy"; mode = "0640"; group = "users"; };
      environment.variables.GREETING = "hello there";
      fileSystems."/cache" = { fsType = "tmpfs"; options = [ "size=1m" ]; };
      boot.kernel.sysctl = { "net.ipv4.ip_forward" = 1; "kernel.panic" = 7; };
      system.activationScripts.array = { deps = [ "etc" ]; text = ''words=(a b c); [[ ''${words[2]} == c ]] && cat /etc/check > /run/array''; };
      system.activationScripts.failing = "false";
      system.activationScripts.action = "echo $NIXOS_ACTION > /run/action";
      system.userActivationScripts.failing = "false";
      system.userActivationScripts.late = { deps = [ "mark" ]; text = "test -e $XDG_RUNTIME_DIR/activated && touch $XDG_RUNTIME_DIR/late"; };
      system.userActivationScripts.mark = "date +%s%N > $XDG_RUNTIME_DIR/activated";
      specialisation.other.configuration = {
        systemd.services = {
          plain = changed;
          reloaded = changed;
          kept = changed;
          gone.enable = false;
          fresh = sleeper { };
        };
        environment.etc."check".text = lib.mkForce "two";
        environment.etc."copied".enable = false;
        users.users.bob.enable = false;
      };
      specialisation.broken.configuration.systemd.services.broken = {
        wantedBy = [ "multi-user.target" ];
        serviceConfig.Type = "oneshot";
        script = "exit 3";
      };
    };
  };
}
"""


@pytest.fixture(scope="module")
def guest(host: Host) -> Host:
    host.define(DEFINITION)
    host.switch()
    host.inside(NAME, "systemctl", "is-system-running", "--wait")
    return host


def sh(guest: Host, script: str) -> str:
    return guest.inside(NAME, "bash", "-c", script).strip()


def system(guest: Host, *, name: str = "") -> str:
    return sh(guest, "readlink -f /run/booted-system" + (f"/specialisation/{name}" if name else ""))


def test_everything_declared_runs(guest: Host) -> None:
    assert sh(guest, "systemctl is-system-running") == "running"
    assert sh(guest, "systemctl is-active plain reloaded kept gone early never.timer").split() == ["active"] * 6


def test_accounts_and_homes(guest: Host) -> None:
    assert sh(guest, "getent passwd alice") == "alice:x:1000:100::/home/alice:/bin/bash"
    assert sh(guest, "stat -c '%U %a' /home/alice /var/lib/made").splitlines() == ["alice 700", "alice 750"]
    assert sh(guest, "su -l alice -c hello") == "Hello, world!"


def test_units_of_a_lingering_user(guest: Host) -> None:
    assert sh(guest, "systemctl is-active user@1000.service") == "active"
    assert sh(guest, "su alice -s /bin/sh -c 'XDG_RUNTIME_DIR=/run/user/1000 systemctl --user is-active mine'") == "active"


def test_snippets_of_users_run_in_order_and_a_failing_one_is_named(guest: Host) -> None:
    assert sh(guest, "ls /run/user/1000/activated /run/user/1000/late").split() == ["/run/user/1000/activated", "/run/user/1000/late"]
    # By user and not by unit: the journal learns a user's unit from the process, which has often ended by then.
    said = sh(guest, "journalctl --quiet --no-pager --output=cat _UID=1000")
    assert "Activation script snippet 'failing' failed (1)" in said


def test_files_variables_mounts_and_kernel_settings(guest: Host) -> None:
    assert sh(guest, "cat /etc/check; echo; stat -c '%G %a' /etc/copied").splitlines() == ["one", "users 640"]
    assert sh(guest, "bash -lc 'echo $GREETING'") == "hello there"
    assert sh(guest, "stat -f -c %T /cache") == "tmpfs"
    assert sh(guest, "cat /proc/sys/net/ipv4/ip_forward") == "1"


def test_snippets_are_bash_and_a_failing_one_stops_nothing(guest: Host) -> None:
    assert sh(guest, "cat /run/array") == "one"


def test_a_dry_run_says_what_would_happen(guest: Host) -> None:
    said = guest.run("run", NAME, "--", f"{system(guest, name='other')}/bin/switch-to-configuration", "dry-activate")
    lines = (said.stdout + said.stderr).splitlines()
    assert "would stop the following units: gone.service, plain.service" in lines
    assert "would NOT stop the following changed units: kept.service" in lines
    assert "would reload the following units: reloaded.service" in lines
    assert "would start the following units: plain.service" in lines
    assert "would remove user ‘bob’" in lines
    assert sh(guest, "cat /etc/check; systemctl is-active gone") == "oneactive"


def test_a_switch_does_it_and_back(guest: Host) -> None:
    booted, other = system(guest), system(guest, name="other")
    before = sh(guest, "systemctl show -p MainPID --value early kept reloaded")
    activated = sh(guest, "cat /run/user/1000/activated")
    done = guest.run("run", NAME, "--", f"{other}/bin/switch-to-configuration", "test")
    # 2: the snippet that fails on purpose.
    assert done.returncode == 2, done.stdout + done.stderr
    assert "Activation script snippet 'failing' failed (1)" in done.stdout + done.stderr
    assert "the following new units were started: fresh.service" in done.stdout + done.stderr
    assert sh(guest, "cat /etc/check") == "two" and sh(guest, "readlink /run/current-system") == other
    assert sh(guest, "systemctl is-active plain kept fresh").split() == ["active"] * 3
    assert guest.run("run", NAME, "--", "systemctl", "is-active", "gone").stdout.strip() in ("inactive", "failed")
    assert sh(guest, "systemctl show -p MainPID --value early kept reloaded") == before
    assert sh(guest, "tr '\\0' '\\n' < /proc/$(systemctl show -p MainPID --value plain)/environ | grep ^X=") == "X=2"
    assert sh(guest, "cat /run/reloaded") == "2"
    assert sh(guest, "cat /run/action") == "test"
    assert "reloading user units for alice..." in done.stdout + done.stderr
    assert sh(guest, "cat /run/user/1000/activated") != activated
    assert guest.run("run", NAME, "--", "test", "-e", "/etc/copied").returncode == 1
    assert guest.run("run", NAME, "--", "getent", "passwd", "bob").returncode == 2

    done = guest.run("run", NAME, "--", f"{booted}/bin/switch-to-configuration", "switch")
    assert done.returncode == 2, done.stdout + done.stderr
    assert sh(guest, "cat /etc/check; systemctl is-active gone") == "oneactive"
    assert sh(guest, "getent passwd bob") == "bob:x:1500:100::/home/bob:/bin/bash"


def test_a_unit_that_fails_is_named_with_its_status(guest: Host) -> None:
    done = guest.run("run", NAME, "--", f"{system(guest, name='broken')}/bin/switch-to-configuration", "test")
    assert done.returncode == 4
    assert "warning: the following units failed: broken.service" in done.stdout + done.stderr
    assert "code=exited, status=3" in done.stdout + done.stderr
    guest.run("run", NAME, "--", f"{system(guest)}/bin/switch-to-configuration", "test")


def test_two_switches_at_once_do_not_mix(guest: Host) -> None:
    switch = f"{system(guest)}/bin/switch-to-configuration test"
    said = sh(guest, f"{switch} >/tmp/a 2>&1 & {switch} >/tmp/b 2>&1; wait; cat /tmp/a /tmp/b")
    assert said.count("activating the configuration...") + said.count("Could not acquire lock") == 2


def test_the_hosts_switch_says_that_a_snippet_failed_and_is_done(guest: Host) -> None:
    guest.define(DEFINITION.replace('environment.etc."check".text = "one"', 'environment.etc."check".text = "new"'))
    said = guest.fail("switch", "-c", str(guest.definition))
    assert f"container ‘{NAME}’ runs its new system, but snippets of its activation failed" in said
    assert sh(guest, "cat /etc/check") == "new"
    assert "nothing to do" in guest.switch().stderr


def test_a_restart_finds_everything_again(guest: Host) -> None:
    identity = sh(guest, "cat /etc/machine-id")
    sh(guest, "echo mine > /etc/mine")
    guest.succeed("restart", NAME)
    assert sh(guest, "systemctl is-system-running --wait") == "running"
    assert sh(guest, "cat /etc/machine-id /etc/mine").splitlines() == [identity, "mine"]
    assert int(sh(guest, "journalctl --list-boots --no-pager | wc -l")) >= 2
