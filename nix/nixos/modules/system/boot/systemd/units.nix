# `systemd.services`, `.sockets`, `.timers`, ...: the units of the system, and the directory /etc/systemd/system.
#
# Units of the guest's own systemd and of archive packages are found in /usr/lib/systemd/system and are not repeated
# here; what starts is said by `wantedBy` alone.
{ config, lib, pkgs, utils, ... }:

let
  inherit (lib) mapAttrsToList mkOption types;
  inherit (utils) systemdUtils;
  cfg = config.systemd;
  text = systemdUtils.lib;

  units = type: description: mkOption {
    inherit type description;
    default = { };
  };
  unitList = type: description: mkOption {
    inherit type description;
    default = [ ];
  };

  byName = ending: toUnit: set: builtins.listToAttrs (
    mapAttrsToList (name: unit: {
      name = "${name}.${ending}";
      value = toUnit unit;
    }) set
  );
  byMountPoint = toUnit: list: builtins.listToAttrs (
    map (unit: {
      inherit (unit) name;
      value = toUnit unit;
    }) list
  );

  # One directory for all: most systems have the same ones, so it is built once.
  links = directory: files: lib.optionalAttrs (files != { }) {
    "systemd/${directory}".source = pkgs.runCommandLocal directory { } (
      "mkdir $out\n"
      + lib.concatStrings (mapAttrsToList (name: file: "ln -s ${lib.escapeShellArg "${file}"} $out/${lib.escapeShellArg name}\n") files)
    );
  };

  withTimers = lib.filterAttrs (_: service: service.enable && service.startAt != [ ]) cfg.services;
in
{
  options.systemd = {
    package = mkOption {
      type = types.package;
      default = pkgs.systemd;
      defaultText = lib.literalExpression "pkgs.systemd";
      description = "The systemd package.";
    };

    units = units systemdUtils.types.units "Units as finished text, by full name.";
    services = units systemdUtils.types.services "Services, by name without `.service`.";
    sockets = units systemdUtils.types.sockets "Sockets, by name without `.socket`.";
    timers = units systemdUtils.types.timers "Timers, by name without `.timer`.";
    targets = units systemdUtils.types.targets "Targets, by name without `.target`.";
    paths = units systemdUtils.types.paths "Path units, by name without `.path`.";
    slices = units systemdUtils.types.slices "Slices, by name without `.slice`.";
    mounts = unitList systemdUtils.types.mounts "Mount units; their names follow from the mount points.";
    automounts = unitList systemdUtils.types.automounts "Automount units; their names follow from the mount points.";

    packages = mkOption {
      type = types.listOf types.package;
      default = [ ];
      description = ''
        Packages whose units are installed. Definitions under {option}`systemd.services` and its siblings
        extend units of the same name.
      '';
    };

    generators = mkOption {
      type = types.attrsOf types.path;
      default = { };
      example = { systemd-gpt-auto-generator = "/dev/null"; };
      description = "Generators, by name; {file}`/dev/null` switches off one that a package brings.";
    };
    shutdown = mkOption {
      type = types.attrsOf types.path;
      default = { };
      description = "Programs that run late at shutdown, by name.";
    };

    globalEnvironment = mkOption {
      type = types.attrsOf (types.nullOr (types.oneOf [ types.str types.path types.package ]));
      default = { };
      example = { TZ = "CET"; };
      description = "Environment variables of all services of the system.";
    };

    defaultUnit = mkOption {
      type = types.str;
      default = "multi-user.target";
      description = "What is started when the system starts.";
    };
    ctrlAltDelUnit = mkOption {
      type = types.str;
      default = "reboot.target";
      example = "poweroff.target";
      description = "What is started when the container is asked for ctrl-alt-del.";
    };

    enableStrictShellChecks = mkOption {
      type = types.bool;
      default = false;
      description = "Accepted for compatibility: scripts are not checked by shellcheck.";
    };
    suppressedSystemUnits = mkOption {
      type = types.listOf types.str;
      default = [ ];
      description = "Units of the systemd package that are switched off.";
    };
    additionalUpstreamSystemUnits = mkOption {
      type = types.listOf types.str;
      default = [ ];
      description = "Accepted for compatibility: all units of the systemd package are present.";
    };
    maskedUnits = mkOption {
      type = types.listOf types.str;
      internal = true;
      default = [ ];
      description = "Units of packages that make no sense in this system. A definition of the same name wins.";
    };
  };

  config = {
    systemd.units =
      byName "service" (text.serviceToUnit cfg.globalEnvironment) cfg.services
      // byName "socket" text.socketToUnit cfg.sockets
      // byName "timer" text.timerToUnit cfg.timers
      // byName "target" text.targetToUnit cfg.targets
      // byName "path" text.pathToUnit cfg.paths
      // byName "slice" text.sliceToUnit cfg.slices
      // byMountPoint text.mountToUnit cfg.mounts
      // byMountPoint text.automountToUnit cfg.automounts;

    systemd.timers = lib.mapAttrs (_: service: {
      wantedBy = [ "timers.target" ];
      timerConfig.OnCalendar = service.startAt;
    }) withTimers;

    system.build.units = text.generateUnits {
      inherit (cfg) units packages;
      path = config.system.path;
      masked = cfg.maskedUnits ++ cfg.suppressedSystemUnits;
      links = {
        "default.target" = cfg.defaultUnit;
        "ctrl-alt-del.target" = cfg.ctrlAltDelUnit;
      };
    };

    environment.etc = {
      "systemd/system".source = config.system.build.units;
      # Nothing is started just because its package is present.
      "systemd/system-preset/00-nixos.preset".text = "disable *\n";
      "systemd/user-preset/00-nixos.preset".text = "disable *\n";
    }
    // links "system-generators" cfg.generators
    // links "system-shutdown" cfg.shutdown;

    system.archive.packages = [ cfg.package ];

    warnings =
      let
        unconfined = lib.filterAttrs (_: service: service.confinement.enable) cfg.services;
        lonely = lib.filterAttrs (
          _: service:
          (service.serviceConfig.Type or "") == "oneshot"
          && builtins.elem (service.serviceConfig.Restart or "no") [ "always" "on-success" ]
        ) cfg.services;
      in
      mapAttrsToList (
        name: _: "Service '${name}.service' with 'Type=oneshot' cannot have 'Restart=always' or 'Restart=on-success'"
      ) lonely
      ++ mapAttrsToList (
        name: _: "systemd.services.${name}.confinement is not available here: the service runs without it"
      ) unconfined;

    assertions = mapAttrsToList (name: service: {
      assertion = !(service.restartIfChanged && service.reloadIfChanged && service.reloadTriggers != [ ]);
      message = "systemd.services.${name}: reloadIfChanged and reloadTriggers exclude each other; reloadTriggers alone is enough.";
    }) cfg.services;
  };
}
