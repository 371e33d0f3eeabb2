# The cron daemon: services.cron.
{ config, lib, pkgs, ... }:

let
  inherit (lib) mkIf mkOption types;
  cfg = config.services.cron;

  table = pkgs.writeText "crontab" ''
    SHELL=/bin/sh
    PATH=/run/wrappers/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin
    ${lib.optionalString (cfg.mailto != null) "MAILTO=\"${cfg.mailto}\""}
    NIX_CONF_DIR=/etc/nix
    ${lib.concatStringsSep "\n" cfg.systemCronJobs}
  '';
in
{
  options.services.cron = {
    enable = mkOption {
      type = types.bool;
      default = cfg.systemCronJobs != [ ];
      defaultText = lib.literalExpression "config.services.cron.systemCronJobs != [ ]";
      description = "Whether to run the cron daemon.";
    };
    mailto = mkOption {
      type = types.nullOr types.str;
      default = null;
      description = "Address to which the output of jobs is mailed.";
    };
    systemCronJobs = mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [ "* * * * * test ls -l / > /tmp/cronout 2>&1" ];
      description = "Lines of the system's crontab: minute, hour, day of the month, month, day of the week, user, command.";
    };
    cronFiles = mkOption {
      type = types.listOf types.path;
      default = [ ];
      description = "Files to append to the system's crontab.";
    };
  };

  config = mkIf cfg.enable {
    environment.systemPackages = [ pkgs.cron ];
    environment.etc.crontab = { source = pkgs.concatText "crontab" ([ table ] ++ cfg.cronFiles); mode = "0600"; };
    security.pam.services.cron = { };
    # Users edit their own tables; the program changes files of root's.
    security.wrappers.crontab = { setuid = true; owner = "root"; group = "root"; source = "${pkgs.cron}/usr/bin/crontab"; };
    systemd.tmpfiles.rules = [ "d /var/spool/cron 0755 root root -" "d /var/spool/cron/crontabs 0700 root root -" ];
    systemd.services.cron = {
      description = "Cron Daemon";
      wantedBy = [ "multi-user.target" ];
      restartTriggers = [ config.environment.etc.crontab.source ];
      serviceConfig = {
        ExecStart = "${pkgs.cron}/usr/sbin/cron -f";
        KillMode = "process";
        Restart = "on-failure";
      };
    };
  };
}
