# The classic system log, in files below /var/log: services.rsyslogd. The journal hands messages on to it.
{ config, lib, pkgs, ... }:

let
  inherit (lib) mkIf mkOption types;
  cfg = config.services.rsyslogd;

  file = pkgs.writeText "syslog.conf" ''
    $ModLoad imuxsock
    $SystemLogSocketName /run/systemd/journal/syslog
    $WorkDirectory /var/spool/rsyslog

    ${cfg.defaultConfig}
    ${cfg.extraConfig}
  '';
in
{
  options.services.rsyslogd = {
    enable = mkOption { type = types.bool; default = false; description = "Whether messages are written to files as well as to the journal."; };
    defaultConfig = mkOption {
      type = types.lines;
      default = ''
        # Messages of DHCP servers, which say local1.
        local1.*                     -/var/log/dhcpd

        mail.*                       -/var/log/mail

        *.=warning;*.=err            -/var/log/warn
        *.crit                        /var/log/warn

        *.*;mail.none;local1.none    -/var/log/messages
      '';
      description = "Rules, which the next option adds to.";
    };
    extraConfig = mkOption { type = types.lines; default = ""; example = "news.* -/var/log/news"; description = "Further rules, as in {manpage}`rsyslog.conf(5)`."; };
    extraParams = mkOption { type = types.listOf types.str; default = [ ]; example = [ "-m 0" ]; description = "Further arguments of {manpage}`rsyslogd(8)`."; };
  };

  config = mkIf cfg.enable {
    environment.systemPackages = [ pkgs.rsyslog ];
    systemd.services.syslog = {
      description = "Syslog Daemon";
      requires = [ "syslog.socket" ];
      wantedBy = [ "multi-user.target" ];
      serviceConfig = {
        ExecStartPre = "${pkgs.staticBusybox}/bin/mkdir -p /var/spool/rsyslog";
        ExecStart = "${pkgs.rsyslog}/usr/sbin/rsyslogd ${toString cfg.extraParams} -f ${file} -n";
        # What it says itself would come back through the journal.
        StandardOutput = "null";
      };
    };
  };
}
