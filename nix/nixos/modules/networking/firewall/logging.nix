# Writes what the packet filter logs into the journal: ulogd, which listens to networking.firewall.logGroup.
#
# Only where something is to be logged. Packets of a network namespace never reach the kernel's log, unless the host allows
# that for all of them (net.netfilter.nf_log_all_netns).
{ config, lib, pkgs, ... }:

let
  cfg = config.networking.firewall;
  ulogd = pkgs.ulogd2;

  configuration = pkgs.writeText "ulogd.conf" (''
    [global]
    logfile="syslog"
    loglevel=7
  ''
  + lib.concatMapStrings (plugin: "plugin=\"PLUGINS/ulogd_${plugin}.so\"\n") [
    "inppkt_NFLOG" "raw2packet_BASE" "filter_IFINDEX" "filter_IP2STR" "filter_PRINTPKT" "output_SYSLOG"
  ]
  + ''
    stack=log:NFLOG,base:BASE,ifi:IFINDEX,ip2str:IP2STR,print:PRINTPKT,sys:SYSLOG
    [log]
    group=${toString cfg.logGroup}
    [sys]
    level=LOG_INFO
  '');

  start = pkgs.writeShellScript "firewall-log" ''
    # Where the archive puts plugins depends on the machine's kind.
    for plugins in ${ulogd}/usr/lib/*/ulogd; do [ ! -d "$plugins" ] || break; done
    while IFS= read -r line; do printf '%s\n' "''${line/PLUGINS/$plugins}"; done < ${configuration} > /run/firewall-log.conf
    exec ${ulogd}/usr/sbin/ulogd --configfile /run/firewall-log.conf
  '';
in
{
  config = lib.mkIf (cfg.enable && (cfg.logRefusedConnections || cfg.logRefusedPackets || cfg.logReversePathDrops)) {
    # The package's own tmpfiles name it.
    users.users.ulog = { isSystemUser = true; group = "ulog"; };
    users.groups.ulog = { };

    systemd.services.firewall-log = {
      description = "Log of the Packet Filter";
      wantedBy = [ "multi-user.target" ];
      # Beside the filter, not after it: nothing waits for a log.
      after = [ "systemd-journald.socket" ];
      serviceConfig = {
        ExecCondition = "+" + import ../private-network.nix { inherit pkgs; }; # reads what pid 1 was started with
        ExecStart = start;
        Restart = "on-failure";
        CapabilityBoundingSet = [ "CAP_NET_ADMIN" ];
        NoNewPrivileges = true;
        ProtectHome = true;
      };
    };
  };
}
