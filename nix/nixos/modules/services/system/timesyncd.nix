# systemd-timesyncd. A container shares its host's clock and may not set it, so this is off there.
{ config, lib, pkgs, ... }:

let
  inherit (lib) mkIf mkOption types;
  cfg = config.services.timesyncd;
in
{
  options.services.timesyncd = {
    enable = mkOption {
      type = types.bool;
      default = !config.boot.isContainer;
      defaultText = lib.literalExpression "!config.boot.isContainer";
      description = "Whether to set the clock by NTP.";
    };
    servers = mkOption {
      type = types.nullOr (types.listOf types.str);
      default = config.networking.timeServers;
      defaultText = lib.literalExpression "config.networking.timeServers";
      description = "NTP servers. systemd's own list with `null`.";
    };
    fallbackServers = mkOption {
      type = types.nullOr (types.listOf types.str);
      default = config.networking.timeServers;
      defaultText = lib.literalExpression "config.networking.timeServers";
      description = "NTP servers to ask if no other is known.";
    };
    extraConfig = mkOption {
      type = types.lines;
      default = "";
      description = "Text for the end of {file}`timesyncd.conf`.";
    };
  };

  config = mkIf cfg.enable {
    environment.etc."systemd/timesyncd.conf".text = ''
      [Time]
      ${lib.optionalString (cfg.servers != null) "NTP=${toString cfg.servers}"}
      ${lib.optionalString (cfg.fallbackServers != null) "FallbackNTP=${toString cfg.fallbackServers}"}
      ${cfg.extraConfig}
    '';
    users.users.systemd-timesync = { isSystemUser = true; group = "systemd-timesync"; };
    users.groups.systemd-timesync = { };
    systemd.packages = [ pkgs.systemd-timesyncd ];
    systemd.services.systemd-timesyncd = {
      wantedBy = [ "sysinit.target" ];
      aliases = [ "dbus-org.freedesktop.timesync1.service" ];
      restartTriggers = [ config.environment.etc."systemd/timesyncd.conf".source ];
    };
  };
}
