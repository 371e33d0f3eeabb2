# The submodule of each kind of unit: which options it has, and what follows from the options themselves.
#
# The values of systemd.services, systemd.sockets, ... and of their systemd.user counterparts. Turning them into text is
# systemd-lib.nix's part.
{ lib, config, pkgs }:

let
  inherit (lib) mkDefault mkIf mkMerge types;
  unitOptions = import ./systemd-unit-options.nix { inherit lib; };
  systemdLib = import ./systemd-lib.nix { inherit lib config pkgs; };
  inherit (systemdLib) makeJobScript;
  inherit (import ./systemd-escape.nix { inherit lib; }) escapeSystemdPath;

  submodule = options: module: types.submodule [ { inherit options; } module ];
  many = submoduleType: types.attrsOf submoduleType;

  # These two have no default, so that "not set" can be told from every number.
  startLimits = options: unit: {
    unitConfig = mkMerge [
      (mkIf options.startLimitBurst.isDefined { StartLimitBurst = unit.startLimitBurst; })
      (mkIf options.startLimitIntervalSec.isDefined { StartLimitIntervalSec = unit.startLimitIntervalSec; })
    ];
  };

  plain = kind: { name, config, options, ... }: {
    config = mkMerge [
      { name = mkDefault "${name}.${kind}"; }
      (startLimits options config)
    ];
  };

  # Mounts and automounts are lists: their names follow from the mount point.
  placed = kind: { config, options, ... }: {
    config = mkMerge [
      { name = mkDefault "${escapeSystemdPath config.where}.${kind}"; }
      (startLimits options config)
    ];
  };

  # field of the service -> word in the script's name and setting of the unit
  jobs = {
    preStart = { word = "pre-start"; setting = "ExecStartPre"; };
    script = { word = "start"; setting = "ExecStart"; };
    postStart = { word = "post-start"; setting = "ExecStartPost"; };
    reload = { word = "reload"; setting = "ExecReload"; };
    preStop = { word = "pre-stop"; setting = "ExecStop"; };
    postStop = { word = "post-stop"; setting = "ExecStopPost"; };
  };

  serviceModule = { name, config, options, ... }: {
    config = mkMerge (
      [
        { name = mkDefault "${name}.service"; }
        (startLimits options config)
      ]
      ++ lib.mapAttrsToList (
        field: job:
        mkIf (config.${field} != "") (
          let
            program = makeJobScript {
              name = "${name}-${job.word}";
              text = config.${field};
            };
          in
          {
            jobScripts = program;
            serviceConfig.${job.setting} =
              if field == "preStart" || field == "postStart" then
                [ program ]
              else if field == "script" then
                program + lib.optionalString (config.scriptArgs != "") " ${config.scriptArgs}"
              else
                program;
          }
        )
      ) jobs
    );
  };

  inherit (unitOptions) common;
in
{
  units = many (
    submodule unitOptions.concrete (
      { name, config, ... }:
      {
        config.unit = mkDefault (systemdLib.makeUnit name config);
      }
    )
  );
  services = many (submodule (common // unitOptions.service) serviceModule);
  sockets = many (submodule (common // unitOptions.socket) (plain "socket"));
  timers = many (submodule (common // unitOptions.timer) (plain "timer"));
  targets = many (submodule common (plain "target"));
  paths = many (submodule (common // unitOptions.path) (plain "path"));
  slices = many (submodule (common // unitOptions.slice) (plain "slice"));
  mounts = types.listOf (submodule (common // unitOptions.mount) (placed "mount"));
  automounts = types.listOf (submodule (common // unitOptions.automount) (placed "automount"));
}
