# Prometheus' exporter of machine metrics: services.prometheus.exporters.node.
{ lib, pkgs, ... }@args:

let
  inherit (lib) concatMapStrings mkOption types;
  list = description: example: mkOption { type = types.listOf types.str; default = [ ]; inherit description example; };
in
import ./exporter.nix {
  name = "node";
  port = 9100;
  what = "the exporter of machine metrics";
  options = {
    enabledCollectors = list "Collectors to use besides the usual ones." [ "systemd" ];
    disabledCollectors = list "Collectors not to use." [ "timex" ];
  };
} args (cfg: {
  command =
    "${pkgs.prometheus-node-exporter}/usr/bin/prometheus-node-exporter --web.listen-address ${cfg.listenAddress}:${toString cfg.port}"
    + concatMapStrings (name: " --collector.${name}") cfg.enabledCollectors
    + concatMapStrings (name: " --no-collector.${name}") cfg.disabledCollectors;
})
