# `services.journald.*`: the system's log, /etc/systemd/journald.conf.
{ config, lib, ... }:

let
  inherit (lib) mkOption types;
  cfg = config.services.journald;
in
{
  options.services.journald = {
    storage = mkOption {
      type = types.enum [ "persistent" "volatile" "auto" "none" ];
      default = "persistent";
      description = ''
        Where the log is kept: in {file}`/var/log/journal`, where it outlives the container's runs, in memory, or not
        at all.
      '';
    };
    rateLimitInterval = mkOption {
      type = types.str;
      default = "30s";
      description = "Length of the interval for `rateLimitBurst`.";
    };
    rateLimitBurst = mkOption {
      type = types.int;
      default = 10000;
      description = "How many messages a service may log per interval; more are dropped.";
    };
    console = mkOption {
      type = types.str;
      default = "";
      description = "If not empty, the device that messages are shown on as well.";
    };
    audit = mkOption {
      type = types.nullOr types.bool;
      default = false;
      description = "Whether the kernel's audit messages are asked for; a container cannot receive them.";
    };
    forwardToSyslog = mkOption {
      type = types.bool;
      default = config.services.rsyslogd.enable or false || config.services.syslog-ng.enable or false;
      defaultText = lib.literalExpression "services.rsyslogd.enable || services.syslog-ng.enable";
      description = "Whether messages go to a classic syslog service as well.";
    };
    extraConfig = mkOption {
      type = types.lines;
      default = "";
      example = "SystemMaxUse=200M";
      description = "Lines for the `[Journal]` section of journald.conf(5).";
    };
  };

  config = {
    environment.etc."systemd/journald.conf".text = ''
      [Journal]
      Storage=${cfg.storage}
      RateLimitIntervalSec=${cfg.rateLimitInterval}
      RateLimitBurst=${toString cfg.rateLimitBurst}
      # The kernel's log belongs to the host.
      ReadKMsg=no
      ${lib.optionalString (cfg.audit != null) "Audit=${lib.boolToString cfg.audit}"}
      ${lib.optionalString (cfg.console != "") "ForwardToConsole=yes\nTTYPath=${cfg.console}"}
      ${lib.optionalString cfg.forwardToSyslog "ForwardToSyslog=yes"}
      ${cfg.extraConfig}
    '';

    users.groups.systemd-journal = { };

    systemd.services.systemd-journald.restartTriggers = [ config.environment.etc."systemd/journald.conf".text ];
    # Messages that arrive during the restart wait in the sockets; stopping first would lose them.
    systemd.services.systemd-journald.stopIfChanged = false;
  };
}
