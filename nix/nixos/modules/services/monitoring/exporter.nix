# What all exporters of Prometheus have in common: a function, not a module. Returns a module.
# `telemetry`: whether the path of the metrics can be chosen.
#
#   import ./exporter.nix { name = "redis"; port = 9121; } args (cfg: { command = "..."; })
{ name, port, telemetry ? false, options ? { }, what ? "the exporter of metrics of ${name}" }:
{ config, lib, ... }: implementation:

let
  inherit (lib) mkDefault mkEnableOption mkIf mkOption types;
  cfg = config.services.prometheus.exporters.${name};
  own = implementation cfg;
  account = "${name}-exporter";
in
{
  options.services.prometheus.exporters.${name} = {
    enable = mkEnableOption what;
    port = mkOption { type = types.port; default = port; description = "Port to listen on."; };
    listenAddress = mkOption { type = types.str; default = "0.0.0.0"; description = "Address to listen on."; };
    openFirewall = mkOption { type = types.bool; default = false; description = "Whether to allow the port in the firewall."; };
    firewallFilter = mkOption { type = types.nullOr types.str; default = null; description = "Accepted for compatibility."; };
    firewallRules = mkOption { type = types.nullOr types.lines; default = null; description = "Rule for the nftables firewall, instead of the port alone."; };
    extraFlags = mkOption { type = types.listOf types.str; default = [ ]; description = "Further arguments."; };
    user = mkOption { type = types.str; default = account; description = "User who runs the exporter."; };
    group = mkOption { type = types.str; default = account; description = "Group of the exporter."; };
  } // lib.optionalAttrs telemetry {
    telemetryPath = mkOption { type = types.str; default = "/metrics"; description = "Path of the metrics."; };
  } // options;

  config = mkIf cfg.enable (lib.mkMerge [
    {
      networking.firewall.allowedTCPPorts = mkIf (cfg.openFirewall && cfg.firewallRules == null) [ cfg.port ];
      networking.firewall.extraInputRules = mkIf (cfg.openFirewall && cfg.firewallRules != null) cfg.firewallRules;
      users.users = lib.optionalAttrs (cfg.user == account) {
        ${account} = { isSystemUser = true; group = cfg.group; description = "Prometheus ${name} exporter service user"; };
      };
      users.groups = lib.optionalAttrs (cfg.group == account) { ${account} = { }; };
      systemd.services."prometheus-${name}-exporter" = {
        wantedBy = [ "multi-user.target" ];
        after = [ "network.target" ];
        description = "Prometheus ${name} exporter";
        serviceConfig = {
          ExecStart = lib.concatStringsSep " " ([ own.command ] ++ cfg.extraFlags);
          User = mkDefault cfg.user;
          Group = cfg.group;
          DynamicUser = false;
          Restart = mkDefault "always";
          NoNewPrivileges = true;
          ProtectHome = true;
          ProtectSystem = mkDefault "strict";
          PrivateTmp = mkDefault true;
        };
      };
    }
    { systemd.services."prometheus-${name}-exporter" = own.service or { }; }
    (own.config or { })
  ]);
}
