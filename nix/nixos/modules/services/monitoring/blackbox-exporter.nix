# Prometheus' prober of other machines: services.prometheus.exporters.blackbox.
{ lib, pkgs, ... }@args:

let
  inherit (lib) escapeShellArg mkIf mkOption types;
  program = "${pkgs.prometheus-blackbox-exporter}/usr/bin/prometheus-blackbox-exporter";
in
import ./exporter.nix {
  name = "blackbox";
  port = 9115;
  what = "the exporter that probes other machines";
  options = {
    configFile = mkOption { type = types.path; description = "File of the modules, which say how to probe."; };
    enableConfigCheck = mkOption {
      type = types.bool;
      default = true;
      description = "Whether the file is checked before every start, and not only read.";
    };
  };
} args (cfg: {
  command = "${program} --web.listen-address ${cfg.listenAddress}:${toString cfg.port} --config.file ${escapeShellArg "${cfg.configFile}"}";
  service.serviceConfig = {
    # Programs of the archive cannot run where systems are built on every host, so the check is the unit's.
    ExecStartPre = mkIf cfg.enableConfigCheck "${program} --config.check --config.file ${escapeShellArg "${cfg.configFile}"}";
    ExecReload = "${pkgs.staticBusybox}/bin/kill -HUP $MAINPID";
    # For pings.
    AmbientCapabilities = [ "CAP_NET_RAW" ];
  };
})
