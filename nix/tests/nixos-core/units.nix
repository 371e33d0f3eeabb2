# systemd.services and its siblings as unit files.
{ lib }:
let
  inherit (import ./support/eval.nix { inherit lib; }) configOf failures serviceLines unit unitLines warnings;
  has = line: list: builtins.elem line list;
  row = name: module: (configOf { systemd = module; }).systemd.units.${name};
  defaultPath = "/run/current-system/sw/bin:/run/current-system/sw/sbin";
in
{
  "a description and an order" = {
    expr = serviceLines {
      description = "X";
      after = [ "a.service" "b.target" ];
      serviceConfig.ExecStart = "/x";
      enableDefaultPath = false;
    };
    expected = [ "[Unit]" "After=a.service b.target" "Description=X" "[Service]" "ExecStart=/x" ];
  };
  "every kind of dependency has its line" = {
    expr = lib.take 11 (lib.tail (serviceLines {
      after = [ "a.service" ];
      before = [ "b.service" ];
      bindsTo = [ "c.service" ];
      conflicts = [ "d.service" ];
      onFailure = [ "e.service" ];
      onSuccess = [ "f.service" ];
      partOf = [ "g.service" ];
      requires = [ "h.service" ];
      requisite = [ "i.service" ];
      upholds = [ "j.service" ];
      wants = [ "k.service" ];
    }));
    expected = [
      "After=a.service" "Before=b.service" "BindsTo=c.service" "Conflicts=d.service" "OnFailure=e.service" "OnSuccess=f.service"
      "PartOf=g.service" "Requires=h.service" "Requisite=i.service" "Upholds=j.service" "Wants=k.service"
    ];
  };
  "unitConfig adds to what options say" = {
    expr = lib.filter (lib.hasPrefix "After=") (serviceLines { after = [ "a.service" ]; unitConfig.After = [ "b.service" ]; });
    expected = [ "After=a.service" "After=b.service" ];
  };
  "unitConfig has the last word on a description" = {
    expr = has "Description=own" (serviceLines { description = "x"; unitConfig.Description = "own"; });
    expected = true;
  };
  "truth is written true and false" = {
    expr = lib.filter (lib.hasInfix "=") (serviceLines {
      enableDefaultPath = false;
      serviceConfig = { A = true; B = false; C = 3; D = [ "x" "y" ]; };
    });
    expected = [ "A=true" "B=false" "C=3" "D=x" "D=y" ];
  };
  "lists of several definitions are joined, the later one first, as modules are" = {
    expr = lib.filter (lib.hasPrefix "ExecStartPre=") (unitLines "x.service" {
      services.x = lib.mkMerge [ { serviceConfig.ExecStartPre = [ "/a" ]; } { serviceConfig.ExecStartPre = "/b"; } ];
    });
    expected = [ "ExecStartPre=/b" "ExecStartPre=/a" ];
  };
  "two different single values are a conflict" = {
    expr = unit "x.service" { services.x = lib.mkMerge [ { serviceConfig.User = "a"; } { serviceConfig.User = "b"; } ]; };
    error = [ "systemd.services.x.serviceConfig.User" "conflicting definition" ];
  };
  "the system's programs are in the path" = {
    expr = has ''Environment="PATH=${defaultPath}"'' (serviceLines { });
    expected = true;
  };
  "packages of `path` come before them, programs before administration" = {
    expr = lib.filter (lib.hasPrefix "Environment=") (serviceLines { path = [ "/opt/x" ]; });
    expected = [ ''Environment="PATH=/opt/x/bin:/run/current-system/sw/bin:/opt/x/sbin:/run/current-system/sw/sbin"'' ];
  };
  "no path at all" = {
    expr = lib.filter (lib.hasPrefix "Environment=") (serviceLines { enableDefaultPath = false; });
    expected = [ ];
  };
  "a path of one's own wins" = {
    expr = lib.filter (lib.hasPrefix "Environment=") (serviceLines { environment.PATH = "/mine"; });
    expected = [ ''Environment="PATH=/mine"'' ];
  };
  "variables are quoted, null ones left out" = {
    expr = lib.filter (lib.hasPrefix "Environment=") (serviceLines {
      enableDefaultPath = false;
      environment = { A = "say \"hi\""; B = null; };
    });
    expected = [ ''Environment="A=say \"hi\""'' ];
  };
  "global variables reach every service, and can be overridden" = {
    expr = lib.filter (lib.hasPrefix "Environment=") (unitLines "x.service" {
      globalEnvironment = { TZ = "CET"; Y = "1"; };
      services.x = { enableDefaultPath = false; environment.Y = "2"; };
    });
    expected = [ ''Environment="TZ=CET"'' ''Environment="Y=2"'' ];
  };
  "a path is a file of the store, and is copied there" = {
    expr = map (line: builtins.match "Environment=\"[ABC]=${builtins.storeDir}/[a-z0-9]+-etc.nix\"" line) (lib.filter (lib.hasPrefix "Environment=") (unitLines "x.service" {
      globalEnvironment.A = ./etc.nix;
      services.x = { enableDefaultPath = false; environment.B = ./etc.nix; };
    }));
    expected = [ [ ] [ ] ];
  };
  "a path that is text stays one" = {
    expr = has ''Environment="A=/etc/x"'' (serviceLines { environment.A = "/etc/x"; });
    expected = true;
  };
  "a long variable is none of our business" = {
    expr = builtins.stringLength (lib.last (serviceLines { enableDefaultPath = false; environment.LONG = lib.concatStrings (lib.replicate 100000 "x"); }));
    expected = 100000 + builtins.stringLength ''Environment="LONG="'';
  };
  "a variable that systemd would cut off is refused" = {
    expr = serviceLines { environment.LONG = lib.concatStrings (lib.replicate 1048576 "x"); };
    error = "The value of the environment variable ‘LONG’ in systemd service ‘x.service’ is too long.";
  };
  "a script becomes a program, with its arguments" = {
    expr = builtins.match "/nix/store/.*-unit-script-x-start/bin/x-start --flag"
      (configOf { systemd.services.x = { script = "echo"; scriptArgs = "--flag"; }; }).systemd.services.x.serviceConfig.ExecStart;
    expected = [ ];
  };
  "preStart stands before what serviceConfig has" = {
    expr = map (line: if lib.hasInfix "pre-start" line then "script" else line) (lib.filter (lib.hasPrefix "ExecStartPre=") (unitLines "x.service" {
      services.x = { preStart = "echo"; serviceConfig.ExecStartPre = lib.mkBefore [ "/first" ]; };
    }));
    expected = [ "ExecStartPre=/first" "script" ];
  };
  "characters of templates do not get into names of scripts" = {
    expr = lib.hasSuffix "-unit-script-x--start/bin/x--start"
      (configOf { systemd.services."x@" = { script = "echo"; }; }).systemd.services."x@".serviceConfig.ExecStart;
    expected = true;
  };
  "what a switch must know is in the unit" = {
    expr = lib.filter (lib.hasPrefix "X-") (serviceLines { restartIfChanged = false; stopIfChanged = false; notSocketActivated = true; });
    expected = [ "X-RestartIfChanged=false" "X-StopIfChanged=false" "X-NotSocketActivated=true" ];
  };
  "reloading hides the wish not to restart" = {
    expr = lib.filter (lib.hasPrefix "X-") (serviceLines { restartIfChanged = false; reloadIfChanged = true; });
    expected = [ "X-ReloadIfChanged=true" ];
  };
  "equal triggers give equal units" = {
    expr = serviceLines { restartTriggers = [ "a" ]; } == serviceLines { restartTriggers = [ "a" ]; };
    expected = true;
  };
  "a trigger that changes changes the unit" = {
    expr = serviceLines { restartTriggers = [ "a" ]; } == serviceLines { restartTriggers = [ "b" ]; };
    expected = false;
  };
  "a trigger with line breaks does not break the unit" = {
    expr = builtins.length (lib.filter (lib.hasPrefix "X-Restart-Triggers=") (serviceLines { restartTriggers = [ "a\nb" { c = 1; } ]; }));
    expected = 1;
  };
  "start limits are only there when set" = {
    expr = lib.filter (lib.hasPrefix "StartLimit") (serviceLines { startLimitBurst = 3; });
    expected = [ "StartLimitBurst=3" ];
  };
  "startAt makes a timer" = {
    expr = {
      text = unitLines "x.timer" { services.x.startAt = "daily"; };
      wanted = (row "x.timer" { services.x.startAt = "daily"; }).wantedBy;
    };
    expected = { text = [ "[Unit]" "[Timer]" "OnCalendar=daily" ]; wanted = [ "timers.target" ]; };
  };
  "a service that is switched off has no timer" = {
    expr = (configOf { systemd.services.x = { startAt = "daily"; enable = false; }; }).systemd.units ? "x.timer";
    expected = false;
  };
  "sockets" = {
    expr = unitLines "x.socket" { sockets.x = { listenStreams = [ "80" ]; listenDatagrams = [ "53" ]; socketConfig.Accept = true; }; };
    expected = [ "[Unit]" "[Socket]" "ListenStream=80" "ListenDatagram=53" "Accept=true" ];
  };
  "mounts are named after their place" = {
    expr = unitLines "var-my\\x20data.mount" { mounts = [ { what = "tmpfs"; where = "/var/my data"; type = "tmpfs"; options = "size=1m"; } ]; };
    expected = [ "[Unit]" "[Mount]" "Options=size=1m" "Type=tmpfs" "What=tmpfs" "Where=/var/my data" ];
  };
  "automounts too" = {
    expr = unitLines "data.automount" { automounts = [ { where = "/data"; automountConfig.TimeoutIdleSec = 60; } ]; };
    expected = [ "[Unit]" "[Automount]" "TimeoutIdleSec=60" "Where=/data" ];
  };
  "slices, paths, timers" = {
    expr = [
      (unitLines "a.slice" { slices.a.sliceConfig.MemoryMax = "1G"; })
      (unitLines "b.path" { paths.b.pathConfig.PathExists = "/b"; })
      (unitLines "c.timer" { timers.c.timerConfig.OnBootSec = "5m"; })
    ];
    expected = [
      [ "[Unit]" "[Slice]" "MemoryMax=1G" ]
      [ "[Unit]" "[Path]" "PathExists=/b" ]
      [ "[Unit]" "[Timer]" "OnBootSec=5m" ]
    ];
  };
  "a finished text is taken as it is" = {
    expr = unit "y.service" { units."y.service".text = "[Service]\nExecStart=/y\n"; };
    expected = "[Service]\nExecStart=/y\n";
  };
  "a service without a program is only a fragment" = {
    expr = [
      (row "x.service" { services.x.serviceConfig.Nice = 3; }).complete
      (row "x.service" { services.x.serviceConfig.ExecStart = "/x"; }).complete
      (row "x.service" { services.x.script = "true"; }).complete
    ];
    expected = [ false true true ];
  };
  "names of units are checked" = {
    expr = (row "x.service" { services.x.wantedBy = [ "multi-user" ]; }).wantedBy;
    error = [ "systemd.services.x.wantedBy" "multi-user" ];
  };
  "a oneshot that restarts forever is warned of" = {
    expr = lib.filter (lib.hasInfix "oneshot") (warnings { systemd.services.x.serviceConfig = { Type = "oneshot"; Restart = "always"; }; });
    expected = [ "Service 'x.service' with 'Type=oneshot' cannot have 'Restart=always' or 'Restart=on-success'" ];
  };
  "the default target can be another one" = {
    expr = lib.hasInfix "link\tdefault.target\trescue.target\n" (configOf { systemd.defaultUnit = "rescue.target"; }).system.build.units.table;
    expected = true;
  };
  "a masked unit comes back by a definition" = {
    expr = map (lib.hasInfix "mask\tconsole-getty.service\n") [
      (configOf { }).system.build.units.table
      (configOf { systemd.services.console-getty.wantedBy = [ "getty.target" ]; }).system.build.units.table
    ];
    expected = [ true false ];
  };
  "units of users have a directory of their own" = {
    expr = lib.hasInfix "unit\tu.service\t1" (configOf { systemd.user.services.u.script = "true"; }).environment.etc."systemd/user".source.table;
    expected = true;
  };
}
