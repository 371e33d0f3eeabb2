# Settings of pid 1 and its helpers: /etc/systemd/{system,sleep,coredump,oomd}.conf.
{ config, lib, ... }:

let
  inherit (lib) mkOption types;
  cfg = config.systemd;
  inherit (import ../../../../lib/systemd-unit-options.nix { inherit lib; }) unitOption;

  ini = lib.generators.toINI {
    listsAsDuplicateKeys = true;
    mkKeyValue = lib.generators.mkKeyValueDefault {
      mkValueString = v: if v == true then "yes" else if v == false then "no" else toString v;
    } "=";
  };

  environment =
    let
      assignments = lib.mapAttrsToList (name: value: builtins.toJSON "${name}=${toString value}") (
        lib.filterAttrs (_: value: value != null) cfg.managerEnvironment
      );
    in
    lib.optionalAttrs (assignments != [ ]) { ManagerEnvironment = toString assignments; };

  freeform = description: mkOption {
    type = types.attrsOf unitOption;
    default = { };
    inherit description;
  };
  inert = type: default: mkOption {
    inherit type default;
    description = "Accepted for compatibility; has no effect in a container.";
  };
in
{
  options.systemd = {
    settings.Manager = freeform "Settings of the system manager (systemd-system.conf(5)).";

    extraConfig = mkOption {
      type = types.lines;
      default = "";
      example = "DefaultLimitCORE=infinity";
      description = "Lines for the `[Manager]` section of {file}`/etc/systemd/system.conf`.";
    };

    managerEnvironment = mkOption {
      type = types.attrsOf (types.nullOr (types.oneOf [ types.str types.path types.package ]));
      default = { };
      description = "Environment variables of the manager itself.";
    };

    enableEmergencyMode = mkOption {
      type = types.bool;
      default = !config.boot.isContainer;
      defaultText = lib.literalExpression "!config.boot.isContainer";
      description = ''
        Whether a failed start leads to a root shell on the console. In a container nobody sits at the console:
        by default it keeps running with what did start.
      '';
    };

    enableCgroupAccounting = inert types.bool true;
    enableUnifiedCgroupHierarchy = inert types.bool true;
    watchdog = {
      device = inert (types.nullOr types.path) null;
      runtimeTime = inert (types.nullOr types.str) null;
      rebootTime = inert (types.nullOr types.str) null;
      kexecTime = inert (types.nullOr types.str) null;
    };
    sleep.extraConfig = mkOption {
      type = types.lines;
      default = "";
      description = "Lines for the `[Sleep]` section of {file}`/etc/systemd/sleep.conf`.";
    };
    coredump = {
      enable = inert types.bool false;
      extraConfig = mkOption {
        type = types.lines;
        default = "";
        description = "Lines for the `[Coredump]` section of {file}`/etc/systemd/coredump.conf`.";
      };
    };
    oomd = {
      enable = inert types.bool false;
      enableRootSlice = inert types.bool false;
      enableSystemSlice = inert types.bool false;
      enableUserSlices = inert types.bool false;
      extraConfig = inert (types.attrsOf types.raw) { };
    };
    sysusers.enable = inert types.bool false;
    nspawn = inert (types.attrsOf types.raw) { };
    repart = inert (types.attrsOf types.raw) { };
    tpm2.enable = inert types.bool false;
    enableDefaultPath = inert types.bool true;
  };

  config = {
    environment.etc = {
      "systemd/system.conf".text =
        ini { Manager = cfg.settings.Manager // environment; } + cfg.extraConfig;
      "systemd/sleep.conf" = lib.mkIf (cfg.sleep.extraConfig != "") {
        text = "[Sleep]\n${cfg.sleep.extraConfig}";
      };
      "systemd/coredump.conf" = lib.mkIf (cfg.coredump.extraConfig != "") {
        text = "[Coredump]\n${cfg.coredump.extraConfig}";
      };
    };

    systemd.maskedUnits = lib.optionals (!cfg.enableEmergencyMode) [ "emergency.target" "emergency.service" ];
  };
}
