"""What a switch inside a guest does to units of every kind, as NixOS documents it: one guest, one switch, one table.

The decisions alone are a table in tests/nix/test_guest_switch.py; accounts, files and users' units are in test_guest_core.py.
"""

from __future__ import annotations

import re
import subprocess

import pytest

from .conftest import Host

NAME = "nctunits"

DEFINITION = """
{ ... }: {
  containers.nctunits = {
    autoStart = true;
    privateNetwork = true;
    config = { pkgs, lib, ... }: let
      sleeper = more: lib.mkMerge [
        {
          wantedBy = [ "multi-user.target" ];
          serviceConfig.ExecStart = "/usr/bin/sleep 10000";
          serviceConfig.ExecReload = "/usr/bin/touch /run/reloaded-%n";
          environment.X = lib.mkDefault "1";
        }
        more
      ];
      changed = { environment.X = "2"; };
      order = name: deps: { inherit deps; text = "echo ${name} >> /run/order"; };
    in {
      system.stateVersion = "24.11";
      systemd.services = {
        staying = sleeper { };
        worded = sleeper { };
        changed = sleeper { };
        once = sleeper { stopIfChanged = false; };
        kept = sleeper { restartIfChanged = false; };
        reloaded = sleeper { reloadIfChanged = true; };
        reload-trigger = sleeper { reloadTriggers = [ "one" ]; };
        restart-trigger = sleeper { restartTriggers = [ "one" ]; };
        manual = sleeper { unitConfig.X-OnlyManualStart = true; };
        unstoppable = sleeper { unitConfig.RefuseManualStop = true; };
        called = sleeper { wantedBy = lib.mkForce [ ]; };
        uncalled = sleeper { notSocketActivated = true; };
        "many@" = sleeper { wantedBy = lib.mkForce [ ]; };
        "many@a" = { overrideStrategy = "asDropin"; wantedBy = [ "multi-user.target" ]; };
        "many@b" = { overrideStrategy = "asDropin"; wantedBy = [ "multi-user.target" ]; };
        asked = sleeper { };
        asked-reload = sleeper { };
        asked-kept = sleeper { restartIfChanged = false; };
        asleep = { serviceConfig.ExecStart = "/usr/bin/sleep 10000"; };
        unfinished = { serviceConfig.ExecStart = "/usr/bin/sleep 10000"; };
        follows = sleeper { reloadIfChanged = true; requires = [ "changed.service" ]; after = [ "changed.service" ]; };
        early = {
          wantedBy = [ "sysinit.target" ]; requiredBy = [ "sysinit-reactivation.target" ];
          before = [ "sysinit-reactivation.target" "systemd-tmpfiles-resetup.service" ];
          unitConfig.DefaultDependencies = false;
          serviceConfig = { Type = "oneshot"; RemainAfterExit = true; };
          environment.X = lib.mkDefault "1";
          script = "mkdir -p /run/early-$X";
        };
        member = sleeper { wantedBy = lib.mkForce [ "group.target" ]; partOf = [ "group.target" ]; };
        timed.script = "true";
        pathed.script = "true";
      };
      systemd.sockets = lib.genAttrs [ "called" "uncalled" ] (name: {
        wantedBy = [ "sockets.target" ];
        listenStreams = [ "/run/${name}.sock" ];
      });
      systemd.timers.timed = { wantedBy = [ "timers.target" ]; timerConfig.OnCalendar = lib.mkDefault "2098-01-01"; };
      systemd.paths.pathed = { wantedBy = [ "paths.target" ]; pathConfig.PathExists = lib.mkDefault "/nowhere"; };
      systemd.slices.small = { wantedBy = [ "multi-user.target" ]; description = lib.mkDefault "one"; };
      systemd.targets.group = { wantedBy = [ "multi-user.target" ]; unitConfig.X-StopOnReconfiguration = true; };
      systemd.mounts = [ {
        where = "/remounted"; what = "tmpfs"; type = "tmpfs"; wantedBy = [ "local-fs.target" ]; options = "size=1m";
      } ];
      system.switch.inhibitors = lib.mkDefault [ (pkgs.writeText "inhibitor" "one") ];
      system.preSwitchChecks.look = ''echo "$(basename "$1") $2" > /run/checked'';
      system.activationScripts = {
        c-first = order "first" [ ];
        a-third = order "third" [ "b-second" ];
        b-second = order "second" [ "c-first" ];
        words = "echo words >> /run/order";
        requests = {
          supportsDryActivation = true;
          text = ''
            prefix=/run/nixos/activation
            if [ "$NIXOS_ACTION" = dry-activate ]; then prefix=/run/nixos/dry-activation; fi
            printf '%s\\n' asked.service asked-kept.service asleep.service >> $prefix-restart-list
            echo asked-reload.service >> $prefix-reload-list
          '';
        };
      };

      specialisation.next.configuration = {
        systemd.services = {
          worded = { description = "other words"; documentation = [ "man:true(1)" ]; onFailure = [ "staying.service" ]; };
          changed = changed; once = changed; kept = changed; reloaded = changed; manual = changed; unstoppable = changed;
          called = changed; uncalled = changed; "many@" = changed; follows = changed; early = changed;
          reload-trigger.reloadTriggers = lib.mkForce [ "two" ];
          restart-trigger.restartTriggers = lib.mkForce [ "two" ];
          fresh = sleeper { };
        };
        systemd.timers.timed.timerConfig.OnCalendar = "2099-01-01";
        systemd.paths.pathed.pathConfig.PathExists = "/elsewhere";
        systemd.slices.small = { description = "two"; sliceConfig.CPUWeight = 50; };
        systemd.mounts = lib.mkForce [
          { where = "/remounted"; what = "tmpfs"; type = "tmpfs"; wantedBy = [ "local-fs.target" ]; options = "size=2m"; }
          { where = "/new"; what = "tmpfs"; type = "tmpfs"; wantedBy = [ "local-fs.target" ]; }
        ];
        systemd.tmpfiles.rules = [ "d /run/early-2/made 0755 root root -" ];
      };
      specialisation.before.configuration.systemd.services = {
        removed = sleeper { };
        outliving = sleeper { unitConfig.X-StopOnRemoval = false; };
      };
      specialisation.inhibited.configuration.system.switch.inhibitors = [ (pkgs.writeText "inhibitor" "two") ];
      specialisation.alone = { inheritParentConfig = false; configuration.system.stateVersion = "24.11"; };
    };
  };
}
"""

