# `systemd.user.*`: units of the users' own service managers, in /etc/systemd/user.
{ config, lib, utils, ... }:

let
  inherit (lib) mapAttrsToList mkOption types;
  inherit (utils) systemdUtils;
  cfg = config.systemd.user;
  text = systemdUtils.lib;

  units = type: mkOption {
    inherit type;
    default = { };
    description = "Units of users' managers.";
  };
  byName = ending: toUnit: set: builtins.listToAttrs (
    mapAttrsToList (name: unit: {
      name = "${name}.${ending}";
      value = toUnit unit;
    }) set
  );
  withTimers = lib.filterAttrs (_: service: service.enable && service.startAt != [ ]) cfg.services;
in
{
  options.systemd.user = {
    units = units systemdUtils.types.units;
    services = units systemdUtils.types.services;
    sockets = units systemdUtils.types.sockets;
    timers = units systemdUtils.types.timers;
    targets = units systemdUtils.types.targets;
    paths = units systemdUtils.types.paths;
    slices = units systemdUtils.types.slices;
    extraConfig = mkOption {
      type = types.lines;
      default = "";
      description = "Lines for the `[Manager]` section of {file}`/etc/systemd/user.conf`.";
    };
    generators = mkOption {
      type = types.attrsOf types.path;
      default = { };
      description = "Generators of users' managers, by name.";
    };
    additionalUpstreamUserUnits = mkOption {
      type = types.listOf types.str;
      default = [ ];
      description = "Accepted for compatibility: all units of the systemd package are present.";
    };
  };

  config = {
    systemd.user.units =
      # Users' managers start with the system's path already; nothing global is added.
      byName "service" (text.serviceToUnit { }) cfg.services
      // byName "socket" text.socketToUnit cfg.sockets
      // byName "timer" text.timerToUnit cfg.timers
      // byName "target" text.targetToUnit cfg.targets
      // byName "path" text.pathToUnit cfg.paths
      // byName "slice" text.sliceToUnit cfg.slices;

    systemd.user.timers = lib.mapAttrs (_: service: {
      wantedBy = [ "timers.target" ];
      timerConfig.OnCalendar = service.startAt;
    }) withTimers;

    environment.etc = {
      "systemd/user.conf".text = ''
        [Manager]
        ${cfg.extraConfig}
      '';
    }
    // lib.optionalAttrs (cfg.units != { } || config.systemd.packages != [ ]) {
      "systemd/user".source = text.generateUnits {
        type = "user";
        inherit (cfg) units;
        inherit (config.systemd) packages;
        path = config.system.path;
      };
    }
    // lib.mapAttrs' (name: source: lib.nameValuePair "systemd/user-generators/${name}" { inherit source; }) cfg.generators;
  };
}
