# Rotation of log files: services.logrotate. It runs only if something has log files to rotate.
{ config, lib, pkgs, ... }:

let
  inherit (lib) concatMapStrings mapAttrsToList mkIf mkOption types;
  cfg = config.services.logrotate;

  enabled = lib.filterAttrs (_: setting: setting.enable) cfg.settings;
  # Small numbers first, as mkBefore and mkAfter count.
  ordered = lib.sort (a: b: a.priority < b.priority) (builtins.attrValues enabled);

  scripts = [ "postrotate" "prerotate" "firstaction" "lastaction" "preremove" ];
  meta = [ "enable" "priority" "files" "global" "user" "group" ];
  directive = name: value:
    if value == null || value == false then ""
    else if builtins.elem name scripts then "  ${name}\n    ${lib.replaceStrings [ "\n" ] [ "\n    " ] (lib.removeSuffix "\n" value)}\n  endscript\n"
    else if value == true then "  ${name}\n"
    # "weekly", "daily": the value is the directive.
    else if name == "frequency" then "  ${value}\n"
    else "  ${name} ${toString value}\n";
  body = setting:
    lib.concatStrings (mapAttrsToList directive (builtins.removeAttrs setting meta));
  section = setting:
    if setting.global then body setting
    else "${concatMapStrings (file: ''"${file}" '') (lib.toList setting.files)}{\n${body setting}}\n";
  configFile = pkgs.writeText "logrotate.conf" (concatMapStrings section ordered);

  scalar = types.nullOr (types.oneOf [ types.bool types.int types.str ]);
in
{
  options.services.logrotate = {
    enable = mkOption {
      type = types.bool;
      default = builtins.any (setting: !setting.global) (builtins.attrValues enabled);
      defaultText = lib.literalExpression "whether any log files are listed in services.logrotate.settings";
      description = "Whether to rotate log files.";
    };

    allowNetworking = mkOption {
      type = types.bool;
      default = false;
      description = "Whether the scripts of the rotation may use the network.";
    };

    settings = mkOption {
      type = types.attrsOf (types.submodule ({ name, ... }: {
        freeformType = types.attrsOf scalar;
        options = {
          enable = mkOption {
            type = types.bool;
            default = true;
            description = "Whether these files are rotated.";
          };
          global = mkOption {
            type = types.bool;
            default = name == "header";
            defaultText = lib.literalExpression ''name == "header"'';
            description = "Whether the settings are for all files.";
          };
          files = mkOption {
            type = types.either types.str (types.listOf types.str);
            default = name;
            defaultText = lib.literalMD "the name of the entry";
            description = "The files, which may be patterns.";
          };
          frequency = mkOption {
            type = types.nullOr types.str;
            default = null;
            example = "weekly";
            description = "How often: `hourly`, `daily`, `weekly`, `monthly`, `yearly`.";
          };
          priority = mkOption {
            type = types.int;
            default = 1000;
            description = "Place in the file: smaller numbers come first.";
          };
        };
      }));
      default = { };
      example = { "/var/log/example.log" = { frequency = "daily"; rotate = 7; }; };
      description = "Files to rotate, and directives of {manpage}`logrotate(8)`. The entry `header` is for all files.";
    };

    extraArgs = mkOption {
      type = types.listOf types.str;
      default = [ ];
      description = "Further arguments of logrotate.";
    };
  };

  config = {
    # Not under the condition: whether rotation is enabled depends on which settings there are.
    services.logrotate.settings.header = {
      global = true;
      priority = 100;
      missingok = lib.mkDefault true;
      notifempty = lib.mkDefault true;
      frequency = lib.mkDefault "weekly";
      rotate = lib.mkDefault 4;
    };

    systemd.timers.logrotate = mkIf cfg.enable {
      description = "Rotation of log files";
      wantedBy = [ "timers.target" ];
      timerConfig = { OnCalendar = "hourly"; Persistent = true; };
    };
    systemd.services.logrotate = mkIf cfg.enable {
      description = "Rotation of log files";
      serviceConfig = {
        Type = "oneshot";
        ExecStart = "${pkgs.logrotate}/usr/sbin/logrotate --state /var/lib/logrotate/logrotate.status ${toString cfg.extraArgs} ${configFile}";
        StateDirectory = "logrotate";
        Nice = 19;
        PrivateTmp = true;
        PrivateNetwork = !cfg.allowNetworking;
      };
    };
  };
}