# Unit -> what became of it: same, restarted, reloaded (and the same), started, stopped.
TABLE = {
    "staying.service": "same",
    "worded.service": "same",
    "changed.service": "restarted",
    "once.service": "restarted",
    "kept.service": "same",
    "reloaded.service": "reloaded",
    "reload-trigger.service": "reloaded",
    "restart-trigger.service": "restarted",
    "manual.service": "same",
    "unstoppable.service": "same",
    "called.socket": "restarted",
    "called.service": "stopped",
    "uncalled.socket": "restarted",
    "uncalled.service": "restarted",
    "many@a.service": "restarted",
    "many@b.service": "restarted",
    "asked.service": "restarted",
    "asked-reload.service": "reloaded",
    "asked-kept.service": "same",
    "asleep.service": "started",
    "unfinished.service": "started",
    "follows.service": "restarted",
    "early.service": "restarted",
    "group.target": "restarted",
    "member.service": "restarted",
    "timed.timer": "restarted",
    "pathed.path": "same",
    "small.slice": "same",
    "remounted.mount": "same",
    "new.mount": "started",
    "fresh.service": "started",
    "removed.service": "stopped",
    "outliving.service": "same",
    "multi-user.target": "same",
}
STOPPED = (
    "called.service, called.socket, changed.service, early.service, many@a.service, many@b.service, removed.service, "
    "restart-trigger.service, uncalled.service, uncalled.socket"
)
SKIPPED = "kept.service, manual.service, unstoppable.service"


@pytest.fixture(scope="module")
def guest(host: Host) -> Host:
    host.define(DEFINITION)
    host.switch()
    host.inside(NAME, "systemctl", "is-system-running", "--wait")
    return host


def sh(guest: Host, script: str) -> str:
    return guest.inside(NAME, "bash", "-c", script).strip()


def switch(guest: Host, variant: str, verb: str, *, env: str = "A=b") -> subprocess.CompletedProcess[str]:
    system = "/run/booted-system" + (f"/specialisation/{variant}" if variant else "")
    done = guest.run("run", NAME, "--", "env", env, f"{system}/bin/switch-to-configuration", verb)
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout, done.stdout + done.stderr)


def listed(said: str, heading: str) -> str:
    return next((line.partition(": ")[2] for line in said.splitlines() if line.startswith(f"{heading}: ")), "")


def states(guest: Host) -> dict[str, tuple[str, str]]:
    """Unit -> state, and the mark of its present run."""
    shown = sh(guest, f"systemctl show --property=Id,ActiveState,InvocationID {' '.join(TABLE)}")
    blocks = (dict(line.partition("=")[::2] for line in block.splitlines()) for block in shown.split("\n\n"))
    return {block["Id"]: (block["ActiveState"], block.get("InvocationID", "")) for block in blocks}


