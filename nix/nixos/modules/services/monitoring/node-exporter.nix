# Prometheus' exporter of machine metrics: services.prometheus.exporters.node.
{ config, lib, pkgs, ... }:

let
  inherit (lib) concatMapStrings mkEnableOption mkIf mkOption types;
  cfg = config.services.prometheus.exporters.node;
  list = description: mkOption { type = types.listOf types.str; default = [ ]; inherit description; };
in
{
  options.services.prometheus.exporters.node = {
    enable = mkEnableOption "the exporter of machine metrics";
    port = mkOption { type = types.port; default = 9100; description = "Port to listen on."; };
    listenAddress = mkOption { type = types.str; default = "0.0.0.0"; description = "Address to listen on."; };
    openFirewall = mkOption { type = types.bool; default = false; description = "Whether to allow the port in the firewall."; };
    firewallFilter = mkOption { type = types.nullOr types.str; default = null; description = "Accepted for compatibility."; };
    firewallRules = mkOption { type = types.nullOr types.lines; default = null; description = "Rule for the nftables firewall, instead of the port alone."; };
    enabledCollectors = list "Collectors to use besides the usual ones." // { example = [ "systemd" ]; };
    disabledCollectors = list "Collectors not to use." // { example = [ "timex" ]; };
    extraFlags = list "Further arguments.";
    user = mkOption { type = types.str; default = "node-exporter"; description = "User who runs the exporter."; };
    group = mkOption { type = types.str; default = "node-exporter"; description = "Group of the exporter."; };
  };

  config = mkIf cfg.enable {
    networking.firewall.allowedTCPPorts = mkIf (cfg.openFirewall && cfg.firewallRules == null) [ cfg.port ];
    networking.firewall.extraInputRules = mkIf (cfg.openFirewall && cfg.firewallRules != null) cfg.firewallRules;
    users.users = lib.optionalAttrs (cfg.user == "node-exporter") {
      node-exporter = { isSystemUser = true; group = cfg.group; description = "Prometheus node exporter service user"; };
    };
    users.groups = lib.optionalAttrs (cfg.group == "node-exporter") { node-exporter = { }; };
    systemd.services.prometheus-node-exporter = {
      wantedBy = [ "multi-user.target" ];
      after = [ "network.target" ];
      description = "Prometheus node exporter";
      serviceConfig = {
        ExecStart =
          "${pkgs.prometheus-node-exporter}/usr/bin/prometheus-node-exporter --web.listen-address ${cfg.listenAddress}:${toString cfg.port}"
          + concatMapStrings (name: " --collector.${name}") cfg.enabledCollectors
          + concatMapStrings (name: " --no-collector.${name}") cfg.disabledCollectors
          + concatMapStrings (flag: " ${flag}") cfg.extraFlags;
        User = cfg.user;
        Group = cfg.group;
        DynamicUser = false;
        Restart = "always";
        NoNewPrivileges = true;
        ProtectHome = true;
        ProtectSystem = "strict";
        PrivateTmp = true;
      };
    };
  };
}