def fate(before: tuple[str, str], after: tuple[str, str]) -> str:
    running = tuple(state == "active" for state, _ in (before, after))
    if running == (True, True):
        return "same" if before == after else "restarted"
    return {(True, False): "stopped", (False, True): "started", (False, False): "down"}[running]


def test_snippets_run_in_the_order_of_their_dependencies(guest: Host) -> None:
    ran = sh(guest, "cat /run/order").split()
    assert [word for word in ran if word != "words"] == ["first", "second", "third"] and "words" in ran


def test_boot_and_check_touch_nothing(guest: Host) -> None:
    before = states(guest)
    for verb in ("check", "boot"):
        assert switch(guest, "next", verb).returncode == 0
        assert re.fullmatch(rf"[a-z0-9]{{32}}-nixos-system-{NAME}-\S+ {verb}", sh(guest, "cat /run/checked"))
    assert states(guest) == before
    assert sh(guest, "readlink -f /run/current-system") == sh(guest, "readlink -f /run/booted-system")
    assert switch(guest, "next", "nonsense").returncode == 1


def test_what_must_not_differ_refuses_the_switch(guest: Host) -> None:
    for verb in ("switch", "test"):
        done = switch(guest, "inhibited", verb)
        assert done.returncode == 1 and "system.switch.inhibitors" in done.stderr and "Pre-switch checks failed" in done.stderr
    assert switch(guest, "inhibited", "boot").returncode == 0
    assert switch(guest, "inhibited", "dry-activate", env="NIXOS_NO_CHECK=1").returncode == 0


def test_a_variant_of_its_own_has_nothing_of_the_system_but_its_name(guest: Host) -> None:
    alone = "/run/booted-system/specialisation/alone"
    assert sh(guest, f"test -e {alone}/etc/systemd/system/staying.service || echo none") == "none"
    assert sh(guest, f"cat {alone}/etc/hostname") == NAME


def test_a_switch_treats_every_unit_as_nixos_does(guest: Host) -> None:
    assert switch(guest, "before", "test").returncode == 0
    # A switch that was interrupted had left this for the next one.
    sh(guest, "systemctl start called; systemctl stop asleep; rm -f /run/reloaded-* /run/order")
    sh(guest, "echo unfinished.service > /run/nixos/start-list")
    before = states(guest)

    said = switch(guest, "next", "dry-activate").stderr
    assert listed(said, "would stop the following units") == STOPPED
    assert listed(said, "would NOT stop the following changed units") == SKIPPED
    assert listed(said, "would restart the following units") == "asked.service, once.service, timed.timer"
    assert "asleep.service" in listed(said, "would start the following units").split(", ")
    assert "asked-reload.service" in listed(said, "would reload the following units").split(", ")
    assert states(guest) == before and sh(guest, "ls /run/nixos") == "start-list"
    assert sh(guest, "test -e /run/order || echo none") == "none", "a snippet that knows no dry run is not run"

    done = switch(guest, "next", "test")
    said = done.stderr
    assert done.returncode == 0, said
    after = states(guest)
    reloaded = {name for name in TABLE if f"/run/reloaded-{name}" in sh(guest, "ls -d /run/reloaded-*").split()}
    found = {name: "reloaded" if name in reloaded else fate(before[name], after[name]) for name in TABLE}
    assert found == TABLE

    assert listed(said, "stopping the following units") == STOPPED
    assert listed(said, "NOT restarting the following changed units") == SKIPPED
    assert (
        listed(said, "reloading the following units") == "asked-reload.service, reload-trigger.service, reloaded.service, remounted.mount"
    )
    assert listed(said, "restarting the following units") == "asked.service, once.service, timed.timer"
    started = listed(said, "starting the following units").split(", ")
    assert {"changed.service", "called.socket", "uncalled.service", "follows.service", "asleep.service", "unfinished.service"} <= set(
        started
    )
    assert not [name for name in started if name.endswith(".target")]
    assert {"fresh.service", "new.mount"} <= set(listed(said, "the following new units were started").split(", "))
    assert sh(guest, "ls -A /run/nixos") == "", "nothing is left to do"
    # Before tmpfiles, which came before everything else.
    assert sh(guest, "ls -d /run/early-2/made") == "/run/early-2/made"
    assert "size=2048k" in sh(guest, "findmnt -no OPTIONS /remounted"), "another size, without unmounting it"
    assert sh(guest, "systemctl show --value --property=CPUWeight small.slice") == "50"
    assert sh(guest, "systemctl is-system-running") == "running"

    assert switch(guest, "next", "test").stderr.count("the following units") == 2, "only what the snippet asks for, every time"
    assert switch(guest, "", "switch").returncode == 0
